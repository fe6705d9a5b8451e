// The picture: boxes and arrows that fill as the steps come.

// ------------------------------------------------------------------ the picture

const canvas = $("canvas");
let view, svg, lit, slots, nodesOf;
let fresh = [];
// What other scripts of the page show in pictures as well.
const tellers = [];
let kept = []; // placed pictures, the last ones seen first: to place one anew takes its time

function mount(wanted) {
  if (wanted === view) return;
  if (view) for (const layer of Object.values(lit)) layer.replaceChildren();
  const isFocused = svg?.contains(document.activeElement);
  view = wanted;
  prepare(view);
  svg = view.element;
  kept = [svg, ...kept.filter((other) => other !== svg)];
  for (const other of kept.splice(MOST_KEPT)) other.remove();
  for (const other of kept) other.classList.toggle("ahead", other !== svg);
  if (svg.parentNode !== canvas) canvas.append(svg); // it may stand in another picture
  if (isFocused) focusPicture();
  arrange(view);
  view.stand?.();
  ({ lit, slots, nodesOf } = view);
  refresh(view);
  fit();
  showCrumbs();
  const index = views.indexOf(view);
  getReady([views[index + 1], views[index - 1]].filter((other) => other && other.parent === view.parent));
}

function arrange() {} // where there are boxes, boxes.js does

// What had the focus is not shown any more: a screen reader says what is.
function focusPicture() {
  svg.setAttribute("tabindex", "-1");
  svg.focus({ preventScroll: true });
}

// What a step may turn to next, made ready bit by bit where there is time between two frames.
function getReady(near) {
  const here = view;
  const tasks = near.flatMap((other) => [() => prepare(other), () => refresh(other), () => layOut(other)]);
  const next = () => {
    if (view !== here || !tasks.length) return;
    tasks.shift()();
    requestIdle(next);
  };
  requestIdle(next);
}

function layOut({ element }) {
  if (kept.includes(element)) return;
  element.classList.add("ahead");
  kept.push(element);
  canvas.append(element);
}

const requestIdle = window.requestIdleCallback ?? ((does) => setTimeout(does, 200));

// The text of a picture: as it stands, or cast from a mould, whose gaps are for the view's name and, of
// each of its nodes, for its id and its faces.
function textOf({ name, svg }) {
  if (typeof svg === "string") return svg;
  const { moulds, faces, names, looks } = drawings();
  const [mould, ...nodes] = svg;
  const filled = (gap) => {
    if (gap < 0) return name;
    const node = nodes[gap >> 2];
    if (!(gap & 3)) return `n${node}`;
    const [face, written, said] = looks[node];
    const [chip, box] = faces[face].map((text, i) => text.replaceAll("\0", `n${node}`).replace("\x01", () => names[written][i]));
    return [said + chip, said, box][(gap & 3) - 1];
  };
  return moulds[mould].map((piece) => (typeof piece === "number" ? filled(piece) : piece)).join("");
}

function pictureOf(text) {
  return document.importNode(new DOMParser().parseFromString(text, "image/svg+xml").documentElement, true);
}

