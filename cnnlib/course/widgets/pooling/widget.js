// @ts-check
// The pooling explorer: what each window keeps, and which outputs stay when the picture moves.

import {
  button, capital, choice, clamp, closing, figure, h, number, panel, setAttribute, setText, settings,
  slider, spoken, sum, term, withNumber, worked,
} from "../kit/kit.js";
import { misfit, neverRead, reads, stops } from "../kit/windows.js";

/** @import { Given, Grid, Place, Rows } from "../kit/kit.js" */
/** @typedef {"max" | "average" | "min"} Kind */
/** @typedef {{ image: Rows, kind: Kind, kernel_size: number, stride: number, shift: Place }} Set */
/** @typedef {Record<"kernel_size" | "stride" | "shift" | "as_numbers", number>} Limits */

/** @type {[Kind, string][]} */
const KINDS = [
  ["max", "the largest (max)"],
  ["average", "the mean (average)"],
  ["min", "the smallest (min)"],
];

// --- Arithmetic: pure functions of the settings, tested to be equal to cnnlib ----------------------

/** The index on a ring: −1 is the last, and the length is 0 again.
 * @param {number} index @param {number} length
 */
function wrap(index, length) {
  return ((index % length) + length) % length;
}

/** The picture after its shift: what leaves on one side comes in on the other, as with np.roll.
 * @param {Set} set
 */
export function shifted({ image, shift: [down, right] }) {
  return image.map((row, i) =>
    row.map((_, j) => image[wrap(i - down, image.length)][wrap(j - right, row.length)]),
  );
}

/** Rows and columns of the output.
 * @param {Set} set
 * @returns {Place}
 */
export function outputSize({ image, kernel_size: kernelSize, stride }) {
  const along = (/** @type {number} */ length) => stops(length, [kernelSize, stride, 0]);
  return [along(image.length), along(image[0].length)];
}

/** The numbers of one window, in reading order.
 * @param {Rows} image @param {Set} set @param {number} row @param {number} column
 */
export function windowOf(image, { kernel_size: kernelSize, stride }, row, column) {
  const top = row * stride;
  const left = column * stride;
  return image.slice(top, top + kernelSize).flatMap((line) => line.slice(left, left + kernelSize));
}

/** What one window keeps.
 * @param {Kind} kind @param {number[]} values
 */
export function kept(kind, values) {
  if (kind === "max") return values.reduce((a, b) => Math.max(a, b));
  if (kind === "min") return values.reduce((a, b) => Math.min(a, b));
  return sum(values) / values.length;
}

/** The whole output for a picture, which may be `set.image` or the moved one.
 * @param {Rows} image @param {Set} set
 */
export function pooled(image, set, kind = set.kind) {
  const [rows, columns] = outputSize(set);
  return Array.from({ length: rows }, (_, i) =>
    Array.from({ length: columns }, (_, j) => kept(kind, windowOf(image, set, i, j))),
  );
}

/** Where the output is the same before and after the shift.
 * @param {Set} set
 */
export function unchanged(set, kind = set.kind) {
  const before = pooled(set.image, set, kind);
  const after = pooled(shifted(set), set, kind);
  return before.map((row, i) => row.map((value, j) => same(value, after[i][j])));
}

/** Equal but for the last digits, which depend on the order in which a mean was added up.
 * @param {number} a @param {number} b
 */
function same(a, b) {
  return Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b));
}

/** How many outputs are unchanged: of all, and of those that are not 0 both times.
 * @param {Set} set @param {Kind} kind
 */
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

/** Say in words why the settings make no sense, or return "".
 * @param {Set} set
 */
export function problem({ image, kernel_size: kernelSize }) {
  const [rows, columns] = [image.length, image[0].length];
  const why = misfit([rows, columns], [kernelSize, 1, 0], { what: "window", into: "the picture" });
  return why && `${why} Use a window of at most ${Math.min(rows, columns)}.`;
}

// --- Words ---------------------------------------------------------------------------------------

/** The arithmetic of one output cell.
 * @param {Set} set @param {number} row @param {number} column
 */
