"""The ONNX file in a web page: fifteen lines of HTML, and a browser that runs the network.

Needs Chromium, Playwright, and the files of npm's onnxruntime-web. Nothing here is needed to read
the notebook.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from cnnlib.types import Array

__all__ = ["PAGE", "scores"]

# The whole page. It sits in one folder with digits.onnx and the files of onnxruntime-web.
PAGE = """<!doctype html>
<title>A digit, read in the browser</title>
<script src="ort.wasm.min.js"></script>
<script>
  async function scores(pixels, n) {
    const net = await ort.InferenceSession.create("digits.onnx");
    const images = new ort.Tensor("float32", Float32Array.from(pixels), [n, 1, 28, 28]);
    const answer = await net.run({ images });
    return Array.from(answer.scores.data);
  }
</script>
"""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def scores(net: Path, images: Array, web: Path) -> tuple[list[list[float]], str]:
    """Let a browser run a network.

    Parameters
    ----------
    net : Path
        The ONNX file.
    images : array, (N, 1, 28, 28)
    web : Path
        The folder ``dist`` of onnxruntime-web.

    Returns
    -------
    rows of scores, and what computed them

    Examples
    --------
    >>> '"digits.onnx"' in PAGE  # the file that the page asks for
    True
    """
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "index.html").write_text(PAGE, encoding="utf-8")
        shutil.copy(net, folder / "digits.onnx")
        for file in [*web.glob("ort.wasm.min.js"), *web.glob("ort-wasm-simd-threaded.*")]:
            shutil.copy(file, folder)
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=name))
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            with sync_playwright() as play:
                found = os.environ.get("CHROMIUM") or shutil.which("chromium")
                chromium = play.chromium.launch(executable_path=found, args=["--no-sandbox"])
                page = chromium.new_page()
                page.goto(f"http://127.0.0.1:{server.server_port}/index.html")
                given = [images.ravel().tolist(), len(images)]
                flat = page.evaluate("([pixels, n]) => scores(pixels, n)", given)
                what = f"Chromium {chromium.version.partition('.')[0]}"
                chromium.close()
        finally:
            server.shutdown()
    package = json.loads((web.parent / "package.json").read_text(encoding="utf-8"))
    wide = len(flat) // len(images)
    rows = [flat[k : k + wide] for k in range(0, len(flat), wide)]
    return rows, f"{what} with onnxruntime-web {package['version']}"
