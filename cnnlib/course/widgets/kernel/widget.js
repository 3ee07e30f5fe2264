import {
  aloud, choice, closing, figure, grid, h, number, panel, setText, settings, spoken, term,
  withNumber,
} from "../kit/kit.js";
import { board, diverging, unpacked, unpacker } from "../kit/pixels.js";

// --- Arithmetic ----------------------------------------------------------------------------------

const NINTH = 1 / 9;
const LIMIT = 1000; // for a weight
export const KERNELS = {
  identity: [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
  "box blur": [[NINTH, NINTH, NINTH], [NINTH, NINTH, NINTH], [NINTH, NINTH, NINTH]],
  sharpen: [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
  emboss: [[-2, -1, 0], [-1, 1, 1], [0, 1, 2]],
  outline: [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]],
  Sobel: [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
};
const OWN = "your own";

/** Slide, multiply, add: one row of the result after the other. */
export function slid({ shape: [rows, columns], data }, kernel) {
  const result = new Float64Array((rows - 2) * (columns - 2));
  let at = 0;
  for (let i = 0; i < rows - 2; i += 1) {
    for (let j = 0; j < columns - 2; j += 1) {
      let sum = 0;
      for (let m = 0; m < 3; m += 1) {
        for (let n = 0; n < 3; n += 1) sum += data[(i + m) * columns + j + n] * kernel[m][n];
      }
      result[at] = sum;
      at += 1;
    }
  }
  return result;
}

/** The result of settings as they come from Python, as a list of numbers. */
export function applied({ image, kernel }) {
  return [...slid(unpacked(image), kernel)];
}

/** The name of a kernel, or "your own". */
export function named(kernel) {
  const found = Object.entries(KERNELS).find(([, k]) => String(k) === String(kernel));
  return found ? found[0] : OWN;
}

function sumOf(kernel) {
  const sum = kernel.flat().reduce((a, b) => a + b, 0);
  return Math.abs(sum) < 1e-12 ? 0 : sum;
}

// --- Words ---------------------------------------------------------------------------------------

/** The nine products of one place, a line for each row of the kernel. */
export function products({ shape, data }, kernel, i, j) {
  return kernel.map((row, m) =>
    row.map((w, n) => `${number(data[(i + m) * shape[1] + j + n], 3)}·${term(w, 3)}`).join(" + "),
  );
}

/** What the weights do to an even surface, and how far the result reaches. */
export function note(kernel, result, show) {
  const sum = sumOf(kernel);
  const even = {
    0: "An even surface becomes 0.",
    1: "An even surface stays as it is.",
  }[Number(sum.toFixed(9))];
  let low = Infinity;
  let high = -Infinity;
  let below = 0;
  let above = 0;
  for (const value of result) {
    low = Math.min(low, value);
    high = Math.max(high, value);
    if (value < -1e-12) below += 1;
    if (value > 1 + 1e-12) above += 1;
  }
  const share = (count) => `${Math.round((100 * count) / result.length)}%`;
  const drawn = show === "grey" ? [", drawn black", ", drawn white"] : ["", ""];
  return (
    `The weights add up to ${number(sum, 3)}. ` +
    `${even ?? `An even surface becomes ${number(sum, 3)} times as bright.`} ` +
    `The result goes from ${number(low, 3)} to ${number(high, 3)}: ${share(below)} of it below 0` +
    `${drawn[0]}, ${share(above)} above 1${drawn[1]}.`
  );
}

function largest(result) {
  return result.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

// --- Drawing -------------------------------------------------------------------------------------

function render({ model, el }) {
  const frame = panel(el, {
    name: "kernel",
    title: "Nine numbers and a photograph",
    keys: [
      ["arrow keys on the result", "move by one pixel and hear it; with Shift, by eight"],
      ["arrow keys on the kernel", "move from weight to weight"],
      ["Enter, or a digit, on a weight", "edit it; Enter keeps it, Escape drops it"],
      ["mouse or finger", "point at a picture to see one sum; click a weight twice to edit it"],
    ],
  });
  const set = settings(model, redraw);
  const picture = unpacker();
  let place = null; // a row and a column of the result
  let peek = null; // the same, under the pointer

  const kernelChoice = choice(
    "Kernel",
    [...Object.keys(KERNELS), OWN].map((name) => [name, name]),
    (name) => {
      if (name === OWN) {
        kernelChoice.set(named(set.now.kernel));
        return frame.complain("Edit a weight, and the kernel is your own.");
      }
      frame.complain("");
      set.change({ kernel: KERNELS[name] });
      frame.say(`${name}. ${note(set.now.kernel, latest, set.now.show)}`);
    },
  );
  const showChoice = choice(
    "Show the result",
    [["signed", "blue below 0, red above"], ["grey", "in grey, from 0 to 1"]],
    (show) => {
      set.change({ show });
      frame.say(note(set.now.kernel, latest, show));
    },
  );
  const weights = grid({
    name: "kernel",
    complain: frame.complain,
    edit: (i, j, value) => {
      if (Math.abs(value) > LIMIT) return `A weight goes from −${LIMIT} to ${LIMIT}.`;
      const kernel = withNumber(set.now.kernel, i, j, value);
      set.change({ kernel });
      frame.say(note(kernel, latest, set.now.show));
      return "";
    },
  });
  const goTo = (i, j) => {
    place = [i, j];
    peek = null;
    redraw();
    const [rows, columns] = picture(set.now.image).shape;
    const value = latest[i * (columns - 2) + j];
    const edge = i === 0 || j === 0 || i === rows - 3 || j === columns - 3 ? " At the edge." : "";
    frame.say(`Row ${i}, column ${j}: ${spoken(value, 3)}.${edge}`);
  };
  const look = (i, j) => {
    peek = i === null ? null : [i, j];
    redraw();
  };
  // A pixel of the picture is the middle of the window that belongs to it.
  const inside = (i, j) => {
    const [rows, columns] = picture(set.now.image).shape;
    return [Math.min(Math.max(i - 1, 0), rows - 3), Math.min(Math.max(j - 1, 0), columns - 3)];
  };
  const before = board({
    name: "picture: arrow keys move the window",
    go: (i, j) => goTo(...inside(i, j)),
    hover: (i, j) => (i === null ? look(null) : look(...inside(i, j))),
  });
  const after = board({ name: "result: arrow keys move", go: goTo, hover: look });
  const figures = {
    before: figure("", before.node),
    kernel: figure("kernel", weights.node),
    after: figure("", after.node),
  };
  const about = h("p", { class: "kern-note" });
  const scale = h("p", { class: "kern-legend" });
  const heading = h("p", { class: "kern-place" });
  const lines = [h("p"), h("p"), h("p")];
  const words = h("p", { class: "cnn-spoken" });
  frame.body.append(
    h("div", { class: "cnn-controls" }, kernelChoice.node, showChoice.node),
    h("div", { class: "cnn-figures" }, figures.before.node, figures.kernel.node, figures.after.node),
    scale,
    about,
    h(
      "div",
      { class: "kern-lines" },
      heading,
      h("div", { "aria-hidden": "true" }, lines),
      words,
    ),
  );

  let latest = [];
  let painted = {}; // what the boards show, so that a pointer that moves does not paint them again

  function paint(image, { kernel, show }) {
    const [rows, columns] = image.shape;
    if (painted.image !== image) {
      before.paint(
        rows,
        columns,
        (i, j) => Array(3).fill(Math.round(255 * image.data[i * columns + j])),
        `The picture, ${rows} by ${columns} pixels, in grey.`,
      );
      after.node.style.width = `${(20 * (columns - 2)) / columns}em`;
    }
    if (painted.image === image && painted.kernel === String(kernel) && painted.show === show) return;
    latest = slid(image, kernel);
    const most = largest(latest);
    const grey = (value) => Array(3).fill(Math.round(255 * Math.min(Math.max(value, 0), 1)));
    after.paint(
      rows - 2,
      columns - 2,
      (i, j) => {
        const value = latest[i * (columns - 2) + j];
        return show === "grey" ? grey(value) : diverging(value, most);
      },
      `What ${named(kernel)} makes of the picture. ${note(kernel, latest, show)}`,
    );
    const ends = show === "grey" ? [0, 1] : [-most, most];
    const stops = [0, 1, 2, 3, 4].map((k) => {
      const value = ends[0] + (k / 4) * (ends[1] - ends[0]);
      return `rgb(${show === "grey" ? grey(value) : diverging(value, most)})`;
    });
    const bar = h("span", { class: "kern-scale", "aria-hidden": "true" });
    bar.style.background = `linear-gradient(90deg, ${stops.join(", ")})`;
    const says = show === "grey" ? ["0 and less", "1 and more"] : ends.map((end) => number(end, 3));
    scale.replaceChildren(
      `Colours of the result: ${says[0]} `,
      bar,
      ` ${says[1]}${show === "grey" ? "" : ", with 0 in the middle, white"}`,
    );
    painted = { image, kernel: String(kernel), show };
  }

  function redraw() {
    const now = set.now;
    const image = picture(now.image);
    const [rows, columns] = image.shape;
    paint(image, now);
    place ??= [Math.floor((rows - 2) / 2), Math.floor((columns - 2) / 2)];
    place = [Math.min(place[0], rows - 3), Math.min(place[1], columns - 3)];
    const [i, j] = peek ?? place;
    const value = latest[i * (columns - 2) + j];

    weights.draw(3, 3, (m, n) => ({
      text: number(now.kernel[m][n], 3),
      label: `kernel row ${m}, column ${n}: ${spoken(now.kernel[m][n], 3)}`,
      value: now.kernel[m][n],
    }));
    before.at(place[0] + 1, place[1] + 1);
    before.mark({ row: i, column: j, height: 3, width: 3 });
    after.at(...place);
    after.mark({ row: i, column: j, height: 1, width: 1 });
    figures.before.set(`picture, ${rows}×${columns}`);
    figures.after.set(`result, ${rows - 2}×${columns - 2}`);
    kernelChoice.set(named(now.kernel));
    showChoice.set(now.show);
    setText(about, note(now.kernel, latest, now.show));
    setText(heading, `Result row ${i}, column ${j}: ${number(value, 3)}`);
    const sums = products(image, now.kernel, i, j);
    sums.forEach((line, m) => setText(lines[m], `${m ? "+ " : ""}${line}`));
    const whole = sums.every((line) => !line.includes("."));
    const sign = whole ? "=" : "≈"; // what is written is rounded
    lines[2].append(` ${sign} ${number(value, 3)}`);
    setText(words, aloud(`${sums.join(" + ")} = ${number(value, 3)}${whole ? "" : ", rounded"}`));
  }

  redraw();
  return closing(set, frame);
}

export default { render };
