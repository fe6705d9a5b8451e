// Boxes of Modules stand in lines as wide as the page, and open in the place where they stand.
const HEADING = 34, HEADER = 30, KNOB = 9, TOUCHED = 15;
const WIDER = [1, 1.25, 1.6, 2, 2.5, 3.2, 4, 5, 6.5, 8, 10, 13, 16]; // how many pages wide opened boxes may stand

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
    return { arrow, ends: ends.map((name) => places.get(name)), wide: Number(arrow.querySelector("text")?.dataset.wide ?? 0) };
  });
  share(boxes.flatMap(({ knob }) => knob ?? []), MOST_STOPS);
  view.row = { boxes, arrows, between: Number(view.element.dataset.between) };
  return view.row;
}

function knobOf(box) {
  const knob = element("g", { class: "fold", role: "button", tabindex: "0", "aria-expanded": "false", "aria-label": `Open ${box.inner.title} in place` });
  knob.append(element("circle", { r: TOUCHED, class: "touched" }), element("circle", { r: KNOB }), element("path", { d: "M-4 0h8M0 -4v8" }), element("title", {}, "Open it here, or close it"));
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
  view.widest = undefined;
  box.knob.setAttribute("aria-expanded", box.isOpen);
  light(undefined);
  arrange(view);
  ({ slots, nodesOf } = view);
  refresh(view);
  if (fitted) fit();
  const { x, y, width, height } = placed(box.part);
  see({ x, y, width: Math.min(width, room.width / at.scale - 2 * MARGIN), height: Math.min(height, room.height / at.scale - 2 * MARGIN) });
  relight();
  tellOpened(box);
}

// What came into view: the boxes in it, or how many numbers.
function tellOpened({ inner, isOpen }) {
  const inside = views.filter(({ parent }) => parent === inner.name).map(({ title }) => title);
  const named = inside.length > MOST_ROWS ? `${inside.length} parts, ${inside[0]} to ${inside.at(-1)}` : inside.join("; ");
  $("heard").textContent = isOpen ? `In ${inner.title}: ${named || `${inner.nodeElement.size} numbers`}.` : "";
}

// Places what a view shows, each box as large as it is, in lines as wide as there is room, or as is best.
arrange = (view) => {
  if (rowOf(view)) {
    const widest = widestFor(view);
    if (view.widest === widest && !openedIn(view).length) return;
    settle(planOf(view, false, widest));
    view.widest = widest;
  } else if (view.whole) crop(view, false);
  if (view.own || openedIn(view).length) compose(view);
  unplace(view);
  for (const box of view.element.querySelectorAll(".layer, .layer .frame, .fold")) box.box = undefined;
};

// Where all stands in lines so wide: in an opened box, and in those in it, as in the picture itself.
function planOf(view, isInside, widest) {
  prepare(view);
  if (!rowOf(view)) return { view, isInside, extent: insideOf(view) };
  const { boxes, arrows, between } = view.row;
  const shown = boxes.filter((box) => !(isInside && box.isOutside));
  const places = new Map(shown.map((box, k) => [boxes.indexOf(box), k]));
  const plans = shown.map((box) => box.isOpen && planOf(box.inner, true, widest - 2 * MARGIN));
  const sizes = shown.map(({ size }, k) => (plans[k] ? [Math.max(plans[k].extent[2], size[0]), plans[k].extent[3] + HEADING] : size));
  const drawn = arrows.filter(({ ends }) => ends.every((end) => places.has(end)));
  const pairs = drawn.map(({ ends }) => ends.map((end) => places.get(end)));
  const columns = plans.some(Boolean) ? columnsOf(sizes, pairs) : undefined;
  const { corners, ways, width, height } = stand(sizes, pairs, widest, between, columns);
  const reach = ways.map((way, k) => (drawn[k].wide ? wordsOn(way, drawn[k].wide)[0] + drawn[k].wide + MARGIN : 0));
  return { view, isInside, shown, plans, sizes, drawn, corners, ways, extent: [0, 0, Math.max(width, ...reach), height] };
}

function settle({ view, isInside, shown, plans, sizes, drawn, corners, ways, extent }) {
  if (!shown) return crop(view, isInside);
  view.widest = undefined;
  for (const { part, isOutside } of view.row.boxes) part.classList.toggle("aside", isInside && isOutside);
  for (const { arrow } of view.row.arrows) arrow.classList.add("aside");
  drawn.forEach(({ arrow }, k) => {
    arrow.classList.remove("aside");
    bend(arrow, ways[k]);
  });
  view.extent = extent;
  resizePicture(view);
  shown.forEach((box, k) => {
    box.part.classList.toggle("unfolded", Boolean(box.isOpen));
    if (box.isOpen) openIn(box, plans[k]);
    else if (box.inner?.element?.parentNode === box.part.parentNode) box.inner.element.remove();
    put(box, corners[k], sizes[k]);
  });
}

function resizePicture({ element, extent }) {
  element.setAttribute("viewBox", extent.join(" "));
  element.setAttribute("width", extent[2]);
  element.setAttribute("height", extent[3]);
}

// How wide lines are: so that the whole is shown as large as can be, or else as wide as the page; and where
// boxes are open, wider than that if more is seen of them then.
function widestFor(view) {
  const most = (room.width - MARGIN) / LEGIBLE;
  const isOpen = openedIn(view).length;
  const scaleAt = (widest) => {
    const [, , width, height] = planOf(view, false, widest).extent;
    return Math.min(room.width / width, room.height / height, 1.5);
  };
  const widths = isOpen ? WIDER.map((times) => times * most) : [room.width / 1.5, room.width / 1.25, room.width, most];
  const scales = widths.map(scaleAt);
  const best = scales.reduce((best, scale, k) => (scale > scales[best] + 0.01 * scales[best] ? k : best), 0);
  return isOpen || scales[best] >= LEGIBLE ? widths[best] : most;
}

function openIn({ inner, knob }, plan) {
  kept = kept.filter((other) => other !== inner.element);
  inner.element.classList.remove("ahead");
  for (const name of ["style", "tabindex"]) inner.element.removeAttribute(name); // it may have been shown alone
  settle(plan);
  knob.after(inner.element);
}

// Of a layer between those before and after it only the layer itself is shown within others.
function insideOf(view) {
  view.whole ??= view.element.getAttribute("viewBox").split(" ").map(Number);
  const around = view.element.querySelector(":scope > .around");
  if (!around) return view.whole;
  const [x, y, width, height] = ["x", "y", "width", "height"].map((name) => Number(around.getAttribute(name)));
  return [x, y + HEADER, width, height - HEADER];
}

function crop(view, isInside) {
  const inside = insideOf(view);
  view.extent = isInside ? inside : view.whole;
  const around = view.element.querySelector(":scope > .around");
  const beside = [...view.element.querySelectorAll(`[id^="${view.name}-before"], [id^="${view.name}-after"]`)];
  for (const part of [...beside, around, around?.nextElementSibling, around?.nextElementSibling.nextElementSibling]) part?.classList.toggle("aside", isInside);
  resizePicture(view);
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
}

// Each picture shows its own, and what is in both is shown in both.
const refreshAlone = refresh;
refresh = (view, nodes, edges) => {
  refreshAlone({ ...view, ...view.own }, nodes, edges);
  for (const { inner } of openedIn(view)) refresh(inner, nodes, edges);
};
