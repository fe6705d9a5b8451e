// The elements that pages are made of.  An attribute such as "onclick" is what is done then; undefined is left out.
const SVG = "http://www.w3.org/2000/svg";
const IN_SVG = new Set("svg g path rect polygon circle line text title".split(" "));

function element(name, attributes = {}, ...children) {
  const made = IN_SVG.has(name) ? document.createElementNS(SVG, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

// What scrolls is a stop of the Tab key, with a name, while it does; its parts are what may grow in it.
function reachable(e, name, parts = []) {
  const watch = new ResizeObserver(() => {
    const scrolls = e.scrollHeight > e.clientHeight + 1 || e.scrollWidth > e.clientWidth + 1;
    if (!scrolls && e === document.activeElement) return;
    const stop = { tabindex: 0, role: "group", "aria-label": name };
    for (const key in stop) scrolls ? e.setAttribute(key, stop[key]) : e.removeAttribute(key);
  });
  for (const part of [e, ...parts]) watch.observe(part);
  return e;
}
