// Boxes of Modules: they stand in lines as wide as the page, and open in the place where they stand.  How
// they stand and how arrows lead between them is stated in views/ways.py; this is the same for any width.
const MARGIN = 16, LANE = 20, NEAR = 3, BESIDE = 4, ROUNDING = 6, HEADING = 34, HEADER = 30, KNOB = 9;

function stand(sizes, pairs, widest, between) {
  const [lines, lefts] = [[0], [MARGIN]];
  sizes.slice(1).forEach(([width], k) => {
    const left = lefts[k] + sizes[k][0] + between;
    const isFull = left + width + MARGIN > widest;
    lines.push(lines[k] + isFull);
    lefts.push(isFull ? MARGIN : left);
  });
  const isStraight = ([a, b]) => b === a + 1 && lines[a] === lines[b];
  const around = pairs.filter((pair) => !isStraight(pair)).sort(([a, b], [c, d]) => Math.abs(b - a) - Math.abs(d - c) || a - c || b - d);
  const width = Math.max(...lefts.map((left, k) => left + sizes[k][0])) + MARGIN;
  const { starts, ends } = portsOf(around, lines, lefts, sizes);
  const legs = around.map(([a, b], k) => {
    const first = lines[b] > lines[a] ? lines[a] + 1 : lines[a];
    if (first === lines[b]) return [[lines[b], starts[k], ends[k]]];
    const turn = width + BESIDE * (a + 1);
    return [[first, starts[k], turn], [lines[b], turn, ends[k]]];
  });
  const lanes = lanesOf(around, legs);
  const [corners, tops] = [[], []];
  let height = 0;
  for (let line = 0; line <= lines.at(-1); line++) {
    const own = [...sizes.keys()].filter((k) => lines[k] === line);
    const tallest = Math.max(...own.map((k) => sizes[k][1]));
    const highest = Math.max(-1, ...[...lanes].filter(([key]) => key.endsWith(` ${line}`)).map(([, lane]) => lane));
    tops[line] = height + LANE * (highest + 1);
    for (const k of own) corners[k] = [lefts[k], tops[line] + MARGIN + (tallest - sizes[k][1]) / 2];
    height = tops[line] + tallest + 2 * MARGIN;
  }
  const ways = pairs.map((pair) => {
    const [a, b] = pair;
    const y = corners[a][1] + sizes[a][1] / 2;
    if (isStraight(pair)) return [[lefts[a] + sizes[a][0] + NEAR, y], [lefts[b] - NEAR, y]];
    const k = around.indexOf(pair);
    const turns = legs[k].flatMap(([gap, start, end]) => [start, end].map((x) => [x, tops[gap] - LANE * lanes.get(`${a} ${gap}`)]));
    return [[starts[k], corners[a][1] + (lines[b] > lines[a] ? sizes[a][1] + NEAR : -NEAR)], ...turns, [ends[k], corners[b][1] - NEAR]];
  });
  return { corners, ways, width: Math.max(width, ...ways.flat().map(([x]) => x + MARGIN)), height };
}

// Where each arrow leaves its box and where it arrives; what leads to lower lines leaves below.
function portsOf(around, lines, lefts, sizes) {
  const sides = new Map(); // by box and whether it is below: ports, by their order
  const at = (box, below, port, isStart, k) => {
    const side = `${box} ${below}`;
    if (!sides.has(side)) sides.set(side, { box, ports: new Map() });
    const { ports } = sides.get(side);
    if (!ports.has(`${port} ${isStart}`)) ports.set(`${port} ${isStart}`, { port, isStart, those: [] });
    ports.get(`${port} ${isStart}`).those.push(k);
  };
  around.forEach(([a, b], k) => {
    at(a, lines[b] > lines[a], 0, true, k);
    at(b, false, -Math.sign(lefts[b] - lefts[a]) * (a + 1), false, k);
  });
  const [starts, ends] = [[], []];
  for (const { box, ports } of sides.values()) {
    const sorted = [...ports.values()].sort((p, q) => p.port - q.port || p.isStart - q.isStart);
    sorted.forEach(({ isStart, those }, n) => {
      for (const k of those) (isStart ? starts : ends)[k] = lefts[box] + (sizes[box][0] * (n + 1)) / (sorted.length + 1);
    });
  }
  return { starts, ends };
}

