// @ts-check
// What the widgets of the course have in common in the browser. Nothing here knows a widget.
//
// A widget imports what it needs, as in `import { h, panel } from "./kit.js";`. Python puts this
// file in front of the widget's own, so that the browser asks no server for anything.

/**
 * What a notebook gives to `render`: the settings S, which Python and the browser share, and the
 * facts F, which Python sends and nobody changes.
 * @template S, F
 * @typedef {object} Model
 * @property {{(name: "settings"): S, (name: "facts"): F, (name: "large"): boolean, (name: string): any}} get
 * @property {(name: string, value: any) => void} set
 * @property {() => void} save_changes
 * @property {(content: object) => void} send
 * @property {(event: string, listener: () => void) => void} on
 * @property {(event: string, listener: () => void) => void} off
 */

/**
 * @template S, F
 * @typedef {{ model: Model<S, F>, el: HTMLElement }} Given
 */

/** @typedef {[row: number, column: number]} Place */
/** @typedef {number[][]} Rows */
/** @typedef {{ row: number, column: number, height: number, width: number }} Window */
/** @typedef {Node | string | null | undefined | Child[]} Child */
/** @typedef {ReturnType<typeof panel>} Panel */
/** @typedef {ReturnType<typeof grid>} Grid */
/** @typedef {ReturnType<typeof numberField>} NumberField */

// --- Numbers -----------------------------------------------------------------------------------

const MINUS = "\u2212";

/** The value, or the nearer of the two ends if it lies beyond them.
 * @param {number} value @param {number} low @param {number} high
 */
export function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}

/** The sum of all values; 0 for none.
 * @param {ArrayLike<number>} values
 */
export function sum(values) {
  let total = 0;
  for (let k = 0; k < values.length; k += 1) total += values[k];
  return total;
}

/** The number without the dust that sums leave behind: 0.3, not 0.1 + 0.2; and never −0.
 * @param {number} value
 */
export function dusted(value, digits = 10) {
  return Number(value.toPrecision(digits)) + 0;
}

/** Write a number for a reader: at most `digits` significant digits, with a true minus sign.
 * @param {number} value
 */
export function number(value, digits = 6) {
  if (Number.isNaN(value)) return "not a number";
  if (!Number.isFinite(value)) return value < 0 ? MINUS + "∞" : "∞";
  const short = Number.isInteger(value) && Math.abs(value) < 1e15
    ? String(value)
    : String(Number(value.toPrecision(digits)));
  const text = short === "-0" ? "0" : short;
  return text.replace("e-", "·10^" + MINUS).replace("e+", "·10^").replace(/^-/, MINUS);
}

/** Write a number as a term of a sum or a product: a negative one stands in brackets.
 * @param {number} value
 */
export function term(value, digits = 6) {
  return value < 0 ? `(${number(value, digits)})` : number(value, digits);
}

/** Write a number as a screen reader should say it.
 * @param {number} value
 */
export function spoken(value, digits = 6) {
  return number(value, digits).replaceAll(MINUS, "minus ").replace("·10^", " times 10 to the ");
}

/** Write a line of arithmetic as a screen reader should say it: signs as words.
 * @param {string} text
 */
export function aloud(text) {
  /** @type {[string | RegExp, string][]} */
  const words = [
    ["·10^", " times 10 to the "],
    ["²", " squared"],
    ["·", "times"],
    ["÷", "divided by"],
    [/ − /g, " minus "],
    [MINUS, "minus "],
    ["+", "plus"],
    ["=", "equals"],
    ["→", "gives"],
    [/[()]/g, ""],
  ];
  return words.reduce((said, [sign, word]) => said.replaceAll(sign, word), text);
}

/**
 * Read what a learner typed: "3", "-2.5", "−1", "0,5", "1/9".
 * Returns {value} or {problem}, which says in words what is wrong.
 * @param {string} text
 * @param {{ min?: number, max?: number, whole?: boolean, name?: string }} limits
 * @returns {{ value: number, problem?: undefined } | { value?: undefined, problem: string }}
 */
export function readNumber(text, { min = -1e9, max = 1e9, whole = false, name = "The number" } = {}) {
  const typed = text.trim();
  if (typed === "") return { problem: `${name} is empty. Type a number such as 3 or ${MINUS}2.5.` };
  const plain = typed.replaceAll(MINUS, "-").replace(/^([+-]?\d+),(\d+)$/, "$1.$2");
  const form = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)(?:\s*\/\s*((?:\d+\.?\d*|\.\d+)))?$/i;
  const parts = plain.match(form);
  const value = parts ? Number(parts[1]) / (parts[2] === undefined ? 1 : Number(parts[2])) : NaN;
  if (!Number.isFinite(value)) {
    return { problem: `“${typed}” is no number. Type one such as 3, ${MINUS}2.5 or 1/9.` };
  }
  if (whole && !Number.isInteger(value)) {
    return { problem: `${name} must be a whole number, but ${number(value)} is not one.` };
  }
  if (value < min) return { problem: `${name} must be at least ${number(min)}, not ${number(value)}.` };
  if (value > max) return { problem: `${name} must be at most ${number(max)}, not ${number(value)}.` };
  return { value: value === 0 ? 0 : value }; // never −0
}

