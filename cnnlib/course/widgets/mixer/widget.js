// @ts-check
// Three lamps and the colour they mix to: a pixel is three numbers, told in several ways.

import {
  aloud, capital, choice, clamp, closing, figure, h, joined, number, panel, setAttribute, setText,
  settings, slider, sum,
} from "../kit/kit.js";

/** @import { Given } from "../kit/kit.js" */
/** @import { Colour } from "../kit/pixels.js" */
/** @typedef {{ colour: Colour, target: Colour | null }} Set */
/** @typedef {[end: number, name: string][]} Scale names, each up to its end */
/** @typedef {{ hues: Scale, shades: Scale }} Facts */

const LAMPS = ["red", "green", "blue"];
const FULL = 255;
const LEAP = 16; // the step of Page Up and Page Down
const NEAR = 8; // so far off in each number, two colours are hard to tell apart

/** @type {[Colour, string][]} */
const NAMED = [
  [[0, 0, 0], "black: all off"],
  [[255, 255, 255], "white: all on"],
  [[128, 128, 128], "mid grey: three times 128"],
  [[255, 0, 0], "red"],
  [[0, 255, 0], "green"],
  [[0, 0, 255], "blue"],
  [[255, 255, 0], "yellow = red + green"],
  [[255, 0, 255], "magenta = red + blue"],
  [[0, 255, 255], "cyan = green + blue"],
  [[255, 140, 0], "orange"],
  [[110, 60, 20], "brown"],
  [[255, 175, 185], "pink"],
];

// --- Arithmetic: pure functions of a colour, tested to be equal to Python's ------------------------

/** What each lamp gives alone.
 * @param {Colour} colour
 * @returns {Colour[]}
 */
export function channelParts([red, green, blue]) {
  return [[red, 0, 0], [0, green, 0], [0, 0, blue]];
}

/** The grey that this course takes: the mean of the three numbers.
 * @param {Colour} colour
 */
export function greyLevel(colour) {
  return sum(colour) / 3;
}

/** Two digits in base 16 for each number.
 * @param {Colour} colour
 */
export function hexCode(colour) {
  return "#" + colour.map((value) => value.toString(16).padStart(2, "0").toUpperCase()).join("");
}

/** The hue in degrees, of a colour that is no grey.
 * @param {Colour} colour
 */
function hueOf([red, green, blue]) {
  const most = Math.max(red, green, blue);
  const spread = most - Math.min(red, green, blue);
  if (most === red) return ((60 * (green - blue)) / spread + 360) % 360;
  if (most === green) return 120 + (60 * (blue - red)) / spread;
  return 240 + (60 * (red - green)) / spread;
}

// --- Words ---------------------------------------------------------------------------------------

/** The name on a scale.
 * @param {Scale} scale @param {number} at
 */
function nameAt(scale, at) {
  return scale[scale.findIndex(([end]) => at < end)][1];
}

/** A colour in words, for those who cannot see it or cannot tell it from others.
 * @param {Colour} colour @param {Facts} facts
 */
export function colourWords(colour, { hues, shades }) {
  const [most, least] = [Math.max(...colour), Math.min(...colour)];
  const spread = most - least;
  const light = most + least; // the lightness, from 0 to 510
  if (light === 0) return "black";
  if (spread === 0 && light === 2 * FULL) return "white";
  const grey = light < 170 ? "dark grey" : light <= 340 ? "grey" : "light grey";
  if (spread === 0) return grey;
  let name = nameAt(hues, hueOf(colour));
  const saturation = spread / Math.min(light, 2 * FULL - light);
  if (spread <= 10 || saturation < 0.06) {
    if (light < 40 || light > 470) return light < 40 ? "nearly black" : "nearly white";
    return `${grey}, slightly ${name}`;
  }
  const greyish = saturation < 0.25 ? "greyish " : "";
  if (name === "red" && light > 330) return `${greyish}pink`;
  if (name === "orange" && (light < 220 || (spread < 110 && light < 430))) name = "brown";
  return nameAt(shades, light) + greyish + name;
}

/** A colour as Python writes it.
 * @param {(number | string)[]} values
 */
function listed(values) {
  return `[${values.join(", ")}]`;
}

/** How the grey comes about.
 * @param {Colour} colour
 */
export function greyLine(colour) {
  const total = sum(colour);
  const mean = greyLevel(colour);
  const exact = Number.isInteger(mean);
  return (
    `(${colour.join(" + ")}) ÷ 3 = ${total} ÷ 3 ` +
    (exact ? `= ${mean}` : `≈ ${mean.toFixed(2)}, as a byte ${Math.round(mean)}`)
  );
}