function prepare(view) {
  if (view.element) return;
  if (view !== views[0]) Object.assign(view, drawings().views[views.indexOf(view)]);
  view.element = view === views[0] ? canvas.querySelector("svg.graph") : pictureOf(textOf(view));
  const root = view.element;
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", view.title);
  view.slots = new Map([...root.querySelectorAll("[data-slot]")].map((slot) => [slotName(slot, view), slot]));
  view.boxes = [...view.slots].filter(([name]) => name.startsWith("box:"));
  const parts = new Map([...root.querySelectorAll("[id]")].map((part) => [part.id, part]));
  view.nodeElement = membersOf(view.name, view.nodes, (i) => `n${i}`, parts);
  view.edgeElement = membersOf(view.name, view.edges, (i) => keys[i], parts);
  view.unlabelled = new Set();
  sortOut(view);
  const knobs = new Map([...view.nodesOf.keys()].map((part) => [part, part]));
  for (const [id, name] of Object.entries(view.opens)) {
    const part = parts.get(id);
    const knob = part.querySelector(".dot") ? part.querySelector(".frame") : part; // no button within a button
    part.dataset.opens = knob.dataset.opens = name;
    knobs.set(part, knob);
  }
  makeStops(knobs.values());
  for (const part of knobs.values()) {
    part.setAttribute("role", "button");
    if (part.dataset.opens) part.setAttribute("aria-label", `Open ${titleOf(part.dataset.opens)}`);
  }
  for (const word of root.querySelectorAll(".fact")) if (word.textContent === "gradient") word.textContent = slope();
  for (const [part, nodes] of view.nodesOf) {
    if (nodes.length < 2 || !part.classList.contains("dot")) continue;
    const holder = viewNamed(part.dataset.opens)?.parent;
    if (holder && holder !== view.name) part.how = `${plainName(nodes.at(-1))}, ${titleOf(holder)}`;
  }
  root.labels = [...root.querySelectorAll(".edge [transform]")].map((label) => label.transform.baseVal.consolidate().matrix);
  view.lit = { frames: element("g"), flows: element("g") };
  root.prepend(view.lit.frames); // below the graph, so that no number is crossed
  root.append(view.lit.flows);
  if (view.slides) slideOver(view);
}

function sortOut(view) {
  view.nodesOf = new Map();
  for (const [node, part] of view.nodeElement) {
    if (!view.nodesOf.has(part)) view.nodesOf.set(part, []);
    view.nodesOf.get(part).push(node);
  }
  const seen = new Set();
  view.shared = new Map(); // arrows that stand for many edges carry no one's sign, but the size of all
  for (const part of view.edgeElement.values()) seen.has(part) ? view.shared.set(part, []) : seen.add(part);
  for (const [edge, part] of view.edgeElement) view.shared.get(part)?.push(edge);
}

const viewNamed = (name) => views.find((other) => other.name === name);
const pathTo = (view) => (view ? [...pathTo(viewNamed(view.parent)), view] : []); // from the outermost one
const titleOf = (name) => viewNamed(name)?.title ?? name;

// When it is pointed at: a thousand titles would make every change of the picture slow, and a screen reader
// would say after a node's label the half of it again.
function titlePart(part) {
  if (!part || part.querySelector("title")) return;
  part.prepend(element("title", {}, part.how || (nodesOf.has(part) ? plainName(nodesOf.get(part).at(-1)) : "")));
}

// What a dot is computed of, such as the patch of a picture under a kernel, is marked while one is at the dot.
let patch = [];

function markPatch(part) {
  for (const other of patch) other.classList.remove("under");
  patch = [];
  if (!part || part.localName !== "circle" || !nodesOf.has(part)) return;
  const isShared = (dot, node) => dot.parentNode === part.parentNode && !incoming.get(node).length; // its weights
  const sources = [...new Set(nodesOf.get(part).flatMap((node) => incoming.get(node)).map((key) => key.split(">")[0]))];
  const seen = sources.filter((node) => {
    const dot = view.nodeElement.get(node);
    return dot && dot !== part && dot.classList.contains("dot") && !isShared(dot, node);
  });
  patch = seen.map((node) => view.nodeElement.get(node));
  for (const dot of patch) dot.classList.add("under");
  if (seen.length) part.setAttribute("aria-description", `from ${seen.slice(0, MOST_ROWS).map(plainName).join(", ")}${seen.length > MOST_ROWS ? ` and ${seen.length - MOST_ROWS} more` : ""}`);
}

// What a number belongs to may be left away where it is the element that the number is in.
function slotName(slot, view) {
  if (!slot.dataset.slot.includes(":")) {
    const [source, target, position] = slot.closest("[id]").id.slice(view.name.length + 1).split("-");
    slot.dataset.slot += `:${target === undefined ? source : keyOf(source, target, position)}`;
  }
  return slot.dataset.slot;
}