// --- Words ---------------------------------------------------------------------------------------

/** A text that begins with a capital letter.
 * @param {string} text
 */
export function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** "red", "red and green", "red, green and blue".
 * @param {(string | number)[]} words
 */
export function joined(words, last = "and") {
  return words.length < 2
    ? words.join("")
    : `${words.slice(0, -1).join(", ")} ${last} ${words[words.length - 1]}`;
}

// --- Elements ----------------------------------------------------------------------------------

let made = 0;

/** Return an id that no other element of the page has. */
export function uniqueId() {
  made += 1;
  return `cnn-${made}-${Math.random().toString(36).slice(2, 8)}`;
}

/**
 * Make an element: attributes as they stand in HTML, `on…` as listeners, the rest as children.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, any>} attributes
 * @param {Child[]} children
 */
export function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else setAttribute(node, name, value === true ? "" : value);
  }
  node.append(...present(children));
  return node;
}

/** The children of an element: lists laid flat, what is nothing left out.
 * @param {Child[]} children
 * @returns {(Node | string)[]}
 */
export function present(children) {
  const flat = /** @type {any[]} */ (children).flat(Infinity);
  return flat.filter((child) => child !== null && child !== undefined);
}

/** Set a text only where it changed, so that nothing is laid out, or read aloud, twice.
 * @param {Node} node @param {string} text
 */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Set several texts, one line below the other, each in an element of its own.
 * @param {HTMLElement} node @param {string[]} texts @param {"p" | "div"} tag
 */
export function setLines(node, texts, tag = "p") {
  while (node.children.length > texts.length) node.lastElementChild?.remove();
  texts.forEach((text, k) => {
    if (!node.children[k]) node.append(h(tag));
    setText(node.children[k], text);
  });
}

/** Have an element hold these children; those that stay are not touched, and keep the focus.
 * @param {Element} node @param {Element[]} children
 */
export function keepChildren(node, children) {
  for (const child of [...node.children]) if (!children.includes(child)) child.remove();
  children.forEach((child, k) => {
    if (node.children[k] !== child) node.insertBefore(child, node.children[k] ?? null);
  });
}

/** Set an attribute only where it changed; false and null remove it.
 * @param {Element} node @param {string} name @param {any} value
 */
