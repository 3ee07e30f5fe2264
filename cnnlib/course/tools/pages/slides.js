// @ts-check
// Lays the slides of a lecture out on screens, then lets reveal.js show them. A slide of the path may
// be longer than a screen: it goes on, on the next one, where a heading, a paragraph or an output
// ends. Nothing is cut off, and little is made smaller.

const WIDTH = 1280;
const HEIGHT = 720;
// How much smaller all of a slide may become, to save a screen; and one block that fills it alone.
const SIZES = [1, 0.93, 0.86];
const SMALLEST = 0.5;
const LARGE_ENOUGH = 0.7;
// What is left of the height under a running title.
const ROOM = HEIGHT - 98;
// A figure grows with the screen, and shares it with its text if that costs it not too much.
const LARGEST = 1.7;
const LEAST_FIGURE = 0.6;

/** @typedef {{ node: HTMLElement, step: number, last: boolean, notes: HTMLElement[], width: string }} Block */

/** Split a slide into blocks that must not be cut, each with the step at which it appears.
 * @param {HTMLElement} slide
 * @returns {Block[]}
 */
export function blocks(slide) {
  /** @type {Block[]} */
  const found = [];
  let step = 0;
  let asked = false; // a prediction comes before its result, whatever the notebook shows at once
  for (const cell of /** @type {HTMLElement[]} */ ([...slide.querySelectorAll(".cell")])) {
    if (cell.dataset.kind === "fragment") {
      step += 1;
      asked = false;
    }
    /** @type {HTMLElement[]} */
    const notes = [...cell.querySelectorAll("aside.notes")].map((one) => /** @type {any} */ (one));
    for (const node of /** @type {HTMLElement[]} */ ([...cell.children])) {
      if (node.matches("aside.notes")) continue;
      if (node.matches("details:not(.code)")) step += 1; // an answer comes when it is asked for
      if (asked && node.matches(".output, .printed")) {
        step += 1;
        asked = false;
      }
      if (/^Predict, then run\./.test(node.textContent ?? "")) asked = true;
      const own = pieces(node);
      for (const one of own) one.dataset.id = cell.dataset.id;
      found.push(...own.map((one) => ({ node: one, step, last: false, notes, width: "" })));
      if (node.matches("details:not(.code)")) step += 1;
    }
  }
  // What leads on to something stays with it: a heading, "So", the button of folded code.
  for (const block of found) {
    const text = block.node.textContent?.trim() ?? "";
    block.last = !block.node.matches("h1, h2, h3, h4, details.code") && !text.endsWith(":");
  }
  return found;
}

/** An answer is opened, and may go on, on the next screen. So may a list.
 * @param {HTMLElement} node
 * @returns {HTMLElement[]}
 */
function pieces(node) {
  if (node.matches("details:not(.code)")) {
    const name = node.querySelector("summary")?.textContent ?? "Answer";
    const inner = /** @type {HTMLElement[]} */ ([...node.children]).filter((one) => one.tagName !== "SUMMARY");
    return inner.flatMap(pieces).map((one, i) => {
      one.classList.add("answer");
      if (i === 0) one.dataset.label = name;
      return one;
    });
  }
  if (node.matches("ul, ol") && node.children.length > 1) {
    const first = Number(node.getAttribute("start") ?? 1);
    return [...node.children].map((item, i) => {
      const list = /** @type {HTMLElement} */ (node.cloneNode(false));
      if (node.tagName === "OL") list.setAttribute("start", String(first + i));
      list.append(item);
      return list;
    });
  }
  return [node];
}

/** Make what is too wide or too high for any screen small enough; draw figures as large as they go.
 * @param {HTMLElement} node
 */
function fit(node) {
  for (const text of /** @type {HTMLElement[]} */ ([node, ...node.querySelectorAll("pre")])) {
    if (!text.matches("pre") || text.closest("details.code")) continue;
    const size = parseFloat(getComputedStyle(text).fontSize);
    const ratio = text.clientWidth / text.scrollWidth;
    if (ratio < 1) text.style.fontSize = `${Math.floor(size * ratio * 9.8) / 10}px`;
  }
  const figure = figureOf(node);
  if (figure) {
    const [wide, high] = [figure.naturalWidth, figure.naturalHeight];
    const width = Math.min(node.clientWidth, (ROOM * wide) / high, LARGEST * figure.width);
    figure.style.width = `${Math.floor(width)}px`;
  }
  const size = zoomed(node);
  if (size > LARGE_ENOUGH || !node.querySelector(".cnn-widget")) return;
  // A widget that is higher than wide may gain from having its parts beside one another.
  node.classList.add("abreast");
  if (zoomed(node) > size) return;
  node.classList.remove("abreast");
  if (zoomed(node) >= SMALLEST) return;
  // The rest is reached by scrolling.
  node.classList.add("scrolls");
  node.style.maxHeight = `${ROOM / SMALLEST}px`;
}

