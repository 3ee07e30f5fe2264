// The pooling explorer: what each window keeps, and which outputs stay when the picture moves.

import {
  button, choice, closing, figure, grid, h, number, numberField, panel, setAttribute, setText,
  settings, spoken, term, uniqueId, withNumber,
} from "../kit/kit.js";
import { misfit, neverRead, reads, stops } from "../kit/windows.js";

const LIMITS = { kernel: 28, stride: 28, shift: 8, asNumbers: 10 };
const KINDS = [
  ["max", "the largest (max)"],
  ["average", "the mean (average)"],
  ["min", "the smallest (min)"],
];

// --- Arithmetic: pure functions of the settings, tested to be equal to cnnlib ----------------------

/** The index on a ring: −1 is the last, and the length is 0 again. */
function wrap(index, length) {
  return ((index % length) + length) % length;
}

/** The picture after its shift: what leaves on one side comes in on the other, as with np.roll. */
export function shifted({ image, shift: [down, right] }) {
  return image.map((row, i) =>
    row.map((_, j) => image[wrap(i - down, image.length)][wrap(j - right, row.length)]),
  );
}

/** Rows and columns of the output. */
export function outputSize({ image, kernel_size: kernelSize, stride }) {
  return [image.length, image[0].length].map((length) => stops(length, [kernelSize, stride, 0]));
}

/** The numbers of one window, in reading order. */
export function windowOf(image, { kernel_size: kernelSize, stride }, row, column) {
  const top = row * stride;
  const left = column * stride;
  return image.slice(top, top + kernelSize).flatMap((line) => line.slice(left, left + kernelSize));
}

/** What one window keeps. */
export function kept(kind, values) {
  if (kind === "max") return values.reduce((a, b) => Math.max(a, b));
  if (kind === "min") return values.reduce((a, b) => Math.min(a, b));
  return values.reduce((a, b) => a + b) / values.length;
}

/** The whole output for a picture, which may be `set.image` or the moved one. */
export function pooled(image, set, kind = set.kind) {
  const [rows, columns] = outputSize(set);
  return Array.from({ length: rows }, (_, i) =>
    Array.from({ length: columns }, (_, j) => kept(kind, windowOf(image, set, i, j))),
  );
}

/** Where the output is the same before and after the shift. */
export function unchanged(set, kind = set.kind) {
  const before = pooled(set.image, set, kind);
  const after = pooled(shifted(set), set, kind);
  return before.map((row, i) => row.map((value, j) => same(value, after[i][j])));
}

/** Equal but for the last digits, which depend on the order in which a mean was added up. */
function same(a, b) {
  return Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b));
}

/** How many outputs are unchanged: of all, and of those that are not 0 both times. */
export function tally(set, kind) {
  const before = pooled(set.image, set, kind).flat();
  const after = pooled(shifted(set), set, kind).flat();
  const stays = unchanged(set, kind).flat();
  const ink = before.map((value, k) => value !== 0 || after[k] !== 0);
  return {
    stays: stays.filter(Boolean).length,
    of: stays.length,
    inkStays: stays.filter((stay, k) => stay && ink[k]).length,
    ofInk: ink.filter(Boolean).length,
  };
}

/** Say in words why the settings make no sense, or return "". */
export function problem({ image, kernel_size: kernelSize }) {
  const [rows, columns] = [image.length, image[0].length];
  const why = misfit([rows, columns], [kernelSize, 1, 0], { what: "window", into: "the picture" });
  return why && `${why} Use a window of at most ${Math.min(rows, columns)}.`;
}

// --- Words ---------------------------------------------------------------------------------------

/** The arithmetic of one output cell. */
export function line(set, row, column, write = { term, number }) {
  const values = windowOf(shifted(set), set, row, column);
  const result = write.number(kept(set.kind, values));
  if (set.kind !== "average") {
    const which = set.kind === "max" ? "largest" : "smallest";
    return `The ${which} of ${values.map((value) => write.number(value)).join(", ")} is ${result}.`;
  }
  const sum = write.number(values.reduce((a, b) => a + b));
  if (write.term === spoken) {
    return `${values.map((v) => spoken(v)).join(" plus ")} equals ${sum}; divided by ${values.length}, ${result}.`;
  }
  const terms = values.map((value) => write.term(value)).join(" + ");
  return `(${terms}) / ${values.length} = ${sum} / ${values.length} = ${result}`;
}