export function line(set, row, column, write = { term, number }) {
  const values = windowOf(shifted(set), set, row, column);
  const result = write.number(kept(set.kind, values));
  if (set.kind !== "average") {
    const which = set.kind === "max" ? "largest" : "smallest";
    return `The ${which} of ${values.map((value) => write.number(value)).join(", ")} is ${result}.`;
  }
  const total = write.number(sum(values));
  if (write.term === spoken) {
    return `${values.map((v) => spoken(v)).join(" plus ")} equals ${total}; divided by ${values.length}, ${result}.`;
  }
  const terms = values.map((value) => write.term(value)).join(" + ");
  return `(${terms}) / ${values.length} = ${total} / ${values.length} = ${result}`;
}

const LONGEST_SPOKEN = 12; // numbers in a window; more than that, and a listener waits too long

/** The same for the ear.
 * @param {Set} set @param {number} row @param {number} column
 */
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

/** How the windows lie, in words.
 * @param {Set} set
 */
export function layout(set) {
  const { image, kernel_size: kernelSize, stride } = set;
  /** @type {Place} */
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
  if (isMoved(set)) said.push("What leaves the picture on one side comes back in on the other.");
  return said.join(" ");
}

/** @param {Set} set */
function isMoved({ shift: [down, right] }) {
  return down !== 0 || right !== 0;
}

/** "2 right, 1 up", or "not moved".
 * @param {Set} set
 */
export function moved({ shift: [down, right] }) {
  const parts = [];
  if (right) parts.push(`${Math.abs(right)} ${right > 0 ? "right" : "left"}`);
  if (down) parts.push(`${Math.abs(down)} ${down > 0 ? "down" : "up"}`);
  return parts.length ? `moved ${parts.join(", ")}` : "not moved";
}

// --- Drawing -------------------------------------------------------------------------------------

/** A large picture without negative numbers is drawn in grey; a small one in numbers.
 * @param {Set} set @param {Limits} limits
 */
function inGrey({ image }, { as_numbers: most }) {
  const large = Math.max(image.length, image[0].length) > most;
  return large && image.flat().every((value) => value >= 0);
}

/** A slider with its number beside it.
 * @param {string} label @param {Omit<Parameters<typeof slider>[1], "min" | "max">} options
 */
function shifter(label, options) {
  const { input, parts, set } = slider(label, options);
  input.classList.add("pool-slider");
  const place = h("output", { for: input.id, class: "pool-shift" });
  return {
    node: h("span", { class: "cnn-field" }, parts, place),
    /** @param {number} value @param {number} limit */
    set(value, limit) {
      setAttribute(input, "min", -limit);
      setAttribute(input, "max", limit);
      set(value);
      setText(place, number(value));
    },
  };
}

