// The sizing explorer: a network as a table of layers, and what each of them makes and costs.

import {
  aloud, button, choice, closing, h, numberField, panel, setLines, setText, settings, uniqueId,
} from "../kit/kit.js";
import { stops } from "../kit/windows.js";

const PARTS = {
  conv: ["filters", "kernel", "stride", "padding", "groups"],
  pool: ["kernel", "stride", "padding"],
  dense: ["neurons"],
};
const LIMITS = {
  channels: 2048, side: 512, layers: 24, filters: 2048, neurons: 10000, kernel: 11, stride: 11,
  padding: 10, groups: 2048,
};
const KINDS = { conv: "Convolution", pool: "Pool", dense: "Dense layer" };
const NEW = { conv: ["conv", 16, 3, 1, 1, 1], pool: ["pool", 2, 2, 0], dense: ["dense", 100] };

const alexnet = (groups) => [
  ["conv", 96, 11, 4, 0, 1],
  ["pool", 3, 2, 0],
  ["conv", 256, 5, 1, 2, groups],
  ["pool", 3, 2, 0],
  ["conv", 384, 3, 1, 1, 1],
  ["conv", 384, 3, 1, 1, groups],
  ["conv", 256, 3, 1, 1, groups],
  ["pool", 3, 2, 0],
  ["dense", 4096],
  ["dense", 4096],
  ["dense", 1000],
];

/** Networks to begin with; Python has the same. */
export const NETWORKS = {
  "AlexNet": { shape: [3, 227, 227], layers: alexnet(1) },
  "AlexNet in two groups": { shape: [3, 227, 227], layers: alexnet(2) },
  "AlexNet for 224×224": { shape: [3, 224, 224], layers: alexnet(1) },
  "LeNet-5": {
    shape: [1, 32, 32],
    layers: [
      ["conv", 6, 5, 1, 0, 1],
      ["pool", 2, 2, 0],
      ["conv", 16, 5, 1, 0, 1],
      ["pool", 2, 2, 0],
      ["conv", 120, 5, 1, 0, 1],
      ["dense", 84],
      ["dense", 10],
    ],
  },
  "the network of this course": {
    shape: [1, 28, 28],
    layers: [
      ["conv", 16, 5, 1, 0, 1],
      ["pool", 2, 2, 0],
      ["conv", 32, 5, 1, 0, 1],
      ["pool", 2, 2, 0],
      ["dense", 128],
      ["dense", 10],
    ],
  },
};

/** The networks, for tests. */
export function networks() {
  return NETWORKS;
}

// --- Arithmetic: pure functions of the settings, tested to be equal to cnnlib ----------------------

/** The numbers of a layer by name. */
function named([kind, ...numbers]) {
  return { kind, ...Object.fromEntries(PARTS[kind].map((part, k) => [part, numbers[k]])) };
}

/** CONV1, POOL1, CONV2, FC3: what learns is counted in one row, pools in another. */
export function names(layers) {
  const count = { learning: 0, pools: 0 };
  return layers.map(([kind]) => {
    if (kind === "pool") return `POOL${(count.pools += 1)}`;
    return `${kind === "conv" ? "CONV" : "FC"}${(count.learning += 1)}`;
  });
}

/** Walk down the layers: what each makes and costs; after one that cannot work, nothing. */
export function sized({ shape, layers }) {
  let [now, field, jump, broken, maps] = [shape, 1, 1, false, ""];
  const called = names(layers);
  const rows = layers.map((layer, k) => {
    const it = named(layer);
    const row = { name: called[k], input: now, output: null, problem: "", note: "" };
    if (broken) return { ...row, input: null };
    row.problem = problem(it, now, { name: row.name, dense: maps });
    if (row.problem) {
      broken = true;
      return row;
    }
    if (it.kind === "dense") {
      const inputs = now.reduce((a, b) => a * b, 1);
      maps ||= row.name;
      row.output = [it.neurons];
      row.parameters = (inputs + 1) * it.neurons;
      row.multiplyAdds = inputs * it.neurons;
      row.sees = null;
    } else {
      const [channels, ...sides] = now;
      const layerSides = sides.map((side) => stops(side, [it.kernel, it.stride, it.padding]));
      row.output = [it.kind === "conv" ? it.filters : channels, ...layerSides];
      const weights =
        it.kind === "conv" ? (it.kernel * it.kernel * channels * it.filters) / it.groups : 0;
      row.parameters = it.kind === "conv" ? weights + it.filters : 0;
      row.multiplyAdds = weights * layerSides[0] * layerSides[1];
      row.jump = jump;
      row.before = field;
      field += (it.kernel - 1) * jump;
      jump *= it.stride;
      row.sees = field;
      row.note = remainder(it, sides, k === 0);
    }
    row.memory = 4 * row.output.reduce((a, b) => a * b, 1);
    now = row.output;
    return row;
  });
  const sum = (what) => rows.reduce((total, row) => total + (row[what] ?? 0), 0);
  return {
    rows,
    broken: rows.findIndex((row) => row.problem),
    parameters: sum("parameters"),
    multiplyAdds: sum("multiplyAdds"),
    memory: sum("memory"),
  };
}

