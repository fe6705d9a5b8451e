// A file of a network, operator by operator: everything was found out before; this page shows and links it.
const facts = JSON.parse(part("facts").textContent);
const graph = part("graph"), panel = part("panel");
const pictures = [graph.firstElementChild, ...[...document.querySelectorAll("template")].map(({ content }) => content.firstElementChild)];
const LEAST = 0.1, MOST = 4, MOST_FOUND = 60, MOST_LINKED = 8;
const givers = new Map(), takers = new Map(); // by array: the number of the operator that gives it; those that take it
facts.nodes.forEach(({ inputs, outputs }, k) => {
  for (const [, x] of outputs) givers.set(x, k);
  for (const [, x] of inputs) takers.set(x, [...(takers.get(x) ?? []), k]);
});
let view = 0, scale = 1, chosen = null; // the id of a box
let boxes = new Map(); // by id: the element

// ------------------------------------------------------------------ the graph

const holds = () => facts.views[view].holds;
const nameOf = (k) => facts.nodes[k].name || facts.nodes[k].kind;

function called(id) {
  const [kind, what] = holds()[id];
  if (kind === "view") return `${facts.views[what].title}, opens`;
  if (kind === "array") return `${what}, ${facts.inputs.includes(what) ? "an input" : "from outside"}, ${facts.arrays[what]?.[1] ?? ""}`;
  return [facts.nodes[what].kind, facts.nodes[what].name].filter(Boolean).join(", ");
}

function mount(which) {
  view = which;
  chosen = null;
  const svg = pictures[facts.pictures[view]];
  graph.replaceChildren(svg);
  const drawn = new Map([...svg.querySelectorAll(".node")].map((box) => [box.id, box]));
  boxes = new Map(Object.keys(holds()).map((id) => [id, drawn.get(id)])); // in the order of the file
  for (const [id, box] of boxes) {
    const attributes = { role: "button", tabindex: -1, "aria-label": called(id), "aria-pressed": "false" };
    if (holds()[id][0] === "view") delete attributes["aria-pressed"];
    box.removeAttribute("aria-pressed");
    for (const [key, value] of Object.entries(attributes)) box.setAttribute(key, value);
    box.classList.toggle("block", holds()[id][0] === "view");
    box.classList.remove("chosen");
  }
  for (const edge of svg.querySelectorAll(".edge")) edge.setAttribute("aria-hidden", "true");
  for (const link of svg.querySelectorAll(".lit")) link.classList.remove("lit");
  svg.setAttribute("aria-label", facts.views[view].title);
  svg.style.setProperty("--wide", `${sizes()[0]}px`); // on paper
  const first = boxes.keys().next().value;
  if (first) stop(boxes.get(first));
  zoom(1);
  if (first) see(boxes.get(first), "start");
  crumbs();
}

function crumbs() {
  const path = [];
  for (let at = view; at >= 0; at = facts.views[at].parent) path.unshift(at);
  part("crumbs").replaceChildren(...(path.length < 2 ? [] : path.flatMap((at) => [
    at === path[0] ? "" : " › ",
    at === view ? element("span", { "aria-current": "page" }, facts.views[at].title) : element("button", { type: "button", onclick: () => out(at) }, facts.views[at].title),
  ])));
}

// The one box that the Tab key leads to.
function stop(box) {
  for (const other of boxes.values()) other.setAttribute("tabindex", other === box ? 0 : -1);
}

function see(box, block = "center") {
  const [at, around] = [box.getBoundingClientRect(), graph.getBoundingClientRect()];
  const isSeen = at.left >= around.left && at.right <= around.right && at.top >= around.top && at.bottom <= around.bottom;
  if (isSeen) return;
  graph.scrollLeft += at.left + at.width / 2 - around.left - around.width / 2;
  graph.scrollTop += block === "start" ? at.top - around.top - 12 : at.top + at.height / 2 - around.top - around.height / 2;
}

const sizes = () => ["width", "height"].map((name) => (pictures[facts.pictures[view]].viewBox.baseVal[name] * 4) / 3);