export function setAttribute(node, name, value) {
  if (value === false || value === null || value === undefined) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

// --- The frame around a widget -------------------------------------------------------------------

/**
 * Build the frame of a widget inside `el`: a named group with a title, a switch that makes it large
 * for the back row, a place for messages, a spoken line, and help for the keyboard.
 *
 * `name` is the folder of the widget: its style sheet holds below the class `cnn-NAME`.
 * `keys` is a list of [keys, what they do]. Returns:
 *   body               where the widget puts its parts
 *   footer             where what is seldom needed goes, folded into a <details>
 *   say(text)          has a screen reader read a text; say it once for one action
 *   complain(text)     shows and reads why something was refused; complain("") takes it back
 *   onEscape(f)        calls f when Escape is pressed anywhere in the widget
 *   field(…), grid(…)  make a `numberField`, a `grid`, whose complaints stand here
 *   dispose()          takes the listeners away; call it from the function that render returns
 *
 * @param {Model<any, any>} model
 * @param {HTMLElement} el
 * @param {{ name: string, title: string, describe?: string, keys?: [string, string][] }} about
 */
export function panel(model, el, { name, title, describe = "", keys = [] }) {
  const titleId = uniqueId();
  const spokenLine = h("div", { class: "cnn-spoken", role: "status", "aria-live": "polite" });
  const complaint = h("p", { class: "cnn-complaint", role: "alert" });
  const body = h("div", { class: "cnn-body" });
  const help = h("dl", {}, keys.map(([key, does]) => [h("dt", {}, key), h("dd", {}, does)]));
  const footer = h("div", { class: "cnn-footer" }, keys.length ? fold("Keys", help) : null);
  const large = toggle("Large", grow, { look: true });
  const root = h(
    "div",
    { class: `cnn-widget cnn-${name}`, role: "group", "aria-labelledby": titleId, tabindex: "-1" },
    h("div", { class: "cnn-head" }, h("div", { class: "cnn-title", id: titleId }, title), large.node),
    describe ? h("p", { class: "cnn-describe" }, describe) : null,
    body,
    complaint,
    footer,
    spokenLine,
  );
  /** @type {((event: KeyboardEvent) => void)[]} */
  const escapes = [];
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape") escapes.forEach((f) => f(event));
    // A notebook has keys of its own: "d d" deletes a cell. They are not for the widget's keys.
    if (!hasModifier(event)) event.stopPropagation();
  });
  // JupyterLab hears keys before the widget does, and leaves out elements with this mark. It is
  // off while Ctrl, Alt or Command is held, so that Ctrl-S still saves the notebook.
  const guard = (/** @type {KeyboardEvent} */ event) => {
    setAttribute(root, "data-lm-suppress-shortcuts", hasModifier(event) ? null : "true");
  };
  setAttribute(root, "data-lm-suppress-shortcuts", "true");
  window.addEventListener("keydown", guard, true);
  el.replaceChildren(root);
  // The switch is for the screen that it is on: nothing is told to Python, and nothing is stored.
  /** @param {boolean} on */
  function grow(on) {
    large.set(on);
    root.classList.toggle("cnn-large", on);
  }
  const size = hearing(model, "large", () => grow(model.get("large")));
  grow(Boolean(model.get("large")));

  const complain = (/** @type {string} */ text) => setText(complaint, text);
  let flip = false;
  return {
    root,
    body,
    footer,
    complain,
    /** @param {string} label @param {Omit<Parameters<typeof numberField>[1], "complain">} options */
    field: (label, options) => numberField(label, { complain, ...options }),
    /** @param {Omit<Parameters<typeof grid>[0], "complain">} options */
    grid: (options) => grid({ complain, ...options }),
    /** @param {string} text */
    say(text) {
      // The same text twice is read only once, so every other time it ends in a space.
      flip = text === spokenLine.textContent ? !flip : false;
      spokenLine.textContent = flip ? text + "\u00a0" : text;
    },
    /** @param {(event: KeyboardEvent) => void} f */
    onEscape(f) {
      escapes.push(f);
    },
    dispose() {
      window.removeEventListener("keydown", guard, true);
      size.dispose();
    },
  };
}

/** Whether a key is held that makes another key a shortcut of the browser or the notebook.
 * @param {KeyboardEvent} event
 */
export function hasModifier(event) {
  return event.ctrlKey || event.metaKey || event.altKey;
}

/** What is seldom needed, folded below a word.
 * @param {string} summary @param {Child[]} children
 */
export function fold(summary, ...children) {
  return h("details", { class: "cnn-help" }, h("summary", {}, summary), children);
}

// --- What a widget is set to ---------------------------------------------------------------------

/**
 * Share the settings with Python. `redraw` is called whenever they change, from either side.
 *
 * `change({stride: 2})` keeps the other settings. Where the kernel is gone, restarted or never
 * was, the settings still change here, and the widget goes on working.
 * @template S, F
 * @param {Model<S, F>} model
 * @param {() => void} redraw
 */
export function settings(model, redraw) {
  const listener = () => redraw();
  model.on("change:settings", listener);
  return {
    get now() {
      return model.get("settings");
    },
    /** @param {Partial<S>} values */
    change(values) {
      model.set("settings", { ...model.get("settings"), ...values });
      // Where no kernel listens, the picture is drawn here: nothing is lost but Python's copy.
      attempt(() => model.save_changes());
    },
    dispose() {
      model.off("change:settings", listener);
    },
  };
}

/** Send something to a kernel that may be gone.
 * @param {() => void} send
 */
export function attempt(send) {
  try {
    send();
  } catch {
    // Nobody listens.
  }
}

/**
 * Complain when a kernel that was asked does not answer in time, and take it back when it does.
 * @param {Panel} frame
 * @param {number} milliseconds
 * @param {string} words
 * @param {() => void} silence called when the time is over
 */
export function patience(frame, milliseconds, words, silence = () => {}) {
  /** @type {number | undefined} */
  let timer;
  let silent = false;
  const dispose = () => clearTimeout(timer);
  return {
    dispose,
    wait() {
      dispose();
      timer = window.setTimeout(() => {
        silent = true;
        silence();
        frame.complain(words);
      }, milliseconds);
    },
    /** The kernel has said something; `answered` says whether nothing more is waited for. */
    heard(answered = true) {
      if (answered) dispose();
      if (silent) frame.complain("");
      silent = false;
    },
  };
}

/** Listen to what Python changes by itself.
 * @param {Model<any, any>} model @param {string} name @param {() => void} listener
 */
export function hearing(model, name, listener) {
  model.on(`change:${name}`, listener);
  return { dispose: () => model.off(`change:${name}`, listener) };
}

