"""The members of a class as accounts of the system: make them, collect their work, remove them."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

from cnnlib.course.tools.classroom.start import COPY

GROUP = "cnnlib-class"
# What every Linux takes for the name of an account; a number alone would be taken for a user id.
NAME = re.compile(r"[a-z][a-z0-9_-]{0,30}")
LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"  # without those that are mistaken for each other
LARGEST = 20_000_000  # bytes of a notebook that is collected
PATIENCE = 20  # seconds for one of them


def names_in(text: str) -> list[str]:
    r"""Return the names in a list, one on each line; what follows a ``#`` is a remark.

    Raises
    ------
    ValueError : a name is none that an account can have, or stands there twice

    Examples
    --------
    >>> names_in("ada   # Lovelace\n\nalan\n")
    ['ada', 'alan']
    """
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    names = [line for line in lines if line]
    for name in names:
        if not NAME.fullmatch(name):
            raise ValueError(
                f"classroom: {name!r} cannot be the name of an account. Write small letters, "
                "digits and hyphens, with a letter first, at most 31 of them, such as ada or "
                "kim-minji."
            )
        if names.count(name) > 1:
            raise ValueError(f"classroom: {name} stands in the list twice.")
    return names


def password() -> str:
    """Return a password that can be read out: about 60 bits, in groups of four.

    Examples
    --------
    >>> len(password())
    14
    """
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(3))


def add(names: Iterable[str], say: Callable[[str], None] = print) -> dict[str, str]:
    """Make an account for each name, with a home that nobody else may enter.

    Parameters
    ----------
    names : those who have an account already keep it as it is, and are told about
    say : told about them

    Returns
    -------
    dict
        The password of each account that was made.

    Raises
    ------
    OSError, subprocess.CalledProcessError : the system refuses; what was made until then stays
    """
    _run("groupadd", "--force", GROUP)
    made = {}
    for name in names:
        if home_of(name) is not None:
            say(f"{name} has an account already, and was not changed. See to its group and home.")
            continue
        # The mode is said twice, for neither does it alone on every system.
        _run("useradd", "--create-home", "--key", "UMASK=0077", "--groups", GROUP,
             "--shell", "/bin/bash", name)  # fmt: skip
        home = home_of(name)
        if home is None:
            raise OSError(f"classroom: useradd made no account for {name}.")
        home.chmod(0o700)
        made[name] = password()
        _run("chpasswd", given=f"{name}:{made[name]}\n")
    return made


def remove(names: Iterable[str], say: Callable[[str], None] = print) -> None:
    """Remove accounts of the class, with their homes and all that is in them.

    An account that is not in the group of the class is left alone.

    Raises
    ------
    subprocess.CalledProcessError : something still runs for one of them: stop the hub first
    """
    for name in names:
        if home_of(name) is None or name not in members():
            say(f"{name} is no account of the class, and was left alone.")
            continue
        _run("userdel", "--remove", name)


def collect(folder: Path, notebook: str, say: Callable[[str], None] = print) -> list[Path]:
    """Copy one notebook of every member into a folder, a folder for each.

    Each file is read with the rights of its member. So a link to what is another's leads nowhere.

    Parameters
    ----------
    folder : made where it does not exist; what lies in it is replaced
    notebook : the name of the file, such as ``02_convolution.ipynb``
    say : told about whose could not be read

    Raises
    ------
    OSError : `folder` cannot be written
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    copied = [folder]
    for name in sorted(members()):
        home = home_of(name)
        content = None if home is None else _read_as(name, home / COPY / notebook)
        if content is None:
            say(f"{name}: {notebook} could not be read")
            continue
        place = folder / name / notebook
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(content)
        copied += [place.parent, place]
    # Under sudo, the files are for whoever called it: as root, nobody should check them.
    if caller := os.environ.get("SUDO_UID"):
        for path in copied:
            os.chown(path, int(caller), int(os.environ.get("SUDO_GID", caller)))
    return [path for path in copied if path.is_file()]


def _read_as(name: str, path: Path) -> bytes | None:
    """Read a file with somebody's rights; return None where that fails, or takes too long."""
    try:
        done = subprocess.run(
            ["head", f"--bytes={LARGEST + 1}", "--", str(path)],
            user=name, group=_group_id(name), extra_groups=[], cwd="/", check=True,
            timeout=PATIENCE, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    except subprocess.SubprocessError:
        return None
    return done.stdout if len(done.stdout) <= LARGEST else None


def members() -> set[str]:
    """Return who is in the group of the class."""
    import grp

    try:
        return set(grp.getgrnam(GROUP).gr_mem)
    except KeyError:
        return set()


def home_of(name: str) -> Path | None:
    """Return the home of an account, or None where there is no such account.

    Examples
    --------
    >>> home_of("no-such-account") is None
    True
    """
    import pwd

    try:
        return Path(pwd.getpwnam(name).pw_dir)
    except KeyError:
        return None


def _group_id(name: str) -> int:
    import pwd

    return pwd.getpwnam(name).pw_gid


def _run(*words: str, given: str = "") -> None:
    subprocess.run(words, input=given, text=True, check=True)