// By node or edge, the element that shows it; one that shows nothing else is called after it.
function membersOf(name, members, idOf, parts) {
  const elements = new Map();
  for (const [element, distances] of Object.entries(members)) {
    for (const i of summed(distances)) {
      const id = idOf(i);
      elements.set(id, parts.get(element || `${name}-${id.replace(/[>:]/g, "-")}`));
    }
  }
  return elements;
}

const partOf = (node) => view.nodeElement.get(node);

// Asked for before anything is changed: after a change it takes the browser long to answer.
function boxOf(part) {
  if (part) part.box ??= placed(part);
  return part?.box;
}

// Where parts were is forgotten when they are moved.
function unplace(view) {
  for (const part of view.nodeElement.values()) part.box = part.around = part.parentNode.around = undefined;
  for (const part of view.edgeElement.values()) if (part.line) part.line.box = undefined;
}

// In the units of the whole picture: a dot lies in a box that is moved as one.
function placed(part) {
  const { x, y, width, height } = part.getBBox();
  const [right, down] = offsetOf(part);
  return { x: x + right, y: y + down, width, height };
}

function offsetOf(group) {
  if (group === svg) return [0, 0];
  const [right, down] = offsetOf(group.parentNode);
  const box = group.viewBox?.baseVal; // of a picture in the picture
  if (box) return [right + group.x.baseVal.value - box.x, down + group.y.baseVal.value - box.y];
  const { e, f } = group.transform.baseVal.consolidate()?.matrix ?? { e: 0, f: 0 };
  return [right + e, down + f];
}

// What is out of sight follows when a hand that drags a number rests.
const waits = new Map();
function atRest(does) {
  clearTimeout(waits.get(does));
  waits.set(does, setTimeout(does, 100));
}

function refreshSeen() {
  if (view.nodesOf.size <= MOST_AT_ONCE) return refresh(view);
  refresh(view, [...view.nodeElement.keys()].filter(isSeen));
  atRest(refreshAll);
}

const refreshAll = () => refresh(view);

// A box of dots is seen as one.
function isSeen(node) {
  const part = view.nodeElement.get(node);
  const group = part.parentNode.viewBox ? part : part.parentNode;
  group.around ??= placed(group);
  const { x, y, width, height } = group.around;
  const [left, top] = [at.x + x * at.scale, at.y + y * at.scale];
  return left < room.width && top < room.height && left + width * at.scale > 0 && top + height * at.scale > 0;
}

function refresh(view, nodes = view.nodeElement.keys(), edges = view.edgeElement.keys()) {
  for (const node of nodes) refreshNode(view, node);
  if (view.unlabelled.size && view.nodesOf.size <= MOST_AT_ONCE) labelParts(view);
  else if (view.unlabelled.size) requestIdle(() => labelParts(view));
  const stale = new Set();
  for (const edge of edges) {
    const part = view.edgeElement.get(edge);
    if (view.shared.has(part)) stale.add(part);
    else refreshEdge(view, edge);
  }
  for (const part of stale) refreshShared(part, view.shared.get(part));
  for (const [name, slot] of view.boxes) refreshBox(name, slot);
  for (const tell of tellers) tell();
}

// A row of a folded box: before its values, before its gradients are complete, and then.
function refreshBox(name, slot) {
  const [, key, row] = name.split(":");
  const said = rowOfBox(key, row);
  write(slot, said);
  const [whole, part] = slot.previousElementSibling.querySelectorAll(".share rect");
  part?.setAttribute("width", whole.getAttribute("width") * (readNumber(said) || 0)); // as long as the share
}

function rowOfBox(key, row) {
  const [computed, complete, rows] = facts.boxes[key];
  return rows[row][place > complete ? 2 : place > computed ? 1 : 0];
}

function write(slot, text) {
  if (slot !== undefined && slot.textContent !== text) slot.textContent = text;
}

