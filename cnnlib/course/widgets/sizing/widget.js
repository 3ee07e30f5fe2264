// @ts-check
// The sizing explorer: a network as a table of layers, and what each of them makes and costs.

import {
  aloud, button, capital, choice, closing, h, joined, keepChildren, panel, setText, settings, sum,
  uniqueId, withItem, worked,
} from "../kit/kit.js";
import { stops } from "../kit/windows.js";

/** @import { Given, NumberField } from "../kit/kit.js" */
/** @typedef {"conv" | "pool" | "dense"} Kind */
/** @typedef {[Kind, ...number[]]} Layer its kind and the numbers of its parts */
/** @typedef {"filters" | "kernel_size" | "stride" | "padding" | "groups" | "neurons"} Part */
/** @typedef {Record<Part, number> & { kind: Kind }} Named a layer; parts that it has not are missing */
/** @typedef {{ shape: number[], layers: Layer[] }} Set */
/**
 * @typedef {object} Facts
 * @property {Record<Kind, Part[]>} parts
 * @property {Record<Part | "channels" | "side" | "layers", number>} limits
 * @property {Record<string, Set>} networks to begin with
 */
/**
 * @typedef {object} Row what a layer makes and costs; no output and no costs where it cannot work
 * @property {string} name
 * @property {number[]} input
 * @property {number[] | null} output
 * @property {number} parameters
 * @property {number} multiplyAdds
 * @property {number} memory
 * @property {number | null} sees
 * @property {number} before how far the row above sees
 * @property {number} jump
 * @property {string} problem
 * @property {string} note
 */

/** @type {Record<Kind, string>} */
const KINDS = { conv: "Convolution", pool: "Pool", dense: "Dense layer" };
/** @type {Record<Kind, Layer>} */
const NEW = { conv: ["conv", 16, 3, 1, 1, 1], pool: ["pool", 2, 2, 0], dense: ["dense", 100] };

// --- Arithmetic: pure functions of the settings, tested to be equal to cnnlib ----------------------

/** The numbers of a layer by name.
 * @param {Layer} layer @param {Facts} facts
 */
function named([kind, ...numbers], { parts }) {
  const byName = Object.fromEntries(parts[kind].map((part, k) => [part, numbers[k]]));
  return /** @type {Named} */ ({ kind, ...byName });
}

/** @param {number[]} sizes */
function product(sizes) {
  return sizes.reduce((a, b) => a * b, 1);
}

/** CONV1, POOL1, CONV2, FC3: what learns is counted in one row, pools in another.
 * @param {Layer[]} layers
 */
export function names(layers) {
  const count = { learning: 0, pools: 0 };
  return layers.map(([kind]) => {
    if (kind === "pool") return `POOL${(count.pools += 1)}`;
    return `${kind === "conv" ? "CONV" : "FC"}${(count.learning += 1)}`;
  });
}

/** Walk down the layers: what each makes and costs; after one that cannot work, nothing.
 * @param {Set} set @param {Facts} facts
 */
export function sized({ shape, layers }, facts) {
  let [now, field, jump] = [shape, 1, 1];
  let broken = false;
  let dense = ""; // the first dense layer
  const called = names(layers);
  const rows = layers.map((layer, k) => {
    const it = named(layer, facts);
    /** @type {Row} */
    const row = {
      name: called[k], input: now, output: null, problem: "", note: "", parameters: 0,
      multiplyAdds: 0, memory: 0, sees: null, before: field, jump,
    };
    if (broken) return row;
    row.problem = problem(it, now, dense);
    if (row.problem) {
      broken = true;
      return row;
    }
    if (it.kind === "dense") {
      const inputs = product(now);
      dense ||= row.name;
      row.output = [it.neurons];
      row.parameters = (inputs + 1) * it.neurons;
      row.multiplyAdds = inputs * it.neurons;
    } else {
      const [channels, ...sides] = now;
      const layerSides = sides.map((side) => stops(side, [it.kernel_size, it.stride, it.padding]));
      row.output = [it.kind === "conv" ? it.filters : channels, ...layerSides];
      const weights =
        it.kind === "conv" ? (it.kernel_size * it.kernel_size * channels * it.filters) / it.groups : 0;
      row.parameters = it.kind === "conv" ? weights + it.filters : 0;
      row.multiplyAdds = weights * layerSides[0] * layerSides[1];
      field += (it.kernel_size - 1) * jump;
      jump *= it.stride;
      row.sees = field;
      row.note = remainder(it, sides, k === 0, facts.limits);
    }
    row.memory = 4 * product(row.output);
    now = row.output;
    return row;
  });
  return {
    rows,
    broken: rows.findIndex((row) => row.problem),
    parameters: sum(rows.map((row) => row.parameters)),
    multiplyAdds: sum(rows.map((row) => row.multiplyAdds)),
    memory: sum(rows.map((row) => row.memory)),
  };
}