function zoom(to, x = graph.clientWidth / 2, y = graph.clientHeight / 2) {
  const [width, height] = sizes(), before = scale;
  scale = Math.min(MOST, Math.max(Math.min(LEAST, fitting()), to));
  const svg = graph.firstElementChild, [left, top] = [graph.scrollLeft, graph.scrollTop];
  svg.setAttribute("width", width * scale);
  svg.setAttribute("height", height * scale);
  graph.scrollLeft = ((left + x) * scale) / before - x;
  graph.scrollTop = ((top + y) * scale) / before - y;
}

function fitting() {
  const [width, height] = sizes();
  return Math.min((graph.clientWidth - 16) / width, (graph.clientHeight - 16) / height, 1);
}

function activate(box, byKey = false) {
  const [kind, what] = holds()[box.id];
  if (kind === "view") return into(what, byKey);
  choose(box);
  if (kind === "array" && givers.has(what)) return reveal(givers.get(what), byKey);
  if (kind === "array") tellArrays(what, [["", what]]);
  else tell(what);
  if (byKey) panel.querySelector("h2").focus();
}

function choose(box) {
  chosen = box.id;
  stop(box);
  for (const [id, other] of boxes) {
    other.classList.toggle("chosen", other === box);
    if (other.hasAttribute("aria-pressed")) other.setAttribute("aria-pressed", String(other === box));
    if (other === box) see(other);
  }
  for (const edge of graph.querySelectorAll(".edge")) edge.classList.toggle("lit", edge.id.split("-").includes(chosen));
}

function into(which, byKey = false) {
  mount(which);
  tellView();
  if (byKey) boxes.values().next().value?.focus();
}

// Back to a view around this one, at the block that is left.
function out(to = facts.views[view].parent) {
  if (to < 0) return;
  let left = view;
  while (facts.views[left].parent !== to) left = facts.views[left].parent;
  mount(to);
  tellView();
  const [id] = Object.entries(holds()).find(([, [kind, what]]) => kind === "view" && what === left);
  stop(boxes.get(id));
  see(boxes.get(id));
  boxes.get(id).focus();
}

// An operator is shown in the view in which it is a box.
function reveal(k, byKey = false) {
  const where = facts.views.findIndex((one) => Object.values(one.holds).some(([kind, what]) => kind === "operator" && what === k));
  if (where !== view) mount(where);
  const [id] = Object.entries(holds()).find(([, [kind, what]]) => kind === "operator" && what === k);
  activate(boxes.get(id), byKey);
}

// ------------------------------------------------------------------ the panel

const list = (pairs) => element("dl", {}, ...pairs.flatMap(([word, said]) => [element("dt", {}, word), element("dd", {}, said)]));
const link = (k) => element("button", { type: "button", class: "link", onclick: () => reveal(k, true) }, `${facts.nodes[k].kind} ${facts.nodes[k].name}`.trim());

function show(title, ...children) {
  panel.replaceChildren(element("h2", { tabindex: -1 }, title), ...children.filter(Boolean));
  panel.scrollTop = 0;
}

function tell(k) {
  const { kind, name, domain, formula, body, attributes, inputs, outputs } = facts.nodes[k];
  show(
    kind,
    element("p", { class: "faint" }, [name, domain && `of ${domain}`].filter(Boolean).join(", ")),
    formula && element("p", { class: "formula" }, formula),
    body && element("p", { class: "note" }, body),
    ...(attributes.length ? [element("h3", {}, "Attributes"), list(attributes)] : []),
    element("h3", {}, "Inputs"),
    ...(inputs.length ? inputs.map((pair) => told(pair, k)) : ["none"]),
    element("h3", {}, "Outputs"),
    ...outputs.map((pair) => told(pair, k)),
  );
  paint();
}

function tellArrays(title, pairs) {
  show(title, ...pairs.map((pair) => told(pair, -1)));
  paint();
}

