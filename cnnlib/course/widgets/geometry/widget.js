// The geometry explorer: where windows stop, which pixels they read, and how far a cell sees back.

import {
  button, choice, closing, figure, grid, h, numberField, panel, setAttribute, setLines, setText,
  settings, uniqueId,
} from "../kit/kit.js";
import { listed, misfit, neverRead, reads, stops } from "../kit/windows.js";

const LIMITS = { side: 28, kernel: 11, stride: 11, padding: 10, layers: 4 };

// --- Arithmetic: pure functions of the settings, tested to be equal to cnnlib ----------------------

/** Height and width of every map: the input first, the output last. */
export function sizes({ size, layers }) {
  const maps = [size];
  for (const layer of layers) maps.push(maps.at(-1).map((length) => stops(length, layer)));
  return maps;
}

/** How many windows of its layer read each pixel of a map. */
export function coverage(set, level) {
  const [down, across] = sizes(set)[level].map((length) => reads(length, set.layers[level]));
  return down.map((a) => across.map((b) => a * b));
}

/** How far a cell of each map sees back, by the formula. */
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
 */
export function ways(length, layers, level, at) {
  const maps = [length];
  for (const layer of layers) maps.push(stops(maps.at(-1), layer));
  const border = (k) => (k < layers.length ? layers[k][2] : 0);
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

/** Say in words why the settings make no sense, or return "". */
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
        `${where} The last start would be ${minus(room)}, before the first. Use a smaller ` +
        `kernel, a padding of at least ${need}, or a larger input.`
      );
    }
  }
  return "";
}

// --- Words ---------------------------------------------------------------------------------------

function lower(text) {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function minus(value) {
  return String(value).replace("-", "−");
}

/** The formula for the output size with the numbers put in. */
export function formula(length, [kernelSize, stride, padding]) {
  const room = length + 2 * padding - kernelSize;
  const steps = Math.floor(room / stride);
  return (
    `⌊(${length} + 2·${padding} − ${kernelSize}) / ${stride}⌋ + 1 = ` +
    `⌊${room} / ${stride}⌋ + 1 = ${steps} + 1 = ${steps + 1}`
  );
}

/** The same for the ear. */
export function spokenFormula(length, [kernelSize, stride, padding]) {
  const room = length + 2 * padding - kernelSize;
  const steps = Math.floor(room / stride);
  return (
    `${length} plus 2 times ${padding} minus ${kernelSize} equals ${room}; divided by ${stride} ` +
    `and rounded down, ${steps}; plus 1, ${steps + 1}`
  );
}

/** The formulas of one layer: one line where height and width are alike, else two. */
function formulas(set, level, write) {
  const [height, width] = sizes(set)[level];
  const layer = set.layers[level];
  if (height === width) return [`height and width: ${write(height, layer)}`];
  return [`height: ${write(height, layer)}`, `width: ${write(width, layer)}`];
}

/** What is worth knowing about one layer, in words. */
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
    said.push(`The division of the ${names.join(" and ")} leaves the remainder ${rest}.${only}`);
  }
  const hollow = hollowWindows([height, width], layer);
  if (hollow) {
    const what = hollow === 1 ? "1 window holds" : `${hollow} windows hold`;
    said.push(`${what} nothing but border: padding ${padding} is more than kernel − 1.`);
  }
  return said.join(" ");
}

function times(count) {
  return count === 1 ? "1 time" : `${count} times`;
}

/** How many windows hold nothing but border. */
function hollowWindows([height, width], layer) {
  const [kernelSize, stride, padding] = layer;
  const inside = (length) => {
    let count = 0;
    for (let stop = 0; stop < stops(length, layer); stop += 1) {
      const first = stop * stride - padding;
      if (first + kernelSize > 0 && first < length) count += 1;
    }
    return count;
  };
  return stops(height, layer) * stops(width, layer) - inside(height) * inside(width);
}

/** What a map is called. */
export function nameOf(set, level) {
  if (level === 0) return "input";
  return level === set.layers.length ? "output" : `map ${level}`;
}