/** Why a layer cannot work on what it is given, and what would help; "" if it can. */
function problem(it, input, { dense }) {
  if (it.kind === "dense") return "";
  if (input.length !== 3) {
    return (
      `${KINDS[it.kind]} rows need maps, but ${dense} has made one list of numbers of them. ` +
      `Move this row above ${dense}, or remove it.`
    );
  }
  const [channels, ...sides] = input;
  if (it.kind === "pool" && 2 * it.padding > it.kernel) {
    return (
      `Padding ${it.padding} is more than half of the kernel ${it.kernel}: some windows would ` +
      `hold nothing but padding. Use padding ${Math.floor(it.kernel / 2)} or less.`
    );
  }
  if (it.kind === "conv" && (channels % it.groups || it.filters % it.groups)) {
    const common = [];
    for (let g = 1; g <= Math.min(channels, it.filters); g += 1) {
      if (channels % g === 0 && it.filters % g === 0) common.push(g);
    }
    return (
      `${it.groups} groups cannot share ${channels} input channels and ${it.filters} filters ` +
      `equally. Groups that can: ${either(common.slice(0, 6))}.`
    );
  }
  const least = Math.min(...sides);
  const axis = sides[0] <= sides[1] ? "height" : "width";
  const room = least + 2 * it.padding;
  if (it.kernel <= room) return "";
  const need = Math.ceil((it.kernel - least) / 2);
  const enough = it.kind === "pool" && 2 * need > it.kernel ? "" : `, or padding ${need} or more`;
  return (
    `The kernel does not fit: ${it.kernel} is larger than the ${axis} ${least} + 2·${it.padding} ` +
    `= ${room}. Use a kernel of ${room} or less${enough}.`
  );
}

/** What rounding down loses along each axis: rows or columns of the picture, not of the border. */
function lost(it, sides) {
  const rests = sides.map((side) => (side + 2 * it.padding - it.kernel) % it.stride);
  return { rests, lost: rests.map((rest) => Math.max(0, rest - it.padding)) };
}

/** Say what rounding down loses, and which numbers would lose nothing; "" where all comes out. */
function remainder(it, sides, first) {
  const { rests, lost: gone } = lost(it, sides);
  if (!rests.some(Boolean)) return "";
  const which = rests[0] ? 0 : 1;
  const room = sides[which] + 2 * it.padding - it.kernel;
  const exact = Number((room / it.stride).toFixed(2));
  const sum =
    `(${sides[which]} + 2·${it.padding} − ${it.kernel}) / ${it.stride} = ${exact} is rounded ` +
    `down to ${Math.floor(room / it.stride)}`;
  if (!gone.some(Boolean)) return `${sum}. Only border is left over; no pixel is lost.`;
  const losses = ["row", "column"].flatMap((what, k) =>
    gone[k] ? [gone[k] === 1 ? `the last ${what}` : `the last ${gone[k]} ${what}s`] : [],
  );
  const verb = gone.reduce((a, b) => a + b, 0) === 1 ? "is" : "are";
  const makes = (change) =>
    sides.map((side) => stops(side, [change.kernel, change.stride, change.padding])).join("×");
  const ways = [];
  const most = it.kind === "pool" ? Math.floor(it.kernel / 2) : Math.min(it.kernel - 1, LIMITS.padding);
  for (let padding = it.padding + 1; padding <= most; padding += 1) {
    const change = { ...it, padding };
    if (lost(change, sides).lost.some(Boolean)) continue;
    ways.push(`padding ${padding} (makes ${makes(change)})`);
    break;
  }
  for (let kernel = it.kernel + 1; kernel <= LIMITS.kernel; kernel += 1) {
    const change = { ...it, kernel };
    if (kernel > Math.min(...sides) + 2 * it.padding) break;
    if (lost(change, sides).lost.some(Boolean)) continue;
    ways.push(`a kernel of ${kernel} (makes ${makes(change)})`);
    break;
  }
  if (first && sides[0] === sides[1]) {
    const larger = sides[0] + it.stride - rests[0];
    const size = stops(larger, [it.kernel, it.stride, it.padding]);
    if (larger <= LIMITS.side) ways.push(`an input of ${larger}×${larger} (makes ${size}×${size})`);
  }
  const fix = ways.length ? ` Nothing is lost with ${either(ways)}.` : "";
  return `${sum}: ${losses.join(" and ")} ${verb} never read.${fix}`;
}