/** @param {Given<Set, { limits: Limits }>} given */
function render({ model, el }) {
  const frame = panel(model, el, {
    name: "pooling",
    title: "Pooling, and what a shift changes",
    keys: [
      ["arrow keys on the output", "move the window and hear what it keeps"],
      ["arrow keys on a slider", "move the picture by one pixel"],
      ["arrow keys in a field", "one more or one less"],
      ["Enter, or a digit, on the picture", "edit the number; Enter keeps it, Escape cancels"],
      ["mouse or finger", "point at an output cell; click a number twice to edit it"],
    ],
  });
  const set = settings(model, redraw);
  const { limits } = model.get("facts");
  /** The chosen output cell; before the learner chooses, see `start`. @type {Place | null} */
  let chosen = null;
  /** The output cell that the pointer is over. @type {Place | null} */
  let peek = null;

  // Controls

  /** @param {Partial<Set>} values @param {() => string} say */
  function change(values, say) {
    const refused = problem({ ...set.now, ...values });
    if (!refused) {
      set.change(values);
      frame.say(say());
    }
    return refused;
  }
  const kind = choice("Keep", KINDS, (value) =>
    change({ kind: /** @type {Kind} */ (value) }, () => sentence(set.now, ...place())),
  );
  /** @param {string} label @param {"kernel_size" | "stride"} name */
  const field = (label, name) =>
    frame.field(label, {
      min: 1,
      max: limits[name],
      whole: true,
      change: (value) => change({ [name]: value }, () => layout(set.now)),
    });
  const fields = { kernel: field("Window", "kernel_size"), stride: field("Stride", "stride") };
  const sayShift = () => {
    const { stays, of } = tally(set.now, set.now.kind);
    return `${capital(moved(set.now))}. ${stays} of ${of} outputs unchanged.`;
  };
  const right = shifter("Move right", {
    frame, change: (value) => change({ shift: [set.now.shift[0], value] }, sayShift),
  });
  const down = shifter("Move down", {
    frame, change: (value) => change({ shift: [value, set.now.shift[1]] }, sayShift),
  });
  const home = button("Back to its place", () => change({ shift: [0, 0] }, sayShift));

  // Grids

  const picture = frame.grid({
    name: "picture",
    edit: (i, j, value) => {
      const { image, shift } = set.now;
      const [row, column] = [i - shift[0], j - shift[1]];
      const [height, width] = [image.length, image[0].length];
      set.change({ image: withNumber(image, wrap(row, height), wrap(column, width), value) });
    },
  });
  const outputGrid = (/** @type {string} */ name) =>
    frame.grid({
      name,
      focus: (i, j) => goTo(i, j),
      hover: (at) => {
        peek = at;
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
  const work = worked();
  const rows = KINDS.map(([name]) => {
    const cells = [h("td"), h("td")];
    return { name, cells, node: h("tr", {}, h("th", { scope: "row" }, name), cells) };
  });
  const inkHeading = h("th", { scope: "col" }, "of those that are not 0 both times");
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
    work.node,
    table,
  );

  /** The first window; in grey the middle one, for a digit has only black in its corner.
   * @returns {Place}
   */
  function start() {
    const [rows, columns] = outputSize(set.now);
    return inGrey(set.now, limits) ? [Math.floor(rows / 2), Math.floor(columns / 2)] : [0, 0];
  }
  /** The chosen output cell, or the nearest that there is. @returns {Place} */
  function place() {
    const [rows, columns] = outputSize(set.now);
    const [row, column] = chosen ?? start();
    return [clamp(row, 0, rows - 1), clamp(column, 0, columns - 1)];
  }

  /** @param {number} i @param {number} j */
  function goTo(i, j, again = false) {
    const [row, column] = place();
    const news = again || row !== i || column !== j;
    chosen = [i, j];
    peek = null;
    redraw();
    if (news) frame.say(sentence(set.now, i, j));
  }

  // Grey pixels are small cells whose ground is their value; the numbers stay as numbers.
  /** @param {Grid} board @param {Rows} values @param {boolean} grey @param {number} most */
  function paint(board, values, grey, most) {
    board.node.classList.toggle("pool-grey", grey);
    board.node.classList.toggle("cnn-data", grey);
    values.forEach((row, i) =>
      row.forEach((value, j) => {
        const cell = board.cellAt(i, j);
        const light = Math.round(100 * clamp(value / most, 0, 1));
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
    chosen = place();
    if (peek && (peek[0] >= oh || peek[1] >= ow)) peek = null;
    const [row, column] = peek ?? chosen;
    const image = shifted(now);
    const outputs = [pooled(now.image, now), pooled(image, now)];
    const stays = unchanged(now);
    const grey = inGrey(now, limits);
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
      if (!peek) board.select(...place());
    });
    figures.before.node.hidden = !moves;
    figures.before.set(`${now.kind}, before the shift`);
    figures.after.set(`${now.kind}, ${oh}×${ow}${moves ? ", after the shift" : ""}`);
    paint(picture, image, grey, most);
    paint(before, outputs[0], grey, most);
    paint(after, outputs[1], grey, most);

    setText(note, layout(now));
    const stay = moves ? (stays[row][column] ? ", unchanged" : ", changed") : "";
    work.set({
      place: `Output row ${row}, column ${column}: ${number(result)}${stay}`,
      lines: [values.length > 49 ? `From ${values.length} numbers.` : line(now, row, column)],
      words: sentence(now, row, column),
    });
    const tallies = rows.map(({ name }) => tally(now, name));
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
    down.set(now.shift[0], Math.min(limits.shift, image.length - 1));
    right.set(now.shift[1], Math.min(limits.shift, image[0].length - 1));
    setAttribute(home, "aria-disabled", moves ? null : "true");
  }

  redraw();
  return closing(set, frame);
}

export default { render };
