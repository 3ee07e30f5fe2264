"""What can be told apart on a screen, read off its pixels."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
from PIL import Image
from playwright.sync_api import Locator

Pixels = npt.NDArray[np.uint8]

# The boxes of all texts that are seen, in CSS pixels from the corner of the element.
TEXTS = """(root) => {
  const frame = root.getBoundingClientRect();
  const found = [];
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode()); ) {
    const parent = node.parentElement;
    if (!node.textContent.trim() || !parent.checkVisibility({ visibilityProperty: true })) continue;
    if (parent.closest(".cnn-spoken, option")) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const box = range.getBoundingClientRect();
    if (box.width < 1 || box.height < 1) continue;
    let size = parseFloat(getComputedStyle(parent).fontSize);
    const svg = parent.closest("svg.svg-picture");
    if (svg) size *= svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
    // What a scrolling part hides is not seen now.
    let [left, top, right, bottom] = [box.left, box.top, box.right, box.bottom];
    for (let up = parent; up !== root.parentElement; up = up.parentElement) {
      if (getComputedStyle(up).overflowX === "visible") continue;
      const edge = up.getBoundingClientRect();
      [left, right] = [Math.max(left, edge.left), Math.min(right, edge.right)];
      [top, bottom] = [Math.max(top, edge.top), Math.min(bottom, edge.bottom)];
    }
    if (right - left < 4 || bottom - top < 4) continue;
    found.push({ text: node.textContent.trim(), size,
      box: [left - frame.left, top - frame.top, right - frame.left, bottom - frame.top] });
  }
  for (const input of root.querySelectorAll("input:not([type]), input[type=text], select")) {
    const box = input.getBoundingClientRect();
    if (!input.checkVisibility() || box.width < 1) continue;
    found.push({ text: input.value, size: parseFloat(getComputedStyle(input).fontSize),
      box: [box.left - frame.left + 4, box.top - frame.top + 4,
            box.right - frame.left - 4, box.bottom - frame.top - 4] });
  }
  return found;
}"""


def screenshot(node: Locator) -> Pixels:
    """Return what is seen of an element, (H, W, 3)."""
    return np.asarray(Image.open(io.BytesIO(node.screenshot(animations="disabled"))).convert("RGB"))


def luminance(pixels: Pixels) -> npt.NDArray[np.float64]:
    """Relative luminance as in WCAG 2.2."""
    share = pixels / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return np.asarray(linear @ np.array([0.2126, 0.7152, 0.0722]))


def ratio(one: float, other: float) -> float:
    """Contrast ratio of two luminances."""
    low, high = sorted((one, other))
    return (high + 0.05) / (low + 0.05)


def contrast_within(pixels: Pixels) -> float:
    """Contrast between the most frequent colour and the one that is furthest from it."""
    flat = pixels.reshape(-1, 3)
    colours, counts = np.unique(flat, axis=0, return_counts=True)
    lights = luminance(colours)
    ground = float(lights[counts.argmax()])
    return max(ratio(ground, float(light)) for light in (lights.min(), lights.max()))


def cut(pixels: Pixels, box: list[float], scale: float = 1) -> Pixels:
    """Return a box (left, top, right, bottom) of a screenshot."""
    left, top, right, bottom = (max(0, round(scale * edge)) for edge in box)
    return pixels[top:bottom, left:right]
