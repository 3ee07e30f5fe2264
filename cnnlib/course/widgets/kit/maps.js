// @ts-check
// Maps side by side: filters, and what the layers of a network make of an image.

import {
  arrow, clamp, h, hasModifier, isSecondFinger, number, setAttribute, setText, spoken, uniqueId,
} from "./kit.js";
import { shades } from "./pixels.js";

/** @import { Colours } from "./pixels.js" */
/** @typedef {{ count: number, height: number, width: number, values?: number }} Form */
/** @typedef {Float32Array | number[]} Values */

/** The smallest and the largest of the values of one map, and where the largest stands.
 * @param {Values} values
 */
export function extent(values) {
  let [low, high, at] = [Infinity, -Infinity, 0];
  values.forEach((value, k) => {
    if (value < low) low = value;
    if (value > high) [high, at] = [value, k];
  });
  return { low, high, at };
}

/** How many maps a layer's output has, and how large they are; values without a place are rows.
 * @param {number[]} shape
 * @returns {Form}
 */
export function layout(shape) {
  if (shape.length === 3) return { count: shape[0], height: shape[1], width: shape[2] };
  const width = Math.min(shape[0], 32);
  return { count: 1, height: Math.ceil(shape[0] / width), width, values: shape[0] };
}

/** Where a value stands in a map, in words.
 * @param {number} at @param {{ width: number, values?: number }} form
 */
function where(at, { width, values: flat }) {
  return flat ? `value ${at}` : `row ${Math.floor(at / width)}, column ${at % width}`;
}

/** What stands in one map, in words.
 * @param {Values} values @param {{ width: number, values?: number }} form @param {string} name
 */
export function mapWords(values, form, name, write = spoken) {
  const { low, high, at } = extent(values);
  if (!(low <= high)) return `${name}: no numbers`;
  if (low === 0 && high === 0) return `${name}: all 0`;
  return `${name}: from ${write(low, 3)} to ${write(high, 3)}, highest at ${where(at, form)}`;
}

/** How the colours of all maps are read. */
export const LEGEND = "Colours of maps: white is 0, red is above 0, blue is below. The number after ± is the value of full colour.";

/**
 * Maps under a heading, each on a small canvas, with one scale of colours for all that has white
 * at zero. The pointer reads single values. Arrow keys go from map to map; Enter goes into a map,
 * where they go from value to value, and Enter or Escape leaves it.
 *
 *   say(text)                              from the panel
 *   colours                                the figures' colours from below zero to above
 *   draw(heading, shape, values, { name })   shape (C, H, W) or (F); `name` is what one map is called
 *
 * @param {{ say: (text: string) => void, colours: Colours }} options
 */
