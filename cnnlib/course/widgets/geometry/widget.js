// @ts-check
// The geometry explorer: where windows stop, which pixels they read, and how far a cell sees back.

import {
  button, capital, choice, closing, figure, h, joined, keepChildren, number, panel, setAttribute, setText,
  settings, uniqueId, withItem, worked,
} from "../kit/kit.js";
import { listed, misfit, neverRead, reads, stops } from "../kit/windows.js";

/** @import { Given, Place } from "../kit/kit.js" */
/** @import { Layer } from "../kit/windows.js" */
/** @typedef {{ size: Place, layers: Layer[] }} Set */
/** @typedef {Record<"side" | "kernel_size" | "stride" | "padding" | "layers", number>} Limits */
/** @typedef {[level: number, row: number, column: number]} Cell without the border */
/** @typedef {number[][]} Links for each map, how many ways lead to each place along one axis */

// --- Arithmetic: pure functions of the settings, tested to be equal to cnnlib ----------------------

/** Height and width of every map: the input first, the output last.
 * @param {Set} set
 */
export function sizes({ size, layers }) {
  const maps = [size];
  for (const [k, layer] of layers.entries()) {
    const [height, width] = maps[k];
    maps.push([stops(height, layer), stops(width, layer)]);
  }
  return maps;
}

/** How many windows of its layer read each pixel of a map.
 * @param {Set} set @param {number} level
 */
export function coverage(set, level) {
  const [down, across] = sizes(set)[level].map((length) => reads(length, set.layers[level]));
  return down.map((a) => across.map((b) => a * b));
}

/** How far a cell of each map sees back, by the formula.
 * @param {Layer[]} layers
 */
export function receptiveField(layers) {
  let jump = 1;
  let field = 1;
  return layers.map(([kernelSize, stride]) => {
    field += (kernelSize - 1) * jump;
    jump *= stride;
    return field;
  });
}

/**
 * Along one axis, in how many ways each cell of each map is linked with one chosen cell: back
 * through the windows that it was made from, and forth to the windows that read it.
 *
 * Maps are counted with their border of zeros, and so is the place `at` in the map `level`.
 * @param {number} length @param {Layer[]} layers @param {number} level @param {number} at
 * @returns {Links}
 */
export function ways(length, layers, level, at) {
  const maps = [length];
  for (const [k, layer] of layers.entries()) maps.push(stops(maps[k], layer));
  const border = (/** @type {number} */ k) => (k < layers.length ? layers[k][2] : 0);
  const counts = maps.map((n, k) => new Array(n + 2 * border(k)).fill(0));
  counts[level][at] = 1;
  for (let k = level - 1; k >= 0; k -= 1) {
    const [kernelSize, stride] = layers[k];
    for (let i = 0; i < maps[k + 1]; i += 1) {
      for (let m = 0; m < kernelSize; m += 1) {
        counts[k][i * stride + m] += counts[k + 1][i + border(k + 1)];
      }
    }
  }
  for (let k = level; k < layers.length; k += 1) {
    const [kernelSize, stride] = layers[k];
    for (let i = 0; i < maps[k + 1]; i += 1) {
      for (let m = 0; m < kernelSize; m += 1) {
        counts[k + 1][i + border(k + 1)] += counts[k][i * stride + m];
      }
    }
  }
  return counts;
}

/** Say in words why the settings make no sense, or return "".
 * @param {Set} set
 */
export function problem(set) {
  const maps = sizes(set);
  for (const [k, layer] of set.layers.entries()) {
    const why = misfit(maps[k], layer, { what: "kernel", into: k ? `map ${k}` : "the input" });
    if (why) {
      const where = set.layers.length > 1 ? `Layer ${k + 1}: ${lower(why)}` : why;
      const [kernelSize, , padding] = layer;
      const need = Math.ceil((kernelSize - Math.min(...maps[k])) / 2);
      const room = Math.min(...maps[k]) + 2 * padding - kernelSize;
      return (
        `${where} The last start would be ${number(room)}, before the first. Use a smaller ` +
        `kernel, a padding of at least ${need}, or a larger input.`
      );
    }
  }
  return "";
}

// --- Words ---------------------------------------------------------------------------------------

