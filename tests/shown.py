"""What a browser really shows of a page: what is cut off, and which words are too small to read."""

from __future__ import annotations

SCREENS = (360, 978, 1400)
"""The widths of a phone, of a notebook's page and of a large screen, in pixels."""

SMALLEST = 9.95
"""Words of less than 10 pixels are too small; a rounding is not."""

MEASURE = """(smallest) => {
  const faults = [];
  const shown = (e) => e.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const name = (e) => `${e.tagName}.${e.getAttribute("class") ?? ""} ${e.textContent.trim().slice(0, 30)}`;
  const hidden = (e) => e.closest(".hidden, title, desc, defs, noscript, option") !== null;
  const across = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  if (across > 1) faults.push(`the page is ${across} px wider than the screen`);
  // A picture or a box of words is cut where it leaves an element that clips it and cannot be scrolled.
  const things = "svg:not(#canvas svg), img, canvas, td, th, p, li, h2, h3, summary, label, button";
  for (const e of document.querySelectorAll(things)) { // the graph of a player is moved in its canvas
    if (!shown(e) || hidden(e)) continue;
    const box = e.getBoundingClientRect();
    if (box.width < 2) continue;
    for (let around = e.parentElement; around; around = around.parentElement) {
      const { overflowX } = getComputedStyle(around);
      if (["auto", "scroll"].includes(overflowX)) break;
      const frame = around.getBoundingClientRect();
      const clips = overflowX !== "visible" || around === document.body;
      if (clips && (box.right > frame.right + 1 || box.left < frame.left - 1)) {
        const by = Math.max(box.right - frame.right, frame.left - box.left);
        faults.push(`cut: ${name(e)} by ${Math.round(by)} px`);
        break;
      }
    }
  }
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const e = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || e.closest("script, style") || !shown(e) || hidden(e)) continue;
    const matrix = e.ownerSVGElement ? e.getScreenCTM?.() : null;
    const scale = matrix ? Math.sqrt(Math.abs(matrix.a * matrix.d - matrix.b * matrix.c)) : 1;
    const size = parseFloat(getComputedStyle(e).fontSize) * scale;
    if (size && size < smallest) faults.push(`${size.toFixed(1)} px: ${name(e)}`);
  }
  // What is drawn again has its words elsewhere.
  for (const e of document.querySelectorAll("use[href^='#drawn']")) {
    for (const text of shown(e) ? document.querySelectorAll(`${e.getAttribute("href")} text`) : []) {
      const size = parseFloat(getComputedStyle(text).fontSize) * e.getScreenCTM().a;
      if (size < smallest) faults.push(`${size.toFixed(1)} px: ${text.textContent}`);
    }
  }
  // An image in a page has its words in itself.
  const utf8 = (base64) => new TextDecoder().decode(Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)));
  for (const e of document.querySelectorAll("img[src^='data:image/svg+xml;base64,']")) {
    const svg = new DOMParser().parseFromString(utf8(e.src.split(",")[1]), "image/svg+xml").documentElement;
    const { paddingLeft, paddingRight } = getComputedStyle(e);
    const wide = e.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
    const scale = wide / svg.viewBox.baseVal.width;
    for (const text of svg.querySelectorAll("text")) {
      const size = parseFloat(text.style.fontSize) * scale;
      if (size && size < smallest) faults.push(`${size.toFixed(1)} px: ${e.alt}: ${text.textContent.trim()}`);
    }
  }
  return faults;
}"""
"""Answers what is wrong with a page as it is shown, one sentence for each fault."""

SCROLLED = """() => {
  const faults = [];
  for (const e of document.querySelectorAll("svg, img, canvas")) {
    if (e.closest("#canvas")) continue; // the graph of a player is moved in its canvas
    for (let around = e.parentElement; around; around = around.parentElement) {
      const by = around.scrollWidth - around.clientWidth;
      const scrolls = ["auto", "scroll"].includes(getComputedStyle(around).overflowX);
      if (scrolls && by > 1) faults.push(`${by} px too wide: ${e.textContent.trim().slice(0, 40)}`);
    }
  }
  return faults;
}"""
"""Answers which pictures can be seen whole only by scrolling sideways."""