/** The receptive field, layer by layer, with the numbers put in. */
export function growth(layers) {
  const fields = receptiveField(layers);
  let jump = 1;
  return layers.map(([kernelSize, stride], k) => {
    const text = `${k ? fields[k - 1] : 1} + (${kernelSize} − 1)·${jump} = ${fields[k]}`;
    jump *= stride;
    return text;
  });
}

/** Where links lead in one map, without its border: the rows and the columns, or null. */
function linked(set, level, links) {
  const padding = level < set.layers.length ? set.layers[level][2] : 0;
  const found = links.map((axis, k) =>
    axis[level]
      .map((count, i) => (count > 0 ? i - padding : -1))
      .filter((i) => i >= 0 && i < sizes(set)[level][k]),
  );
  return found[0].length && found[1].length ? found : null;
}

function place(set, level, [row, column]) {
  const [height, width] = sizes(set)[level];
  const inside = row >= 0 && column >= 0 && row < height && column < width;
  const name = nameOf(set, level);
  return inside ? `${name} row ${row}, column ${column}` : `the border of the ${name}`;
}

/** What the chosen cell was made from, and who reads it, in sentences. */
export function story(set, level, row, column) {
  const padding = level < set.layers.length ? set.layers[level][2] : 0;
  const at = [row + padding, column + padding];
  const links = set.size.map((length, k) => ways(length, set.layers, level, at[k]));
  const here = place(set, level, [row, column]);
  const said = [`${here.charAt(0).toUpperCase()}${here.slice(1)}.`];
  const area = (found) =>
    `${listed("row", found[0])} and ${listed("column", found[1])} ` +
    `(${found[0].length} × ${found[1].length})`;
  if (level > 0 && !here.startsWith("the border")) {
    const parts = [];
    for (let k = level - 1; k >= 0; k -= 1) {
      const found = linked(set, k, links);
      parts.push(`${nameOf(set, k)}, ${found ? area(found) : "nothing but border"}`);
    }
    said.push(`Made from: ${parts.join("; ")}.`);
    const due = receptiveField(set.layers)[level - 1];
    const found = linked(set, 0, links);
    const counts = found ? found.map((places) => places.length) : [0, 0];
    if (counts.some((count) => count < due)) {
      said.push(`By the formula it reaches over ${due} × ${due}; the rest is ${
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
        said.push(`It has a say in ${reach === 1 ? "1 output cell" : `${reach} output cells`}.`);
      }
    }
  }
  return said.join(" ");
}

function hasGap(found) {
  return found.some((places) => places.at(-1) - places[0] >= places.length);
}

// --- Drawing -------------------------------------------------------------------------------------

const MODES = [
  ["windows", "how many windows read it"],
  ["ways", "how many ways lead to the chosen cell"],
];

function render({ model, el }) {
  const frame = panel(el, {
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
  let chosen = null; // [level, row, column] without the border; null is the middle of the output
  let peek = null; // the cell that the pointer is over
  let mode = "windows";
  let rows = [];
  let views = [];

  // Controls

  const limits = (max, min = 1) => ({ min, max, whole: true });
  function field(label, bounds, patch) {
    return numberField(label, {
      ...bounds,
      complain: frame.complain,
      change: (value) => change(patch(value)),
    });
  }
  /** Take settings that make sense, and say what came out; else return what is wrong. */
  function change(values) {
    const next = { ...set.now, ...values };
    const refused = problem(next);
    if (!refused) {
      set.change(values);
      frame.say(`Output ${sizes(next).at(-1).join(" by ")}. ${next.layers
        .map((_, k) => `${title(k)}${remarks(next, k)}`)
        .join(" ")}`);
    }
    return refused;
  }
  function title(k) {
    return set.now.layers.length > 1 ? `Layer ${k + 1}: ` : "";
  }
  const sides = [
    field("Rows", limits(LIMITS.side), (v) => ({ size: [v, set.now.size[1]] })),
    field("Columns", limits(LIMITS.side), (v) => ({ size: [set.now.size[0], v] })),
  ];
  const replaced = (k, part, value) => ({
    layers: set.now.layers.map((layer, n) =>
      n === k ? layer.map((old, m) => (m === part ? value : old)) : layer,
    ),
  });
  function makeRow(k) {
    const fields = [
      field("Kernel", limits(LIMITS.kernel), (v) => replaced(k, 0, v)),
      field("Stride", limits(LIMITS.stride), (v) => replaced(k, 1, v)),
      field("Padding", limits(LIMITS.padding, 0), (v) => replaced(k, 2, v)),
    ];
    const name = h("span", { class: "geo-name", id: uniqueId() });
    const lines = h("div", { class: "geo-formula", "aria-hidden": "true" });
    const spokenLines = h("p", { class: "cnn-spoken" });
    const note = h("p", { class: "geo-note" });
    const node = h(
      "div",
      { class: "geo-layer", role: "group", "aria-labelledby": name.id },
      h("div", { class: "cnn-controls" }, name, fields.map((one) => one.node), lines, spokenLines),
      note,
    );
    return { node, name, fields, lines, spokenLines, note };
  }
  const add = button("Add a layer", () => {
    const { layers } = set.now;
    if (layers.length >= LIMITS.layers) {
      return frame.complain(`At most ${LIMITS.layers} layers can be drawn.`);
    }
    const refused = change({ layers: [...layers, layers.at(-1)] });
    frame.complain(refused && `No room for another layer like the last one. ${refused}`);
  });
  const remove = button("Remove the last layer", () => {
    const { layers } = set.now;
    if (layers.length === 1) return frame.complain("One layer has to stay.");
    frame.complain(change({ layers: layers.slice(0, -1) }));
  });
  const paddings = [
    ["None (valid)", () => 0],
    ["Same", (kernelSize) => (kernelSize - 1) / 2],
    ["Full", (kernelSize) => kernelSize - 1],
  ].map(([label, due]) =>
    button(label, () => {
      const layers = set.now.layers.map(([k, s]) => [k, s, due(k)]);
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
    frame.say(`Each cell says ${MODES.find(([key]) => key === mode)[1]}.`);
  });
  const paddingName = h("span", { id: uniqueId() }, "Padding of all layers");
  const layerList = h("div", { class: "geo-layers" });
  const maps = h("div", { class: "cnn-figures geo-maps" });
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

  function borderOf(level) {
    return level < set.now.layers.length ? set.now.layers[level][2] : 0;
  }
  function makeView(level) {
    const shift = ([i, j]) => [level, i - borderOf(level), j - borderOf(level)];
    const choose = (i, j, again = false) => {
      const moved = String(chosen) !== String(shift([i, j]));
      chosen = shift([i, j]);
      peek = null;
      redraw();
      if (moved || again) frame.say(story(set.now, ...chosen));
    };
    const board = grid({
      name: `map ${level}`,
      complain: frame.complain,
      focus: (i, j) => choose(i, j),
      hover: (i, j) => {
        peek = i === null ? null : shift([i, j]);
        redraw();
      },
      press: (i, j) => choose(i, j, true),
    });
    return { board, figure: figure("", board.node) };
  }

  function drawMap(level, cell, links) {
    const { size, layers } = set.now;
    const [height, width] = sizes({ size, layers })[level];
    const border = borderOf(level);
    const last = level === layers.length;
    const counts = last ? null : coverage(set.now, level);
    const [down, across] = links.map((axis) => axis[level]);
    const way = (i, j) => down[i] * across[j];
    const shown = (i, j) => {
      if (mode === "ways") return way(i, j) || null;
      return last ? null : counts[i - border][j - border];
    };
    const most =
      mode === "ways"
        ? Math.max(...down) * Math.max(...across)
        : Math.max(1, ...(counts ? counts.flat() : []));
    const name = nameOf(set.now, level);
    const view = views[level];
    setAttribute(view.board.node, "aria-label", name);
    const zeros = border === 1 ? ", border 1" : border ? `, border ${border}` : "";
    view.figure.set(`${name}, ${height}×${width}${zeros}`);
    const extent = [down, across].map((axis) => {
      const used = axis.flatMap((count, i) => (count ? [i] : []));
      return used.length ? [used[0], used.at(-1) - used[0] + 1, used.length] : null;
    });
    const gaps = extent.some((span) => span && span[1] > span[2]);
    const isChosen = (i, j) => cell[0] === level && i === cell[1] + border && j === cell[2] + border;
    view.board.draw(height + 2 * border, width + 2 * border, (i, j) => {
      const outside = i < border || j < border || i >= height + border || j >= width + border;
      const value = outside && mode === "windows" ? null : shown(i, j);
      const windows = outside || last ? null : counts[i - border][j - border];
      const marks = [];
      const label = [place(set.now, level, [i - border, j - border])];
      if (outside) marks.push("border");
      else if (value) marks.push(`geo-${Math.ceil((5 * value) / most)}`);
      if (windows === 0) marks.push("geo-unread");
      if (windows !== null) label.push(windows ? `read ${times(windows)}` : "never read");
      if (way(i, j) > 0 && !isChosen(i, j)) {
        marks.push(gaps ? "geo-link geo-gaps" : "geo-link");
        label.push(level < cell[0] ? "seen by the chosen cell" : "reads the chosen cell");
        if (mode === "ways") label.push(way(i, j) === 1 ? "1 way" : `${way(i, j)} ways`);
      }
      if (isChosen(i, j)) {
        marks.push("geo-chosen");
        label.push("chosen");
      }
      return {
        text: value === null ? "" : String(value),
        label: label.join(", "),
        marks: marks.join(" "),
      };
    });
    const outline = extent.every(Boolean)
      ? { row: extent[0][0], height: extent[0][1], column: extent[1][0], width: extent[1][1] }
      : null;
    view.board.frame(level <= cell[0] ? outline : null, "first");
    view.board.frame(level > cell[0] ? outline : null, "second");
  }

  function middle() {
    const output = sizes(set.now).at(-1);
    return [set.now.layers.length, ...output.map((length) => Math.floor((length - 1) / 2))];
  }
  function exists(cell) {
    if (!cell || cell[0] > set.now.layers.length) return false;
    const border = borderOf(cell[0]);
    return sizes(set.now)[cell[0]].every(
      (length, k) => cell[k + 1] >= -border && cell[k + 1] < length + border,
    );
  }

  function redraw() {
    const now = set.now;
    const count = now.layers.length;
    while (rows.length < count) {
      rows.push(makeRow(rows.length));
      layerList.append(rows.at(-1).node);
    }
    while (rows.length > count) rows.pop().node.remove();
    while (views.length < count + 1) {
      views.push(makeView(views.length));
      maps.append(views.at(-1).figure.node);
    }
    while (views.length > count + 1) views.pop().figure.node.remove();
    if (!exists(chosen)) chosen = null;
    if (!exists(peek)) peek = null;
    const cell = peek ?? chosen ?? middle();
    const border = borderOf(cell[0]);
    const links = now.size.map((length, k) => ways(length, now.layers, cell[0], cell[k + 1] + border));
    views.forEach((_, level) => drawMap(level, cell, links));
    // A stack of maps stands side by side as long as possible.
    const across = sizes(now).reduce((sum, [, w], k) => sum + w + 2 * borderOf(k), 0);
    maps.classList.toggle("geo-small", across > 22);
    if (!peek) {
      const at = cell.slice(1).map((i) => i + border);
      views[cell[0]].board.select(...at);
    }
    sides.forEach((side, k) => side.set(now.size[k]));
    rows.forEach((row, k) => {
      setText(row.name, count > 1 ? `Layer ${k + 1}` : "Layer");
      row.fields.forEach((one, part) => one.set(now.layers[k][part]));
      setLines(row.lines, formulas(now, k, formula), "div");
      setText(row.spokenLines, `Output ${formulas(now, k, spokenFormula).join("; ")}.`);
      setText(row.note, remarks(now, k));
    });
    setAttribute(add, "aria-disabled", count >= LIMITS.layers ? "true" : null);
    setAttribute(remove, "aria-disabled", count === 1 ? "true" : null);
    write.set(mode);
    setText(told, story(now, ...cell));
    setText(fieldLine, `Receptive field, layer by layer: ${growth(now.layers).join(";  ")}.`);
  }

  redraw();
  return closing(set, frame);
}

export default { render };
