"""JupyterHub for a class on one machine. README.md, in the folder above, tells how to use it.

Everybody signs in with an account of the system, and everything of theirs runs under it: so the
system itself keeps one from reading what is another's. JupyterHub has to be started by root, which
it needs for nothing else than that.

What a class may want to change are environment variables, named below. For anything else, copy this
file and change the copy.
"""

import os
import sys
from pathlib import Path

c = get_config()  # type: ignore[name-defined]  # noqa: F821


def _setting(name: str, default: str) -> str:
    return os.environ.get(f"CNNLIB_CLASS_{name}") or default


# What the hub must remember, and nobody else may read: who is signed in, and its secrets.
state = Path(_setting("STATE", "/var/lib/cnnlib-class"))
state.mkdir(mode=0o700, parents=True, exist_ok=True)
c.JupyterHub.db_url = f"sqlite:///{state}/jupyterhub.sqlite"
c.JupyterHub.cookie_secret_file = f"{state}/cookie_secret"
c.ConfigurableHTTPProxy.pid_file = f"{state}/proxy.pid"

# Where the class finds it. Without TLS passwords cross the network in the clear; with these two
# files they do not. (A web server before it may do that instead; then let it listen on 127.0.0.1.)
c.JupyterHub.bind_url = _setting("URL", "http://:8000")
c.JupyterHub.ssl_cert = _setting("TLS_CERT", "")
c.JupyterHub.ssl_key = _setting("TLS_KEY", "")
c.ConfigurableHTTPProxy.command = [
    _setting("PROXY", f"{sys.prefix}/node_modules/.bin/configurable-http-proxy")
]

# Who may enter: the accounts in one group of the system, with their passwords there.
c.JupyterHub.authenticator_class = "pam"
c.PAMAuthenticator.allowed_groups = {_setting("GROUP", "cnnlib-class")}
c.PAMAuthenticator.open_sessions = False  # needs more of the system, and is good for nothing here

# What runs for each of them, under their own account. `start` makes their copy of the notebooks,
# holds the limits below, and becomes JupyterLab.
c.JupyterHub.spawner_class = "jupyterhub.spawner.LocalProcessSpawner"
c.Spawner.cmd = [sys.executable, "-P", "-m", "cnnlib.course.tools.classroom.start"]
c.Spawner.notebook_dir = "~/cnnlib-notebooks"
c.Spawner.default_url = "/lab/tree/00_start_here.ipynb"
# Twenty at once on two processors: the last JupyterLab takes minutes to answer.
c.Spawner.start_timeout = c.Spawner.http_timeout = 300

# Limits for each process of a member's: JupyterLab, and one for each notebook that is open.
c.Spawner.mem_limit = _setting("MEMORY", "2G")
c.Spawner.environment = {
    # More threads than processors for all of them together would only wait for each other.
    "CNNLIB_NUM_THREADS": _setting("THREADS", "1"),
    "OPENBLAS_NUM_THREADS": _setting("THREADS", "1"),
    "OMP_NUM_THREADS": _setting("THREADS", "1"),
    "CNNLIB_CLASS_PROCESSES": _setting("PROCESSES", "500"),
}
# A kernel that nobody has open gives its memory back after an hour.
c.Spawner.args = [
    "--MappingKernelManager.cull_idle_timeout=3600",
    "--MappingKernelManager.cull_interval=300",
    # Over TCP, a kernel's outputs could be listened to by everybody on this machine.
    "--KernelManager.transport=ipc",
]