/** Why a layer cannot work on what it is given, and what would help; "" if it can.
 * @param {Named} it @param {number[]} input @param {string} dense the first dense layer above
 */
function problem(it, input, dense) {
  if (it.kind === "dense") return "";
  if (input.length !== 3) {
    return (
      `${KINDS[it.kind]} rows need maps, but ${dense} has made one list of numbers of them. ` +
      `Move this row above ${dense}, or remove it.`
    );
  }
  const [channels, ...sides] = input;
  if (it.kind === "pool" && 2 * it.padding > it.kernel_size) {
    return (
      `Padding ${it.padding} is more than half of the kernel ${it.kernel_size}: some windows would ` +
      `hold nothing but padding. Use padding ${Math.floor(it.kernel_size / 2)} or less.`
    );
  }
  if (it.kind === "conv" && (channels % it.groups || it.filters % it.groups)) {
    const common = [];
    for (let g = 1; g <= Math.min(channels, it.filters); g += 1) {
      if (channels % g === 0 && it.filters % g === 0) common.push(g);
    }
    return (
      `${it.groups} groups cannot share ${channels} input channels and ${it.filters} filters ` +
      `equally. Groups that can: ${joined(common.slice(0, 6), "or")}.`
    );
  }
  const least = Math.min(...sides);
  const axis = sides[0] <= sides[1] ? "height" : "width";
  const room = least + 2 * it.padding;
  if (it.kernel_size <= room) return "";
  const need = Math.ceil((it.kernel_size - least) / 2);
  const enough = it.kind === "pool" && 2 * need > it.kernel_size ? "" : `, or padding ${need} or more`;
  return (
    `The kernel does not fit: ${it.kernel_size} is larger than the ${axis} ${least} + 2·${it.padding} ` +
    `= ${room}. Use a kernel of ${room} or less${enough}.`
  );
}

/** What rounding down loses along each axis: rows or columns of the picture, not of the border.
 * @param {Named} it @param {number[]} sides
 */
function lost(it, sides) {
  const rests = sides.map((side) => (side + 2 * it.padding - it.kernel_size) % it.stride);
  return { rests, lost: rests.map((rest) => Math.max(0, rest - it.padding)) };
}

/** Say what rounding down loses, and which numbers would lose nothing; "" where all comes out.
 * @param {Named} it @param {number[]} sides @param {boolean} first @param {Facts["limits"]} limits
 */