// The lane of all that leaves a box, by the box and the line below: what leads far is above.
function lanesOf(around, legs) {
  const reach = new Map();
  around.forEach(([source], k) => {
    for (const [gap, start, end] of legs[k]) {
      const [low, high] = reach.get(`${source} ${gap}`) ?? [start, start];
      reach.set(`${source} ${gap}`, [Math.min(low, start, end), Math.max(high, start, end)]);
    }
  });
  const [taken, lanes] = [new Map(), new Map()];
  for (const [key, [low, high]] of [...reach].sort(([, a], [, b]) => a[1] - a[0] - (b[1] - b[0]))) {
    const gap = key.split(" ")[1];
    const at = (lane) => taken.get(`${gap} ${lane}`) ?? [];
    let lane = 0;
    while (at(lane).some(([start, end]) => low <= end + NEAR && start <= high + NEAR)) lane += 1;
    taken.set(`${gap} ${lane}`, [...at(lane), [low, high]]);
    lanes.set(key, lane);
  }
  return lanes;
}

const inUnits = (x) => String(Math.round(10 * x) / 10);
const written2 = ([x, y]) => `${inUnits(x)} ${inUnits(y)}`;

function towards([x, y], [a, b], most) {
  const length = Math.hypot(a - x, b - y) || 1;
  const share = Math.min(most, length / 2) / length;
  return [x + share * (a - x), y + share * (b - y)];
}

// An arrow through points, its words above it or beside its last piece.
function bend(arrow, way) {
  const [tip, before] = [way.at(-1), way.at(-2)];
  const turns = way.slice(1, -1).map((corner, k) => `L${written2(towards(corner, way[k], ROUNDING))}Q${written2(corner)} ${written2(towards(corner, way[k + 2], ROUNDING))}`);
  const back = towards(tip, before, 8);
  arrow.querySelector(".line").setAttribute("d", `M${written2(way[0])}${turns.join("")}L${written2(back)}`);
  const length = Math.hypot(tip[0] - back[0], tip[1] - back[1]) || 1;
  const [dx, dy] = [(3.5 * (tip[0] - back[0])) / length, (3.5 * (tip[1] - back[1])) / length];
  const side = [back[0] - dy - tip[0], back[1] + dx - tip[1]];
  arrow.querySelector(".head").setAttribute("d", `M${written2(tip)}l${written2(side)} ${written2([2 * dy, -2 * dx])}z`);
  const text = arrow.querySelector("text");
  if (!text) return 0;
  const isUpright = before[0] === tip[0];
  const [x, y] = isUpright ? [tip[0] + 6, tip[1] - 3] : [(before[0] + tip[0]) / 2, (before[1] + tip[1]) / 2 - 6];
  text.setAttribute("x", inUnits(x));
  text.setAttribute("y", inUnits(y));
  text.setAttribute("class", isUpright ? "note" : "note middle");
  return tip[0] + 6.2 * text.textContent.length + MARGIN;
}

// ------------------------------------------------------------------ a view of boxes

// The boxes of a view, in order, and its arrows between them; undefined for a view of anything else.
function rowOf(view) {
  if (view.row || !view.element.dataset.between) return view.row;
  const boxes = [...view.element.querySelectorAll(":scope > .layer")].map((part) => {
    const frame = part.querySelector(".frame");
    const size = [Number(frame.getAttribute("width")), Number(frame.getAttribute("height"))];
    const box = { part, frame, size, isOutside: part.classList.contains("elsewhere"), inner: viewNamed(view.opens[part.id]) };
    if (box.inner && !box.isOutside) box.knob = knobOf(box);
    return box;
  });
  const places = new Map(boxes.map(({ part }, k) => [part.id.slice(view.name.length + 1), k]));
  const arrows = [...view.element.querySelectorAll(":scope > .edge")].map((arrow) => {
    const ends = arrow.id.slice(view.name.length + 1).split("-to-");
    return { arrow, ends: ends.map((name) => places.get(name)) };
  });
  view.row = { boxes, arrows, between: Number(view.element.dataset.between) };
  return view.row;
}