export function mapTiles({ say, colours }) {
  const palette = shades(colours);
  const id = uniqueId();
  const title = h("span", { id });
  const read = h("span", { class: "maps-read", "aria-hidden": "true" }); // in place of the title
  const tiles = h("div", { class: "maps-tiles", role: "group", "aria-labelledby": id });
  const node = h("figure", { class: "cnn-figure" }, h("figcaption", {}, title, read), tiles);
  /** @type {HTMLCanvasElement[]} */
  let canvases = [];
  /** @type {{ form: Form, values: Float32Array, name: string, most: number }} */
  let now = { form: layout([0]), values: new Float32Array(), name: "", most: 0 };
  let at = 0;
  /** What is read out, by the pointer or by the focus. @type {{ map: number, place: number | null } | null} */
  let pointed = null;
  /** The place inside the map that has the focus. @type {number | null} */
  let walking = null;

  /** @param {number} k */
  function part(k) {
    const { count, height, width, values: flat } = now.form;
    const size = count === 1 && flat ? flat : height * width;
    return now.values.subarray(k * size, (k + 1) * size);
  }
  /** @param {number} k */
  function nameOf(k) {
    return now.form.values ? now.name : `${now.name} ${k}`;
  }
  /** @param {number} k */
  function rove(k) {
    setAttribute(canvases[at], "tabindex", "-1");
    at = k;
    setAttribute(canvases[at], "tabindex", "0");
  }
  function tell() {
    title.hidden = pointed !== null;
    if (!pointed) return setText(read, "");
    const { map, place } = pointed;
    if (place === null || place >= part(map).length) {
      return setText(read, mapWords(part(map), now.form, nameOf(map), number));
    }
    return setText(read, `${placeWords(map, place)}: ${number(part(map)[place], 4)}`);
  }
  /** @param {typeof pointed} to */
  function point(to) {
    pointed = to;
    tell();
  }
  /** @param {number} k @param {number} place */
  function placeWords(k, place) {
    return `${nameOf(k)}, ${where(place, now.form)}`;
  }
  /** @param {number | null} place */
  function walk(place) {
    walking = place;
    paint(at);
    point({ map: at, place });
    if (place === null) say(mapWords(part(at), now.form, nameOf(at)));
    else say(`${placeWords(at, place)}: ${spoken(part(at)[place], 4)}`);
  }
  /** @param {number} k */
  function paint(k) {
    const { width, height } = now.form;
    const context = /** @type {CanvasRenderingContext2D} */ (canvases[k].getContext("2d"));
    const picture = context.createImageData(width, height);
    const pixels = new Uint32Array(picture.data.buffer);
    part(k).forEach((value, place) => {
      pixels[place] = palette(value, now.most);
    });
    if (k === at && walking !== null) pixels[walking] ^= 0x00ffffff; // marked by its opposite
    context.putImageData(picture, 0, 0);
  }
  /** @param {Event} event */
  function mapOf(event) {
    return canvases.findIndex((canvas) => canvas === event.target);
  }
  tiles.addEventListener("pointermove", (event) => {
    const map = mapOf(event);
    if (map < 0 || isSecondFinger(event)) return;
    const box = canvases[map].getBoundingClientRect();
    const { width, height } = now.form;
    const i = clamp(Math.floor(((event.clientY - box.top) / box.height) * height), 0, height - 1);
    const j = clamp(Math.floor(((event.clientX - box.left) / box.width) * width), 0, width - 1);
    point({ map, place: i * width + j });
  });
  tiles.addEventListener("pointerleave", (event) => {
    if (!isSecondFinger(event)) point(null);
  });
  tiles.addEventListener("focusin", (event) => {
    const map = mapOf(event);
    if (map < 0) return;
    rove(map);
    point({ map, place: null });
  });
  tiles.addEventListener("focusout", () => {
    if (walking !== null) {
      walking = null;
      paint(at);
    }
    point(null);
  });
  tiles.addEventListener("keydown", (event) => {
    const map = mapOf(event);
    if (map < 0 || hasModifier(event)) return;
    if (event.key === "Enter" || (event.key === "Escape" && walking !== null)) {
      walk(walking === null ? 0 : null);
    } else if (walking === null) {
      const to = next(event, map, canvases.length, canvases.length);
      if (to === null) return;
      canvases[clamp(to, 0, canvases.length - 1)].focus();
    } else {
      const to = next(event, walking, part(at).length, now.form.width);
      if (to === null) return;
      if (to !== walking && to >= 0 && to < part(at).length) walk(to);
    }
    event.preventDefault();
  });
  /** Where a key leads among so many things in rows; up and down go on in one row alone.
   * @param {KeyboardEvent} event @param {number} from @param {number} count @param {number} width
   */
  function next(event, from, count, width) {
    const column = from % width;
    if (event.key === "Home") return from - column;
    if (event.key === "End") return Math.min(from - column + width - 1, count - 1);
    const by = arrow(event);
    if (!by) return null;
    const down = width === count ? by[0] : width * by[0];
    return from + down + clamp(column + by[1], 0, width - 1) - column;
  }

  return {
    node,
    /** @param {string} heading @param {number[]} shape @param {Float32Array} values */
    draw(heading, shape, values, { name = "map" } = {}) {
      const form = layout(shape);
      const known = now.form;
      const fits = known.height === form.height && known.width === form.width;
      if (canvases.length !== form.count || !fits) {
        // Small maps are drawn larger, so that each has about the same place on the page.
        const cell = form.values ? (form.values > 64 ? 0.55 : 1.1) : Math.max(2.9 / form.width, 0.1);
        canvases = Array.from({ length: form.count }, (_, k) =>
          h("canvas", {
            class: "maps-tile",
            role: "img",
            width: form.width,
            height: form.height,
            tabindex: k === 0 ? "0" : "-1",
            style: `width: ${cell * form.width}em; height: max(24px, ${cell * form.height}em)`,
          }),
        );
        at = 0;
        walking = null;
        pointed = null;
        tiles.replaceChildren(...canvases);
      }
      let most = 0;
      for (const value of values) most = Math.max(most, Math.abs(value) || 0);
      now = { form, values, name, most };
      setText(title, `${heading}, ±${number(most, 3)}`);
      canvases.forEach((canvas, k) => {
        paint(k);
        setAttribute(canvas, "aria-label", mapWords(part(k), form, nameOf(k)));
      });
      tell();
    },
  };
}