// An array as its operator takes or gives it, with what leads there and what its numbers are.
function told([role, name], k) {
  const [type, shape] = facts.arrays[name], numbers = facts.numbers[name];
  const giver = givers.get(name), others = (takers.get(name) ?? []).filter((j) => j !== k);
  const made = element("div", { class: "array" });
  made.append(element("p", {}, element("b", {}, role ? `${role}: ` : ""), name));
  made.append(element("p", { class: "faint" }, [type || "of an unknown type", shape || "of an unknown shape"].join(", ")));
  if (shape.includes("?")) made.append(element("p", { class: "note" }, "?: a size that the file does not tell"));
  if (giver !== undefined && giver !== k) made.append(...linked("from", [giver]));
  if (facts.inputs.includes(name)) made.append(element("p", {}, "an input of the network"));
  if (facts.outputs.includes(name)) made.append(element("p", {}, "an output of the network"));
  if (others.length && (giver === k || giver === undefined)) made.append(...linked(numbers && k >= 0 ? "taken also by" : "to", others));
  if (numbers) made.append(...inNumbers(numbers));
  return made;
}

function linked(word, nodes) {
  const more = nodes.length > MOST_LINKED ? [element("li", {}, `and ${nodes.length - MOST_LINKED} more`)] : [];
  return [element("p", {}, word), element("ul", {}, ...nodes.slice(0, MOST_LINKED).map((k) => element("li", {}, link(k))), ...more)];
}

function inNumbers({ rows, unseen, numbers, histogram, picture }) {
  const made = [];
  if (unseen) made.push(element("p", { class: "note" }, unseen));
  if (numbers) made.push(element("p", {}, numbers));
  else if (rows) made.push(list(rows));
  if (histogram) made.push(bars(histogram), element("p", { class: "ends" }, ...histogram.ends.map((end) => element("span", {}, end))));
  if (picture) {
    const [height, width] = picture.size;
    const canvas = element("canvas", { width, height, role: "img", "aria-label": `A picture of the numbers, ${picture.told}` });
    canvas.style.aspectRatio = Math.max(width / height, 0.4);
    canvas.picture = picture;
    made.push(canvas, element("p", { class: "note" }, `${picture.told}; blue is above 0, vermilion below`));
  }
  return made;
}

function bars({ counts, signs, told }) {
  const most = Math.max(...counts), wide = 240 / counts.length;
  const made = element("svg", { class: "histogram", viewBox: "0 0 240 60", preserveAspectRatio: "none", role: "img", "aria-label": `How many numbers are in each of ${told}` });
  counts.forEach((n, k) => made.append(element("rect", {
    x: k * wide, width: wide - 1, y: 60 - (60 * n) / most, height: (60 * n) / most, class: [, "positive", "negative"].at(signs[k]),
  })));
  return made;
}

// Hue is the sign, and the deeper the larger.
function paint() {
  const [above, below] = ["--positive", "--negative"].map(channels);
  for (const canvas of panel.querySelectorAll("canvas")) {
    const steps = Int8Array.from(atob(canvas.picture.bytes), (letter) => letter.charCodeAt(0));
    const brush = canvas.getContext("2d"), image = brush.createImageData(canvas.width, canvas.height);
    steps.forEach((x, i) => image.data.set([...(x > 0 ? above : below), 2 * Math.abs(x)], 4 * i));
    brush.putImageData(image, 0, 0);
  }
}

function tellView() {
  if (facts.views[view].parent < 0) return tellFile();
  const nodes = Object.values(holds()).filter(([kind]) => kind === "operator").map(([, k]) => k);
  show(facts.views[view].title, element("p", { class: "faint" }, "Its operators, in order:"), listOf(nodes));
}

const listOf = (nodes) => element("ol", {}, ...nodes.map((k) => element("li", {}, link(k))));

function tellFile() {
  const kinds = new Map();
  for (const { kind } of facts.nodes) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  const sorted = [...kinds].sort((a, b) => b[1] - a[1]).map(([kind, n]) => [kind, n.toLocaleString("en")]);
  show(
    "The file",
    list(facts.file),
    element("h3", {}, "Takes"),
    ...facts.inputs.map((name) => told(["", name], -1)),
    element("h3", {}, "Gives"),
    ...facts.outputs.map((name) => told(["", name], -1)),
    element("h3", {}, "Operators"),
    list(sorted),
  );
}

// ------------------------------------------------------------------ search