/** Take parts of a widget away, in this order; for the end of `render`.
 * @param {{ dispose: () => void }[]} parts
 */
export function closing(...parts) {
  return () => parts.forEach((part) => part.dispose());
}

/**
 * A list with another item at k. It stays as it is where there is no such place: a field that is
 * taken away with its row hands in, as it goes, what was typed.
 * @template T
 * @param {T[]} list @param {number} k @param {T} item
 */
export function withItem(list, k, item) {
  return k in list ? list.with(k, item) : list;
}

/** Rows of numbers with another one at (i, j); the given rows stay as they are.
 * @param {Rows} rows @param {number} i @param {number} j @param {number} value
 */
export function withNumber(rows, i, j, value) {
  return rows.with(i, rows[i].with(j, value));
}

// --- Controls ------------------------------------------------------------------------------------

/** A button. `press` is called by click, Enter and Space.
 * @param {string} label @param {() => void} press
 */
export function button(label, press, { describe = "" } = {}) {
  return h("button", { type: "button", class: "cnn-button", onclick: press, title: describe || null }, label);
}

/** A switch that is on or off. Its `set(on)` changes how it looks, and does not call `change`.
 * Where it changes no setting, but the look of the widget, it is a button that stays pressed.
 * @param {string} label @param {(on: boolean) => void} change
 */
export function toggle(label, change, { look = false } = {}) {
  const state = look ? "aria-pressed" : "aria-checked";
  const node = h(
    "button",
    {
      type: "button",
      class: "cnn-switch",
      role: look ? null : "switch",
      [state]: "false",
      onclick: () => change(node.getAttribute(state) !== "true"),
    },
    h("span", { class: "cnn-switch-mark", "aria-hidden": "true" }),
    label,
  );
  return {
    node,
    /** @param {boolean} on */
    set: (on) => setAttribute(node, state, on ? "true" : "false"),
  };
}

/** A choice of one out of a few. `options` is a list of [value, label].
 * @param {string} label @param {[string, string][]} options @param {(value: string) => void} change
 */
export function choice(label, options, change) {
  const id = uniqueId();
  const select = h(
    "select",
    { id, onchange: () => change(select.value) },
    options.map(([value, text]) => h("option", { value }, text)),
  );
  const node = h("span", { class: "cnn-field" }, h("label", { for: id }, label), select);
  let offered = JSON.stringify(options);
  return {
    node,
    /** @param {string} value */
    set: (value) => {
      select.value = value;
    },
    /** Offer other options than before; nothing is done where they are the same.
     * @param {[string, string][]} others
     */
    offer(others) {
      if (JSON.stringify(others) === offered) return;
      offered = JSON.stringify(others);
      select.replaceChildren(...others.map(([value, text]) => h("option", { value }, text)));
    },
  };
}

/**
 * A number that can be typed, or stepped with the arrow keys.
 *
 * `change(value)` may return what is wrong with the value, in words. A refused value is not kept:
 * `complain` says why, and the field shows the number that still holds.
 * @param {string} label
 * @param {{
 *   complain: (text: string) => void, change: (value: number) => string | void,
 *   step?: number, min?: number, max?: number, whole?: boolean,
 * }} options
 */
export function numberField(label, { complain, change, step = 1, ...limits }) {
  const id = uniqueId();
  let held = 0;
  const input = h("input", {
    id,
    type: "text",
    inputmode: "decimal",
    autocomplete: "off",
    size: "4",
    role: "spinbutton",
    "aria-valuemin": limits.min,
    "aria-valuemax": limits.max,
  });
  const show = (/** @type {number} */ value) => {
    held = value;
    input.value = number(value);
    setAttribute(input, "aria-valuenow", value);
    setAttribute(input, "aria-valuetext", spoken(value));
  };
  const take = (/** @type {string} */ text) => {
    const read = readNumber(text, { ...limits, name: label });
    const refused = read.problem ?? change(read.value);
    setAttribute(input, "aria-invalid", refused ? "true" : null);
    if (refused) {
      complain(`${refused} ${label} stays at ${number(held)}.`);
      show(held);
    } else {
      complain("");
    }
  };
  // What Enter has taken already comes again when the field is left, or taken away.
  input.addEventListener("change", () => {
    if (input.value !== number(held)) take(input.value);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      if (input.value !== number(held)) take(input.value);
      event.preventDefault();
    } else if (event.key === "Escape" && input.value !== number(held)) {
      show(held);
    } else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      event.preventDefault();
      take(String(held + (event.key === "ArrowUp" ? step : -step)));
    }
  });
  input.addEventListener("focus", () => input.select());
  // The field holds a sound number again; the complaint stays until something is put right.
  input.addEventListener("blur", () => setAttribute(input, "aria-invalid", null));
  const node = h("span", { class: "cnn-field" }, h("label", { for: id }, label), input);
  return { node, input, set: show };
}

