"""A JupyterHub that really runs, and the members of a class who use it as their browsers would."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
import websocket

PATIENCE = 600  # seconds; twenty on two busy processors


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Hub:
    """The hub of the course, with the course's own configuration, on ports that are free.

    environment : an environment that has the course and JupyterHub, as the page for a class says
    folder : for its state and its log
    """

    def __init__(self, environment: Path, folder: Path) -> None:
        self.address = f"http://127.0.0.1:{free_port()}"
        self.log = folder / "hub.log"
        python = environment / "bin" / "python"
        shipped = subprocess.run(
            [python, "-P", "-m", "cnnlib.course.tools.classroom", "config"],
            capture_output=True, text=True, check=True, cwd=folder,
        ).stdout.strip()  # fmt: skip
        config = folder / "config.py"
        config.write_text(
            f"load_subconfig({shipped!r})\nc = get_config()\n"
            f"c.JupyterHub.hub_port = {free_port()}\n"
            f"c.ConfigurableHTTPProxy.api_url = 'http://127.0.0.1:{free_port()}'\n"
        )
        # What a run under make sets would be taken for a setting of the class's.
        mine = ("JUPYTER", "IPYTHON", "MPL", "CNNLIB", "OPENBLAS", "PYTHON", "OMP", "MKL")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(mine)}
        settings = {"CNNLIB_CLASS_URL": self.address, "CNNLIB_CLASS_STATE": str(folder / "state")}
        self.log_file = self.log.open("wb")
        self.process = subprocess.Popen(
            [environment / "bin" / "jupyterhub", "--config", config],
            cwd=folder, env=kept | settings, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=self.log_file, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def wait(self) -> None:
        """Wait until it answers."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            assert self.process.poll() is None, self.log.read_text()
            with contextlib.suppress(requests.RequestException):
                if requests.get(f"{self.address}/hub/login", timeout=20).ok:
                    return
            time.sleep(0.5)
        raise AssertionError(self.log.read_text())

    def stop(self) -> None:
        """Stop it, and with it everybody's servers."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=120)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log_file.close()


@dataclass
class Member:
    """Somebody who signs in with a name and a password, and works."""

    hub: Hub
    name: str
    password: str
    token: str = ""
    times: dict[str, float] = field(default_factory=dict)

    def sign_in(self) -> bool:
        """Sign in through the form, and get a token for what follows; say whether that went."""
        session = requests.Session()
        form = session.get(f"{self.hub.address}/hub/login", timeout=PATIENCE)
        mark = re.search(r'name="_xsrf" value="([^"]+)"', form.text)
        assert mark, form.text
        answer = session.post(
            f"{self.hub.address}/hub/login?next=%2Fhub%2Ftoken",
            {"username": self.name, "password": self.password, "_xsrf": mark[1]},
            timeout=PATIENCE,
        )
        if not answer.ok or "/hub/token" not in answer.url:
            return False
        mark = re.search(r'xsrf_token: "([^"]+)"', answer.text)
        assert mark, answer.text
        made = session.post(
            f"{self.hub.address}/hub/api/users/{self.name}/tokens",
            headers={"X-XSRFToken": mark[1], "Referer": answer.url},
            json={},
            timeout=PATIENCE,
        )
        assert made.status_code == 201, made.text
        self.token = made.json()["token"]
        return True

    def asks(self, method: str, path: str, **options: Any) -> requests.Response:
        """Ask for an address below the hub's."""
        return requests.request(
            method, f"{self.hub.address}{path}", timeout=PATIENCE,
            headers={"Authorization": f"token {self.token}"}, **options,
        )  # fmt: skip

    def start(self) -> None:
        """Have one's own JupyterLab started, and wait until it answers."""
        begun = time.monotonic()
        answer = self.asks("POST", f"/hub/api/users/{self.name}/server")
        assert answer.status_code in (201, 202), answer.text
        while time.monotonic() < begun + PATIENCE:
            servers = self.asks("GET", f"/hub/api/users/{self.name}").json()["servers"]
            if servers.get("", {}).get("ready"):
                self.times["start"] = time.monotonic() - begun
                return
            time.sleep(1)
        raise AssertionError(f"{self.name}'s JupyterLab did not start")

    def content(self, path: str, owner: str = "") -> requests.Response:
        """Ask for a file or folder in somebody's JupyterLab: one's own, unless said otherwise."""
        return self.asks("GET", f"/user/{owner or self.name}/api/contents/{path}")

    def kernel(self, notebook: str) -> Kernel:
        """Open a notebook: start its kernel."""
        answer = self.asks(
            "POST",
            f"/user/{self.name}/api/sessions",
            json={"path": notebook, "name": notebook, "type": "notebook",
                  "kernel": {"name": "python3"}},
        )  # fmt: skip
        assert answer.status_code == 201, answer.text
        return Kernel(self, answer.json()["kernel"]["id"])


class Kernel:
    """The kernel of a member's notebook."""

    def __init__(self, member: Member, number: str) -> None:
        address = member.hub.address.replace("http", "ws", 1)
        self.socket = websocket.create_connection(
            f"{address}/user/{member.name}/api/kernels/{number}/channels",
            header=[f"Authorization: token {member.token}"],
            timeout=PATIENCE,
        )

    def run(self, code: str) -> tuple[str, str]:
        """Run a cell; return what it printed, and the error that ended it, if one did."""
        number = uuid.uuid4().hex
        self.socket.send(json.dumps({
            "header": {"msg_id": number, "msg_type": "execute_request", "username": "",
                       "session": "test", "version": "5.3"},
            "parent_header": {}, "metadata": {}, "channel": "shell", "buffers": [],
            "content": {"code": code, "silent": False, "store_history": False,
                        "user_expressions": {}, "allow_stdin": False, "stop_on_error": True},
        }))  # fmt: skip
        printed, error, replied, idle = "", "", False, False
        while not (replied and idle):
            said = json.loads(self.socket.recv())
            if said["parent_header"].get("msg_id") != number:
                continue
            kind, content = said["msg_type"], said["content"]
            if kind == "stream" and content["name"] == "stdout":
                printed += content["text"]
            elif kind == "error":
                error = content["ename"] + ": " + content["evalue"]
            replied |= kind == "execute_reply"
            idle |= kind == "status" and content["execution_state"] == "idle"
        return printed, error


def memory(user: int) -> dict[str, float]:
    """Return the memory of each process of a user, in MB; what is shared is split fairly (PSS)."""
    sizes = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            if folder.stat().st_uid != user:
                continue
            words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            found = re.search(r"^Pss: +(\d+) kB", (folder / "smaps_rollup").read_text(), re.M)
        except OSError:  # it has just ended
            continue
        if found:
            sizes[f"{folder.name} {words[:200]}"] = int(found[1]) / 1000
    return sizes