/** Make a block smaller until it fits a screen; return its size, or 0 where the smallest does not.
 *
 * A smaller block is wider in its own measure, and so less high: look for the largest that fits.
 * @param {HTMLElement} node
 */
function zoomed(node) {
  for (let size = 1; size > SMALLEST - 0.01; size -= 0.05) {
    node.style.zoom = size === 1 ? "" : size.toFixed(2);
    const inside = [node, ...node.querySelectorAll(".cnn-widget")];
    const wide = inside.every((one) => one.scrollWidth <= one.clientWidth + 1);
    if (wide && node.getBoundingClientRect().height <= ROOM) return size;
  }
  return 0;
}

/** The figure in an output, if that is all that is there.
 * @param {HTMLElement} node
 * @returns {HTMLImageElement | null}
 */
function figureOf(node) {
  if (!node.matches(".output") || node.querySelector(".cnn-widget")) return null;
  const images = node.querySelectorAll("img");
  return images.length === 1 ? images[0] : null;
}

/** Let a figure take the space that is left on a screen, unless that is little.
 * @param {HTMLElement} node
 * @param {number} excess by how much the screen is too high
 * @param {number} size
 * @param {number} least how much of it has to be left
 * @returns {boolean} whether it fits now
 */
function shrunk(node, excess, size, least = LEAST_FIGURE) {
  const figure = figureOf(node);
  if (!figure) return false;
  const now = figure.getBoundingClientRect();
  const height = now.height - excess - 1;
  if (height < least * now.height) return false;
  figure.style.width = `${Math.floor((now.width * height) / now.height / size)}px`;
  return true;
}

/** Put blocks on as few screens as they need.
 * @param {Block[]} all
 * @param {HTMLElement} desk where a screen is tried
 * @param {string[]} titles
 * @returns {{ screens: HTMLElement[], of: Block[][] }}
 */
function paged(all, desk, titles) {
  /** @type {{ screens: HTMLElement[], of: Block[][] } | null} */
  let best = null;
  for (const size of SIZES) {
    const tried = screens(all, desk, titles, size);
    if (best === null || tried.of.length < best.of.length) best = tried;
  }
  // The nodes stand where they were tried last.
  const size = /** @type {any} */ (best).size;
  return screens(all, desk, titles, size);
}

/**
 * @param {Block[]} all
 * @param {HTMLElement} desk
 * @param {string[]} titles of the section, and of the part of it
 * @param {number} size
 */
function screens(all, desk, titles, size) {
  desk.replaceChildren();
  for (const { node, width } of all) {
    const figure = figureOf(node);
    if (figure) figure.style.width = width;
  }
  /** @type {HTMLElement[]} */
  const made = [];
  /** @type {Block[][]} */
  const of = [];
  /** @type {HTMLElement} */
  let body = desk;
  /** @param {Block[]} first */
  function open(first) {
    const screen = document.createElement("section");
    screen.className = "screen";
    const own = first[0].node.matches("h1, h2, h3") ? first[0].node.textContent?.trim() : "";
    const [chapter, part] = titles;
    const running = first[0].node.matches("h1, h2") ? "" : part === own ? chapter : part;
    if (running) {
      const line = document.createElement("p");
      line.className = "running";
      line.textContent = running;
      screen.append(line);
    }
    body = document.createElement("div");
    body.className = "body";
    body.style.zoom = String(size);
    body.append(...first.map((one) => one.node));
    screen.append(body);
    desk.append(screen);
    // What must not be parted shares a screen, whatever that takes.
    for (let share = size; share > 0.3; share -= 0.05) {
      const excess = screen.getBoundingClientRect().height - HEIGHT;
      if (excess <= 0 || shrunk(first[first.length - 1].node, excess, share)) break;
      body.style.zoom = share.toFixed(2);
    }
    made.push(screen);
    of.push([...first]);
  }
  for (let i = 0; i < all.length; i += 1) {
    const group = [all[i]];
    while (!group[group.length - 1].last && i + 1 < all.length) group.push(all[(i += 1)]);
    if (made.length === 0) {
      open(group);
      continue;
    }
    body.append(...group.map((one) => one.node));
    const excess = made[made.length - 1].getBoundingClientRect().height - HEIGHT;
    if (excess > 0 && !shrunk(group[group.length - 1].node, excess, size)) open(group);
    else of[of.length - 1].push(...group);
  }
  return { screens: made, of, size };
}