/**
 * A slider. Its `parts`, the label and the input, stand side by side; `quiet` keeps the label for
 * the ear. `change(value)` is called while it is moved; `complain` takes old complaints back.
 * @param {string} label
 * @param {{
 *   frame: Panel, change: (value: number) => void, min?: number, max?: number, step?: number,
 *   quiet?: boolean,
 * }} options
 */
export function slider(label, { frame, change, min = 0, max = 1, step = 1, quiet = false }) {
  const id = uniqueId();
  const input = h("input", { id, type: "range", class: "cnn-slider", min, max, step });
  input.addEventListener("input", () => {
    frame.complain("");
    change(Number(input.value));
  });
  return {
    input,
    parts: [h("label", { for: id, class: quiet ? "cnn-spoken" : null }, label), input],
    /** @param {number} value @param {string} words what a screen reader says */
    set(value, words = spoken(value)) {
      input.value = String(value);
      setAttribute(input, "aria-valuetext", words);
    },
  };
}

/**
 * A worked line: where it belongs, the arithmetic in signs, and the same for the ear.
 *
 * `set({ place, lines, words })` sets all three; without `words`, the lines are read with their
 * signs as words.
 */
export function worked() {
  const place = h("p", { class: "cnn-worked-place" });
  const signs = h("div", { class: "cnn-lines", "aria-hidden": "true" });
  const ear = h("p", { class: "cnn-spoken" });
  return {
    node: h("div", { class: "cnn-worked" }, place, signs, ear),
    /** @param {{ place?: string, lines: string[], words?: string }} texts */
    set({ place: where = "", lines, words = aloud(lines.join(". ")) }) {
      place.hidden = where === "";
      setText(place, where);
      setLines(signs, lines);
      setText(ear, words);
    },
  };
}

const PALM = 1000; // milliseconds after a pen was near, in which a touch is taken for the palm

/**
 * Let one pointer drag: from where it is pressed to where it is lifted, also beyond the edge.
 *
 * A second finger is left out, and so is the palm of a hand that holds a pen. Where the palm came
 * first, the pen takes over: `end({ palm: true })` says that what was dragged so far was no finger.
 * What the system takes away ends like a lifted pointer. `stop` ends a drag from outside.
 * @param {Element} node
 * @param {{
 *   start: (event: PointerEvent) => boolean | void, move: (event: PointerEvent) => void,
 *   end?: (how: { palm: boolean }) => void,
 * }} to `start` returns false where no drag begins
 */
export function letDrag(node, { start, move, end = () => {} }) {
  /** The one that drags. @type {{ id: number, type: string } | null} */
  let pointer = null;
  let penSeen = -Infinity;

  function stop({ palm = false } = {}) {
    if (!pointer) return;
    pointer = null;
    for (const [name, listener] of Object.entries(listeners)) window.removeEventListener(name, listener);
    end({ palm });
  }
  const drop = (/** @type {PointerEvent} */ event) => {
    if (event.pointerId === pointer?.id) stop();
  };
  /** @type {Record<string, (event: any) => void>} */
  const listeners = {
    pointermove(/** @type {PointerEvent} */ event) {
      if (event.pointerId !== pointer?.id) return;
      if (event.pointerType === "mouse" && !event.buttons) return stop(); // lifted where nobody saw it
      // Captured only now: a pointer that is captured from the start clicks on no cell.
      if (!node.hasPointerCapture(event.pointerId)) attempt(() => node.setPointerCapture(event.pointerId));
      move(event);
    },
    pointerup: drop,
    pointercancel: drop,
    lostpointercapture(/** @type {PointerEvent} */ event) {
      // A part inside loses a finger when it is captured; the document hears it for what is gone.
      if (event.target === node || event.target === document) drop(event);
    },
  };
  const near = (/** @type {PointerEvent} */ event) => {
    if (event.pointerType === "pen") penSeen = event.timeStamp;
  };
  const press = (/** @type {PointerEvent} */ event) => {
    near(event);
    const { pointerId: id, pointerType: type, button } = event;
    if (button !== 0 || (type === "touch" && event.timeStamp - penSeen < PALM)) return;
    if (type === "pen" && pointer?.type === "touch") stop({ palm: true });
    if (pointer || start(event) === false) return;
    pointer = { id, type };
    for (const [name, listener] of Object.entries(listeners)) window.addEventListener(name, listener);
  };
  node.addEventListener("pointerdown", (event) => press(/** @type {PointerEvent} */ (event)));
  node.addEventListener("pointermove", (event) => near(/** @type {PointerEvent} */ (event)));
  return { stop: () => stop() };
}