/** @param {string} text */
function lower(text) {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** The formula for the output size with the numbers put in.
 * @param {number} length @param {Layer} layer
 */
export function formula(length, [kernelSize, stride, padding]) {
  const room = length + 2 * padding - kernelSize;
  const steps = Math.floor(room / stride);
  return (
    `⌊(${length} + 2·${padding} − ${kernelSize}) / ${stride}⌋ + 1 = ` +
    `⌊${room} / ${stride}⌋ + 1 = ${steps} + 1 = ${steps + 1}`
  );
}

/** The same for the ear.
 * @param {number} length @param {Layer} layer
 */
export function spokenFormula(length, [kernelSize, stride, padding]) {
  const room = length + 2 * padding - kernelSize;
  const steps = Math.floor(room / stride);
  return (
    `${length} plus 2 times ${padding} minus ${kernelSize} equals ${room}; divided by ${stride} ` +
    `and rounded down, ${steps}; plus 1, ${steps + 1}`
  );
}

/** The formulas of one layer: one line where height and width are alike, else two.
 * @param {Set} set @param {number} level @param {(length: number, layer: Layer) => string} write
 */
function formulas(set, level, write) {
  const [height, width] = sizes(set)[level];
  const layer = set.layers[level];
  if (height === width) return [`height and width: ${write(height, layer)}`];
  return [`height: ${write(height, layer)}`, `width: ${write(width, layer)}`];
}

/** What is worth knowing about one layer, in words.
 * @param {Set} set @param {number} level
 */
export function remarks(set, level) {
  const layer = set.layers[level];
  const [kernelSize, stride, padding] = layer;
  const [height, width] = sizes(set)[level];
  const counts = coverage(set, level).flat();
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  const said = [];
  const unread = neverRead([height, width], layer);
  const rests = [height, width].map((length) => (length + 2 * padding - kernelSize) % stride);
  if (unread) said.push(unread);
  else if (least === most) said.push(`Every pixel is read equally often: ${times(most)}.`);
  else said.push(`Pixels are read from ${least} to ${times(most)}.`);
  if (rests.some((rest) => rest > 0)) {
    const names = ["height", "width"].filter((_, k) => rests[k] > 0);
    const rest = rests[0] === rests[1] || names.length === 1 ? Math.max(...rests) : rests.join(" and ");
    const only = unread ? "" : " Only border is left over there.";
    said.push(`The division of the ${joined(names)} leaves the remainder ${rest}.${only}`);
  }
  const hollow = hollowWindows([height, width], layer);
  if (hollow) {
    const what = hollow === 1 ? "1 window holds" : `${hollow} windows hold`;
    said.push(`${what} nothing but border: padding ${padding} is more than kernel − 1.`);
  }
  return said.join(" ");
}

/** @param {number} count */
function times(count) {
  return count === 1 ? "1 time" : `${count} times`;
}

/** How many windows hold nothing but border.
 * @param {Place} size @param {Layer} layer
 */
function hollowWindows([height, width], layer) {
  const [kernelSize, stride, padding] = layer;
  const inside = (/** @type {number} */ length) => {
    let count = 0;
    for (let stop = 0; stop < stops(length, layer); stop += 1) {
      const first = stop * stride - padding;
      if (first + kernelSize > 0 && first < length) count += 1;
    }
    return count;
  };
  return stops(height, layer) * stops(width, layer) - inside(height) * inside(width);
}

/** What a map is called.
 * @param {Set} set @param {number} level
 */
export function nameOf(set, level) {
  if (level === 0) return "input";
  return level === set.layers.length ? "output" : `map ${level}`;
}

/** The receptive field, layer by layer, with the numbers put in.
 * @param {Layer[]} layers
 */
export function growth(layers) {
  const fields = receptiveField(layers);
  let jump = 1;
  return layers.map(([kernelSize, stride], k) => {
    const text = `${k ? fields[k - 1] : 1} + (${kernelSize} − 1)·${jump} = ${fields[k]}`;
    jump *= stride;
    return text;
  });
}

/** How wide the border of zeros is that the layer after a map lays around it.
 * @param {Set} set @param {number} level
 */
function borderOf({ layers }, level) {
  return level < layers.length ? layers[level][2] : 0;
}

/** Where links lead in one map, without its border: the rows and the columns, or null.
 * @param {Set} set @param {number} level @param {Links[]} links
 */
function linked(set, level, links) {
  const padding = borderOf(set, level);
  const found = links.map((axis, k) =>
    axis[level]
      .map((count, i) => (count > 0 ? i - padding : -1))
      .filter((i) => i >= 0 && i < sizes(set)[level][k]),
  );
  return found[0].length && found[1].length ? found : null;
}

/** @param {Set} set @param {number} level @param {Place} place */
function place(set, level, [row, column]) {
  const [height, width] = sizes(set)[level];
  const inside = row >= 0 && column >= 0 && row < height && column < width;
  const name = nameOf(set, level);
  return inside ? `${name} row ${row}, column ${column}` : `the border of the ${name}`;
}

/** What the chosen cell was made from, and who reads it, in sentences.
 * @param {Set} set @param {number} level @param {number} row @param {number} column
 */
export function story(set, level, row, column) {
  const padding = borderOf(set, level);
  const at = [row + padding, column + padding];
  const links = set.size.map((length, k) => ways(length, set.layers, level, at[k]));
  const here = place(set, level, [row, column]);
  const said = [`${capital(here)}.`];
  const area = (/** @type {number[][]} */ found) =>
    `${listed("row", found[0])} and ${listed("column", found[1])} ` +
    `(${found[0].length} × ${found[1].length})`;
  if (level > 0 && !here.startsWith("the border")) {
    const parts = [];
    for (let k = level - 1; k >= 0; k -= 1) {
      const found = linked(set, k, links);
      parts.push(`${nameOf(set, k)}, ${found ? area(found) : "nothing but border"}`);
    }
    said.push(`Made from: ${parts.join("; ")}.`);
    const reach = receptiveField(set.layers)[level - 1];
    const found = linked(set, 0, links);
    const counts = found ? found.map((places) => places.length) : [0, 0];
    if (counts.some((count) => count < reach)) {
      said.push(`By the formula it reaches over ${reach} × ${reach}; the rest is ${
        found && hasGap(found) ? "border or skipped" : "border"
      }.`);
    }
  }
  if (level < set.layers.length) {
    const next = linked(set, level + 1, links);
    if (!next) {
      said.push("No window reads it.");
    } else {
      const count = next[0].length * next[1].length;
      said.push(`Read by ${count === 1 ? "1 window" : `${count} windows`}.`);
      if (level + 1 < set.layers.length) {
        const end = linked(set, set.layers.length, links);
        const reach = end ? end[0].length * end[1].length : 0;
        said.push(`It contributes to ${reach === 1 ? "1 output cell" : `${reach} output cells`}.`);
      }
    }
  }
  return said.join(" ");
}

/** @param {number[][]} found */
function hasGap(found) {
  return found.some((places) => places[places.length - 1] - places[0] >= places.length);
}

// --- Drawing -------------------------------------------------------------------------------------

/** @type {[string, string][]} */
const MODES = [
  ["windows", "how many windows read it"],
  ["ways", "how many ways lead to the chosen cell"],
];

/** @param {Given<Set, { limits: Limits }>} given */
function render({ model, el }) {
  const frame = panel(model, el, {
    name: "geometry",
    title: "Padding, stride and what they read",
    keys: [
      ["Tab", "from field to field, and from map to map"],
      ["arrow keys in a field", "one more or one less"],
      ["arrow keys on a map", "choose a cell, and hear what it was made from and who reads it"],
      ["Enter or Space on a map", "hear it again"],
      ["mouse or finger", "point at any cell of any map; click to keep it chosen"],
    ],
  });
  const set = settings(model, redraw);
  const { limits } = model.get("facts");
  /** The cell that was chosen; null is the middle of the output. @type {Cell | null} */
  let chosen = null;
  /** The cell that the pointer is over. @type {Cell | null} */
  let peek = null;
  let mode = "windows";
  /** @type {ReturnType<typeof makeRow>[]} */
  let rows = [];
  /** @type {ReturnType<typeof makeView>[]} */
  let views = [];

  // Controls

  /** @param {string} label @param {number} max @param {(value: number) => Partial<Set>} patch */
  function field(label, max, patch, min = 1) {
    return frame.field(label, { min, max, whole: true, change: (value) => change(patch(value)) });
  }
  /** Take settings that make sense, and say what came out; else return what is wrong.
   * @param {Partial<Set>} values
   */
  function change(values) {
    const next = { ...set.now, ...values };
    const refused = problem(next);
    if (!refused) {
      set.change(values);
      frame.say(`Output ${sizes(next)[next.layers.length].join(" by ")}. ${next.layers
        .map((_, k) => `${title(k)}${remarks(next, k)}`)
        .join(" ")}`);
    }
    return refused;
  }
  /** @param {number} k */
  function title(k) {
    return set.now.layers.length > 1 ? `Layer ${k + 1}: ` : "";
  }
  const sides = [
    field("Rows", limits.side, (v) => ({ size: [v, set.now.size[1]] })),
    field("Columns", limits.side, (v) => ({ size: [set.now.size[0], v] })),
  ];
  /** @param {number} k @param {0 | 1 | 2} part @param {number} value */
  const replaced = (k, part, value) => {
    const layer = (set.now.layers[k] ?? [1, 1, 0]).with(part, value);
    return { layers: withItem(set.now.layers, k, /** @type {Layer} */ (layer)) };
  };
  /** @param {number} k */
  function makeRow(k) {
    const fields = [
      field("Kernel", limits.kernel_size, (v) => replaced(k, 0, v)),
      field("Stride", limits.stride, (v) => replaced(k, 1, v)),
      field("Padding", limits.padding, (v) => replaced(k, 2, v), 0),
    ];
    const name = h("span", { class: "geo-name", id: uniqueId() });
    const size = worked();
    const note = h("p", { class: "geo-note" });
    const node = h(
      "div",
      { class: "geo-layer", role: "group", "aria-labelledby": name.id },
      h("div", { class: "cnn-controls" }, name, fields.map((one) => one.node), size.node),
      note,
    );
    return { node, name, fields, size, note };
  }
  const add = button("Add a layer", () => {
    const { layers } = set.now;
    if (layers.length >= limits.layers) {
      return frame.complain(`At most ${limits.layers} layers can be drawn.`);
    }
    const refused = change({ layers: [...layers, layers[layers.length - 1]] });
    frame.complain(refused && `No room for another layer like the last one. ${refused}`);
  });
  const remove = button("Remove the last layer", () => {
    const { layers } = set.now;
    if (layers.length === 1) return frame.complain("At least one layer must stay.");
    frame.complain(change({ layers: layers.slice(0, -1) }));
  });
  /** @type {[string, (kernelSize: number) => number][]} */
  const widths = [
    ["None (valid)", () => 0],
    ["Same", (kernelSize) => (kernelSize - 1) / 2],
    ["Full", (kernelSize) => kernelSize - 1],
  ];
  const paddings = widths.map(([label, width]) =>
    button(label, () => {
      const layers = set.now.layers.map(([k, s]) => /** @type {Layer} */ ([k, s, width(k)]));
      const even = layers.find(([, , padding]) => !Number.isInteger(padding));
      if (even) {
        return frame.complain(
          `Same padding is (kernel − 1) / 2. For a kernel of ${even[0]} that is ${even[2]}, and ` +
            `there are no half pixels. Use a kernel of ${even[0] - 1} or ${even[0] + 1}.`,
        );
      }
      frame.complain(change({ layers }));
    }),
  );
  const write = choice("Numbers in the cells", MODES, (value) => {
    mode = value;
    redraw();
    frame.say(`Each cell says ${Object.fromEntries(MODES)[mode]}.`);
  });
  const paddingName = h("span", { id: uniqueId() }, "Padding of all layers");
  const layerList = h("div", { class: "geo-layers" });
  const maps = h("div", { class: "cnn-figures geo-maps cnn-data" });
  const told = h("p", { class: "geo-story" });
  const fieldLine = h("p", { class: "geo-field" });
  frame.body.append(
    h(
      "div",
      { class: "cnn-controls", role: "group", "aria-label": "Input" },
      h("span", { class: "geo-name" }, "Input"),
      sides.map((side) => side.node),
    ),
    layerList,
    h(
      "div",
      { class: "cnn-controls" },
      add,
      remove,
      h("span", { class: "cnn-field", role: "group", "aria-labelledby": paddingName.id },
        paddingName, paddings),
      write.node,
    ),
    maps,
    told,
    fieldLine,
  );

  // Maps

  /** @param {number} level */
  function makeView(level) {
    /** @param {Place} place @returns {Cell} */
    const cellAt = ([i, j]) => {
      const border = borderOf(set.now, level);
      return [level, i - border, j - border];
    };
    const choose = (/** @type {number} */ i, /** @type {number} */ j, again = false) => {
      const cell = cellAt([i, j]);
      const moved = String(chosen) !== String(cell);
      chosen = cell;
      peek = null;
      redraw();
      if (moved || again) frame.say(story(set.now, ...cell));
    };
    const board = frame.grid({
      name: `map ${level}`,
      focus: (i, j) => choose(i, j),
      hover: (place) => {
        peek = place && cellAt(place);
        redraw();
      },
      press: (i, j) => choose(i, j, true),
    });
    return { board, figure: figure("", board.node) };
  }

  /** @param {number} level @param {Cell} cell @param {Links[]} links */
  function drawMap(level, cell, links) {
    const [height, width] = sizes(set.now)[level];
    const border = borderOf(set.now, level);
    const counts = level === set.now.layers.length ? null : coverage(set.now, level);
    const [down, across] = links.map((axis) => axis[level]);
    const most =
      mode === "ways"
        ? Math.max(...down) * Math.max(...across)
        : Math.max(1, ...(counts ? counts.flat() : []));
    const name = nameOf(set.now, level);
    const view = views[level];
    setAttribute(view.board.node, "aria-label", name);
    view.figure.set(`${name}, ${height}×${width}${border ? `, border ${border}` : ""}`);
    const extent = [down, across].map((axis) => {
      const used = axis.flatMap((count, i) => (count ? [i] : []));
      return { first: used[0], length: used[used.length - 1] - used[0] + 1, count: used.length };
    });
    const gaps = extent.some(({ length, count }) => length > count);
    view.board.draw(height + 2 * border, width + 2 * border, (i, j) => {
      const outside = i < border || j < border || i >= height + border || j >= width + border;
      const windows = outside || !counts ? null : counts[i - border][j - border];
      const way = down[i] * across[j];
      const value = mode === "windows" ? windows : way || null;
      const isChosen = cell[0] === level && i === cell[1] + border && j === cell[2] + border;
      const marks = [];
      const label = [place(set.now, level, [i - border, j - border])];
      if (outside) marks.push("border");
      else if (value) marks.push(`geo-${Math.ceil((5 * value) / most)}`);
      if (windows === 0) marks.push("geo-unread");
      if (windows !== null) label.push(windows ? `read ${times(windows)}` : "never read");
      if (way > 0 && !isChosen) {
        marks.push(gaps ? "geo-link geo-gaps" : "geo-link");
        label.push(level < cell[0] ? "seen by the chosen cell" : "reads the chosen cell");
        if (mode === "ways") label.push(way === 1 ? "1 way" : `${way} ways`);
      }
      if (isChosen) {
        marks.push("geo-chosen");
        label.push("chosen");
      }
      return {
        text: value === null ? "" : String(value),
        label: label.join(", "),
        marks: marks.join(" "),
      };
    });
    const [rowsSeen, columnsSeen] = extent;
    const outline = rowsSeen.count && columnsSeen.count
      ? {
          row: rowsSeen.first, height: rowsSeen.length,
          column: columnsSeen.first, width: columnsSeen.length,
        }
      : null;
    view.board.frame(level <= cell[0] ? outline : null, "first");
    view.board.frame(level > cell[0] ? outline : null, "second");
  }

  /** @returns {Cell} */
  function middle() {
    const last = set.now.layers.length;
    const [height, width] = sizes(set.now)[last];
    return [last, Math.floor((height - 1) / 2), Math.floor((width - 1) / 2)];
  }
  /** @param {Cell | null} cell */
  function exists(cell) {
    if (!cell || cell[0] > set.now.layers.length) return false;
    const border = borderOf(set.now, cell[0]);
    return sizes(set.now)[cell[0]].every(
      (length, k) => cell[k + 1] >= -border && cell[k + 1] < length + border,
    );
  }

  function redraw() {
    const now = set.now;
    const count = now.layers.length;
    if (rows.length !== count) {
      rows = now.layers.map((_, k) => rows[k] ?? makeRow(k));
      views = sizes(now).map((_, level) => views[level] ?? makeView(level));
      keepChildren(layerList, rows.map((row) => row.node));
      keepChildren(maps, views.map((view) => view.figure.node));
    }
    if (!exists(chosen)) chosen = null;
    if (!exists(peek)) peek = null;
    const cell = peek ?? chosen ?? middle();
    const border = borderOf(now, cell[0]);
    const links = now.size.map((length, k) => ways(length, now.layers, cell[0], cell[k + 1] + border));
    views.forEach((_, level) => drawMap(level, cell, links));
    // A stack of maps stands side by side as long as possible.
    const across = sizes(now).reduce((sum, [, w], k) => sum + w + 2 * borderOf(now, k), 0);
    maps.classList.toggle("geo-small", across > 22);
    if (!peek) {
      views[cell[0]].board.select(cell[1] + border, cell[2] + border);
    }
    sides.forEach((side, k) => side.set(now.size[k]));
    rows.forEach((row, k) => {
      setText(row.name, count > 1 ? `Layer ${k + 1}` : "Layer");
      row.fields.forEach((one, part) => one.set(now.layers[k][part]));
      row.size.set({
        lines: formulas(now, k, formula),
        words: `Output ${formulas(now, k, spokenFormula).join("; ")}.`,
      });
      setText(row.note, remarks(now, k));
    });
    setAttribute(add, "aria-disabled", count >= limits.layers ? "true" : null);
    setAttribute(remove, "aria-disabled", count === 1 ? "true" : null);
    write.set(mode);
    setText(told, story(now, ...cell));
    setText(fieldLine, `Receptive field, layer by layer: ${growth(now.layers).join(";  ")}.`);
  }

  redraw();
  return closing(set, frame);
}

export default { render };
