// The drawing pad: draw a digit, and watch every layer of a trained network respond.

import {
  button, figure, h, hasModifier, numberField, panel, setAttribute, setText, settings, toggle,
} from "../kit/kit.js";
import { COLOURS, mapTiles } from "../kit/maps.js";

const SIDE = 112; // points of the pad, each way
const PIXEL = 4; // points for one pixel of the 28×28 that the network sees
const PATIENCE = 4000; // milliseconds until we say that the kernel does not answer
const KEPT = 50; // drawings that Undo can bring back

// --- Ink -----------------------------------------------------------------------------------------

/** Draw a line of round ends into bytes, row by row; what is there already stays. */
export function inkLine(ink, [x0, y0], [x1, y1], pen) {
  const radius = pen / 2;
  const from = (a, b) => Math.max(Math.floor(Math.min(a, b) - radius - 1), 0);
  const to = (a, b) => Math.min(Math.ceil(Math.max(a, b) + radius + 1), SIDE - 1);
  const [dx, dy] = [x1 - x0, y1 - y0];
  const length = dx * dx + dy * dy;
  for (let i = from(y0, y1); i <= to(y0, y1); i += 1) {
    for (let j = from(x0, x1); j <= to(x0, x1); j += 1) {
      // The centre of the point, its nearest place on the line, and the distance between them.
      const [px, py] = [j + 0.5 - x0, i + 0.5 - y0];
      const t = length ? Math.min(Math.max((px * dx + py * dy) / length, 0), 1) : 0;
      const distance = Math.hypot(px - t * dx, py - t * dy);
      const shade = Math.min(Math.max(radius + 0.5 - distance, 0), 1);
      ink[i * SIDE + j] = Math.max(ink[i * SIDE + j], Math.round(255 * shade));
    }
  }
  return ink;
}

/** A view of bytes that came from Python, from a file, or from here. */
function bytesOf(value) {
  if (!value) return new Uint8Array(0);
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
}

/** The bytes as numbers of a kind, copied so that they lie where such numbers must lie. */
function numbersOf(value, Kind) {
  const bytes = bytesOf(value).slice();
  return new Kind(bytes.buffer, 0, Math.floor(bytes.length / Kind.BYTES_PER_ELEMENT));
}

function mass(ink) {
  return ink.reduce((sum, one) => sum + one, 0);
}

// --- Words ---------------------------------------------------------------------------------------

/** A share in percent. No network is ever wholly sure, so 100.0% and 0.0% are not claimed. */
export function percent(share) {
  if (Number.isNaN(share)) return "not a number";
  if (share > 0.9995 && share < 1) return "over 99.9%";
  if (share < 0.0005 && share > 0) return "under 0.1%";
  return `${(100 * share).toFixed(1)}%`;
}

/** What the network reads, in words. */
export function readingWords(odds, empty) {
  const order = [...odds.keys()].sort((a, b) => odds[b] - odds[a]);
  if (!order.length || odds.some(Number.isNaN)) return "The network answers with no numbers.";
  const first = `${order[0]}, with ${percent(odds[order[0]])}; next ${order[1]}, ${percent(odds[order[1]])}.`;
  return empty ? `The pad is empty. To that, the network answers ${first}` : `Read as ${first}`;
}

/** Where the ink is, in words. */
export function inkWords(ink) {
  let [top, bottom, left, right] = [SIDE, -1, SIDE, -1];
  ink.forEach((one, k) => {
    if (!one) return;
    const [i, j] = [Math.floor(k / SIDE), k % SIDE];
    [top, bottom] = [Math.min(top, i), Math.max(bottom, i)];
    [left, right] = [Math.min(left, j), Math.max(right, j)];
  });
  if (bottom < 0) return "The pad is empty.";
  const [t, b, l, r] = [top, bottom, left, right].map((one) => Math.floor(one / PIXEL));
  return `White strokes on black, in rows ${t} to ${b} and columns ${l} to ${r} of 28.`;
}