const LONGEST_SPOKEN = 12; // numbers in a window; more than that, and a listener waits too long

/** The same for the ear. */
export function sentence(set, row, column) {
  const values = windowOf(shifted(set), set, row, column);
  const place = `Output row ${row}, column ${column}`;
  const stay = isMoved(set)
    ? ` ${unchanged(set)[row][column] ? "Unchanged" : "Changed"} by the shift.`
    : "";
  if (values.length > LONGEST_SPOKEN) {
    return `${place}: ${spoken(kept(set.kind, values))}.${stay}`;
  }
  return `${place}. ${line(set, row, column, { term: spoken, number: spoken })}${stay}`;
}

/** How the windows lie, in words. */
export function layout(set) {
  const { image, kernel_size: kernelSize, stride } = set;
  const size = [image.length, image[0].length];
  const [rows, columns] = outputSize(set);
  const said = [];
  if (rows * columns === 1) {
    said.push(`One window of ${kernelSize}×${kernelSize} fits.`);
  } else {
    said.push(`${rows}×${columns} windows of ${kernelSize}×${kernelSize}.`);
    if (stride < kernelSize) {
      const [a, b] = size.map((length) => Math.max(...reads(length, [kernelSize, stride, 0])));
      said.push(`They overlap: a pixel is read up to ${a * b} times.`);
    } else if (stride === kernelSize) {
      said.push("They touch, and do not overlap.");
    } else {
      said.push("There are gaps between them.");
    }
  }
  const unread = neverRead(size, [kernelSize, stride, 0]);
  if (unread) said.push(unread);
  if (isMoved(set)) said.push("What leaves on one side of the picture comes in on the other.");
  return said.join(" ");
}

function isMoved({ shift: [down, right] }) {
  return down !== 0 || right !== 0;
}

/** "2 right, 1 up", or "not moved". */
export function moved({ shift: [down, right] }) {
  const parts = [];
  if (right) parts.push(`${Math.abs(right)} ${right > 0 ? "right" : "left"}`);
  if (down) parts.push(`${Math.abs(down)} ${down > 0 ? "down" : "up"}`);
  return parts.length ? `moved ${parts.join(", ")}` : "not moved";
}

// --- Drawing -------------------------------------------------------------------------------------

/** A large picture without negative numbers is drawn in grey; a small one in numbers. */
function inGrey({ image }) {
  const large = image.length > LIMITS.asNumbers || image[0].length > LIMITS.asNumbers;
  return large && image.flat().every((value) => value >= 0);
}

/** A slider with its number beside it. */
function slider(label, change) {
  const id = uniqueId();
  const input = h("input", { id, type: "range", step: "1", class: "cnn-slider pool-slider" });
  const place = h("output", { for: id, class: "pool-shift" });
  input.addEventListener("input", () => change(Number(input.value)));
  return {
    node: h("span", { class: "cnn-field" }, h("label", { for: id }, label), input, place),
    input,
    set(value, limit) {
      setAttribute(input, "min", -limit);
      setAttribute(input, "max", limit);
      input.value = String(value);
      setAttribute(input, "aria-valuetext", spoken(value));
      setText(place, number(value));
    },
  };
}