function remainder(it, sides, first, limits) {
  const { rests, lost: gone } = lost(it, sides);
  if (!rests.some(Boolean)) return "";
  const which = rests[0] ? 0 : 1;
  const room = sides[which] + 2 * it.padding - it.kernel_size;
  const exact = Number((room / it.stride).toFixed(2));
  const division =
    `(${sides[which]} + 2·${it.padding} − ${it.kernel_size}) / ${it.stride} = ${exact} is rounded ` +
    `down to ${Math.floor(room / it.stride)}`;
  if (!gone.some(Boolean)) return `${division}. Only border is left over; no pixel is lost.`;
  const losses = ["row", "column"].flatMap((what, k) =>
    gone[k] ? [gone[k] === 1 ? `the last ${what}` : `the last ${gone[k]} ${what}s`] : [],
  );
  const verb = sum(gone) === 1 ? "is" : "are";
  const makes = (/** @type {Named} */ change) =>
    sides.map((side) => stops(side, [change.kernel_size, change.stride, change.padding])).join("×");
  const ways = [];
  const most = it.kind === "pool" ? Math.floor(it.kernel_size / 2) : Math.min(it.kernel_size - 1, limits.padding);
  for (let padding = it.padding + 1; padding <= most; padding += 1) {
    const change = { ...it, padding };
    if (lost(change, sides).lost.some(Boolean)) continue;
    ways.push(`padding ${padding} (makes ${makes(change)})`);
    break;
  }
  for (let kernel = it.kernel_size + 1; kernel <= limits.kernel_size; kernel += 1) {
    const change = { ...it, kernel_size: kernel };
    if (kernel > Math.min(...sides) + 2 * it.padding) break;
    if (lost(change, sides).lost.some(Boolean)) continue;
    ways.push(`a kernel of ${kernel} (makes ${makes(change)})`);
    break;
  }
  if (first && sides[0] === sides[1]) {
    const larger = sides[0] + it.stride - rests[0];
    const size = stops(larger, [it.kernel_size, it.stride, it.padding]);
    if (larger <= limits.side) ways.push(`an input of ${larger}×${larger} (makes ${size}×${size})`);
  }
  const fix = ways.length ? ` Nothing is lost with ${joined(ways, "or")}.` : "";
  return `${division}: ${joined(losses)} ${verb} never read.${fix}`;
}

// --- Words ---------------------------------------------------------------------------------------