/** How the first two digits of the code come about.
 * @param {Colour} colour
 */
export function hexLine([red]) {
  const [high, low] = [Math.floor(red / 16), red % 16];
  return `base 16, two digits each: ${hexCode([red, 0, 0]).slice(1, 3)} is ${high} · 16 + ${low} = ${red}`;
}

/** What there is to see in this mixture.
 * @param {Colour} colour @param {Facts} facts
 */
export function remark(colour, facts) {
  const lit = LAMPS.filter((_, k) => colour[k] > 0);
  const least = Math.min(...colour);
  if (lit.length === 0) return "All lamps are off: black.";
  if (colour.every((value) => value === least)) {
    return least === FULL
      ? "All three lamps, as bright as they get: white."
      : "Three equal numbers make a grey.";
  }
  if (lit.length === 1) return `Only the ${lit[0]} lamp is lit.`;
  if (lit.length === 2) {
    const [one, other] = colour.filter((value) => value > 0);
    const equal = one === other ? ", equally bright," : "";
    return (
      `${capital(joined(lit))} light${equal} add up to ${colourWords(colour, facts)}. ` +
      "Each lamp adds light; a paint would take some away."
    );
  }
  const rest = colour.map((value) => value - least);
  return (
    `${listed(colour)} = ${listed([least, least, least])} + ${listed(rest)}: a grey that all ` +
    "three lamps share, and the rest, which makes the colour."
  );
}

/** How far the mixture is from the target, and which way to go.
 * @param {Colour} colour @param {Colour | null} target @param {Facts} facts
 */
export function advice(colour, target, facts) {
  if (!target) return "";
  const missing = target.map((value, k) => value - colour[k]);
  const furthest = Math.max(...missing.map(Math.abs));
  const told = `${listed(target)}, ${colourWords(target, facts)}`;
  if (furthest === 0) return `That is the target, number for number: ${told}.`;
  if (furthest <= NEAR) {
    return `Hard to tell from the target, which is ${told}. Furthest off: ${furthest}.`;
  }
  const more = LAMPS.filter((_, k) => missing[k] > NEAR);
  const less = LAMPS.filter((_, k) => missing[k] < -NEAR);
  const close = LAMPS.filter((_, k) => Math.abs(missing[k]) <= NEAR);
  const todo = [more.length ? `more ${joined(more)}` : "", less.length ? `less ${joined(less)}` : ""];
  const fine = close.length ? `, and ${joined(close)} as ${close.length > 1 ? "they are" : "it is"}` : "";
  return `The target has ${todo.filter(Boolean).join(", ")}${fine}. Furthest off: ${furthest}.`;
}

// --- Drawing -------------------------------------------------------------------------------------

/** @param {number[]} colour */
function css(colour) {
  return `rgb(${colour.join(", ")})`;
}

/** A patch of colour with its numbers below; `extra` is a class.
 * @param {string} caption @param {Facts} facts
 */
function swatch(caption, facts, extra = "") {
  const patch = h("div", { class: `mix-patch cnn-data ${extra}`.trim(), role: "img" });
  const numbers = h("div", { class: "mix-numbers" });
  const { node } = figure(caption, patch, numbers);
  return {
    node,
    /** @param {Colour} colour */
    show(colour, text = listed(colour)) {
      patch.style.background = css(colour);
      setAttribute(patch, "aria-label", `${caption}: ${colourWords(colour, facts)}`);
      setText(numbers, text);
    },
  };
}

