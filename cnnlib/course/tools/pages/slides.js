// @ts-check
// Lays the slides of a lecture out on screens, then lets reveal.js show them. A slide of the path may
// be longer than a screen: it goes on, on the next one, where a heading, a paragraph or an output
// ends. Nothing is cut off, and little is made smaller.

const WIDTH = 1280;
const HEIGHT = 720;
// How much smaller all of a slide may become, to save a screen; and one block that fills it alone.
const SIZES = [1, 0.93, 0.86];
const SMALLEST = 0.4;

/** @typedef {{ node: HTMLElement, step: number, last: boolean, notes: HTMLElement[] }} Block */

/** Split a slide into blocks that must not be cut, each with the step at which it appears.
 * @param {HTMLElement} slide
 * @returns {Block[]}
 */
export function blocks(slide) {
  /** @type {Block[]} */
  const found = [];
  let step = 0;
  for (const cell of /** @type {HTMLElement[]} */ ([...slide.querySelectorAll(".cell")])) {
    if (cell.dataset.kind === "fragment") step += 1;
    /** @type {HTMLElement[]} */
    const notes = [...cell.querySelectorAll("aside.notes")].map((one) => /** @type {any} */ (one));
    for (const node of /** @type {HTMLElement[]} */ ([...cell.children])) {
      if (node.matches("aside.notes")) continue;
      node.dataset.id = cell.dataset.id;
      if (node.matches("details:not(.code)")) step += 1; // an answer comes when it is asked for
      found.push(...pieces(node).map((one) => ({ node: one, step, last: false, notes })));
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

/** Make what is too wide or too high for any screen small enough.
 * @param {HTMLElement} node
 * @param {number} width
 * @param {number} height
 */
function fit(node, width, height) {
  for (const text of /** @type {HTMLElement[]} */ ([...node.querySelectorAll("pre"), node])) {
    if (!text.matches("pre")) continue;
    const size = parseFloat(getComputedStyle(text).fontSize);
    const ratio = text.clientWidth / text.scrollWidth;
    if (ratio < 1) text.style.fontSize = `${Math.floor(size * ratio * 10) / 10}px`;
  }
  const inner = node.scrollWidth / Math.max(node.clientWidth, 1);
  const box = node.getBoundingClientRect();
  const ratio = Math.min(1, 1 / inner, height / box.height);
  if (ratio < 1) zoom(node, Math.max(ratio, SMALLEST), width, height);
}

/** A smaller block is wider in its own measure, and so less high: look for the largest that fits.
 * @param {HTMLElement} node
 * @param {number} least
 * @param {number} width
 * @param {number} height
 */
function zoom(node, least, width, height) {
  for (let size = 0.95; size > least; size -= 0.05) {
    node.style.zoom = String(size);
    const box = node.getBoundingClientRect();
    if (box.height <= height && node.scrollWidth <= node.clientWidth + 1) return;
  }
  node.style.zoom = String(least);
}

/** Put blocks on as few screens as they need.
 * @param {Block[]} all
 * @param {HTMLElement} desk where a screen is tried
 * @param {string} title
 * @returns {{ screens: HTMLElement[], of: Block[][] }}
 */
function paged(all, desk, title) {
  /** @type {{ screens: HTMLElement[], of: Block[][] } | null} */
  let best = null;
  for (const size of SIZES) {
    const tried = screens(all, desk, title, size);
    if (best === null || tried.of.length < best.of.length) best = tried;
  }
  // The nodes stand where they were tried last.
  const size = /** @type {any} */ (best).size;
  return screens(all, desk, title, size);
}

/**
 * @param {Block[]} all
 * @param {HTMLElement} desk
 * @param {string} title
 * @param {number} size
 */
function screens(all, desk, title, size) {
  desk.replaceChildren();
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
    if (!first.some((one) => one.node.matches("h1, h2"))) {
      const running = document.createElement("p");
      running.className = "running";
      running.textContent = title;
      screen.append(running);
    }
    body = document.createElement("div");
    body.className = "body";
    body.style.zoom = String(size);
    body.append(...first.map((one) => one.node));
    screen.append(body);
    desk.append(screen);
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
    if (made[made.length - 1].getBoundingClientRect().height > HEIGHT) open(group);
    else of[of.length - 1].push(...group);
  }
  return { screens: made, of, size };
}

/** Lay one slide of the path out.
 * @param {HTMLElement} slide
 * @param {HTMLElement} desk
 * @param {string} title what the slide is about, if it does not say so itself
 */
function laid(slide, desk, title) {
  const all = blocks(slide);
  const probe = document.createElement("section");
  probe.className = "screen";
  desk.replaceChildren(probe);
  const width = WIDTH - 2 * parseFloat(getComputedStyle(probe).paddingLeft);
  probe.style.height = "auto";
  probe.append(...all.map((one) => one.node));
  for (const { node } of all) fit(node, width, HEIGHT - 170);
  const { screens: made, of } = paged(all, desk, title);
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
  let title = document.title;
  for (const slide of given) {
    title = slide.querySelector("h1, h2, h3")?.textContent?.trim() || title;
    const made = laid(slide, desk, title);
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
    // In a widget, keys are the widget's. Escape gives them back.
    keyboardCondition: (/** @type {KeyboardEvent} */ event) => {
      const inside = event.target instanceof Element && event.target.closest(".cnn-live, details.code");
      if (inside && event.key === "Escape") /** @type {any} */ (event.target).blur();
      return !inside;
    },
    plugins: [notes],
  });
}