/** Give a widget that has a screen for itself the room that is left there.
 * @param {HTMLElement} screen
 */
function grown(screen) {
  const body = /** @type {HTMLElement} */ (screen.querySelector(".body"));
  const widget = body.querySelector(".cnn-widget");
  if (!widget || body.children.length > 1) return;
  const size = Number(body.style.zoom);
  for (let share = 1; share > size; share -= 0.05) {
    body.style.zoom = share.toFixed(2);
    const wide = widget.scrollWidth <= widget.clientWidth + 1;
    if (wide && screen.getBoundingClientRect().height <= HEIGHT) return;
  }
  body.style.zoom = String(size);
}

/** Lay one slide of the path out.
 * @param {HTMLElement} slide
 * @param {HTMLElement} desk
 * @param {string[]} titles of the section and the part that the slide belongs to
 */
function laid(slide, desk, titles) {
  const all = blocks(slide);
  const probe = document.createElement("section");
  probe.className = "screen";
  desk.replaceChildren(probe);
  probe.append(...all.map((one) => one.node));
  for (const block of all) {
    fit(block.node);
    block.width = figureOf(block.node)?.style.width ?? "";
  }
  const { screens: made, of } = paged(all, desk, titles);
  made.forEach(grown);
  const minutes = Number(slide.dataset.minutes) * 60;
  made.forEach((screen, n) => {
    const first = of[n][0].step;
    for (const { node, step } of of[n]) {
      if (step === first) continue;
      node.classList.add("fragment");
      node.dataset.fragmentIndex = String(step);
    }
    // The notes of the cells that are here; where there are none, those of the whole slide.
    const here = [...new Set(of[n].flatMap((one) => one.notes))];
    const notes = here.length ? here : [...new Set(all.flatMap((one) => one.notes))];
    const aside = document.createElement("aside");
    aside.className = "notes";
    const when = document.createElement("p");
    when.textContent = slide.dataset.when + (made.length > 1 ? `, screen ${n + 1} of ${made.length}` : "");
    aside.append(when, ...notes.flatMap((one) => [...one.children].map((part) => part.cloneNode(true))));
    screen.append(aside);
    // Whole seconds, which add up to the slide's.
    const seconds = Math.round((minutes * (n + 1)) / made.length) - Math.round((minutes * n) / made.length);
    screen.dataset.timing = String(seconds);
    screen.dataset.minutes = slide.dataset.minutes;
  });
  return made;
}

/** Lay out the deck and show it.
 * @param {Document} document
 * @param {any} Reveal
 * @param {any} notes its plugin
 */
export async function deck(document, Reveal, notes) {
  await document.fonts.ready;
  await /** @type {any} */ (window).MathJax.startup.promise;
  await Promise.all([...document.images].map((image) => image.decode().catch(() => {})));
  const place = /** @type {HTMLElement} */ (document.querySelector(".slides"));
  const given = /** @type {HTMLElement[]} */ ([...place.querySelectorAll(".unpaged")]);
  const desk = document.createElement("div");
  desk.className = "desk reveal";
  document.body.append(desk);
  /** @type {HTMLElement[]} */
  const stacks = [];
  for (const slide of given) {
    const { section = "", part = "" } = slide.dataset;
    const made = laid(slide, desk, [section, part || section]);
    if (slide.dataset.kind === "slide" || stacks.length === 0) {
      stacks.push(document.createElement("section"));
    }
    stacks[stacks.length - 1].append(...made);
  }
  place.replaceChildren(...stacks);
  desk.remove();
  for (const widget of document.querySelectorAll(".cnn-live")) {
    widget.setAttribute("data-prevent-swipe", "");
  }
  document.querySelector(".waiting")?.remove();
  await Reveal.initialize({
    width: WIDTH,
    height: HEIGHT,
    margin: 0,
    center: false,
    hash: true,
    slideNumber: "c/t",
    navigationMode: "linear",
    transition: "none",
    backgroundTransition: "none",
    pdfSeparateFragments: false,
    defaultTiming: 0,
    plugins: [notes],
  });
  // A widget keeps its keys to itself. Those of a presenter's remote go on all the same, and Escape
  // gives the keys back to the deck.
  document.addEventListener(
    "keydown",
    (event) => {
      const inside = event.target instanceof HTMLElement && event.target.closest(".cnn-live");
      if (!inside) return;
      if (event.key === "Escape") /** @type {HTMLElement} */ (event.target).blur();
      if (event.key === "PageDown") Reveal.next();
      if (event.key === "PageUp") Reveal.prev();
    },
    { capture: true },
  );
}
