// What the widgets of the course have in common in the browser. Nothing here knows a widget.
//
// A widget imports what it needs, as in `import { h, panel } from "./kit.js";`. Python puts this
// file in front of the widget's own, so that the browser asks no server for anything.

// --- Numbers -----------------------------------------------------------------------------------

const MINUS = "\u2212";

/** Write a number for a reader: at most `digits` significant digits, with a true minus sign. */
export function number(value, digits = 6) {
  if (Number.isNaN(value)) return "not a number";
  if (!Number.isFinite(value)) return value < 0 ? MINUS + "∞" : "∞";
  const short = Number.isInteger(value) && Math.abs(value) < 1e15
    ? String(value)
    : String(Number(value.toPrecision(digits)));
  const text = short === "-0" ? "0" : short;
  return text.replace("e-", "·10^" + MINUS).replace("e+", "·10^").replace(/^-/, MINUS);
}

/** Write a number as a term of a sum or a product: a negative one stands in brackets. */
export function term(value, digits = 6) {
  return value < 0 ? `(${number(value, digits)})` : number(value, digits);
}

/** Write a number as a screen reader should say it. */
export function spoken(value, digits = 6) {
  return number(value, digits).replaceAll(MINUS, "minus ").replace("·10^", " times 10 to the ");
}

/** Write a line of arithmetic as a screen reader should say it: signs as words. */
export function aloud(text) {
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

// --- Elements ----------------------------------------------------------------------------------

let made = 0;

/** Return an id that no other element of the page has. */
export function uniqueId() {
  made += 1;
  return `cnn-${made}-${Math.random().toString(36).slice(2, 8)}`;
}

/** Make an element: attributes as they stand in HTML, `on…` as listeners, the rest as children. */
export function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return node;
}

/** Set a text only where it changed, so that nothing is laid out, or read aloud, twice. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Set several texts, one line below the other, each in an element of its own. */
export function setLines(node, texts, tag = "p") {
  while (node.children.length > texts.length) node.lastChild.remove();
  texts.forEach((text, k) => {
    if (!node.children[k]) node.append(h(tag));
    setText(node.children[k], text);
  });
}

/** Set an attribute only where it changed; false and null remove it. */
export function setAttribute(node, name, value) {
  if (value === false || value === null || value === undefined) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

// --- The frame around a widget -------------------------------------------------------------------

/**
 * Build the frame of a widget inside `el`: a named group with a title, a place for messages, a
 * spoken line, and help for the keyboard.
 *
 * `name` is the folder of the widget: its style sheet holds below the class `cnn-NAME`.
 * `keys` is a list of [keys, what they do]. Returns:
 *   body               where the widget puts its parts
 *   footer             where what is seldom needed goes, folded into a <details>
 *   say(text)          has a screen reader read a text; say it once for one action
 *   complain(text)     shows and reads why something was refused; complain("") takes it back
 *   onEscape(f)        calls f when Escape is pressed anywhere in the widget
 *   dispose()          takes the listeners away; call it from the function that render returns
 */
export function panel(el, { name, title, describe = "", keys = [] }) {
  const titleId = uniqueId();
  const helpId = uniqueId();
  const spokenLine = h("div", { class: "cnn-spoken", role: "status", "aria-live": "polite" });
  const complaint = h("p", { class: "cnn-complaint", role: "alert" });
  const body = h("div", { class: "cnn-body" });
  const help = h(
    "details",
    { class: "cnn-help", id: helpId },
    h("summary", {}, "Keys"),
    h("dl", {}, keys.map(([name, does]) => [h("dt", {}, name), h("dd", {}, does)])),
  );
  const footer = h("div", { class: "cnn-footer" }, keys.length ? help : null);
  const root = h(
    "section",
    { class: `cnn-widget cnn-${name}`, role: "group", "aria-labelledby": titleId, tabindex: "-1" },
    h("div", { class: "cnn-title", id: titleId }, title),
    describe ? h("p", { class: "cnn-describe" }, describe) : null,
    body,
    complaint,
    footer,
    spokenLine,
  );
  const escapes = [];
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape") escapes.forEach((f) => f(event));
    // A notebook has keys of its own: "d d" deletes a cell. They are not for the widget's keys.
    if (!hasModifier(event)) event.stopPropagation();
  });
  // JupyterLab hears keys before the widget does, and leaves out elements with this mark. It is
  // off while Ctrl, Alt or Command is held, so that Ctrl-S still saves the notebook.
  const guard = (event) => {
    setAttribute(root, "data-lm-suppress-shortcuts", hasModifier(event) ? null : "true");
  };
  setAttribute(root, "data-lm-suppress-shortcuts", "true");
  window.addEventListener("keydown", guard, true);
  el.replaceChildren(root);

  let flip = false;
  return {
    root,
    body,
    footer,
    say(text) {
      // The same text twice is read only once, so every other time it ends in a space.
      flip = text === spokenLine.textContent ? !flip : false;
      spokenLine.textContent = flip ? text + "\u00a0" : text;
    },
    complain(text) {
      setText(complaint, text);
    },
    onEscape(f) {
      escapes.push(f);
    },
    dispose() {
      window.removeEventListener("keydown", guard, true);
    },
  };
}