function knobOf(box) {
  const knob = element("g", { class: "fold", role: "button", tabindex: "0", "aria-expanded": "false", "aria-label": `${box.inner.title}, in place` });
  knob.append(element("circle", { r: KNOB }), element("path", { d: "M-4 0h8M0 -4v8" }), element("title", {}, "Open it here, or close it"));
  const toggle = (event) => {
    event.stopPropagation();
    event.preventDefault();
    if (!dragged || event.type === "keydown") openHere(box);
  };
  knob.addEventListener("click", toggle);
  knob.addEventListener("keydown", (event) => ["Enter", " "].includes(event.key) && toggle(event));
  box.part.after(knob);
  return knob;
}

function openHere(box) {
  box.isOpen = !box.isOpen;
  box.knob.setAttribute("aria-expanded", box.isOpen);
  light(undefined);
  arrange(view);
  ({ slots, nodesOf } = view);
  refresh(view);
  if (fitted) fit();
  const { x, y, width, height } = placed(box.part);
  see({ x, y, width: Math.min(width, room.width / at.scale - 2 * MARGIN), height: Math.min(height, room.height / at.scale - 2 * MARGIN) });
  lightHere();
}

// Places what a view shows, each box as large as it is, in lines as wide as there is room.
arrange = (view) => {
  const row = rowOf(view);
  if (row) settle(view, false);
  else if (view.whole) crop(view, false);
  compose(view);
};

function settle(view, isInside, room = widestFor(view)) {
  const { boxes, arrows, between } = view.row;
  const shown = boxes.filter((box) => !(isInside && box.isOutside));
  for (const { part, isOutside } of boxes) part.classList.toggle("aside", isInside && isOutside);
  const places = new Map(shown.map((box, k) => [boxes.indexOf(box), k]));
  const sizes = shown.map((box) => sizeOf(box, room));
  const drawn = arrows.filter(({ arrow, ends }) => {
    const isDrawn = ends.every((end) => places.has(end));
    arrow.classList.toggle("aside", !isDrawn);
    return isDrawn;
  });
  const standing = stand(sizes, drawn.map(({ ends }) => ends.map((end) => places.get(end))), room, between);
  shown.forEach((box, k) => put(box, standing.corners[k], sizes[k]));
  const ends = drawn.map(({ arrow }, k) => bend(arrow, standing.ways[k]));
  view.extent = [0, 0, Math.max(standing.width, ...ends), standing.height];
  resizePicture(view);
  return view.extent.slice(2);
}

function resizePicture({ element, extent }) {
  element.setAttribute("viewBox", extent.join(" "));
  element.setAttribute("width", extent[2]);
  element.setAttribute("height", extent[3]);
}

// How wide lines are: so that the whole is shown as large as can be, or else as wide as the page.
function widestFor(view) {
  const { boxes, arrows, between } = view.row;
  const most = (room.width - MARGIN) / LEGIBLE;
  if (boxes.some(({ isOpen }) => isOpen)) return most;
  const scaleAt = (widest) => {
    const { width, height } = stand(boxes.map(({ size }) => size), arrows.map(({ ends }) => ends), widest, between);
    return Math.min(room.width / width, room.height / height, 1.5);
  };
  const widths = [room.width / 1.5, room.width / 1.25, room.width, most];
  const best = widths.reduce((one, other) => (scaleAt(other) > scaleAt(one) + 0.01 ? other : one));
  return scaleAt(best) < LEGIBLE ? most : best;
}

