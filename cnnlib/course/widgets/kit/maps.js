// Maps side by side: filters, and what the layers of a network make of an image.

import { h, number, setAttribute, setText, spoken, uniqueId } from "./kit.js";

// ColorBrewer's RdBu, as in the figures: blue below zero, white at zero, red above.
const BLUE_TO_RED = [
  [5, 48, 97], [33, 102, 172], [67, 147, 195], [146, 197, 222], [209, 229, 240], [247, 247, 247],
  [253, 219, 199], [244, 165, 130], [214, 96, 77], [178, 24, 43], [103, 0, 31],
];

/** The colour of a value between −1 and 1: [red, green, blue]. What is no number is grey. */
export function signedColour(value) {
  if (Number.isNaN(value)) return [128, 128, 128];
  const place = (Math.min(Math.max(value, -1), 1) + 1) * 5;
  const low = Math.min(Math.floor(place), 9);
  const share = place - low;
  return BLUE_TO_RED[low].map((part, k) => part + share * (BLUE_TO_RED[low + 1][k] - part));
}

// The colours of 511 values from −1 to 1, and one for what is no number, as a canvas keeps them.
const SHADES = Uint32Array.from({ length: 512 }, (_, k) => {
  const [red, green, blue] = signedColour(k < 511 ? k / 255 - 1 : NaN).map(Math.round);
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
});

/** The smallest and the largest of the values of one map, and where the largest stands. */
export function extent(values) {
  let [low, high, at] = [Infinity, -Infinity, 0];
  values.forEach((value, k) => {
    if (value < low) low = value;
    if (value > high) [high, at] = [value, k];
  });
  return { low, high, at };
}

/** How many maps a layer's output has, and how large they are; values without a place are rows. */
export function layout(shape) {
  if (shape.length === 3) return { count: shape[0], height: shape[1], width: shape[2] };
  const width = Math.min(shape[0], 32);
  return { count: 1, height: Math.ceil(shape[0] / width), width, values: shape[0] };
}

/** What stands in one map, in words. */
export function mapWords(values, { width, values: flat }, name, write = spoken) {
  const { low, high, at } = extent(values);
  if (!(low <= high)) return `${name}: no numbers`;
  if (low === 0 && high === 0) return `${name}: all 0`;
  const where = flat ? `value ${at}` : `row ${Math.floor(at / width)}, column ${at % width}`;
  return `${name}: from ${write(low, 3)} to ${write(high, 3)}, highest at ${where}`;
}

/** How the colours of all maps are read. */
export const COLOURS = "Colours of maps: white is 0, red is above 0, blue is below. Behind ± stands the value of full colour.";

/**
 * Maps under a heading, each on a small canvas, with one scale of colours for all that has white
 * at zero. The pointer reads single values. Arrow keys go from map to map; Enter goes into a map,
 * where they go from value to value, and Enter or Escape leaves it.
 *
 *   say(text)                              from the panel
 *   draw(heading, shape, values, { name })   shape (C, H, W) or (F); `name` is what one map is called
 */
