"""JavaScript without a browser: modules of the widgets under Node, and a look at their brackets."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
from typing import Any

from cnnlib.course.widgets.kit.bundle import script

NODE = shutil.which("node")
WITHOUT = (
    "Node is not installed (Debian: apt-get install nodejs): the arithmetic of the widgets is not "
    "compared with cnnlib."
)

# Reads calls, [function, arguments], line by line, and writes what comes out. What JSON cannot
# hold is put into an object with one key.
HOST = """
import { createInterface } from "node:readline";
const module = await import(process.argv[1]);
const write = (_, value) => {
  if (ArrayBuffer.isView(value)) return Array.from(value);
  if (typeof value === "number" && !Number.isFinite(value)) return { $number: String(value) };
  return value;
};
const read = (_, value) => {
  if (value === null || typeof value !== "object") return value;
  if ("$bytes" in value) return Uint8Array.from(value.$bytes);
  return "$floats" in value ? Float32Array.from(value.$floats) : value;
};
for await (const line of createInterface({ input: process.stdin })) {
  let answer;
  try {
    const [name, given] = JSON.parse(line, read);
    answer = { value: module[name](...given) };
  } catch (error) {
    answer = { error: `${error.stack}` };
  }
  console.log(JSON.stringify(answer, write));
}
"""


class Module:
    """A module of the widgets, loaded by Node with all that it imports."""

    def __init__(self, name: str) -> None:
        assert NODE is not None
        text = base64.b64encode(script(name).encode()).decode()
        self._node = subprocess.Popen(
            [NODE, "--input-type=module", "-e", HOST, f"data:text/javascript;base64,{text}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def call(self, function: str, *arguments: Any) -> Any:
        """Call a function that the module exports."""
        assert self._node.stdin is not None
        assert self._node.stdout is not None
        self._node.stdin.write(json.dumps([function, arguments], allow_nan=False) + "\n")
        self._node.stdin.flush()
        answer = json.loads(self._node.stdout.readline(), object_hook=_number)
        assert "error" not in answer, answer["error"]
        return answer.get("value")

    def close(self) -> None:
        self._node.communicate()


def _number(value: dict[str, Any]) -> Any:
    return float(value["$number"]) if "$number" in value else value


def syntax_error(text: str) -> str:
    """Return what Node says about the text of a module, or "" if it can be parsed."""
    assert NODE is not None
    # From the standard input, so that it is a module whatever its name would be.
    run = [NODE, "--input-type=module", "--check"]
    return subprocess.run(run, input=text, capture_output=True, text=True, check=False).stderr


# Comments, texts, regular expressions (only where none could be a division), the beginning and
# the end of a template, brackets; and single characters that do not matter.
_TOKEN = re.compile(
    r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'"""
    r"""|(?<=[(,=:!&|?;] )/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n\[])+/\w*"""
    r"""|(?<=[(\[!])/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n\[])+/\w*"""
    r"""|[`()\[\]{}"']""",
    re.DOTALL,
)
_TEMPLATE = re.compile(r"(?:\\.|(?!\$\{)[^`\\])*(`|\$\{)", re.DOTALL)
_CLOSES = {")": "(", "]": "[", "}": "{"}


def unbalanced(text: str) -> str:
    """Return the first bracket, quotation mark or template that has no partner, or ""."""
    open_: list[str] = []
    at = 0
    while found := _TOKEN.search(text, at):
        token, at = found[0], found.end()
        if token in ('"', "'"):
            return token
        if token in "([{":
            open_.append(token)
        elif token in _CLOSES:
            if not open_:
                return token
            last = open_.pop()
            if last == "${" and token == "}":
                token = "`"  # the template goes on
            elif last != _CLOSES[token]:
                return token
        if token == "`":
            end = _TEMPLATE.match(text, at)
            if end is None:
                return token
            at = end.end()
            if end[1] == "${":
                open_.append("${")
    return open_[-1] if open_ else ""