// A long number, such as −1.234e−308, is in small print: else it would touch the word before it.
function writeNumber(slot, text) {
  if (slot === undefined || slot.textContent === text) return;
  slot.textContent = text;
  const [isWide, hasExponent] = [text.length > WIDEST_NUMBER.length, text.includes("e")];
  slot.classList.toggle("long", isWide && hasExponent);
  if (!isWide || hasExponent) return slot.removeAttribute("textLength");
  slot.setAttribute("textLength", SQUEEZED);
  slot.setAttribute("lengthAdjust", "spacingAndGlyphs");
}

// On an arrow, in whichever font: no wider than the room that is left for it.
function writeLabel(slot, text) {
  if (slot === undefined || slot.textContent === text) return;
  slot.textContent = text;
  if (text.length < LONG_LABEL) return slot.removeAttribute("textLength");
  slot.setAttribute("textLength", `${Math.min(0.53 * text.length, WIDEST_LABEL)}em`);
  slot.setAttribute("lengthAdjust", "spacingAndGlyphs");
}

function refreshNode({ nodeElement, nodesOf, slots, unlabelled }, node) {
  const part = nodeElement.get(node);
  if (part === undefined) return;
  const done = computed.get(node) < place;
  const value = done ? facts.values[placeOf(node)] : EMPTY;
  const gradient = gradientOf(node, place);
  writeNumber(slots.get(`value:${node}`), value);
  writeNumber(slots.get(`gradient:${node}`), gradient);
  const nodes = nodesOf.get(part);
  if (node !== nodes.at(-1)) return; // a dot shows what a neuron gives
  const isDot = part.classList.contains("dot");
  if (isDot) fillDot(part, value, gradient);
  if (nodes.length === 1) part.classList.toggle("untouched", !done);
  if (isDot || nodes.length === 1) unlabelled.add(node);
}

// What a screen reader says of the nodes that changed: of many of them when there is time.
function labelParts({ nodeElement, unlabelled }) {
  for (const node of unlabelled) {
    const part = nodeElement.get(node);
    const value = computed.get(node) < place ? facts.values[placeOf(node)] : EMPTY;
    const said = `${value}${constants.has(node) ? "" : `, ${slope()} ${gradientOf(node, place)}`}`;
    if (part.said === said) continue;
    part.said = said; // asking for the attribute takes longer
    part.how ??= takenTitle(part); // how it was computed
    const [name, share] = [part.previousElementSibling, part.nextElementSibling].map((beside) => beside?.textContent);
    part.setAttribute("aria-label", part.classList.contains("share") ? `${name}: share ${share}; ${plainName(node)} ${said}` : `${part.how || plainName(node)}: value ${said}`);
  }
  unlabelled.clear();
}

function takenTitle(part) {
  const title = part.querySelector("title");
  title?.remove();
  return title?.textContent ?? "";
}

// On the scale of all pictures: 0 for 0.0001 and less, 1 for 100 and more.
const shareOf = (size) => Math.min(Math.max(Math.log(size / 1e-4) / Math.log(1e6), 0), 1) || 0;
const widthOf = (size) => (0.9 + 4.6 * shareOf(size)).toFixed(1);
const signWord = (x) => (x > 0 ? "positive" : x < 0 ? "negative" : "");

const lineOfEdge = (part) => part && (part.line ??= part.querySelector(".line"));

// An arrow that stands for many is as thick as all that has passed along it is large.
function refreshShared(part, edges) {
  const done = edges.map((key) => list[carried.get(key)]).filter((step) => step && step.number < place);
  const size = Math.hypot(...done.map((step) => readNumber(step.contribution) || 0));
  if (lineOfEdge(part)) part.line.style.strokeWidth = done.length ? `${widthOf(size)}px` : "";
}