/** @param {Given<Set, Facts>} given */
function render({ model, el }) {
  const frame = panel(model, el, {
    name: "mixer",
    title: "Three lamps mix a colour",
    keys: [
      ["arrow keys on a slider or in a number", "brighter or darker by 1"],
      ["Page Up and Page Down", `brighter or darker by ${LEAP}`],
      ["Home and End on a slider", "off, and as bright as it gets"],
    ],
  });
  const set = settings(model, redraw);

  const facts = model.get("facts");

  /** @param {Colour} colour */
  function mix(colour) {
    set.change({ colour });
    const { target } = set.now;
    const words = `${listed(colour)}, ${colourWords(colour, facts)}. `;
    frame.say(aloud(words + advice(colour, target, facts)).trim());
  }
  /** The mixture with another value of one lamp.
   * @param {number} k @param {number} value
   */
  function lit(k, value) {
    return /** @type {Colour} */ (set.now.colour.with(k, value));
  }

  const lamps = LAMPS.map((name, k) => {
    const title = capital(name);
    const change = (/** @type {number} */ value) => mix(lit(k, value));
    const field = frame.field(title, { min: 0, max: FULL, whole: true, change });
    const dimmer = slider(`${title}, slider`, { frame, change, max: FULL, quiet: true });
    const leads = h("div", { class: "mix-leads cnn-data", "aria-hidden": "true" });
    const node = h(
      "div",
      {
        class: "mix-lamp",
        onkeydown: (/** @type {KeyboardEvent} */ event) => {
          if (event.key !== "PageUp" && event.key !== "PageDown") return;
          event.preventDefault();
          const leap = event.key === "PageUp" ? LEAP : -LEAP;
          frame.complain("");
          change(clamp(set.now.colour[k] + leap, 0, FULL));
        },
      },
      field.node,
      h("div", { class: "mix-way" }, dimmer.parts, leads),
    );
    return { node, field, dimmer, leads };
  });
  const names = choice(
    "Colour by name",
    [["", "(your own mixture)"], .../** @type {[string, string][]} */ (NAMED.map(([, name], k) => [String(k), name]))],
    (k) => {
      frame.complain("");
      if (k === "") redraw(); // a mixture is made with the lamps; the name of this one stays
      else mix(NAMED[Number(k)][0]);
    },
  );

  const alone = LAMPS.map((name) => swatch(`${name} alone`, facts));
  const mixed = swatch("mixed", facts, "mix-large");
  const goal = swatch("target", facts, "mix-large mix-goal");
  const sign = (/** @type {string} */ text) => h("span", { class: "mix-sign", "aria-hidden": "true" }, text);
  const pair = h("div", { class: "mix-pair" }, mixed.node, goal.node);
  const task = h("p", { class: "mix-task" });
  const note = h("p", { class: "mix-note" });

  /** @param {string} name */
  function row(name, patched = false) {
    const patch = patched ? h("span", { class: "mix-dot cnn-data", "aria-hidden": "true" }) : null;
    const text = h("span", {});
    const node = h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, patch, text));
    return {
      node,
      /** @param {string} told @param {Colour} [colour] */
      show(told, colour) {
        setText(text, told);
        if (patch && colour) patch.style.background = css(colour);
      },
    };
  }
  const rows = {
    words: row("in words"),
    bytes: row("as bytes (uint8)"),
    fractions: row("divided by 255 (float)"),
    grey: row("grey: the mean", true),
    bgr: row("read as blue, green, red", true),
    hex: row("hex code"),
  };

  frame.body.append(
    h("div", { class: "mix-lamps" }, lamps.map((lamp) => lamp.node)),
    h("div", { class: "cnn-controls" }, names.node),
  );
  // What the lamps make stands below the complaints, so that these are beside the numbers.
  frame.footer.before(
    h(
      "div",
      { class: "cnn-figures mix-sum" },
      alone[0].node,
      sign("+"),
      alone[1].node,
      sign("+"),
      alone[2].node,
      sign("="),
      pair,
    ),
    task,
    note,
    h("table", { class: "mix-table" }, h("tbody", {}, Object.values(rows).map((one) => one.node))),
  );

  function redraw() {
    const { colour, target } = set.now;
    lamps.forEach(({ field, dimmer, leads }, k) => {
      field.set(colour[k]);
      dimmer.set(colour[k]);
      const ends = `${css(lit(k, 0))}, ${css(lit(k, FULL))}`;
      leads.style.background = `linear-gradient(to right, ${ends})`;
    });
    const named = NAMED.findIndex(([values]) => String(values) === String(colour));
    names.set(named < 0 ? "" : String(named));
    channelParts(colour).forEach((part, k) => alone[k].show(part));
    mixed.show(colour);
    pair.classList.toggle("mix-two", Boolean(target));
    goal.node.hidden = !target;
    task.hidden = !target;
    if (target) {
      const off = Math.max(...target.map((value, k) => Math.abs(value - colour[k])));
      goal.show(target, off <= NEAR ? listed(target) : "[?, ?, ?]");
    }
    setText(task, advice(colour, target, facts));
    setText(note, remark(colour, facts));
    const grey = Math.round(greyLevel(colour)); // thirds: never a half
    const [red, green, blue] = colour;
    /** @type {Colour} */
    const turned = [blue, green, red];
    rows.words.show(colourWords(colour, facts));
    rows.bytes.show(listed(colour));
    rows.fractions.show(listed(colour.map((value) => number(value / FULL, 3))));
    rows.grey.show(greyLine(colour), [grey, grey, grey]);
    rows.bgr.show(`${listed(turned)}, ${colourWords(turned, facts)}`, turned);
    rows.hex.show(`${hexCode(colour)} (${hexLine(colour)})`);
  }

  redraw();
  return closing(set, frame);
}

export default { render };