/** Whether a key is held that makes another key a shortcut of the browser or the notebook. */
export function hasModifier(event) {
  return event.ctrlKey || event.metaKey || event.altKey;
}

// --- What a widget is set to ---------------------------------------------------------------------

/**
 * Share the settings with Python. `redraw` is called whenever they change, from either side.
 *
 * `change({stride: 2})` keeps the other settings. Where the kernel is gone, restarted or never
 * was, the settings still change here, and the widget goes on working.
 */
export function settings(model, redraw) {
  const listener = () => redraw();
  model.on("change:settings", listener);
  return {
    get now() {
      return model.get("settings");
    },
    change(values) {
      model.set("settings", { ...model.get("settings"), ...values });
      try {
        model.save_changes();
      } catch {
        // No kernel listens. The picture is drawn here, so nothing is lost but Python's copy.
      }
    },
    dispose() {
      model.off("change:settings", listener);
    },
  };
}

/** Take parts of a widget away, in this order; for the end of `render`. */
export function closing(...parts) {
  return () => parts.forEach((part) => part.dispose());
}

/** Rows of numbers with another one at (i, j); the given rows stay as they are. */
export function withNumber(rows, i, j, value) {
  return rows.map((row, m) => (m !== i ? row : row.map((old, n) => (n !== j ? old : value))));
}

// --- Controls ------------------------------------------------------------------------------------

/** A button. `press` is called by click, Enter and Space. */
export function button(label, press, { describe = "" } = {}) {
  return h("button", { type: "button", class: "cnn-button", onclick: press, title: describe || null }, label);
}

/** A switch that is on or off. Its `set(on)` changes what it shows, and does not call `change`. */
export function toggle(label, change) {
  const node = h(
    "button",
    {
      type: "button",
      class: "cnn-switch",
      role: "switch",
      "aria-checked": "false",
      onclick: () => change(node.getAttribute("aria-checked") !== "true"),
    },
    h("span", { class: "cnn-switch-mark", "aria-hidden": "true" }),
    label,
  );
  return { node, set: (on) => setAttribute(node, "aria-checked", on ? "true" : "false") };
}

/** A choice of one out of a few. `options` is a list of [value, label]. */
export function choice(label, options, change) {
  const id = uniqueId();
  const select = h(
    "select",
    { id, onchange: () => change(select.value) },
    options.map(([value, text]) => h("option", { value }, text)),
  );
  const node = h("span", { class: "cnn-field" }, h("label", { for: id }, label), select);
  return { node, set: (value) => (select.value = value) };
}

/**
 * A number that can be typed, or stepped with the arrow keys.
 *
 * `change(value)` returns what is wrong with the value in words, or "". A refused value is not
 * kept: `complain` says why, and the field shows the number that still holds.
 */
export function numberField(label, { complain, change, step = 1, ...limits }) {
  const id = uniqueId();
  let shown = 0;
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
  const show = (value) => {
    shown = value;
    input.value = number(value);
    setAttribute(input, "aria-valuenow", value);
    setAttribute(input, "aria-valuetext", spoken(value));
  };
  const take = (text) => {
    const read = readNumber(text, { ...limits, name: label });
    const refused = read.problem ?? change(read.value);
    setAttribute(input, "aria-invalid", refused ? "true" : null);
    if (refused) {
      complain(`${refused} ${label} stays at ${number(shown)}.`);
      show(shown);
    } else {
      complain("");
    }
  };
  input.addEventListener("change", () => take(input.value));
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      if (input.value !== number(shown)) take(input.value);
      event.preventDefault();
    } else if (event.key === "Escape" && input.value !== number(shown)) {
      show(shown);
    } else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      event.preventDefault();
      take(String(shown + (event.key === "ArrowUp" ? step : -step)));
    }
  });
  input.addEventListener("focus", () => input.select());
  // The field holds a sound number again; the complaint stays until something is put right.
  input.addEventListener("blur", () => setAttribute(input, "aria-invalid", null));
  const node = h("span", { class: "cnn-field" }, h("label", { for: id }, label), input);
  return { node, input, set: show };
}

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
 */