/** Whether an event is of another finger than the first: it points at nothing.
 * @param {Event} event
 */
export function isSecondFinger(event) {
  return event instanceof PointerEvent && event.pointerType === "touch" && !event.isPrimary;
}

/** @type {Record<string, Place>} */
const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/** How far an arrow key moves, [down, right]; `far` with Shift. Null for any other key.
 * @param {KeyboardEvent} event
 * @returns {Place | null}
 */
export function arrow(event, far = 1) {
  if (!(event.key in ARROWS)) return null;
  const [down, right] = ARROWS[event.key];
  const steps = event.shiftKey ? far : 1;
  return [steps * down, steps * right];
}

/** @type {[string, string][]} */
const SPEEDS = [
  ["1800", "slow"],
  ["900", "normal"],
  ["300", "fast"],
];

/**
 * Buttons and a slider that walk through numbered steps. It never starts by itself.
 *
 * `go(index, {playing})` is called for each new step; the widget draws it. `name(index)` says the
 * step in words, for the slider; `tell(index, count)` says beside it how far it is. Play stops at
 * the end, by Pause, by Escape (if the widget passes its panel), by any step of the learner's own,
 * and when the widget leaves the page.
 * @param {{
 *   panel?: Panel, go: (index: number, how: { playing: boolean }) => void,
 *   name: (index: number) => string, pace?: string, tell?: (index: number, count: number) => string,
 * }} options
 */
export function player({ panel, go, name, pace = "900", tell = (k, n) => `${k + 1} of ${n}` }) {
  let count = 1;
  let index = 0;
  /** @type {number | null} */
  let timer = null;
  const play = h("button", { type: "button", class: "cnn-button cnn-play" });
  const back = button("Back", () => move(index - 1));
  const next = button("Step", () => move(index + 1));
  const id = uniqueId();
  const slider = h("input", { id, type: "range", min: "0", step: "1", class: "cnn-slider" });
  const place = h("output", { for: id, class: "cnn-place" });
  const speed = choice("Speed", SPEEDS, (value) => {
    pace = value;
    if (timer !== null) start();
  });
  speed.set(pace);

  /** @param {number} to */
  function move(to, playing = false) {
    if (!playing) pause();
    if (to === index && !playing) return;
    index = clamp(to, 0, count - 1);
    draw();
    go(index, { playing });
  }
  function tick() {
    if (!slider.isConnected) return pause();
    if (index >= count - 1) return pause();
    move(index + 1, true);
    if (index >= count - 1) pause();
  }
  function start() {
    stop();
    timer = window.setInterval(tick, Number(pace));
    draw();
  }
  function stop() {
    if (timer !== null) clearInterval(timer);
    timer = null;
  }
  function pause() {
    stop();
    draw();
  }
  function draw() {
    setText(play, timer === null ? "Play" : "Pause");
    setAttribute(slider, "max", count - 1);
    slider.value = String(index);
    setAttribute(slider, "aria-valuetext", name(index));
    setText(place, tell(index, count));
    // A disabled button would lose the focus, so these only look and sound disabled.
    setAttribute(back, "aria-disabled", index === 0 ? "true" : null);
    setAttribute(next, "aria-disabled", index >= count - 1 ? "true" : null);
  }
  play.addEventListener("click", () => {
    if (timer !== null) return pause();
    if (index >= count - 1) move(0);
    if (count > 1) start();
  });
  slider.addEventListener("input", () => move(Number(slider.value)));
  panel?.onEscape(pause);
  const node = h(
    "div",
    { class: "cnn-player", role: "group", "aria-label": "Steps" },
    play,
    back,
    next,
    h("label", { for: id, class: "cnn-spoken" }, "Step"),
    slider,
    place,
    speed.node,
  );
  return {
    node,
    pause,
    /** Show another place, or another number of steps, without calling `go`.
     * @param {number} to
     */
    set(to, steps = count) {
      count = Math.max(steps, 1);
      index = clamp(to, 0, count - 1);
      draw();
    },
    get playing() {
      return timer !== null;
    },
    dispose: pause,
  };
}

// --- Grids of numbers ----------------------------------------------------------------------------

