"""Ask the kernel of Linux to shut a process in: Landlock, which needs no rights.

What `worker.guard` refuses in Python, compiled code could still do. Behind this wall it cannot:
the process reads nothing but Python, the course and what these need, writes nothing but its own
folder, starts no program, opens no TCP connection and signals nobody. Linux has it since 5.13, and
some of it only later (TCP since 6.7, signals since 6.12).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import stat
import struct
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

PACKAGE = Path(os.path.abspath(__file__)).parents[3]
# Of <linux/landlock.h>. These numbers are the same on every processor but Alpha.
CREATE, ADD, RESTRICT, NO_NEW_PRIVILEGES, BENEATH = 444, 445, 446, 38, 1
READ_FILE, READ_FOLDER, WRITE_FILE, TRUNCATE = 1 << 2, 1 << 3, 1 << 1, 1 << 14
ONLY_FOLDERS = ~(0b111 | TRUNCATE | 1 << 15)
EXECUTE = 1
# How many rights on files each version of Landlock knows, from version 1.
RIGHTS = (13, 14, 15, 15, 16)

# What libraries look for outside their own folders. Not /etc or /var as a whole: keys lie there.
SYSTEM = (
    *("/usr", "/lib", "/lib64", "/sys/devices/system/cpu", "/var/cache/fontconfig"),
    # Of the processes only this one: what others were started with may hold secrets.
    *("/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/proc/filesystems"),
    *("/etc/fonts", "/etc/localtime", "/etc/mime.types", "/etc/ld.so.cache"),
    *("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random"),
)


def readable() -> list[str]:
    """Return what a notebook has to read: Python, its packages, the course, the system's own."""
    places = [sys.prefix, sys.base_prefix, sys.exec_prefix, str(PACKAGE)]
    places += [str(PACKAGE.parent / "data"), os.environ.get("CNNLIB_DATA", "")]
    places += [os.environ.get("MPLCONFIGDIR", "")]
    places += os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep)
    places += [one for one in sys.path if Path(one).name in ("site-packages", "dist-packages")]
    return [os.path.realpath(place) for place in (*places, *SYSTEM) if place]


def shut_in(own: Path, reads: Iterable[str]) -> bool:
    """Shut this process in, for good; say whether the kernel does it.

    Parameters
    ----------
    own : the folder that it may change
    reads : files and folders that it may read
    """
    if not sys.platform.startswith("linux"):
        return False
    with contextlib.suppress(OSError, AttributeError):
        _shut_in(own, reads)
        return True
    return False


def _shut_in(own: Path, reads: Iterable[str]) -> None:
    version = _call(CREATE, None, ctypes.c_size_t(0), 1)
    rights = (1 << RIGHTS[min(version, len(RIGHTS)) - 1]) - 1
    asked = struct.pack("=QQQ", rights, 0b11, 0b11)  # on files, on TCP, on signals and sockets
    size = 8 if version < 4 else 16 if version < 6 else 24
    rules = _call(CREATE, asked, ctypes.c_size_t(size), 0)
    try:
        for path in reads:
            _allow(rules, path, READ_FILE | READ_FOLDER)
        _allow(rules, os.devnull, rights & (READ_FILE | WRITE_FILE | TRUNCATE))
        _allow(rules, str(own), rights & ~EXECUTE)
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0):
            raise OSError(ctypes.get_errno(), "prctl")
        _call(RESTRICT, rules, 0)
    finally:
        os.close(rules)


def _allow(rules: int, path: str, rights: int) -> None:
    for opened in _opened(path):
        if not stat.S_ISDIR(os.fstat(opened).st_mode):
            rights &= ~ONLY_FOLDERS
        _call(ADD, rules, BENEATH, struct.pack("=Qi", rights, opened), 0)


def _opened(path: str) -> Iterator[int]:
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:  # this system has no such place
        return
    try:
        yield opened
    finally:
        os.close(opened)


def _call(number: int, *arguments: object) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    result: int = libc.syscall(number, *arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), "landlock")
    return result