/** @param {number} value */
function thousands(value) {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** @param {number} count */
function bytes(count) {
  if (count >= 1e6) return `${(count / 1e6).toFixed(1)} MB`;
  return count >= 1e3 ? `${(count / 1e3).toFixed(1)} kB` : `${count} B`;
}

/** One row worked out with its numbers put in, as lines to read.
 * @param {Set} set @param {number} at @param {Facts} facts
 */
export function lines(set, at, facts) {
  const row = sized(set, facts).rows[at];
  const it = named(set.layers[at], facts);
  if (row.problem) return [`${row.name}: ${row.problem}`];
  if (!row.output) return [`${row.name} waits for the row above that does not fit.`];
  const memory = `memory: 4·${row.output.map(thousands).join("·")} = ${thousands(row.memory)} bytes`;
  if (it.kind === "dense") {
    const inputs = product(row.input);
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
  const size = (/** @type {number} */ side, /** @type {number} */ made) => {
    const room = side + 2 * it.padding - it.kernel_size;
    const division = room % it.stride ? `⌊${room} / ${it.stride}⌋` : `${room} / ${it.stride}`;
    return `(${side} + 2·${it.padding} − ${it.kernel_size}) / ${it.stride} + 1 = ${division} + 1 = ${made}`;
  };
  const told = [
    `${row.name}: ${size(height, tall)}${height === width ? "" : `; width: ${size(width, wide)}`}`,
  ];
  if (it.kind === "conv") {
    const group = it.groups > 1 ? `${channels}/${it.groups}` : channels;
    const kernel = `${it.kernel_size}·${it.kernel_size}·${group}`;
    told.push(
      `parameters: (${kernel} + 1)·${depth} = ${thousands(row.parameters)}`,
      `multiply-adds: ${kernel}·${depth}·${tall}·${wide} = ${thousands(row.multiplyAdds)}`,
    );
  } else {
    told.push("parameters and multiply-adds: none; a pool only compares");
  }
  told.push(memory, `sees: ${row.before} + (${it.kernel_size} − 1)·${row.jump} = ${row.sees} pixels`);
  return told;
}

/** The network in a sentence.
 * @param {Set} set @param {Facts} facts
 */
export function totals(set, facts) {
  const { rows, broken, parameters, multiplyAdds } = sized(set, facts);
  if (broken >= 0) return `${rows[broken].name} does not fit. ${rows[broken].problem}`;
  return (
    `Output ${rows[rows.length - 1].output?.join(" by ")}. ${thousands(parameters)} parameters, ` +
    `${thousands(multiplyAdds)} multiply-adds.`
  );
}

/** @param {Row} row */
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

/** The parts that share a column. @type {Part[][]} */
const COLUMNS = [["filters", "neurons"], ["kernel_size"], ["stride"], ["padding"], ["groups"]];

/** @param {Given<Set, Facts>} given */
function render({ model, el }) {
  const frame = panel(model, el, {
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
  const facts = model.get("facts");
  const { limits, networks } = facts;
  let at = 0;
  /** @type {ReturnType<typeof makeRow>[]} */
  let rows = [];

  /** @param {Partial<Set>} values */
  function change(values, words = "") {
    set.change(values);
    frame.complain("");
    frame.say(aloud(`${words}${totals(set.now, facts)}`));
  }
  const presets = choice(
    "Begin with",
    ["", ...Object.keys(networks)].map((name) => [name, name || "a network …"]),
    (name) => {
      if (!name) return;
      at = 0;
      change(structuredClone(networks[name]), `${name}. `);
    },
  );
  const inputs = ["Channels", "Height", "Width"].map((label, k) =>
    frame.field(label, {
      min: 1,
      max: k === 0 ? limits.channels : limits.side,
      whole: true,
      change: (value) => change({ shape: set.now.shape.with(k, value) }),
    }),
  );

  /** @param {Kind} kind */
  function add(kind) {
    const { layers } = set.now;
    if (layers.length >= limits.layers) {
      return frame.complain(`The table holds ${limits.layers} rows. Remove one first.`);
    }
    at += 1;
    const next = layers.toSpliced(at, 0, NEW[kind]);
    change({ layers: next }, `${names(next)[at]} added. `);
  }
  /** @param {1 | -1} by */
  function move(by) {
    const { layers } = set.now;
    const to = at + by;
    if (to < 0 || to >= layers.length) {
      return frame.complain(`${names(layers)[at]} is already the ${by < 0 ? "first" : "last"} row.`);
    }
    const next = layers.with(at, layers[to]).with(to, layers[at]);
    at = to;
    change({ layers: next }, `Moved ${by < 0 ? "up" : "down"}, now ${names(next)[at]}. `);
  }
  function remove() {
    const { layers } = set.now;
    if (layers.length === 1) return frame.complain("At least one row must stay.");
    const name = names(layers)[at];
    const next = layers.toSpliced(at, 1);
    at = Math.min(at, next.length - 1);
    change({ layers: next }, `${name} removed. `);
  }
  /** @param {number} k */
  function choose(k, aloudToo = false) {
    if (at === k) return;
    at = k;
    redraw();
    if (aloudToo) frame.say(aloud(rowWords(sized(set.now, facts).rows[k])));
  }

  const body = h("tbody");
  const sums = ["output", "parameters", "multiply-adds", "memory", "sees"].map(() =>
    h("td", { class: "size-number" }),
  );
  const chosen = h("span", { class: "size-name" });
  const work = worked();
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
    work.node,
    h(
      "p",
      { class: "size-small" },
      "ReLU, AlexNet’s normalisation, dropout and flatten keep the number of values and learn " +
        "nothing, so they have no row; the memory of their outputs comes on top. A dense neuron " +
        "sees all maps. A bar is a row’s share of its column.",
    ),
  );

  /** @param {number} k */
  function makeRow(k) {
    const radio = h("input", {
      type: "radio",
      name: group,
      class: "size-mark",
      onchange: () => choose(k, true),
      onkeydown: (/** @type {KeyboardEvent} */ event) => {
        if (event.altKey && event.key === "ArrowUp") move(-1);
        else if (event.altKey && event.key === "ArrowDown") move(1);
        else if (event.key === "Delete") remove();
        else return;
        event.preventDefault();
        event.stopPropagation();
        rows[at].radio.focus();
      },
    });
    /** @type {Map<Part, NumberField>} */
    const fields = new Map();
    const cells = COLUMNS.map((parts) =>
      h("td", {}, parts.map((part) => {
        const field = makeField(k, part);
        fields.set(part, field);
        return field.node;
      })),
    );
    const name = h("span", { class: "size-name" });
    const results = HEADS.slice(6).map(() => h("td", { class: "size-number cnn-data" }));
    const note = h("div");
    const node = h(
      "tr",
      { onfocusin: (/** @type {FocusEvent} */ event) => choose(k, event.target === radio), onclick: () => choose(k) },
      h("th", { scope: "row" }, h("label", {}, radio, " ", name)),
      cells,
      results,
    );
    const noteNode = h("tr", { class: "size-note", onclick: () => choose(k) },
      h("td", { colspan: HEADS.length }, note));
    return { node, noteNode, note, radio, fields, name, results };
  }

  /** @param {number} k @param {Part} part */
  function makeField(k, part) {
    const field = frame.field(`${capital(part.split("_")[0])} of row ${k + 1}`, {
      min: part === "padding" ? 0 : 1,
      max: limits[part],
      whole: true,
      change(value) {
        const { layers } = set.now;
        const [kind, ...numbers] = layers[k] ?? ["dense"]; // the row may be on its way out
        const layer = withItem(numbers, facts.parts[kind].indexOf(part), value);
        change({ layers: withItem(layers, k, /** @type {Layer} */ ([kind, ...layer])) });
      },
    });
    field.input.addEventListener("keydown", (event) => {
      if (event.key !== "PageUp" && event.key !== "PageDown") return;
      event.preventDefault();
      const above = event.key === "PageUp";
      const others = above ? rows.slice(0, k).toReversed() : rows.slice(k + 1);
      others.map((row) => row.fields.get(part)).find((one) => !one?.node.hidden)?.input.focus();
    });
    return field;
  }

  function redraw() {
    const now = set.now;
    const all = sized(now, facts);
    at = Math.min(at, now.layers.length - 1);
    if (rows.length !== now.layers.length) {
      rows = now.layers.map((_, k) => rows[k] ?? makeRow(k));
      keepChildren(body, rows.flatMap((row) => [row.node, row.noteNode]));
    }
    rows.forEach((row, k) => {
      const it = named(now.layers[k], facts);
      const made = all.rows[k];
      setText(row.name, made.name);
      row.radio.checked = k === at;
      row.node.classList.toggle("size-chosen", k === at);
      row.node.classList.toggle("size-broken", Boolean(made.problem));
      for (const [part, field] of row.fields) {
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
      /** @type {("parameters" | "multiplyAdds" | "memory")[]} */ (
        ["parameters", "multiplyAdds", "memory"]
      ).forEach((what, n) =>
        row.results[n + 1].style.setProperty("--size-share", String(made[what] / (all[what] || 1))),
      );
      const note = made.problem ? `✗ ${made.problem}` : made.note ? `△ ${made.note}` : "";
      setText(row.note, note);
      row.noteNode.hidden = !note;
      row.noteNode.classList.toggle("size-broken", Boolean(made.problem));
    });
    inputs.forEach((one, k) => one.set(now.shape[k]));
    const written = (/** @type {Set} */ one) => JSON.stringify([one.shape, one.layers]);
    const match = Object.keys(networks).find((name) => written(networks[name]) === written(now));
    presets.set(match ?? "");
    const whole = all.broken < 0;
    const most = (/** @type {string} */ text) => (whole ? text : `> ${text}`);
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
    work.set({ lines: lines(now, at, facts) });
  }

  redraw();
  return closing(set, frame);
}

export default { render };
