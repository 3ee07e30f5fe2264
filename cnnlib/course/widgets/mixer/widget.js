// Three lamps and the colour they mix to: a pixel is three numbers, told in several ways.

import {
  aloud, choice, figure, h, number, numberField, panel, setAttribute, setText, settings, uniqueId,
} from "../kit/kit.js";

const LAMPS = ["red", "green", "blue"];
const FULL = 255;
const LEAP = 16; // the step of Page Up and Page Down
const NEAR = 8; // so far off in each number, two colours are hard to tell apart

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

// Where a hue ends, in degrees on the circle red, yellow, green, cyan, blue, magenta.
const HUES = [
  [15, "red"],
  [45, "orange"],
  [70, "yellow"],
  [95, "yellow-green"],
  [155, "green"],
  [172, "blue-green"],
  [195, "cyan"],
  [258, "blue"],
  [288, "violet"],
  [330, "magenta"],
  [360, "red"],
];

// --- Arithmetic: pure functions of a colour, tested to be equal to Python's ------------------------

/** What each lamp gives alone. */
export function channelParts(colour) {
  return colour.map((value, k) => colour.map((_, j) => (j === k ? value : 0)));
}

/** The grey that this course takes: the mean of the three numbers. */
export function greyLevel([red, green, blue]) {
  return (red + green + blue) / 3;
}

/** Two digits in base 16 for each number. */
export function hexCode(colour) {
  return "#" + colour.map((value) => value.toString(16).padStart(2, "0").toUpperCase()).join("");
}

/** The hue in degrees, of a colour that is no grey. */
function hueOf([red, green, blue]) {
  const most = Math.max(red, green, blue);
  const spread = most - Math.min(red, green, blue);
  if (most === red) return ((60 * (green - blue)) / spread + 360) % 360;
  if (most === green) return 120 + (60 * (blue - red)) / spread;
  return 240 + (60 * (red - green)) / spread;
}

// --- Words ---------------------------------------------------------------------------------------

/** A colour in words, for those who cannot see it or cannot tell it from others. */
export function colourWords(colour) {
  const [most, least] = [Math.max(...colour), Math.min(...colour)];
  const spread = most - least;
  const light = most + least; // the lightness, from 0 to 510
  if (light === 0) return "black";
  if (spread === 0 && light === 2 * FULL) return "white";
  const grey = light < 170 ? "dark grey" : light <= 340 ? "grey" : "light grey";
  if (spread === 0) return grey;
  let [, name] = HUES.find(([end]) => hueOf(colour) < end);
  const saturation = spread / Math.min(light, 2 * FULL - light);
  if (spread <= 10 || saturation < 0.06) {
    if (light < 40 || light > 470) return light < 40 ? "nearly black" : "nearly white";
    return `${grey}, slightly ${name}`;
  }
  const greyish = saturation < 0.25 ? "greyish " : "";
  if (name === "red" && light > 330) return `${greyish}pink`;
  if (name === "orange" && (light < 220 || (spread < 110 && light < 430))) name = "brown";
  const shades = [[60, "very dark "], [130, "dark "], [331, ""], [430, "light "], [511, "very light "]];
  const [, shade] = shades.find(([end]) => light < end);
  return shade + greyish + name;
}

/** A colour as Python writes it. */
function listed(values) {
  return `[${values.join(", ")}]`;
}

/** How the grey comes about. */
export function greyLine(colour) {
  const sum = colour.reduce((a, b) => a + b, 0);
  const mean = greyLevel(colour);
  const exact = Number.isInteger(mean);
  return (
    `(${colour.join(" + ")}) ÷ 3 = ${sum} ÷ 3 ` +
    (exact ? `= ${mean}` : `≈ ${mean.toFixed(2)}, as a byte ${Math.round(mean)}`)
  );
}

/** How the first two digits of the code come about. */
export function hexLine([red]) {
  const [high, low] = [Math.floor(red / 16), red % 16];
  return `base 16, two digits each: ${hexCode([red, 0, 0]).slice(1, 3)} is ${high} · 16 + ${low} = ${red}`;
}

/** What there is to see in this mixture. */
export function remark(colour) {
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
    const what = `${lit[0]} and ${lit[1]} light`;
    const equal = one === other ? ", equally bright," : "";
    return (
      `${what[0].toUpperCase()}${what.slice(1)}${equal} add up to ${colourWords(colour)}. ` +
      "Each lamp adds light; a paint would take some away."
    );
  }
  const rest = colour.map((value) => value - least);
  return (
    `${listed(colour)} = ${listed([least, least, least])} + ${listed(rest)}: a grey that all ` +
    "three lamps share, and the rest, which makes the colour."
  );
}