/**
 * A grid of numbers that can be walked with the arrow keys, and edited where `edit` is given.
 *
 * One cell of the grid is in the tab order. Arrow keys, Home, End, Ctrl-Home and Ctrl-End move;
 * Enter, F2 or the first key of a number edits; Enter keeps it, Escape cancels.
 *
 *   name               what a screen reader calls the grid
 *   edit(i, j, value)  takes a number; may return what is wrong with it in words
 *   focus(i, j)        a cell got the focus
 *   hover([i, j])      the pointer is over a cell; hover(null) when it left the grid
 *   press(i, j)        Space, or Enter where nothing can be edited
 *   complain(text)     from the panel
 *
 * `draw(rows, columns, cell)` asks `cell(i, j)` for {text, label, marks, fixed, value}: what stands
 * in it, what is read aloud, its CSS classes, why it cannot be edited, and the number to edit.
 * `frame(window, kind)` outlines {row, column, height, width}, or nothing for null.
 *
 * @typedef {object} Cell
 * @property {string} text
 * @property {string} [label]
 * @property {string} [marks]
 * @property {string} [fixed]
 * @property {number} [value]
 *
 * @param {{
 *   name: string, edit?: (i: number, j: number, value: number) => string | void,
 *   focus?: (i: number, j: number) => void, press?: (i: number, j: number) => void,
 *   hover?: (place: Place | null) => void, complain?: (text: string) => void,
 * }} options
 */