// --- Words ---------------------------------------------------------------------------------------

function either(list) {
  return list.length < 2 ? list.join() : `${list.slice(0, -1).join(", ")} or ${list.at(-1)}`;
}

function thousands(value) {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

function bytes(count) {
  if (count >= 1e6) return `${(count / 1e6).toFixed(1)} MB`;
  return count >= 1e3 ? `${(count / 1e3).toFixed(1)} kB` : `${count} B`;
}

/** One row worked out with its numbers put in, as lines to read. */
export function worked(set, at) {
  const row = sized(set).rows[at];
  const it = named(set.layers[at]);
  if (row.problem) return [`${row.name}: ${row.problem}`];
  if (!row.output) return [`${row.name} waits for the row above that does not fit.`];
  const memory = `memory: 4·${row.output.map(thousands).join("·")} = ${thousands(row.memory)} bytes`;
  if (it.kind === "dense") {
    const inputs = row.input.reduce((a, b) => a * b, 1);
    const flat = row.input.length === 3 ? `${row.input.join("·")} = ` : "";
    return [
      `${row.name}: ${flat}${thousands(inputs)} inputs meet ${thousands(it.neurons)} neurons`,
      `parameters: (${thousands(inputs)} + 1)·${thousands(it.neurons)} = ${thousands(row.parameters)}`,
      `multiply-adds: ${thousands(inputs)}·${thousands(it.neurons)} = ${thousands(row.multiplyAdds)}`,
      memory,
    ];
  }
  const [channels, height, width] = row.input;
  const [depth, tall, wide] = row.output;
  const size = (side, made) => {
    const room = side + 2 * it.padding - it.kernel;
    const division = room % it.stride ? `⌊${room} / ${it.stride}⌋` : `${room} / ${it.stride}`;
    return `(${side} + 2·${it.padding} − ${it.kernel}) / ${it.stride} + 1 = ${division} + 1 = ${made}`;
  };
  const lines = [
    `${row.name}: ${size(height, tall)}${height === width ? "" : `; width: ${size(width, wide)}`}`,
  ];
  if (it.kind === "conv") {
    const group = it.groups > 1 ? `${channels}/${it.groups}` : channels;
    const kernel = `${it.kernel}·${it.kernel}·${group}`;
    lines.push(
      `parameters: (${kernel} + 1)·${depth} = ${thousands(row.parameters)}`,
      `multiply-adds: ${kernel}·${depth}·${tall}·${wide} = ${thousands(row.multiplyAdds)}`,
    );
  } else {
    lines.push("parameters and multiply-adds: none; a pool only compares");
  }
  lines.push(memory, `sees: ${row.before} + (${it.kernel} − 1)·${row.jump} = ${row.sees} pixels`);
  return lines;
}

/** The network in a sentence. */
export function totals(set) {
  const { rows, broken, parameters, multiplyAdds } = sized(set);
  if (broken >= 0) return `${rows[broken].name} does not fit. ${rows[broken].problem}`;
  return (
    `Output ${rows.at(-1).output.join(" by ")}. ${thousands(parameters)} parameters, ` +
    `${thousands(multiplyAdds)} multiply-adds.`
  );
}

function rowWords(row) {
  if (row.problem) return `${row.name} does not fit. ${row.problem}`;
  if (!row.output) return `${row.name} waits for a row above.`;
  return `${row.name}: output ${row.output.join(" by ")}, ${thousands(row.parameters)} parameters. ${row.note}`;
}

// --- Drawing -------------------------------------------------------------------------------------

const HEADS = [
  "row", "filters or neurons", "kernel", "stride", "padding", "groups", "output",
  "parameters", "multiply-adds", "memory", "sees",
];

function render({ model, el }) {
  const frame = panel(el, {
    name: "sizing",
    title: "A network, sized up",
    keys: [
      ["arrow keys on a row’s mark", "choose a row, and hear what it makes"],
      ["Alt and arrow up or down there", "move the row"],
      ["Delete there", "remove the row"],
      ["arrow keys in a field", "one more or one less"],
      ["Page Up, Page Down in a field", "the same number of the row above or below"],
    ],
  });
  const set = settings(model, redraw);
  const group = uniqueId();
  let at = 0;
  let rows = [];

  function change(values, words = "") {
    set.change(values);
    frame.complain("");
    frame.say(aloud(`${words}${totals(set.now)}`));
    return "";
  }
  const presets = choice(
    "Begin with",
    [["", "a network …"], ...Object.keys(NETWORKS).map((name) => [name, name])],
    (name) => {
      if (!name) return;
      at = 0;
      change(structuredClone(NETWORKS[name]), `${name}. `);
    },
  );
  const inputs = [["Channels", LIMITS.channels], ["Height", LIMITS.side], ["Width", LIMITS.side]].map(
    ([label, max], k) =>
      numberField(label, {
        min: 1,
        max,
        whole: true,
        complain: frame.complain,
        change: (value) => change({ shape: set.now.shape.map((old, j) => (j === k ? value : old)) }),
      }),
  );

  function add(kind) {
    const { layers } = set.now;
    if (layers.length >= LIMITS.layers) {
      return frame.complain(`The table holds ${LIMITS.layers} rows. Remove one first.`);
    }
    at += 1;
    const next = [...layers.slice(0, at), NEW[kind], ...layers.slice(at)];
    change({ layers: next }, `${names(next)[at]} added. `);
  }
  function move(by) {
    const layers = [...set.now.layers];
    const to = at + by;
    if (to < 0 || to >= layers.length) {
      return frame.complain(`${names(layers)[at]} is the ${by < 0 ? "first" : "last"} row already.`);
    }
    [layers[at], layers[to]] = [layers[to], layers[at]];
    at = to;
    change({ layers }, `Moved ${by < 0 ? "up" : "down"}, now ${names(layers)[at]}. `);
  }
  function remove() {
    const { layers } = set.now;
    if (layers.length === 1) return frame.complain("One row has to stay.");
    const name = names(layers)[at];
    const next = layers.filter((_, k) => k !== at);
    at = Math.min(at, next.length - 1);
    change({ layers: next }, `${name} removed. `);
  }
  function choose(k, aloudToo = false) {
    if (at === k) return;
    at = k;
    redraw();
    if (aloudToo) frame.say(aloud(rowWords(sized(set.now).rows[k])));
  }

  const body = h("tbody");
  const sums = ["output", "parameters", "multiply-adds", "memory", "sees"].map(() =>
    h("td", { class: "size-number" }),
  );
  const chosen = h("span", { class: "size-name" });
  const lines = h("div", { class: "size-lines", "aria-hidden": "true" });
  const words = h("p", { class: "cnn-spoken" });
  const state = h("p", { class: "size-state" });
  frame.body.append(
    h(
      "div",
      { class: "cnn-controls" },
      presets.node,
      h("span", { class: "cnn-controls size-input", role: "group", "aria-label": "Input" },
        h("span", { class: "size-name" }, "Input"), inputs.map((one) => one.node)),
    ),
    h(
      "div",
      { class: "size-scroll" },
      h(
        "table",
        { class: "cnn-table size-table" },
        h("thead", {}, h("tr", {}, HEADS.map((name) => h("th", { scope: "col" }, name)))),
        body,
        h("tfoot", {}, h("tr", {}, h("th", { scope: "row", colspan: "6" }, "total"), sums)),
      ),
    ),
    state,
    h(
      "div",
      { class: "cnn-controls", role: "group", "aria-label": "Chosen row" },
      chosen,
      button("Move up", () => move(-1)),
      button("Move down", () => move(1)),
      button("Remove", remove),
      h("span", {}, "Add below it:"),
      button("Convolution", () => add("conv")),
      button("Pool", () => add("pool")),
      button("Dense", () => add("dense")),
    ),
    lines,
    words,
    h(
      "p",
      { class: "size-small" },
      "ReLU, AlexNet’s normalisation, dropout and flatten keep the number of values and learn " +
        "nothing, so they have no row; the memory of their outputs comes on top. A dense neuron " +
        "sees all maps. A bar is a row’s share of its column.",
    ),
  );

  function makeRow(k) {
    const radio = h("input", {
      type: "radio",
      name: group,
      class: "size-mark",
      onchange: () => choose(k, true),
      onkeydown: (event) => {
        const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
        if (event.altKey && by) move(by);
        else if (event.key === "Delete") remove();
        else return;
        event.preventDefault();
        event.stopPropagation();
        rows[at].radio.focus();
      },
    });
    const fields = {};
    const cells = [["filters", "neurons"], ["kernel"], ["stride"], ["padding"], ["groups"]].map(
      (parts) =>
        h(
          "td",
          {},
          parts.map((part) => {
            const label = `${part[0].toUpperCase()}${part.slice(1)} of row ${k + 1}`;
            fields[part] = numberField(label, {
              min: part === "padding" ? 0 : 1,
              max: LIMITS[part],
              whole: true,
              complain: frame.complain,
              change(value) {
                const place = 1 + PARTS[set.now.layers[k][0]].indexOf(part);
                return change({
                  layers: set.now.layers.map((layer, n) =>
                    n === k ? layer.map((old, m) => (m === place ? value : old)) : layer,
                  ),
                });
              },
            });
            fields[part].input.addEventListener("keydown", (event) => {
              const by = { PageUp: -1, PageDown: 1 }[event.key];
              if (!by) return;
              event.preventDefault();
              let to = k + by;
              while (rows[to] && rows[to].fields[part].node.hidden) to += by;
              rows[to]?.fields[part].input.focus();
            });
            return fields[part].node;
          }),
        ),
    );
    const name = h("span", { class: "size-name" });
    const results = HEADS.slice(6).map(() => h("td", { class: "size-number" }));
    const note = h("div");
    const node = h(
      "tr",
      { onfocusin: (event) => choose(k, event.target === radio), onclick: () => choose(k) },
      h("th", { scope: "row" }, h("label", {}, radio, " ", name)),
      cells,
      results,
    );
    const noteNode = h("tr", { class: "size-note", onclick: () => choose(k) },
      h("td", { colspan: HEADS.length }, note));
    return { node, noteNode, note, radio, fields, name, results };
  }

  function redraw() {
    const now = set.now;
    const all = sized(now);
    at = Math.min(at, now.layers.length - 1);
    while (rows.length < now.layers.length) {
      rows.push(makeRow(rows.length));
      body.append(rows.at(-1).node, rows.at(-1).noteNode);
    }
    while (rows.length > now.layers.length) {
      const gone = rows.pop();
      gone.node.remove();
      gone.noteNode.remove();
    }
    rows.forEach((row, k) => {
      const it = named(now.layers[k]);
      const made = all.rows[k];
      setText(row.name, made.name);
      row.radio.checked = k === at;
      row.node.classList.toggle("size-chosen", k === at);
      row.node.classList.toggle("size-broken", Boolean(made.problem));
      for (const [part, field] of Object.entries(row.fields)) {
        field.node.hidden = !(part in it);
        if (part in it) field.set(it[part]);
      }
      const texts = made.output
        ? [
            made.output.join("×"),
            thousands(made.parameters),
            thousands(made.multiplyAdds),
            bytes(made.memory),
            made.sees === null ? "all" : String(made.sees),
          ]
        : [made.problem ? "✗ no fit" : "? waits", "", "", "", ""];
      texts.forEach((text, n) => setText(row.results[n], text));
      const share = (value, total) => (total ? (value ?? 0) / total : 0);
      ["parameters", "multiplyAdds", "memory"].forEach((what, n) =>
        row.results[n + 1].style.setProperty("--size-share", share(made[what], all[what])),
      );
      const note = made.problem ? `✗ ${made.problem}` : made.note ? `△ ${made.note}` : "";
      setText(row.note, note);
      row.noteNode.hidden = !note;
      row.noteNode.classList.toggle("size-broken", Boolean(made.problem));
    });
    inputs.forEach((one, k) => one.set(now.shape[k]));
    const match = Object.keys(NETWORKS).find(
      (name) =>
        JSON.stringify([NETWORKS[name].shape, NETWORKS[name].layers]) ===
        JSON.stringify([now.shape, now.layers]),
    );
    presets.set(match ?? "");
    const whole = all.broken < 0;
    const most = (text) => (whole ? text : `> ${text}`);
    [
      "",
      most(thousands(all.parameters)),
      most(thousands(all.multiplyAdds)),
      most(bytes(all.memory)),
      "",
    ].forEach((text, n) => setText(sums[n], text));
    setText(
      state,
      whole
        ? "✓ All rows fit."
        : `✗ ${all.rows[all.broken].name} does not fit: the total counts the rows above it only.`,
    );
    setText(chosen, all.rows[at].name);
    const text = worked(now, at);
    setLines(lines, text, "div");
    setText(words, aloud(text.join(". ")));
  }

  redraw();
  return closing(set, frame);
}

export default { render };
