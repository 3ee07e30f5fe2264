// Run notebooks in Pyodide under Node, which is quicker to start than a browser:
//   node tests/helpers/pyodide_cells.mjs build/lite/static/pyodide build/lite/files/02_*.ipynb
// One line of JSON a cell: its notebook, id, seconds of processor time, its error or "", and the
// beginning of what its last line gave, such as the verdict on an exercise.
// Widgets exist but have no page; progress is kept nowhere.
import { readFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [folder, ...notebooks] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(resolve(folder, "pyodide.mjs")));

const PREPARE = `
import os, time
os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
from IPython.core.interactiveshell import InteractiveShell
InteractiveShell.clear_instance()
shell = InteractiveShell.instance()
shell.display_pub.publish = lambda *args, **kwargs: None
shell.displayhook.write_format_data = lambda *args, **kwargs: None
shell.displayhook.write_output_prompt = lambda *args, **kwargs: None
async def run_cell(source):
    import sys
    result = await shell.run_cell_async(source, store_history=True)
    error = result.error_before_exec or result.error_in_exec
    said = "" if result.result is None else repr(result.result)[:2000]
    return ["" if error is None else f"{type(error).__name__}: {error}", said]
`;

for (const path of notebooks) {
  const pyodide = await loadPyodide({ indexURL: resolve(folder), stdout: () => {}, stderr: () => {} });
  await pyodide.loadPackage(["cnnlib", "ipython", "matplotlib-inline"], { messageCallback: () => {} });
  await pyodide.runPythonAsync(PREPARE);
  const runCell = pyodide.globals.get("run_cell");
  for (const cell of JSON.parse(readFileSync(path, "utf8")).cells) {
    if (cell.cell_type !== "code") continue;
    const began = process.cpuUsage();
    const [error, said] = (await runCell([cell.source].flat().join(""))).toJs();
    const { user, system } = process.cpuUsage(began);
    const raises = (cell.metadata.tags ?? []).includes("raises-exception");
    console.log(JSON.stringify({
      notebook: basename(path, ".ipynb"), id: cell.id, seconds: (user + system) / 1e6,
      error: raises ? "" : error, said,
    }));
  }
}