// The size of a box: its own, or that of what it opens as, with a title above.
function sizeOf(box, widest) {
  box.part.classList.toggle("unfolded", Boolean(box.isOpen));
  if (!box.isOpen) {
    if (box.inner?.element?.parentNode === box.part.parentNode) box.inner.element.remove();
    return box.size;
  }
  const { inner } = box;
  prepare(inner);
  kept = kept.filter((other) => other !== inner.element);
  inner.element.classList.remove("ahead");
  inner.element.style.transform = "";
  const [width, height] = rowOf(inner) ? settle(inner, true, widest - 2 * MARGIN) : crop(inner, true);
  box.knob.after(inner.element);
  return [Math.max(width, box.size[0]), height + HEADING];
}

// Of a layer between those before and after it only the layer itself is shown within others.
function crop(view, isInside) {
  view.whole ??= view.element.getAttribute("viewBox").split(" ").map(Number);
  view.extent = view.whole;
  const around = view.element.querySelector(":scope > .around");
  const beside = [...view.element.querySelectorAll(`[id^="${view.name}-before"], [id^="${view.name}-after"]`)];
  for (const part of [...beside, around, around?.nextElementSibling, around?.nextElementSibling.nextElementSibling]) part?.classList.toggle("aside", isInside);
  if (isInside && around) {
    const [x, y, width, height] = ["x", "y", "width", "height"].map((name) => Number(around.getAttribute(name)));
    view.extent = [x, y + HEADER, width, height - HEADER];
  }
  resizePicture(view);
  return view.extent.slice(2);
}

function put(box, [x, y], [width, height]) {
  const moved = box.part.querySelector(":scope > g");
  moved.setAttribute("transform", `translate(${Math.round(x)} ${Math.round(y)})`);
  box.frame.setAttribute("width", width);
  box.frame.setAttribute("height", height);
  box.knob?.setAttribute("transform", `translate(${Math.round(x + width)} ${Math.round(y)})`);
  if (!box.isOpen) return;
  box.inner.element.setAttribute("x", Math.round(x + (width - box.inner.extent[2]) / 2));
  box.inner.element.setAttribute("y", Math.round(y + HEADING));
}

const openedIn = (view) => (view.row?.boxes ?? []).filter(({ isOpen }) => isOpen);

// What is in an opened box is found there and no longer in the box.
function compose(view) {
  const { nodeElement, edgeElement, slots, nodesOf, shared } = view;
  const own = (view.own ??= { nodeElement, edgeElement, slots, nodesOf, shared });
  Object.assign(view, { nodeElement: new Map(own.nodeElement), edgeElement: new Map(own.edgeElement), slots: new Map(own.slots) });
  for (const { part: outer, inner } of openedIn(view)) {
    compose(inner);
    const isSeen = (part) => !part.closest(".aside");
    for (const [node, part] of inner.nodeElement) if (outer.contains(own.nodeElement.get(node)) && isSeen(part)) view.nodeElement.set(node, part);
    for (const [edge, part] of inner.edgeElement) if (!own.edgeElement.has(edge)) view.edgeElement.set(edge, part);
    for (const [name, slot] of inner.slots) if (isSeen(slot) && (!view.slots.has(name) || outer.contains(view.slots.get(name)))) view.slots.set(name, slot);
  }
  sortOut(view);
  for (const part of view.nodeElement.values()) part.box = part.around = part.parentNode.around = undefined;
}

// Each picture shows its own, and what is in both is shown in both.
const refreshAlone = refresh;
refresh = (view, nodes, edges) => {
  refreshAlone({ ...view, ...view.own }, nodes, edges);
  for (const { inner } of openedIn(view)) refresh(inner, nodes, edges);
};

new ResizeObserver(() => {
  if (!view?.row) return;
  arrange(view);
  if (fitted) fit();
  lightHere();
}).observe(canvas);