// --- Drawing -------------------------------------------------------------------------------------

function paintGrey(canvas, side, shade) {
  const context = canvas.getContext("2d");
  const picture = context.createImageData(side, side);
  const shades = new Uint32Array(picture.data.buffer);
  for (let k = 0; k < side * side; k += 1) shades[k] = (0xff000000 | (shade(k) * 0x010101)) >>> 0;
  context.putImageData(picture, 0, 0);
}

function render({ model, el }) {
  const frame = panel(el, {
    name: "drawing",
    title: "Draw a digit",
    describe: "Draw one digit, large, with mouse, finger or keys. The network answers while you draw.",
    keys: [
      ["arrow keys on the pad", "move the pen by one pixel; with Shift, by four"],
      ["Home, Page Up, End, Page Down", "move it on the slant"],
      ["Space", "lower the pen, or lift it"],
      ["Backspace", "take back the last stroke"],
      ["Delete", "clear the pad"],
      ["arrow keys on maps", "go from map to map; Enter goes into one, to read its values"],
    ],
  });
  const set = settings(model, redraw);
  let ink = new Uint8Array(SIDE * SIDE);
  let before = []; // earlier drawings, for Undo
  let pen = [SIDE / 2 + PIXEL / 2, SIDE / 2 + PIXEL / 2]; // of the keys: the middle of a pixel
  let down = false;
  let stroke = null; // the last place of the pointer, while it draws
  let tell = ""; // what to say before the reading, once the answer is there
  let frameAsked = 0;
  let timer = null;
  let silent = false;

  // Parts

  const canvas = h("canvas", { width: SIDE, height: SIDE, role: "img" });
  const cursor = h("div", { class: "pad-cursor", "aria-hidden": "true" });
  const board = h(
    "div",
    {
      class: "pad-board",
      tabindex: "0",
      role: "application",
      "aria-roledescription": "drawing pad",
      "aria-label": "Pad. Arrow keys move the pen, Space lowers and lifts it.",
    },
    canvas,
    cursor,
  );
  const seen = h("canvas", { class: "pad-seen", width: 28, height: 28, role: "img" });
  const odds = h("ol", { class: "pad-odds" });
  const seenFigure = figure("", seen);
  const oddsFigure = figure("", odds);
  const note = h("p", { class: "pad-note" });
  const layers = h("div", { class: "pad-layers" });
  let views = [];
  const undo = button("Undo", takeBack);
  const clear = button("Clear", wipe);
  const example = button("Give me a test digit", () => {
    keep();
    tell = "A test digit.";
    wait();
    try {
      model.send({ ask: "digit" });
    } catch {
      // The timer says that nobody answers.
    }
  });
  const width = numberField("Pen", {
    min: 2,
    max: 30,
    whole: true,
    complain: frame.complain,
    change: (value) => {
      set.change({ pen: value });
      return "";
    },
  });
  const centred = toggle("Centre and scale, as MNIST did", (on) => {
    tell = on ? "Centred and scaled." : "As it was drawn, only smaller.";
    wait();
    set.change({ centred: on });
  });
  frame.body.append(
    h("div", { class: "cnn-controls" }, clear, undo, example, width.node, centred.node),
    h("div", { class: "cnn-figures" }, figure("your drawing", board).node, seenFigure.node, oddsFigure.node),
    note,
    h("p", {}, COLOURS),
    layers,
  );

  // To and from the kernel

  function send() {
    cancelAnimationFrame(frameAsked);
    frameAsked = 0;
    const same = bytesOf(model.get("ink"));
    if (same.length === ink.length && same.every((one, k) => one === ink[k])) return;
    wait();
    model.set("ink", new DataView(ink.slice().buffer));
    try {
      model.save_changes();
    } catch {
      // The timer says that nobody answers.
    }
  }
  function soon() {
    frameAsked ||= requestAnimationFrame(() => {
      drawInk();
      send();
    });
  }
  function wait() {
    clearTimeout(timer);
    timer = setTimeout(() => {
      silent = true;
      frame.complain(
        "The kernel has not answered. What you drew is kept. If a cell is running, the answer " +
          "comes when it has finished; if the kernel was restarted, run this cell again.",
      );
    }, PATIENCE);
  }
  function heard() {
    clearTimeout(timer);
    if (silent) frame.complain("");
    silent = false;
    redraw();
    speak();
  }
  function fresh() {
    const { mass: due, centred: way } = model.get("answer");
    return due === mass(ink) && way === set.now.centred;
  }
  function speak() {
    if (!tell || stroke || !fresh()) return;
    frame.say(`${tell} ${readingWords(readOdds(), !mass(ink))}`);
    tell = "";
  }
  function readOdds() {
    return numbersOf(model.get("answer").odds, Float64Array);
  }
  function load() {
    const given = bytesOf(model.get("ink"));
    if (stroke || given.length !== ink.length) return;
    ink = given.slice();
    drawInk();
  }

  // Strokes

  function keep() {
    before.push(ink.slice());
    before = before.slice(-KEPT);
  }
  function replace(drawing, words) {
    lift();
    ink = drawing;
    tell = words;
    drawInk();
    send();
    speak();
  }
  function takeBack() {
    if (before.length) replace(before.pop(), "The last stroke is taken back.");
    else frame.say("There is nothing to take back.");
  }
  function wipe() {
    if (!mass(ink)) return frame.say("The pad is empty.");
    keep();
    return replace(new Uint8Array(SIDE * SIDE), "Cleared.");
  }
  function mark(from, to) {
    inkLine(ink, from, to, set.now.pen);
    soon();
  }
  function pointOf(event) {
    const box = canvas.getBoundingClientRect();
    return [
      ((event.clientX - box.left) / box.width) * SIDE,
      ((event.clientY - box.top) / box.height) * SIDE,
    ];
  }
  board.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    board.classList.remove("keys");
    lift();
    keep();
    board.setPointerCapture(event.pointerId);
    stroke = pointOf(event);
    mark(stroke, stroke);
  });
  board.addEventListener("pointermove", (event) => {
    if (!stroke) return;
    const moves = event.getCoalescedEvents?.() ?? [];
    for (const one of moves.length ? moves : [event]) {
      const to = pointOf(one);
      mark(stroke, to);
      stroke = to;
    }
  });
  for (const end of ["pointerup", "pointercancel"]) {
    board.addEventListener(end, () => {
      if (!stroke) return;
      stroke = null;
      tell = "Stroke drawn.";
      drawInk();
      send();
      speak();
    });
  }

  // The pen of the keys

  const place = () => `row ${Math.floor(pen[1] / PIXEL)}, column ${Math.floor(pen[0] / PIXEL)}`;
  function lift() {
    down = false;
    drawPen();
  }
  function lower() {
    keep();
    down = true;
    mark(pen, pen);
    drawPen();
  }
  function move(dx, dy, steps) {
    const inside = (value) => Math.min(Math.max(value, PIXEL / 2), SIDE - PIXEL / 2);
    const to = [inside(pen[0] + dx * steps * PIXEL), inside(pen[1] + dy * steps * PIXEL)];
    if (down) mark(pen, to);
    pen = to;
    drawPen();
    frame.say(place());
  }
  const WAYS = {
    ArrowLeft: [-1, 0],
    ArrowRight: [1, 0],
    ArrowUp: [0, -1],
    ArrowDown: [0, 1],
    Home: [-1, -1],
    PageUp: [1, -1],
    End: [-1, 1],
    PageDown: [1, 1],
  };
  board.addEventListener("keydown", (event) => {
    if (hasModifier(event)) return;
    board.classList.add("keys");
    if (event.key in WAYS) {
      move(...WAYS[event.key], event.shiftKey ? 4 : 1);
    } else if (event.key === " ") {
      if (down) {
        lift();
        tell = "Pen lifted.";
        drawInk();
        send();
        speak();
      } else {
        lower();
        frame.say(`Pen down at ${place()}.`);
      }
    } else if (event.key === "Backspace") takeBack();
    else if (event.key === "Delete") wipe();
    else return;
    event.preventDefault();
  });
  // Where the pen of the keys is, is of no interest to somebody who draws with a mouse.
  board.addEventListener("focus", () => {
    board.classList.toggle("keys", board.matches(":focus-visible"));
  });
  board.addEventListener("blur", lift);
  frame.onEscape(() => {
    if (down) frame.say("Pen lifted.");
    lift();
  });

  // What is seen

  function drawPen() {
    cursor.style.left = `${(100 * pen[0]) / SIDE}%`;
    cursor.style.top = `${(100 * pen[1]) / SIDE}%`;
    cursor.classList.toggle("down", down);
  }
  function drawInk() {
    paintGrey(canvas, SIDE, (k) => ink[k]);
    if (!stroke) setAttribute(canvas, "aria-label", inkWords(ink));
    setAttribute(undo, "aria-disabled", before.length ? null : "true");
  }
  function redraw() {
    width.set(set.now.pen);
    centred.set(set.now.centred);
    const answer = model.get("answer");
    const image = numbersOf(answer.image, Float32Array);
    paintGrey(seen, 28, (k) => Math.round(255 * (image[k] ?? 0)));
    seenFigure.set("what the network sees, 28×28");
    const way = set.now.centred ? "centred and scaled" : "only made smaller";
    setAttribute(seen, "aria-label", `Your drawing as 28 by 28 pixels, ${way}.`);
    drawOdds(readOdds());
    setText(note, answer.note ?? "");
    drawLayers(answer);
  }
  function drawOdds(shares) {
    const best = shares.indexOf(Math.max(...shares));
    oddsFigure.set("probabilities");
    while (odds.children.length > shares.length) odds.lastChild.remove();
    shares.forEach((share, k) => {
      if (!odds.children[k]) {
        const bar = h("span", { class: "pad-bar", "aria-hidden": "true" }, h("span"));
        odds.append(h("li", {}, h("span"), h("span", { "aria-hidden": "true" }), bar, h("span")));
      }
      const row = odds.children[k];
      const [digit, sign, bar, text] = row.children;
      row.className = k === best ? "best" : "";
      setText(digit, `${k}:`);
      setText(sign, k === best ? "▶" : "");
      bar.firstChild.style.width = `${100 * (share || 0)}%`;
      setText(text, percent(share));
    });
  }
  function drawLayers({ layers: all = [], maps }) {
    const values = numbersOf(maps, Float32Array);
    if (views.length !== all.length) {
      views = all.map(() => mapTiles({ say: frame.say }));
      layers.replaceChildren(...views.map((view) => view.node));
    }
    let start = 0;
    all.forEach(({ name, shape }, k) => {
      const size = shape.reduce((a, b) => a * b, 1);
      const form = shape.length === 3 ? `${shape[0]} maps of ${shape[1]}×${shape[2]}` : `${size} values`;
      const one = shape.length === 3 ? "map" : "values";
      views[k].draw(`${k} ${name}: ${form}`, shape, values.subarray(start, start + size), { name: one });
      start += size;
    });
  }

  const relisten = () => load();
  model.on("change:ink", relisten);
  model.on("change:answer", heard);
  load();
  drawInk();
  drawPen();
  redraw();
  return () => {
    clearTimeout(timer);
    cancelAnimationFrame(frameAsked);
    model.off("change:ink", relisten);
    model.off("change:answer", heard);
    set.dispose();
    frame.dispose();
  };
}

export default { render };
