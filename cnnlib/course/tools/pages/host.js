// @ts-check
// Shows the course's widgets on a page without a kernel. It plays the part of anywidget: it loads
// each widget's module, keeps its settings, and hands both to `render`.

/** @typedef {Record<string, any>} State */
/** @typedef {{ state: State, module: string, style: string }} Stored what the page holds of a widget */
/** @typedef {{ models: Record<string, Stored>, modules: Record<string, string>, styles: Record<string, string> }} Page */

/** Bytes are written as base64, and are DataViews here, as in a notebook.
 * @param {any} value
 * @returns {any}
 */
export function decoded(value) {
  if (Array.isArray(value)) return value.map(decoded);
  if (value === null || typeof value !== "object") return value;
  if (typeof value.$bytes === "string") {
    const text = atob(value.$bytes);
    return new DataView(Uint8Array.from(text, (one) => one.charCodeAt(0)).buffer);
  }
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, decoded(one)]));
}

/** @type {WeakMap<ArrayBufferView, number>} */
const known = new WeakMap();
let views = 0;

/** A value as text, to see whether it changed. Bytes count as changed where they are other ones.
 * @param {any} value
 */
function written(value) {
  return JSON.stringify(value, (_, one) => {
    if (!ArrayBuffer.isView(one)) return one;
    if (!known.has(one)) known.set(one, (views += 1));
    return { $view: known.get(one) };
  });
}

/** What a widget reads and changes. All views of one widget share it.
 * @param {State} state
 */
export function modelOf(state) {
  /** @type {Set<[string, () => void]>} */
  const listeners = new Set();
  return {
    get: (/** @type {string} */ name) => state[name],
    set(/** @type {string} */ name, /** @type {any} */ value) {
      const same = written(state[name]) === written(value);
      state[name] = value;
      if (same) return;
      for (const [event, listener] of [...listeners]) {
        if (event === `change:${name}`) listener();
      }
    },
    save_changes() {}, // nobody to send them to
    on(/** @type {string} */ event, /** @type {() => void} */ listener) {
      listeners.add([event, listener]);
    },
    off(/** @type {string} */ event, /** @type {() => void} */ listener) {
      for (const one of listeners) {
        if (one[0] === event && one[1] === listener) listeners.delete(one);
      }
    },
    send() {
      throw new Error("this page has no kernel");
    },
  };
}

/** Put every widget of a page in its place. A widget that fails leaves its picture standing.
 * @param {Document} document
 * @param {Page} page
 */
export async function show(document, page) {
  /** @type {Record<string, Promise<any>>} */
  const loaded = {};
  /** @param {string} name */
  const load = (name) => {
    const url = URL.createObjectURL(new Blob([page.modules[name]], { type: "text/javascript" }));
    return import(url).finally(() => URL.revokeObjectURL(url));
  };
  for (const text of new Set(Object.values(page.styles))) {
    const sheet = document.createElement("style");
    sheet.textContent = text;
    document.head.append(sheet);
  }
  const models = Object.fromEntries(
    Object.entries(page.models).map(([id, { state }]) => [id, modelOf(decoded(state))]),
  );
  for (const place of document.querySelectorAll(".cnn-live")) {
    const id = /** @type {HTMLElement} */ (place).dataset.model ?? "";
    const name = page.models[id].module;
    try {
      const module = (await (loaded[name] ??= load(name))).default;
      const el = document.createElement("div");
      await module.render({ model: models[id], el });
      place.replaceChildren(el);
    } catch (error) {
      console.error(`${name}: ${error}`);
    }
  }
}
