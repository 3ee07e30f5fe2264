"""A class on one machine, tried in full: real accounts, a real hub, twenty members who train.

`make test-doors` runs this. It follows the page cnnlib/course/tools/classroom/README.md: an
environment with the wheel and JupyterHub, npm's proxy, an account for each member. So it needs
Linux, root, Node, and pip's and npm's caches or the network; the accounts are removed afterwards.

HUB_MEMBERS=3 tries fewer members. HUB_MEASURED names a file for what was measured.
"""

from __future__ import annotations

import json
import os
import pwd
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hub import Hub, Member, memory

from cnnlib.course.chapters import CHAPTERS

ROOT = Path(__file__).parents[4]
COUNT = int(os.environ.get("HUB_MEMBERS", "20"))
NAMES = [f"cnn-try-{number:02}" for number in range(1, COUNT + 1)]
NINE = "09_training_a_cnn.ipynb"


def node_version() -> int:
    """Return the first number of the version of Node, or 0 where there is none."""
    try:
        said = subprocess.run(["node", "--version"], capture_output=True, text=True, timeout=60)
    except OSError:
        return 0
    return int(said.stdout.strip().removeprefix("v").partition(".")[0] or 0)


pytestmark = [
    pytest.mark.timeout(3600),
    pytest.mark.skipif(
        not (sys.platform == "linux" and os.geteuid() == 0),
        reason="NOT TRIED: a class needs Linux and root, for accounts of the system",
    ),
    pytest.mark.skipif(
        shutil.which("npm") is None or node_version() < 20,
        reason="NOT TRIED: JupyterHub's proxy needs Node 20 or newer, and npm",
    ),
    pytest.mark.skipif(
        shutil.which("useradd") is None, reason="NOT TRIED: there is no useradd to make accounts"
    ),
]


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """Return a folder that others may enter, as /opt is: pytest's own are closed to them."""
    with tempfile.TemporaryDirectory(prefix="cnnlib-class-", dir="/var/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def run(*words: str | Path, folder: Path = ROOT) -> str:
    done = subprocess.run(
        [str(word) for word in words],
        cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, env=os.environ | {"PYTHONPATH": ""},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    return done.stdout


def python_for_all() -> Path:
    """Return a Python that every account may run: one in root's home is root's alone."""
    for python in (Path("/usr/bin/python3"), Path(sys.executable).resolve()):
        opened = all(folder.stat().st_mode & 1 for folder in python.resolve().parents)
        code = "import ensurepip, sys; sys.exit(sys.version_info < (3, 11))"
        if opened and python.exists() and subprocess.run([python, "-c", code]).returncode == 0:
            return python
    pytest.skip("NOT TRIED: no Python 3.11 or newer lies where every account may run it")


@pytest.fixture(scope="module")
def environment(place: Path) -> Path:
    """Return the class's environment, made as the page says. HUB_ENVIRONMENT names a made one."""
    if made := os.environ.get("HUB_ENVIRONMENT"):
        return Path(made)
    made = place / "class"
    run(python_for_all(), "-m", "venv", made)
    pip = (made / "bin" / "python", "-m", "pip", "install", "--quiet")
    run(*pip, "--constraint", ROOT / "constraints.txt", f"{ROOT}[classroom]")
    run("npm", "install", "--silent", "--prefix", made, "configurable-http-proxy@5.3.0")
    return made


@pytest.fixture(scope="module")
def passwords(environment: Path, place: Path) -> Iterator[dict[str, str]]:
    """Make the accounts, by the class's own command; remove them again."""
    listed = place / "names.txt"
    listed.write_text("\n".join(NAMES))
    command = (environment / "bin" / "python", "-P", "-m", "cnnlib.course.tools.classroom")
    said = run(*command, "add", listed, folder=place)
    try:
        made = dict(line.split(",") for line in said.splitlines())
        assert list(made) == NAMES, said
        yield made
    finally:
        run(*command, "remove", listed, folder=place)
        left = {one.pw_name for one in pwd.getpwall()}
        assert not left & set(NAMES)
        subprocess.run(["groupdel", "cnnlib-class"], check=False)


@dataclass
class Class:
    """The class after its first half hour.

    errors : for each member, what failed in notebook 09
    found : what was measured
    """

    hub: Hub
    environment: Path
    members: list[Member]
    errors: dict[str, list[str]]
    found: dict[str, object] = field(default_factory=dict)


@pytest.fixture(scope="module")
def klass(
    environment: Path, passwords: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Class]:
    """Let everybody sign in, start and train at once."""
    hub = Hub(environment, tmp_path_factory.mktemp("hub"))
    try:
        hub.wait()
        members = [Member(hub, name, passwords[name]) for name in NAMES]
        with ThreadPoolExecutor(COUNT) as everybody:
            began = time.monotonic()
            assert all(everybody.map(Member.sign_in, members))
            signed_in = time.monotonic() - began
            list(everybody.map(Member.start, members))
            started = [member.times["start"] for member in members]
            began = time.monotonic()
            errors = dict(zip(NAMES, everybody.map(train, members), strict=True))
            trained = time.monotonic() - began
        sizes = [memory(pwd.getpwnam(name).pw_uid) for name in NAMES]
        kernels = [mb for one in sizes for words, mb in one.items() if "ipykernel" in words]
        servers = [mb for one in sizes for words, mb in one.items() if "jupyterhub" in words]
        assert len(kernels) == COUNT
        assert len(servers) == COUNT
        found: dict[str, object] = {
            "members": COUNT,
            "processors": os.cpu_count(),
            "load": os.getloadavg()[0],
            "seconds to sign in, all": round(signed_in, 1),
            "seconds to start, median and last": [
                round(statistics.median(started), 1), round(max(started), 1),
            ],
            "seconds of 09 to the end of its training, all": round(trained, 1),
            "MB of a JupyterLab, median": round(statistics.median(servers)),
            "MB of a kernel after 09's training, median and largest": [
                round(statistics.median(kernels)), round(max(kernels)),
            ],
            "MB of all members": round(sum(sum(one.values()) for one in sizes)),
            "members with errors": sum(map(bool, errors.values())),
        }  # fmt: skip
        print(json.dumps(found, indent=1))
        if file := os.environ.get("HUB_MEASURED"):
            Path(file).write_text(json.dumps(found, indent=1))
        yield Class(hub, environment, members, errors, found)
    finally:
        hub.stop()


def train(member: Member) -> list[str]:
    """Run notebook 09 as the member has it, cell by cell, to the end of the network's training."""
    notebook = member.content(NINE).json()["content"]
    kernel = member.kernel(NINE)
    errors = []
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            _, error = kernel.run(cell["source"])
            errors += [f"{cell['id']}: {error}"] if error else []
            if cell["id"] == "train-run":
                break
    printed, _ = kernel.run("print(evaluate(model, digits.validation)[1] >= 0.97)")
    if printed != "True\n":
        errors.append(f"the network has not learned: {printed}")
    return errors


def test_everybody_trains_without_an_error(klass: Class) -> None:
    assert not {name: found for name, found in klass.errors.items() if found}


def test_everybody_has_their_own_copy_of_all_notebooks(klass: Class) -> None:
    for member in klass.members:
        listed = {one["name"] for one in member.content("").json()["content"]}
        assert {f"{chapter.notebook}.ipynb" for chapter in CHAPTERS} <= listed


def test_a_copy_and_the_progress_are_ones_own(klass: Class) -> None:
    one, other = klass.members[:2]
    answer = "from cnnlib.course.convolution import exercises as ex\n"
    solved = answer + "exec(ex.map_shape.solution().code)\nex.map_shape.check(my_map_shape)\n"
    record = "print(ex.map_shape.check(my_map_shape)); ex.progress()"
    kernel = one.kernel("02_convolution.ipynb")
    assert kernel.run(solved) == ("", "")
    assert kernel.run(record)[1] == ""
    asked = (
        "from cnnlib.course.judge import record\n"
        "print(record.path().resolve())\n"
        "print(record.path().exists())\n"
    )
    mine, _ = kernel.run(asked)
    theirs, _ = other.kernel("02_convolution.ipynb").run(asked)
    assert mine.split()[0].startswith(str(home(one)))
    assert theirs.split()[0].startswith(str(home(other)))
    assert mine.split()[1] == "True"
    assert theirs.split()[1] == "False"


def home(member: Member) -> Path:
    return Path(pwd.getpwnam(member.name).pw_dir)


def test_a_wrong_password_and_an_account_outside_the_class_stay_out(klass: Class) -> None:
    assert not Member(klass.hub, NAMES[0], "wrong").sign_in()
    assert not Member(klass.hub, "root", "root").sign_in()


READ_ALL = """
import os
read, tried = [], 0
for place, folders, files in os.walk({home!r}):
    tried += 1
    read += [os.path.join(place, name) for name in folders + files]
for path in {paths!r}:
    try:
        read.append(open(path, "rb").read(1))
    except PermissionError:
        tried += 1
print(tried, read)
"""


def test_nothing_of_one_member_is_readable_by_another(klass: Class) -> None:
    one, other = klass.members[:2]
    secret = home(one) / "cnnlib-notebooks" / "my own.txt"
    kernel, spy = one.kernel("01_pixels_and_channels.ipynb"), other.kernel(NINE)
    assert kernel.run("import pathlib; pathlib.Path('my own.txt').write_text('mine')")[1] == ""
    assert secret.read_text() == "mine"
    user = pwd.getpwnam(one.name).pw_uid
    processes = [words.split()[0] for words in memory(user)]
    sockets = [str(path) for path in (home(one) / ".cnnlib-run").iterdir()]
    assert any("ipc" in path for path in sockets)
    paths = [
        str(secret),
        *(str(path) for path in home(one).rglob("*") if path.is_file()),
        *(f"/proc/{number}/environ" for number in processes),
        *(f"/proc/{number}/mem" for number in processes),
    ]
    printed, error = spy.run(READ_ALL.format(home=str(home(one)), paths=paths))
    assert error == ""
    assert printed == f"{len(paths)} []\n"
    # Their sockets and their JupyterLab answer nobody else either.
    for path in sockets:
        if "ipc" in path:
            _, error = spy.run(f"import socket; socket.socket(socket.AF_UNIX).connect({path!r})")
            assert error.startswith("PermissionError"), path
    assert other.content("my%20own.txt", owner=one.name).status_code in (403, 404)
    assert one.content("my%20own.txt").json()["content"] == "mine"


LISTENING = """
import sys
for path in ("/proc/net/tcp", "/proc/net/tcp6"):
    for line in open(path).readlines()[1:]:
        words = line.split()
        if words[3] == "0A" and words[7] == sys.argv[1]:
            print(int(words[1].split(":")[1], 16))
"""
LISTEN = """
import zmq
socket = zmq.Context().socket(zmq.SUB)
socket.subscribe(b"")
for port in {ports}:
    socket.connect("tcp://127.0.0.1:" + port)
print("heard", socket.poll(5000))
"""
TALK = "import time\nfor _ in range(10):\n    print('mine')\n    time.sleep(0.5)"


def test_no_kernel_can_be_listened_to_from_another_account(klass: Class) -> None:
    """A kernel's outputs go to whoever connects to its port; so none may have such a port."""
    one, other = klass.members[:2]
    kernel, spy = one.kernel(NINE), other.kernel(NINE)
    user = pwd.getpwnam(one.name).pw_uid
    ports = run("python3", "-c", LISTENING, str(user)).split()
    assert ports  # JupyterLab's, and one of each kernel for what its own processes print
    with ThreadPoolExecutor(2) as both:
        talking = both.submit(kernel.run, TALK)
        heard = both.submit(spy.run, LISTEN.format(ports=ports)).result()
        assert talking.result() == ("mine\n" * 10, "")
    assert heard == ("heard 0\n", "")
    files = [json.loads(path.read_text()) for path in home(one).glob(".cnnlib-run/kernel-*.json")]
    assert {content["transport"] for content in files} == {"ipc"}


def test_a_servers_port_alone_opens_nothing(klass: Class) -> None:
    one, other = klass.members[:2]
    asked = "import os; print(os.environ['JUPYTERHUB_SERVICE_URL'])"
    address = one.kernel(NINE).run(asked)[0].strip()
    code = (
        "import urllib.request, urllib.error\n"
        f"try:\n    print(urllib.request.urlopen('{address}api/contents').read()[:80])\n"
        "except urllib.error.HTTPError as error:\n    print(error.code)"
    )
    assert other.kernel(NINE).run(code) == ("403\n", "")


def test_the_course_can_be_changed_by_none_of_them(klass: Class) -> None:
    code = (
        "import os, cnnlib\n"
        "folder = os.path.dirname(cnnlib.__file__)\n"
        "print(folder, sum(os.access(os.path.join(place, name), os.W_OK)"
        " for place, _, files in os.walk(folder) for name in ['.', *files]))"
    )
    printed, error = klass.members[0].kernel(NINE).run(code)
    assert error == ""
    assert printed.split()[0].startswith(str(klass.environment.resolve()))
    assert printed.split()[1] == "0"


def test_too_much_memory_ends_in_an_error_of_the_cell(klass: Class) -> None:
    kernel = klass.members[0].kernel("03_padding_and_stride.ipynb")
    _, error = kernel.run("import numpy as np; x = np.ones((3, 10**9))")
    assert "MemoryError" in error
    assert kernel.run("print(np.ones(10**7).sum())") == ("10000000.0\n", "")


def test_threads_are_limited(klass: Class) -> None:
    names = ("CNNLIB_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")
    code = f"import os; print([os.environ[name] for name in {names!r}])"
    assert klass.members[0].kernel(NINE).run(code) == ("['1', '1', '1']\n", "")


def test_a_member_cannot_start_processes_without_end(klass: Class) -> None:
    code = (
        "import subprocess\nstarted = []\ntry:\n"
        "    for _ in range(1000):\n"
        "        started.append(subprocess.Popen(['sleep', '60']))\n"
        "except BlockingIOError:\n    print('refused', len(started) < 500)\n"
        "for one in started:\n    one.kill()\n    one.wait()\n"
    )
    assert klass.members[0].kernel(NINE).run(code) == ("refused True\n", "")


def test_the_work_of_all_is_collected_and_a_link_leads_nowhere(klass: Class, place: Path) -> None:
    cheat, victim = klass.members[:2]
    kernel = cheat.kernel("04_multichannel_filters.ipynb")
    (home(victim) / "cnnlib-notebooks" / "04_multichannel_filters.ipynb").stat()
    linked = (
        "import os\n"
        "os.remove('04_multichannel_filters.ipynb')\n"
        f"os.symlink({str(home(victim) / 'cnnlib-notebooks' / '04_multichannel_filters.ipynb')!r},"
        " '04_multichannel_filters.ipynb')\n"
    )
    assert kernel.run(linked)[1] == ""
    python = klass.environment / "bin" / "python"
    command = (python, "-P", "-m", "cnnlib.course.tools.classroom", "collect", "04")
    said = run(*command, place / "collected", folder=place)
    assert f"{cheat.name}: 04_multichannel_filters.ipynb could not be read" in said
    collected = {path.parent.name for path in (place / "collected").glob("*/*.ipynb")}
    assert collected == set(NAMES) - {cheat.name}