export function mapTiles({ say }) {
  const id = uniqueId();
  const title = h("span", { id });
  const read = h("span", { class: "maps-read", "aria-hidden": "true" }); // in place of the title
  const tiles = h("div", { class: "maps-tiles", role: "group", "aria-labelledby": id });
  const node = h("figure", { class: "cnn-figure" }, h("figcaption", {}, title, read), tiles);
  let canvases = [];
  let now = null;
  let at = 0;
  let shown = null; // [map, place in it or null], by the pointer or by the focus
  let walking = null; // the place inside the map that has the focus

  function part(k) {
    const { count, height, width, values: flat } = now.form;
    const size = count === 1 && flat ? flat : height * width;
    return now.values.subarray(k * size, (k + 1) * size);
  }
  function nameOf(k) {
    return now.form.values ? now.name : `${now.name} ${k}`;
  }
  function rove(k) {
    setAttribute(canvases[at], "tabindex", "-1");
    at = k;
    setAttribute(canvases[at], "tabindex", "0");
  }
  function tell() {
    title.hidden = shown !== null;
    if (!shown) return setText(read, "");
    const [k, place] = shown;
    if (place === null || place >= part(k).length) {
      return setText(read, mapWords(part(k), now.form, nameOf(k), number));
    }
    return setText(read, `${placeWords(k, place)}: ${number(part(k)[place], 4)}`);
  }
  function placeWords(k, place) {
    const { width, values: flat } = now.form;
    const where = flat ? `value ${place}` : `row ${Math.floor(place / width)}, column ${place % width}`;
    return `${nameOf(k)}, ${where}`;
  }
  function walk(place) {
    walking = place;
    shown = [at, place];
    paint(at);
    tell();
    if (place === null) say(mapWords(part(at), now.form, nameOf(at)));
    else say(`${placeWords(at, place)}: ${spoken(part(at)[place], 4)}`);
  }
  function paint(k) {
    const { width, height } = now.form;
    const context = canvases[k].getContext("2d");
    const picture = context.createImageData(width, height);
    const shades = new Uint32Array(picture.data.buffer);
    const scale = 255 / (now.most || 1);
    part(k).forEach((value, place) => {
      shades[place] = SHADES[Number.isNaN(value) ? 511 : Math.round(value * scale) + 255];
    });
    if (k === at && walking !== null) shades[walking] ^= 0x00ffffff; // marked by its opposite
    context.putImageData(picture, 0, 0);
  }
  function indexOf(target) {
    return canvases.indexOf(target);
  }
  tiles.addEventListener("pointermove", (event) => {
    const k = indexOf(event.target);
    if (k < 0) return;
    const box = event.target.getBoundingClientRect();
    const { width, height } = now.form;
    const inside = (share, size) => Math.min(Math.max(Math.floor(share * size), 0), size - 1);
    const i = inside((event.clientY - box.top) / box.height, height);
    const j = inside((event.clientX - box.left) / box.width, width);
    shown = [k, i * width + j];
    tell();
  });
  tiles.addEventListener("pointerleave", () => {
    shown = null;
    tell();
  });
  tiles.addEventListener("focusin", (event) => {
    const k = indexOf(event.target);
    if (k < 0) return;
    rove(k);
    shown = [k, null];
    tell();
  });
  tiles.addEventListener("focusout", () => {
    shown = null;
    if (walking !== null) {
      walking = null;
      paint(at);
    }
    tell();
  });
  tiles.addEventListener("keydown", (event) => {
    const k = indexOf(event.target);
    if (k < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter" || (event.key === "Escape" && walking !== null)) {
      event.preventDefault();
      return walk(walking === null ? 0 : null);
    }
    if (walking !== null) return step(event);
    const moves = {
      ArrowLeft: k - 1,
      ArrowUp: k - 1,
      ArrowRight: k + 1,
      ArrowDown: k + 1,
      Home: 0,
      End: canvases.length - 1,
    };
    if (!(event.key in moves)) return;
    event.preventDefault();
    canvases[Math.min(Math.max(moves[event.key], 0), canvases.length - 1)].focus();
  });
  function step(event) {
    const { width } = now.form;
    const last = part(at).length - 1;
    const moves = {
      ArrowLeft: walking % width ? walking - 1 : walking,
      ArrowRight: walking % width < width - 1 ? walking + 1 : walking,
      ArrowUp: walking - width,
      ArrowDown: walking + width,
      Home: walking - (walking % width),
      End: Math.min(walking - (walking % width) + width - 1, last),
    };
    if (!(event.key in moves)) return;
    event.preventDefault();
    const to = moves[event.key];
    if (to >= 0 && to <= last) walk(to);
  }

  return {
    node,
    draw(heading, shape, values, { name = "map" } = {}) {
      const form = layout(shape);
      const key = String([form.count, form.height, form.width]);
      if (now?.key !== key) {
        // Small maps are drawn larger, so that each has about the same place on the page.
        const cell = form.values ? (form.values > 64 ? 0.55 : 1.1) : Math.max(2.9 / form.width, 0.1);
        canvases = Array.from({ length: form.count }, (_, k) =>
          h("canvas", {
            class: "maps-tile",
            role: "img",
            width: form.width,
            height: form.height,
            tabindex: k === 0 ? "0" : "-1",
            style: `width: ${cell * form.width}em; height: ${cell * form.height}em`,
          }),
        );
        at = 0;
        walking = null;
        shown = null;
        tiles.replaceChildren(...canvases);
      }
      let most = 0;
      for (const value of values) most = Math.max(most, Math.abs(value) || 0);
      now = { key, form, values, name, most };
      setText(title, `${heading}, ±${number(most, 3)}`);
      canvases.forEach((canvas, k) => {
        paint(k);
        setAttribute(canvas, "aria-label", mapWords(part(k), form, nameOf(k)));
      });
      tell();
    },
  };
}