export function player({ panel, go, name, pace = "900", tell = (k, n) => `${k + 1} of ${n}` }) {
  let count = 1;
  let index = 0;
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

  function move(to, playing = false) {
    if (!playing) pause();
    const due = Math.min(Math.max(to, 0), count - 1);
    if (due === index && !playing && to === due) return;
    index = due;
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
    clearInterval(timer);
    timer = setInterval(tick, Number(pace));
    draw();
  }
  function pause() {
    clearInterval(timer);
    timer = null;
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
    /** Show another place, or another number of steps, without calling `go`. */
    set(to, steps = count) {
      count = Math.max(steps, 1);
      index = Math.min(Math.max(to, 0), count - 1);
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
 * Enter, F2 or the first key of a number edits; Enter keeps it, Escape drops it.
 *
 *   name               what a screen reader calls the grid
 *   edit(i, j, value)  takes a number; returns what is wrong with it in words, or ""
 *   focus(i, j)        a cell got the focus
 *   hover(i, j)        the pointer is over a cell; hover(null) when it left the grid
 *   press(i, j)        Space, or Enter where nothing can be edited
 *   complain(text)     from the panel
 *
 * `draw(rows, columns, cell)` asks `cell(i, j)` for {text, label, marks, fixed, value}: what stands
 * in it, what is read aloud, its CSS classes, why it cannot be edited, and the number to edit.
 * `frame(window, kind)` outlines {row, column, height, width}, or nothing for null.
 */
export function grid({ name, edit, focus, hover, press, complain = () => {} }) {
  const board = h("div", { class: "cnn-grid", role: "grid", "aria-label": name });
  if (!edit) board.setAttribute("aria-readonly", "true");
  const outlines = new Map();
  let cells = [];
  let at = [0, 0];
  let editor = null;
  let look = () => ({ text: "" });

  function cellAt(i, j) {
    return cells[i]?.[j];
  }
  function placeOf(target) {
    const node = target instanceof Element ? target.closest("[data-i]") : null;
    return node && board.contains(node) ? [Number(node.dataset.i), Number(node.dataset.j)] : null;
  }
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
  function rove(i, j) {
    setAttribute(cellAt(...at), "tabindex", "-1");
    at = [i, j];
    setAttribute(cellAt(i, j), "tabindex", "0");
  }
  function step(i, j) {
    const to = [
      Math.min(Math.max(i, 0), cells.length - 1),
      Math.min(Math.max(j, 0), cells[0].length - 1),
    ];
    cellAt(...to).focus();
  }
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
  function begin(i, j, typed) {
    const { fixed, value } = look(i, j);
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
    const end = (keep) => {
      if (editor?.input !== input) return;
      const text = input.value;
      const hadFocus = document.activeElement === input;
      editor = null;
      const read = keep ? readNumber(text) : { value };
      const refused = read.problem ?? (keep ? edit(i, j, read.value) : "");
      if (refused) complain(`${refused} The number stays ${number(value)}.`);
      else if (keep) complain("");
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
    const place = placeOf(event.target);
    if (!place || event.target.tagName === "INPUT") return;
    rove(...place);
    focus?.(...place);
  });
  board.addEventListener("keydown", (event) => {
    const place = placeOf(event.target);
    if (!place || event.target.tagName === "INPUT") return;
    const [i, j] = place;
    const moves = {
      ArrowUp: [i - 1, j],
      ArrowDown: [i + 1, j],
      ArrowLeft: [i, j - 1],
      ArrowRight: [i, j + 1],
      Home: [event.ctrlKey ? 0 : i, 0],
      End: [event.ctrlKey ? cells.length - 1 : i, cells[0].length - 1],
    };
    if (event.key in moves) step(...moves[event.key]);
    else if (hasModifier(event)) return;
    else if (edit && (event.key === "Enter" || event.key === "F2")) begin(i, j);
    else if (edit && /^[\d.,+\u2212-]$/.test(event.key)) begin(i, j, event.key);
    else if (press && (event.key === "Enter" || event.key === " ")) press(i, j);
    else if (event.key !== " ") return;
    event.preventDefault();
  });
  // The first click chooses a cell, a second click on it edits.
  let chosen = null;
  board.addEventListener("pointerdown", (event) => {
    const place = placeOf(event.target);
    chosen = place && document.activeElement === cellAt(...place) ? String(place) : null;
  });
  board.addEventListener("click", (event) => {
    const place = placeOf(event.target);
    if (!place || event.target.tagName === "INPUT") return;
    if (edit && chosen === String(place)) begin(...place);
    else cellAt(...place).focus();
  });
  board.addEventListener("pointerover", (event) => {
    const place = placeOf(event.target);
    if (place) hover?.(...place);
  });
  board.addEventListener("pointerleave", () => hover?.(null));

  return {
    node: board,
    draw,
    cellAt,
    placeOf,
    get editing() {
      return editor !== null;
    },
    /** Make a cell the one in the tab order; with `focus`, move the focus there too. */
    select(i, j, { focus: move = false } = {}) {
      if (move) cellAt(i, j).focus();
      else rove(i, j);
    },
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
      const percent = (part, whole) => `${(100 * part) / whole}%`;
      outline.style.left = percent(window.column, cells[0].length);
      outline.style.width = percent(window.width, cells[0].length);
      outline.style.top = percent(window.row, cells.length);
      outline.style.height = percent(window.height, cells.length);
    },
  };
}

/** A part of a widget under a heading: a grid, a picture, a control. */
export function figure(caption, ...children) {
  const heading = h("figcaption", {}, caption);
  return {
    node: h("figure", { class: "cnn-figure" }, heading, h("div", { class: "cnn-scroll" }, children)),
    set: (text) => setText(heading, text),
  };
}