// A dot is filled by its value and ringed by its gradient: the hue is the sign, the depth the size, in steps
// that the eye can tell.
function fillDot(dot, value, gradient) {
  const [x, g] = [value, gradient].map((text) => readNumber(text) || 0);
  const fill = x && `fill:color-mix(in srgb,var(--${signWord(x)}) ${15 + 5 * Math.round(17 * shareOf(Math.abs(x)))}%,var(--paper));`;
  const ring = g && `stroke:var(--${signWord(g)});stroke-width:${(1.2 + 0.2 * Math.round(10 * shareOf(Math.abs(g)))).toFixed(1)}px`;
  const style = (fill || "") + (ring || "");
  if ((dot.drawn ?? "") !== style) dot.style.cssText = dot.drawn = style;
}

function refreshEdge({ edgeElement, slots }, key) {
  const part = edgeElement.get(key);
  if (part === undefined) return;
  const step = carried.get(key);
  const done = step !== undefined && step < place;
  const target = key.slice(key.indexOf(">") + 1, key.lastIndexOf(":"));
  const known = computed.get(target) < place;
  const slot = slots.get(`partial:${key}`);
  if (slot !== undefined) {
    slot.drawn ??= slot.textContent;
    const whole = step === undefined ? (facts.told ? "" : slot.drawn) : `∂ ${list[step].shown[1]}`;
    writeLabel(slot, known ? whole : "");
  }
  writeLabel(slots.get(`contribution:${key}`), done ? list[step].added : "");
  part.classList.toggle("untouched", !known);
  part.classList.toggle("waiting", step !== undefined && !done);
  const sign = done && list[step].sign;
  for (const word of ["positive", "negative", "zero", "nan"]) part.classList.toggle(word, sign === word);
  if (lineOfEdge(part)) part.line.style.strokeWidth = done ? `${list[step].width}px` : "";
}

// The current node in a thick frame, where its gradient comes from in a dashed one, the edges in
// use thick with an arrow in the middle that points the way the numbers go.
function light(step) {
  for (const slot of fresh) slot.classList.remove("fresh");
  fresh = [];
  for (const layer of Object.values(lit)) layer.replaceChildren();
  if (step === undefined) return;
  const backwards = step.phase === "reverse";
  if (step.target !== null) {
    frame(partOf(step.target), "halo from");
    flow(keyOf(step.node, step.target, step.position), backwards, step === asking ? "" : step.added); // which is asked for
    freshen(`contribution:${keyOf(step.node, step.target, step.position)}`);
  } else if (step.kind === "apply") {
    for (const key of incoming.get(step.node).slice(0, MOST_LIT)) flow(key, backwards, facts.values[placeOf(key.split(">")[0])]);
  }
  const nodes = nodesAt(step);
  for (const part of inSight(nodes)) frame(part, "halo");
  for (const node of nodes) freshen(`${step.phase === "forward" ? "value" : "gradient"}:${node}`);
}

// A larger step: all that it computes in thick frames, the edges that it goes along thick.
function lightStride() {
  light(undefined);
  const those = strideSteps();
  for (const part of inSight(strideNodes())) frame(part, "halo");
  const along = new Map(); // what goes along each arrow
  for (const step of those.slice(0, MOST_LIT).filter(isEdge)) {
    const key = keyOf(step.node, step.target, step.position);
    const arrow = view.edgeElement.get(key);
    along.set(arrow, { key, number: along.has(arrow) ? "" : step.added }); // several have no one number
  }
  for (const { key, number } of along.values()) flow(key, true, number);
  for (const step of those) freshen(`${step.phase === "forward" ? "value" : "gradient"}:${step.node}`);
}

// One route, from its leaf to the output, with the local derivatives that it multiplies.
function lightRoute(edges) {
  pause();
  light(undefined);
  const nodes = [...edges.map(({ source }) => source), facts.output].map((i) => `n${i}`);
  while (view.parent !== null && !nodes.every((node) => view.nodeElement.has(node))) mount(viewNamed(view.parent));
  see(...placeFor(nodes));
  for (const part of inSight(nodes)) frame(part, "halo");
  isFlying = true;
  for (const { source, target, position, partial } of edges.slice(0, MOST_LIT)) flow(keyOf(`n${source}`, `n${target}`, position), false, number(partial ?? 0));
  isFlying = false;
}