HIDDEN = """() => [...document.querySelectorAll("body *")].flatMap((e) => {
  const { overflowX, overflowY } = getComputedStyle(e);
  if (overflowX === "visible" || e.closest("svg, math, .hidden") || !e.clientWidth) return [];
  const high = overflowY === "visible" ? 0 : e.scrollHeight - e.clientHeight;
  const by = { wide: e.scrollWidth - e.clientWidth, high };
  return Object.entries(by).filter(([, over]) => over > 1)
    .map(([way, over]) => `${over} px too ${way}: ${e.tagName} ${e.textContent.trim().slice(0, 40)}`);
})"""
"""Answers which boxes hold more than is seen of them: they are scrolled, and on paper cut."""

OPEN = """async () => {
  for (const e of document.querySelectorAll("details")) e.open = true;
  for (let i = 0; i < 3; i++) await new Promise(requestAnimationFrame);
}"""
"""Opens all that is folded away, and answers when it is shown."""

OUT_OF_FRAME = """() => {
  const faults = [];
  for (const node of document.querySelectorAll("g.node, .graph .node")) {
    const box = (e) => e.getBoundingClientRect();
    const frames = [...node.querySelectorAll("polygon, path, rect, ellipse")].map(box);
    if (!frames.length) continue;
    const left = Math.min(...frames.map((f) => f.left)), right = Math.max(...frames.map((f) => f.right));
    for (const text of node.querySelectorAll("text")) {
      const by = Math.max(left - box(text).left, box(text).right - right);
      if (text.textContent.trim() && by > 1) faults.push(`${text.textContent} by ${by.toFixed(1)} px`);
    }
  }
  return faults;
}"""
"""Answers which texts of nodes run over their frames."""

LABELLED = "() => !document.querySelector('#canvas svg:not(.ahead) [role=button]:not([aria-label])')"
"""Whether every button of the picture says what it is: of many parts they say so when the page is at rest."""

UNREACHED = """() => {
  const isSeen = (e) => e.checkVisibility({ visibilityProperty: true });
  const sides = [["overflowX", "scrollWidth", "clientWidth", "left", "right"],
    ["overflowY", "scrollHeight", "clientHeight", "top", "bottom"]];
  const faults = [];
  for (const e of document.body.querySelectorAll(":not(input, select, textarea, a[href])")) {
    if (!isSeen(e)) continue;
    const style = getComputedStyle(e), name = `${e.localName}.${e.getAttribute("class") ?? ""} ${e.id}`;
    const isWhole = ([, whole, seen]) => e[whole] <= e[seen] + 1;
    const moved = sides.filter((side) => ["auto", "scroll"].includes(style[side[0]]) && !isWhole(side));
    if (e.hasAttribute("tabindex")) {
      if (moved.length && !e.getAttribute("aria-label")) faults.push(`has no name: ${name}`);
      const isKept = e.matches("#panel, .scroll") && document.scripts.length; // no stop for nothing
      if (!moved.length && isKept) faults.push(`is not scrolled: ${name}`);
    } else if (!e.querySelector("li > [tabindex]")) { // arrow keys lead to both ends of a list
      const isStop = (stop) => stop.tabIndex >= 0 && !stop.disabled && isSeen(stop);
      const goesAlong = (stop) => getComputedStyle(stop).position === "sticky" && isStop(stop);
      if ([...e.children].some(goesAlong)) continue; // arrow keys scroll from there
      const stops = [...e.querySelectorAll("*")].filter(isStop).map((stop) => stop.getBoundingClientRect());
      const frame = e.getBoundingClientRect();
      for (const [, whole, seen, first, last] of moved) {
        const start = frame[first] - (first === "top" ? e.scrollTop : e.scrollLeft), end = start + e[whole];
        const atEnds = [(stop) => stop[first] - start < e[seen], (stop) => end - stop[last] < e[seen]];
        if (!atEnds.every((isThere) => stops.some(isThere))) faults.push(`is not reached: ${name}`);
      }
    }
  }
  return faults;
}"""
"""Answers what is scrolled and is neither a stop of the Tab key, named, nor has one at each of its ends."""