export function grid({ name, edit, focus, hover, press, complain = () => {} }) {
  const board = h("div", { class: "cnn-grid", role: "grid", "aria-label": name });
  if (!edit) board.setAttribute("aria-readonly", "true");
  /** @type {Map<string, HTMLElement>} */
  const outlines = new Map();
  /** @type {HTMLElement[][]} */
  let cells = [];
  /** @type {Place} */
  let at = [0, 0];
  /** @type {{ cell: HTMLElement, input: HTMLInputElement } | null} */
  let editor = null;
  /** @type {(i: number, j: number) => Cell} */
  let look = () => ({ text: "" });

  /** @param {number} i @param {number} j */
  function cellAt(i, j) {
    return cells[i]?.[j];
  }
  /** @param {EventTarget | null} target @returns {Place | null} */
  function placeOf(target) {
    const node = target instanceof Element ? target.closest("[data-i]") : null;
    if (!(node instanceof HTMLElement) || !board.contains(node)) return null;
    return [Number(node.dataset.i), Number(node.dataset.j)];
  }
  /** The cell that an event belongs to, unless it is for the field in which a number is edited.
   * @param {Event} event
   */
  function cellOf(event) {
    return event.target instanceof HTMLInputElement ? null : placeOf(event.target);
  }
  /** @param {number} rows @param {number} columns */
  function build(rows, columns) {
    const hadFocus = board.contains(document.activeElement);
    cells = Array.from({ length: rows }, (_, i) =>
      Array.from({ length: columns }, (_, j) =>
        h("div", { class: "cnn-cell", role: "gridcell", tabindex: "-1", "data-i": i, "data-j": j }),
      ),
    );
    board.replaceChildren(
      ...cells.map((row) => h("div", { class: "cnn-row", role: "row" }, row)),
      ...outlines.values(),
    );
    at = [Math.min(at[0], rows - 1), Math.min(at[1], columns - 1)];
    editor = null;
    if (hadFocus) cellAt(...at).focus();
  }
  /** @param {number} i @param {number} j */
  function rove(i, j) {
    setAttribute(cellAt(...at), "tabindex", "-1");
    at = [i, j];
    setAttribute(cellAt(i, j), "tabindex", "0");
  }
  /** @param {number} i @param {number} j */
  function step(i, j) {
    cellAt(clamp(i, 0, cells.length - 1), clamp(j, 0, cells[0].length - 1)).focus();
  }
  /** @param {number} rows @param {number} columns @param {(i: number, j: number) => Cell} cell */
  function draw(rows, columns, cell) {
    look = cell;
    if (cells.length !== rows || cells[0]?.length !== columns) build(rows, columns);
    let longest = 2;
    for (let i = 0; i < rows; i += 1) {
      for (let j = 0; j < columns; j += 1) {
        const { text, label, marks = "", fixed = "" } = cell(i, j);
        const node = cellAt(i, j);
        if (editor?.cell !== node) setText(node, text);
        longest = Math.max(longest, text.length);
        const classes = `cnn-cell ${marks}`.trim();
        if (node.className !== classes) node.className = classes;
        setAttribute(node, "aria-label", label);
        setAttribute(node, "aria-readonly", edit && fixed ? "true" : null);
        setAttribute(node, "tabindex", i === at[0] && j === at[1] ? "0" : "-1");
      }
    }
    board.style.setProperty("--cnn-cell", `${Math.max(2.3, 0.62 * longest + 0.7)}em`);
  }
  /** @param {number} i @param {number} j @param {string} [typed] */
  function begin(i, j, typed) {
    const { fixed, value = NaN } = look(i, j);
    if (!edit) return;
    if (fixed) return complain(fixed);
    const cell = cellAt(i, j);
    const input = h("input", {
      class: "cnn-editor",
      type: "text",
      inputmode: "decimal",
      autocomplete: "off",
      "aria-label": `New number for ${look(i, j).label}`,
    });
    input.value = typed ?? number(value, 12);
    cell.replaceChildren(input);
    editor = { cell, input };
    input.focus();
    if (typed === undefined) input.select();
    const end = (/** @type {boolean} */ keep) => {
      if (editor?.input !== input) return;
      const text = input.value;
      const hadFocus = document.activeElement === input;
      editor = null;
      if (keep) {
        const read = readNumber(text);
        const refused = read.problem ?? edit(i, j, read.value);
        complain(refused ? `${refused} The number stays ${number(value)}.` : "");
      }
      const now = cellAt(i, j);
      if (!now) return;
      now.textContent = look(i, j).text;
      if (hadFocus) now.focus();
    };
    input.addEventListener("blur", () => end(true));
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === "Escape") {
        end(event.key === "Enter");
        event.preventDefault();
        event.stopPropagation(); // Escape ends the editing and nothing else
      } else if (event.key !== "Tab") {
        event.stopPropagation();
      }
    });
  }

  board.addEventListener("focusin", (event) => {
    const place = cellOf(event);
    if (!place) return;
    rove(...place);
    focus?.(...place);
  });
  board.addEventListener("keydown", (event) => {
    const place = cellOf(event);
    if (!place) return;
    const [i, j] = place;
    const by = arrow(event);
    if (by) step(i + by[0], j + by[1]);
    else if (event.key === "Home") step(event.ctrlKey ? 0 : i, 0);
    else if (event.key === "End") step(event.ctrlKey ? cells.length - 1 : i, cells[0].length - 1);
    else if (hasModifier(event)) return;
    else if (edit && (event.key === "Enter" || event.key === "F2")) begin(i, j);
    else if (edit && /^[\d.,+\u2212-]$/.test(event.key)) begin(i, j, event.key);
    else if (press && (event.key === "Enter" || event.key === " ")) press(i, j);
    else if (event.key !== " ") return;
    event.preventDefault();
  });
  // The first click chooses a cell, a second click on it edits.
  let chosen = "";
  board.addEventListener("pointerdown", (event) => {
    const place = placeOf(event.target);
    chosen = place && document.activeElement === cellAt(...place) ? String(place) : "";
  });
  board.addEventListener("click", (event) => {
    const place = cellOf(event);
    if (!place) return;
    if (edit && chosen === String(place)) begin(...place);
    else cellAt(...place).focus();
  });
  board.addEventListener("pointerover", (event) => {
    const place = placeOf(event.target);
    if (place && !isSecondFinger(event)) hover?.(place);
  });
  board.addEventListener("pointerleave", (event) => {
    if (!isSecondFinger(event)) hover?.(null);
  });

  return {
    node: board,
    draw,
    cellAt,
    placeOf,
    get editing() {
      return editor !== null;
    },
    /** Make a cell the one in the tab order; with `focus`, move the focus there too.
     * @param {number} i @param {number} j
     */
    select(i, j, { focus: move = false } = {}) {
      if (move) cellAt(i, j).focus();
      else rove(i, j);
    },
    /** @param {Window | null} window */
    frame(window, kind = "first") {
      let outline = outlines.get(kind);
      if (!window) {
        if (outline) outline.hidden = true;
        return;
      }
      if (!outline) {
        outline = h("div", { class: `cnn-frame cnn-frame-${kind}`, "aria-hidden": "true" });
        outlines.set(kind, outline);
        board.append(outline);
      }
      outline.hidden = false;
      const size = `${cells.length}×${cells[0].length}`;
      outline.classList.toggle("cnn-still", outline.dataset.size !== size);
      outline.dataset.size = size;
      lay(outline, window, [cells.length, cells[0].length]);
    },
  };
}

/** Lay an outline over a window of a board that has so many rows and columns.
 * @param {HTMLElement} outline @param {Window} window @param {Place} size
 */
export function lay(outline, { row, column, height, width }, [rows, columns]) {
  outline.style.left = `${(100 * column) / columns}%`;
  outline.style.width = `${(100 * width) / columns}%`;
  outline.style.top = `${(100 * row) / rows}%`;
  outline.style.height = `${(100 * height) / rows}%`;
}

/** A part of a widget under a heading: a grid, a picture, a control.
 * @param {string} caption @param {Child[]} children
 */
export function figure(caption, ...children) {
  const heading = h("figcaption", {}, caption);
  return {
    node: h("figure", { class: "cnn-figure" }, heading, h("div", { class: "cnn-scroll" }, children)),
    /** @param {string} text */
    set: (text) => setText(heading, text),
  };
}