// What a step computes, or what is asked about.
function nodesAt(step) {
  if (strides() && step !== asking) return strideNodes();
  return step.kind === "leaf" ? readAtOnce() : [step.node];
}

// The parts of the picture that show nodes, as many as are lit at once; many dots of a box are lit as that box.
function inSight(nodes) {
  const parts = [...new Set(nodes.map(partOf))].filter(Boolean);
  const boxes = parts.map((part) => part.classList.contains("dot") && part.closest(".layer, .seen, .given"));
  const counts = new Map();
  for (const box of boxes) counts.set(box, (counts.get(box) ?? 0) + 1);
  return [...new Set(parts.map((part, k) => (boxes[k] && counts.get(boxes[k]) > MOST_DOTS ? boxes[k] : part)))].slice(0, MOST_LIT);
}

const lightHere = () => (strides() ? lightStride() : light(steps()[place - 1]));

function freshen(name) {
  const slot = slots.get(name);
  if (slot === undefined) return;
  slot.classList.add("fresh");
  fresh.push(slot);
}

const drawn = (layer, name, attributes) => layer.appendChild(element(name, attributes));

function frame(part, kind) {
  const box = boxOf(part);
  if (box === undefined) return;
  const around = { x: box.x - 5, y: box.y - 5, width: box.width + 10, height: box.height + 10, rx: 8 };
  const inside = part.classList.contains("dot") || part.ownerSVGElement !== svg; // of a filled box, which would hide it
  drawn(inside ? lit.flows : lit.frames, "rect", { ...around, class: kind });
}

// How far along a line, in percent, an arrow's head covers no number, or the least of one; labels stand
// around these middles.  What is in no picture is measured without placing all others anew.
const ruler = element("path");

function clearOf(labels, d) {
  ruler.setAttribute("d", d);
  const length = ruler.getTotalLength();
  const clearance = (share) => {
    const { x, y } = ruler.getPointAtLength((length * share) / 100);
    return Math.min(1, ...labels.map(({ e, f }) => Math.max(Math.abs(x - e) / 38, Math.abs(y - f) / 23) / growth()));
  };
  return [28, 20, 36, 12, 72, 80, 88, 94, 97, 50].reduce((best, share) => (clearance(share) > clearance(best) ? share : best));
}

let isFlying = false; // numbers go along arrows when the next step is taken, and not where one comes from elsewhere

function flow(key, backwards, number) {
  const line = lineOfEdge(view.edgeElement.get(key));
  if (!line) return;
  const d = line.getAttribute("d");
  const layer = drawn(lit.flows, "g", { transform: `translate(${offsetOf(line.ownerSVGElement)})` });
  drawn(layer, "path", { d, class: "flow" });
  const along = clearOf(line.ownerSVGElement.labels, d);
  const way = `offset-path:path("${d}");offset-distance:${along}%;offset-rotate:auto ${backwards ? 180 : 0}deg`;
  const head = drawn(layer, "path", { d: "M10 0L-7 -7L-3 0L-7 7Z", class: "flow-head" });
  head.style.cssText = way; // the page's policy forbids a style attribute
  const apart = (100 * (Math.min(4.5 * number.length, 33) + 5)) / ruler.getTotalLength(); // from a box at either end
  if (!isFlying || number === "" || apart > 45) return;
  const traveller = drawn(layer, "text", { class: `traveller ${signWord(readNumber(number) || 0)}` });
  writeLabel(traveller, number);
  const [start, end] = backwards ? [100 - apart, apart] : [apart, 100 - apart];
  traveller.style.cssText = `offset-path:path("${d}");offset-rotate:0deg;--start:${start}%;--end:${end}%`;
}