const plainly = (text) => text.toLowerCase().replace(/ [×x] |(?<=[\d?])[×x](?=[\d?])/g, "×");
const texts = facts.nodes.map(({ kind, name, inputs, outputs }) => {
  const arrays = [...inputs, ...outputs].map(([, x]) => x), own = arrays.filter((x) => !givers.has(x) || outputs.some(([, y]) => x === y));
  return plainly([kind, name, ...own, ...arrays.map((x) => facts.arrays[x][1])].join("\n"));
});

function search() {
  const wanted = plainly(part("find").value.trim());
  const found = wanted ? texts.flatMap((text, k) => (text.includes(wanted) ? [k] : [])) : [];
  const more = found.length > MOST_FOUND ? `, the first ${MOST_FOUND} of them listed` : "";
  part("hits").textContent = wanted ? `${found.length || "nothing"} found${more}` : "";
  part("found").replaceChildren(...found.slice(0, MOST_FOUND).map((k) => element("li", {}, element("button", { type: "button", onclick: () => pick(k) }, `${facts.nodes[k].kind} ${facts.nodes[k].name}`.trim()))));
  return found;
}

function pick(k) {
  part("found").replaceChildren();
  reveal(k, true);
}

// ------------------------------------------------------------------ what is done by hand

// The nearest box that a link leads to, downwards or upwards; else the one beside it in the file.
function neighbour(id, key) {
  const ends = [...graph.querySelectorAll(".edge")].map((edge) => edge.id.split("-"));
  const along = { ArrowDown: () => ends.find(([tail]) => tail === id)?.[1], ArrowUp: () => ends.find(([, head]) => head === id)?.[0] }[key];
  const order = [...boxes.keys()], beside = order[order.indexOf(id) + (key === "ArrowRight" ? 1 : -1)];
  return boxes.get(along ? along() : beside);
}

graph.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const box = event.target.closest(".node");
  const zooms = { "+": () => zoom(scale * 1.25), "=": () => zoom(scale * 1.25), "-": () => zoom(scale / 1.25), 0: () => zoom(fitting()) };
  if (event.key === "Escape") out();
  else if (zooms[event.key]) zooms[event.key]();
  else if (box && (event.key === "Enter" || event.key === " ")) activate(box, true);
  else if (box && event.key.startsWith("Arrow")) {
    const next = neighbour(box.id, event.key);
    if (next) {
      stop(next);
      next.focus({ preventScroll: true });
      see(next);
    }
  } else return;
  event.preventDefault();
});
panel.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && chosen) boxes.get(chosen).focus();
});

let held = null, dragged = false;
graph.addEventListener("pointerdown", (event) => {
  if (event.button === 0 && event.pointerType === "mouse") held = [event.clientX, event.clientY];
  dragged = false;
});
window.addEventListener("pointermove", (event) => {
  if (!held) return;
  const [x, y] = [event.clientX - held[0], event.clientY - held[1]];
  if (!dragged && Math.hypot(x, y) < 4) return;
  dragged = true;
  graph.classList.add("held");
  graph.scrollBy(-x, -y);
  held = [event.clientX, event.clientY];
});
window.addEventListener("pointerup", () => {
  held = null;
  graph.classList.remove("held");
});
graph.addEventListener("click", ({ target }) => {
  const box = target.closest(".node");
  if (box && !dragged) activate(box);
});
graph.addEventListener("wheel", (event) => {
  if (!event.ctrlKey && !event.metaKey) return; // else it scrolls
  event.preventDefault();
  const around = graph.getBoundingClientRect();
  zoom(scale * Math.exp(-event.deltaY * 0.002), event.clientX - around.left, event.clientY - around.top);
}, { passive: false });
part("larger").addEventListener("click", () => zoom(scale * 1.25));
part("smaller").addEventListener("click", () => zoom(scale / 1.25));
part("whole").addEventListener("click", () => zoom(fitting()));
part("find").addEventListener("input", search);
part("searching").addEventListener("submit", (event) => {
  event.preventDefault();
  const [first] = search();
  if (first !== undefined) pick(first);
});
part("searching").addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  part("found").replaceChildren();
  part("find").focus();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
reachable(panel, "What is chosen");
part("find").disabled = false;
mount(0);
tellFile();
document.documentElement.dataset.ready = "";