function render({ model, el }) {
  const frame = panel(el, {
    name: "pooling",
    title: "Pooling, and what a shift changes",
    keys: [
      ["arrow keys on the output", "move the window and hear what it keeps"],
      ["arrow keys on a slider", "move the picture by one pixel"],
      ["arrow keys in a field", "one more or one less"],
      ["Enter, or a digit, on the picture", "edit the number; Enter keeps it, Escape drops it"],
      ["mouse or finger", "point at an output cell; click a number twice to edit it"],
    ],
  });
  const set = settings(model, redraw);
  let place = null; // the chosen output cell; before the learner chooses, see `start`
  let peek = null; // the output cell that the pointer is over

  // Controls

  function change(values, say) {
    const refused = problem({ ...set.now, ...values });
    if (!refused) {
      set.change(values);
      frame.say(say());
    }
    return refused;
  }
  const kind = choice("Keep", KINDS, (value) =>
    change({ kind: value }, () => `${sentence(set.now, ...place)}`),
  );
  const field = (label, max, name) =>
    numberField(label, {
      min: 1,
      max,
      whole: true,
      complain: frame.complain,
      change: (value) => change({ [name]: value }, () => layout(set.now)),
    });
  const fields = {
    kernel: field("Window", LIMITS.kernel, "kernel_size"),
    stride: field("Stride", LIMITS.stride, "stride"),
  };
  const sayShift = () => {
    const { stays, of } = tally(set.now, set.now.kind);
    const what = moved(set.now);
    return `${what.charAt(0).toUpperCase()}${what.slice(1)}. ${stays} of ${of} outputs unchanged.`;
  };
  const right = slider("Move right", (value) => {
    change({ shift: [set.now.shift[0], value] }, sayShift);
  });
  const down = slider("Move down", (value) => {
    change({ shift: [value, set.now.shift[1]] }, sayShift);
  });
  const home = button("Back to its place", () => change({ shift: [0, 0] }, sayShift));

  // Grids

  const picture = grid({
    name: "picture",
    complain: frame.complain,
    edit: (i, j, value) => {
      const { image, shift } = set.now;
      const from = [wrap(i - shift[0], image.length), wrap(j - shift[1], image[0].length)];
      set.change({ image: withNumber(image, ...from, value) });
      return "";
    },
  });
  const outputGrid = (name) =>
    grid({
      name,
      complain: frame.complain,
      focus: (i, j) => goTo(i, j),
      hover: (i, j) => {
        peek = i === null ? null : [i, j];
        redraw();
      },
      press: (i, j) => goTo(i, j, true),
    });
  const after = outputGrid("output");
  const before = outputGrid("output before the shift");
  const figures = {
    picture: figure("", picture.node),
    before: figure("", before.node),
    after: figure("", after.node),
  };
  const note = h("p", { class: "pool-note" });
  const symbols = h("p", { class: "pool-line", "aria-hidden": "true" });
  const words = h("p", { class: "cnn-spoken" });
  const heading = h("p", { class: "pool-place" });
  const rows = KINDS.map(([name]) => {
    const cells = [h("td"), h("td")];
    return { name, cells, node: h("tr", {}, h("th", { scope: "row" }, name), cells) };
  });
  const inkHeading = h("th", { scope: "col" }, "of those not 0 both times");
  const table = h(
    "table",
    { class: "pool-table" },
    h("caption", {}, "Outputs that the shift left unchanged (=)"),
    h("thead", {}, h("tr", {}, h("td"), h("th", { scope: "col" }, "of all"), inkHeading)),
    h("tbody", {}, rows.map((row) => row.node)),
  );

  frame.body.append(
    h("div", { class: "cnn-controls" }, kind.node, fields.kernel.node, fields.stride.node),
    h("div", { class: "cnn-controls" }, right.node, down.node, home),
    note,
    h(
      "div",
      { class: "cnn-figures" },
      figures.picture.node,
      figures.before.node,
      figures.after.node,
    ),
    h("div", { class: "pool-words" }, heading, symbols, words),
    table,
  );

  /** The first window; in grey the middle one, for a digit has only black in its corner. */
  function start() {
    return inGrey(set.now) ? outputSize(set.now).map((n) => Math.floor(n / 2)) : [0, 0];
  }

  function goTo(i, j, again = false) {
    const news = again || place[0] !== i || place[1] !== j;
    place = [i, j];
    peek = null;
    redraw();
    if (news) frame.say(sentence(set.now, i, j));
  }

  // Grey pixels are small cells whose ground is their value; the numbers stay as numbers.
  function paint(board, rowsOf, grey, most) {
    board.node.classList.toggle("pool-grey", grey);
    rowsOf.forEach((row, i) =>
      row.forEach((value, j) => {
        const cell = board.cellAt(i, j);
        const light = Math.round(100 * Math.min(Math.max(value / most, 0), 1));
        const ground = grey ? `hsl(0 0% ${light}%)` : "";
        const ink = grey ? (light > 55 ? "#000" : "#fff") : "";
        if (cell.dataset.ground !== ground) {
          cell.dataset.ground = ground;
          cell.style.background = ground;
          cell.style.color = ink;
        }
      }),
    );
  }

  function redraw() {
    const now = set.now;
    const [oh, ow] = outputSize(now);
    place ??= start();
    place = [Math.min(place[0], oh - 1), Math.min(place[1], ow - 1)];
    if (peek && (peek[0] >= oh || peek[1] >= ow)) peek = null;
    const [row, column] = peek ?? place;
    const image = shifted(now);
    const outputs = [pooled(now.image, now), pooled(image, now)];
    const stays = unchanged(now);
    const grey = inGrey(now);
    const most = Math.max(...now.image.flat()) || 1;
    const moves = isMoved(now);
    const { kernel_size: kernelSize, stride } = now;
    const values = windowOf(image, now, row, column);
    const result = kept(now.kind, values);
    const winner = now.kind === "average" ? -1 : values.indexOf(result); // the first, in a tie

    figures.picture.set(`picture, ${moved(now)}`);
    picture.draw(image.length, image[0].length, (i, j) => {
      const [y, x] = [i - row * stride, j - column * stride];
      const inside = y >= 0 && x >= 0 && y < kernelSize && x < kernelSize;
      const wins = inside && y * kernelSize + x === winner;
      const label = [`picture row ${i}, column ${j}: ${spoken(image[i][j])}`];
      if (inside) label.push("in the window");
      if (wins) label.push("kept");
      return {
        text: grey ? (wins ? "●" : "") : number(image[i][j]),
        label: label.join(", "),
        marks: `${inside ? "in-window" : ""} ${wins ? "pool-winner" : ""}`.trim(),
        value: image[i][j],
      };
    });
    picture.frame({ row: row * stride, column: column * stride, height: kernelSize, width: kernelSize });

    [before, after].forEach((board, k) => {
      const name = k === 0 ? "before" : "output";
      board.draw(oh, ow, (i, j) => {
        const stay = moves && stays[i][j];
        const label = [`${name} row ${i}, column ${j}: ${spoken(outputs[k][i][j])}`];
        if (moves) label.push(stay ? "unchanged" : "changed");
        return {
          text: grey ? "" : number(outputs[k][i][j]),
          label: label.join(", "),
          marks: stay ? `pool-same ${outputs[k][i][j] === 0 ? "pool-void" : ""}`.trim() : "",
        };
      });
      board.frame({ row, column, height: 1, width: 1 });
      if (!peek) board.select(...place);
    });
    figures.before.node.hidden = !moves;
    figures.before.set(`${now.kind}, before the shift`);
    figures.after.set(`${now.kind}, ${oh}×${ow}${moves ? ", after the shift" : ""}`);
    paint(picture, image, grey, most);
    paint(before, outputs[0], grey, most);
    paint(after, outputs[1], grey, most);

    setText(note, layout(now));
    const stay = moves ? (stays[row][column] ? ", unchanged" : ", changed") : "";
    setText(heading, `Output row ${row}, column ${column}: ${number(result)}${stay}`);
    setText(symbols, values.length > 49 ? `From ${values.length} numbers.` : line(now, row, column));
    setText(words, sentence(now, row, column));
    const tallies = rows.map((one) => tally(now, one.name));
    const zeros = tallies.some(({ of, ofInk }) => of !== ofInk);
    rows.forEach(({ cells }, k) => {
      const { stays: count, of, inkStays, ofInk } = tallies[k];
      setText(cells[0], `${count} of ${of}`);
      setText(cells[1], `${inkStays} of ${ofInk}`);
      cells[1].hidden = !zeros;
    });
    inkHeading.hidden = !zeros;
    table.hidden = !moves;

    kind.set(now.kind);
    fields.kernel.set(kernelSize);
    fields.stride.set(stride);
    down.set(now.shift[0], Math.min(LIMITS.shift, image.length - 1));
    right.set(now.shift[1], Math.min(LIMITS.shift, image[0].length - 1));
    setAttribute(home, "aria-disabled", moves ? null : "true");
  }

  redraw();
  return closing(set, frame);
}

export default { render };