function and(words) {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

/** How far the mixture is from the target, and which way to go. */
export function advice(colour, target) {
  if (!target) return "";
  const missing = target.map((value, k) => value - colour[k]);
  const furthest = Math.max(...missing.map(Math.abs));
  const told = `${listed(target)}, ${colourWords(target)}`;
  if (furthest === 0) return `That is the target, number for number: ${told}.`;
  if (furthest <= NEAR) {
    return `Hard to tell from the target, which is ${told}. Furthest off: ${furthest}.`;
  }
  const more = LAMPS.filter((_, k) => missing[k] > NEAR);
  const less = LAMPS.filter((_, k) => missing[k] < -NEAR);
  const close = LAMPS.filter((_, k) => Math.abs(missing[k]) <= NEAR);
  const todo = [more.length ? `more ${and(more)}` : "", less.length ? `less ${and(less)}` : ""];
  const fine = close.length ? `, and ${and(close)} as ${close.length > 1 ? "they are" : "it is"}` : "";
  return `The target has ${todo.filter(Boolean).join(", ")}${fine}. Furthest off: ${furthest}.`;
}

// --- Drawing -------------------------------------------------------------------------------------

function css(colour) {
  return `rgb(${colour.join(", ")})`;
}

/** A patch of colour with its numbers below; `extra` is a class. */
function swatch(caption, extra = "") {
  const patch = h("div", { class: `mix-patch ${extra}`.trim(), role: "img" });
  const numbers = h("div", { class: "mix-numbers" });
  const { node } = figure(caption, patch, numbers);
  return {
    node,
    show(colour, text = listed(colour)) {
      patch.style.background = css(colour);
      setAttribute(patch, "aria-label", `${caption}: ${colourWords(colour)}`);
      setText(numbers, text);
    },
  };
}

function render({ model, el }) {
  const frame = panel(el, {
    name: "mixer",
    title: "Three lamps mix a colour",
    keys: [
      ["arrow keys on a slider or in a number", "brighter or darker by 1"],
      ["Page Up and Page Down", `brighter or darker by ${LEAP}`],
      ["Home and End on a slider", "off, and as bright as it gets"],
    ],
  });
  const set = settings(model, redraw);

  function mix(colour) {
    set.change({ colour });
    const { target } = set.now;
    frame.say(aloud(`${listed(colour)}, ${colourWords(colour)}. ${advice(colour, target)}`).trim());
    return "";
  }
  function light(k, value) {
    return mix(set.now.colour.map((old, j) => (j === k ? value : old)));
  }

  const lamps = LAMPS.map((name, k) => {
    const title = name[0].toUpperCase() + name.slice(1);
    const field = numberField(title, {
      min: 0,
      max: FULL,
      whole: true,
      complain: frame.complain,
      change: (value) => light(k, value),
    });
    const id = uniqueId();
    const slider = h("input", {
      id,
      type: "range",
      class: "cnn-slider",
      min: 0,
      max: FULL,
      step: 1,
      oninput: () => {
        frame.complain("");
        light(k, Number(slider.value));
      },
    });
    const leads = h("div", { class: "mix-leads", "aria-hidden": "true" });
    const node = h(
      "div",
      {
        class: "mix-lamp",
        onkeydown: (event) => {
          if (event.key !== "PageUp" && event.key !== "PageDown") return;
          event.preventDefault();
          const due = set.now.colour[k] + (event.key === "PageUp" ? LEAP : -LEAP);
          frame.complain("");
          light(k, Math.min(Math.max(due, 0), FULL));
        },
      },
      field.node,
      h(
        "div",
        { class: "mix-way" },
        h("label", { for: id, class: "cnn-spoken" }, `${title}, slider`),
        slider,
        leads,
      ),
    );
    return { node, field, slider, leads };
  });
  const names = choice(
    "Colour by name",
    [["", "(your own mixture)"], ...NAMED.map(([, name], k) => [String(k), name])],
    (k) => {
      frame.complain("");
      if (k === "") redraw(); // a mixture is made with the lamps; the name of this one stays
      else mix(NAMED[Number(k)][0]);
    },
  );

  const alone = LAMPS.map((name) => swatch(`${name} alone`));
  const mixed = swatch("mixed", "mix-large");
  const goal = swatch("target", "mix-large mix-goal");
  const sign = (text) => h("span", { class: "mix-sign", "aria-hidden": "true" }, text);
  const pair = h("div", { class: "mix-pair" }, mixed.node, goal.node);
  const task = h("p", { class: "mix-task" });
  const note = h("p", { class: "mix-note" });

  function row(name, patched = false) {
    const patch = patched ? h("span", { class: "mix-dot", "aria-hidden": "true" }) : null;
    const text = h("span", {});
    const node = h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, patch, text));
    return {
      node,
      show(told, colour) {
        setText(text, told);
        if (patch) patch.style.background = css(colour);
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
    lamps.forEach(({ field, slider, leads }, k) => {
      field.set(colour[k]);
      slider.value = String(colour[k]);
      setAttribute(slider, "aria-valuetext", String(colour[k]));
      const to = (value) => css(colour.map((old, j) => (j === k ? value : old)));
      leads.style.background = `linear-gradient(to right, ${to(0)}, ${to(FULL)})`;
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
    setText(task, advice(colour, target));
    setText(note, remark(colour));
    const grey = Math.round(greyLevel(colour)); // thirds: never a half
    const turned = [...colour].reverse();
    rows.words.show(colourWords(colour));
    rows.bytes.show(listed(colour));
    rows.fractions.show(listed(colour.map((value) => number(value / FULL, 3))));
    rows.grey.show(greyLine(colour), [grey, grey, grey]);
    rows.bgr.show(`${listed(turned)}, ${colourWords(turned)}`, turned);
    rows.hex.show(`${hexCode(colour)} (${hexLine(colour)})`);
  }

  redraw();
  return () => {
    set.dispose();
    frame.dispose();
  };
}

export default { render };
