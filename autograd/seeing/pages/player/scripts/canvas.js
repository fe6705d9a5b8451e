// Which picture is shown, and how it is moved and scaled.

// ------------------------------------------------------------------ views: a breadcrumb

function showCrumbs() {
  $("note").hidden = !view.note;
  $("note").textContent = view.note && `${view.note}.`;
  const crumbs = $("crumbs");
  crumbs.hidden = views.length < 2;
  if (crumbs.hidden) return;
  const path = pathTo(view);
  crumbs.replaceChildren();
  for (const at of path) {
    if (at !== path[0]) crumbs.append(element("span", { "aria-hidden": "true" }, "›"));
    const button = element("button", { type: "button", onclick: () => open(at.name) }, at.title);
    if (at === view) {
      button.disabled = true;
      button.setAttribute("aria-current", "page");
    }
    crumbs.append(button);
  }
}

function open(name, part) {
  const [box, { left, top }, before] = [(part ?? canvas).getBoundingClientRect(), canvas.getBoundingClientRect(), svg];
  const isFocused = $("crumbs").contains(document.activeElement);
  mount(viewNamed(name));
  if (isFocused) focusPicture();
  relight();
  follow(here());
  glide(before, part ? 0.4 : 1.6, box.x + box.width / 2 - left, box.y + box.height / 2 - top);
}

// One picture fades into another: what is in a box grows out of it, and what is around one comes together,
// unless motion is not wanted.
function glide(before, scale, x, y) {
  if (before === svg || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  const sized = (scale) => ({ scale, translate: `${x * (1 - scale)}px ${y * (1 - scale)}px`, visibility: "visible" });
  const timing = { duration: 350, easing: "ease-out" };
  svg.animate([{ opacity: 0, ...sized(scale) }, { opacity: 1, ...sized(1) }], timing);
  before.animate([{ opacity: 1, ...sized(1) }, { opacity: 0, ...sized(1 / scale) }], timing);
}

// The numbers of the views that show a step: its node and, where it goes along an edge, that edge.
let showing; // by node and by edge, found when first asked for

function viewsOf({ node, target, position }) {
  const [byNode, byEdge] = (showing ??= ["nodes", "edges"].map(viewsBy));
  const those = byNode[placeOf(node)];
  return target === null ? those : those.filter((i) => byEdge[firstEdge[placeOf(target)] + position]?.includes(i));
}

function viewsBy(kind) {
  const found = [];
  views.forEach((view, i) => {
    const { [kind]: members } = i ? drawings().views[i] : view;
    for (const distances of Object.values(members)) for (const n of summed(distances)) (found[n] ??= []).push(i);
  });
  return found;
}

// A step that the opened view does not show is followed to the one beside it that does, else upwards.
function showWhere(step) {
  if (step === undefined) return tellElsewhere(false);
  const before = svg;
  const nodes = nodesAt(step);
  const isHere = () => nodes.some((node) => view.nodeElement.has(node));
  const those = view.parent === null ? [] : viewsOf(step);
  const isShown = nodes.length > 1 ? isHere() : those.includes(views.indexOf(view)); // its arrow, too
  const beside = isShown ? undefined : those.find((i) => views[i].parent === view.parent);
  if (beside !== undefined) mount(views[beside]);
  while (!isHere() && view.parent !== null) mount(viewNamed(view.parent));
  tellElsewhere(!isHere());
  if (!isFast()) glide(before, 1, 0, 0);
}

function tellElsewhere(unseen) {
  $("elsewhere").hidden = !unseen;
  $("elsewhere").textContent = unseen ? "This step is not in the picture." : "";
}

// ------------------------------------------------------------------ zoom and pan

const RIM = 8; // pixels between what is shown and the end of the canvas: a frame around it takes most of them
const SPARE = 10; // of the margins of a picture, what no frame around a node reaches
const ZOOM = 50; // pixels that the buttons for zooming take of the canvas
const at = { scale: 1, x: 0, y: 0 };
let fitted = true; // until it is moved by hand
const room = { width: 0, height: 0 }; // of the canvas
const size = () => svg.viewBox.baseVal;

function measureRoom() {
  room.width = canvas.clientWidth;
  room.height = canvas.clientHeight;
}

function move(gliding = false) {
  canvas.classList.toggle("gliding", gliding);
  svg.style.transform = `translate(${at.x}px,${at.y}px) scale(${at.scale})`;
  const small = `${SMALLEST * growth()}px`;
  if (svg.style.getPropertyValue("--small") !== small) svg.style.setProperty("--small", small);
}

// How many times larger the small words are drawn, so that they are shown as large as they should be.
const growth = () => 1 / Math.min(Math.max(at.scale, LEGIBLE), 1);

function wholeScale({ width: wide, height: high } = room) {
  const { width, height } = size();
  const spare = view.row ? 0 : SPARE; // boxes stand as wide as there is room
  return Math.min(wide / (width - spare), high / (height - spare), 1.5);
}

// The buttons for zooming stand beside the picture, or below it where it can be read as a whole only then.
function placeZoom() {
  const { clientWidth: width, clientHeight: height } = $("stage");
  const below = wholeScale({ width, height: height - ZOOM });
  $("stage").classList.toggle("low", below >= LEGIBLE && below > wholeScale({ width: width - ZOOM, height }));
}

function centre(x, y) {
  at.x = room.width / 2 - x * at.scale;
  at.y = room.height / 2 - y * at.scale;
}

function seeWhole() {
  const { width, height } = size();
  at.scale = wholeScale();
  centre(width / 2, height / 2);
  move();
}

function fit() {
  fitted = true;
  seeWhole();
  if (at.scale >= LEGIBLE) return;
  at.scale = LEGIBLE; // too large to be read as a whole: from its left end, following the steps
  at.x = 8;
  at.y = Math.max(8, (room.height - size().height * at.scale) / 2);
  if (!Object.keys(view.opens).length && size().height * at.scale > room.height) at.y = (room.height - size().height * at.scale) / 2;
  move();
  follow(here());
}

function zoom(factor, x = room.width / 2, y = room.height / 2, gliding = false) {
  const scale = Math.min(Math.max(at.scale * factor, Math.min(wholeScale(), LEGIBLE) / 2), LARGEST_SCALE);
  at.x = x - ((x - at.x) * scale) / at.scale;
  at.y = y - ((y - at.y) * scale) / at.scale;
  at.scale = scale;
  fitted = false;
  move(gliding);
}

// The smallest box around those of several parts.
function around(parts) {
  const boxes = parts.map(boxOf);
  if (!boxes.length) return undefined;
  const [x, y] = [Math.min(...boxes.map((box) => box.x)), Math.min(...boxes.map((box) => box.y))];
  const [right, bottom] = [Math.max(...boxes.map((box) => box.x + box.width)), Math.max(...boxes.map((box) => box.y + box.height))];
  return { x, y, width: right - x, height: bottom - y };
}

// What is told or asked about now.
const here = () => asking ?? steps()[place - 1];
const relight = () => (asking ? light(asking) : lightHere());

// The edges that a step goes along.
function edgesAt(step) {
  if (strides() && step !== asking) return strideSteps().slice(0, MOST_LIT).filter(isEdge).map(edgeOf);
  return step.target !== null ? [edgeOf(step)] : step.kind === "apply" ? incoming.get(step.node).slice(0, MOST_LIT) : [];
}

const edgeOf = ({ node, target, position }) => keyOf(node, target, position);

// What a step speaks of comes into view: with its edges and their ends, where there is room for all of that.
const follow = (step) => step && !(fitted && at.scale <= wholeScale()) && see(...spokenOf(step)); // else all is in view

function spokenOf(step) {
  const edges = edgesAt(step);
  const arrows = edges.map((key) => lineOfEdge(view.edgeElement.get(key))).filter(Boolean);
  const from = isEdge(step) && (!strides() || step === asking) ? [step.target] : [];
  return placeFor([...nodesAt(step), ...from], arrows, inSight(edges.flatMap((key) => key.split(/[>:]/, 2))));
}

// The most of this that there is room for: nodes with their arrows and what is at the other ends of these,
// without those ends, the nodes alone, or the first of them; and all of it.
function placeFor(nodes, arrows = [], ends = []) {
  const those = inSight(nodes).filter((part) => !view.slides || !part.matches(".kernel")); // that stands beside them
  const wholes = [[...those, ...arrows, ...ends], [...those, ...arrows], those, those.slice(0, 1)].map(around);
  return [wholes.find((box, k) => box && scaleFor(box) >= (k ? Math.min(at.scale, LEGIBLE) : at.scale)) ?? wholes.at(-1), wholes[0]];
}

// The largest scale at which there is room for a place.
const scaleFor = ({ width, height }) => Math.min((room.width - 2 * RIM) / width, (room.height - 2 * RIM) / height);

// A place comes into view, smaller if it is too large but can be read then, and of a larger one around it as much as can.
function see(wanted, whole = wanted) {
  if (!wanted) return;
  const ways = [["x", "width"], ["y", "height"]];
  const isSeen = ([axis, length]) => {
    const start = at[axis] + wanted[axis] * at.scale;
    return start >= RIM - 1 && start + wanted[length] * at.scale <= room[length] - RIM + 1;
  };
  const scale = Math.min(at.scale, Math.max(scaleFor(wanted), LEGIBLE));
  if (scale === at.scale && ways.every(isSeen)) return;
  at.scale = scale;
  for (const [axis, length] of ways) {
    const [own, all, space] = [wanted[length] * at.scale, size()[length] * at.scale, room[length]];
    const start = (space - whole[length] * at.scale) / 2 + (wanted[axis] - whole[axis]) * at.scale; // of what is wanted
    const seen = own > space - 2 * RIM ? (space - own) / 2 : Math.min(Math.max(start, RIM), space - RIM - own);
    const before = seen - wanted[axis] * at.scale;
    at[axis] = all <= space ? (space - all) / 2 : Math.min(0, Math.max(space - all, before)); // nothing is cut where room is left
  }
  move(timer === null); // gliding would lag behind what is playing
}

function pan(x, y) {
  at.x += x;
  at.y += y;
  fitted = false;
  move();
}

const held = new Map(); // pointers that are down
let dragged = false;

function listenToCanvas() {
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    held.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (held.size === 1) dragged = false;
  });
  canvas.addEventListener("pointermove", dragTo);
  for (const kind of ["pointerup", "pointercancel", "pointerleave"]) {
    canvas.addEventListener(kind, (event) => {
      held.delete(event.pointerId);
      if (!held.size) canvas.classList.remove("held");
    });
  }
  canvas.addEventListener("wheel", (event) => {
    const meant = !embedded || event.ctrlKey || event.metaKey || canvas.matches(":focus-within");
    if (!meant) return; // in a notebook the wheel scrolls the notebook until the graph is clicked
    event.preventDefault();
    const box = canvas.getBoundingClientRect();
    zoom(Math.exp(-event.deltaY * (event.deltaMode === 1 ? 0.05 : 0.0015)), event.clientX - box.left, event.clientY - box.top);
  }, { passive: false });
  canvas.addEventListener("click", ({ target, pointerType }) => {
    const part = target.closest("[role=button], [data-opens]");
    const isTooSmall = pointerType === "touch" && part?.getBoundingClientRect().width < SMALLEST_TOUCHED;
    if (!dragged) activate((isTooSmall && part.closest(".layer[data-opens]")) || part); // a dot: its box opens
  });
  canvas.addEventListener("pointerover", ({ target }) => {
    titlePart(target.closest(".dot") ?? target.closest(".node"));
    markPatch(target.closest(".dot"));
  });
  canvas.addEventListener("pointerleave", ({ pointerType }) => pointerType === "touch" || markPatch(undefined)); // a finger points nowhere afterwards
  canvas.addEventListener("focusin", ({ target }) => {
    markPatch(target);
    stopHere(target);
    if (target !== canvas && target !== svg && target.matches(":focus-visible")) see(placed(target));
  });
  canvas.addEventListener("scroll", () => canvas.scrollTo(0, 0)); // it moves by its own means only
  new ResizeObserver(placeZoom).observe($("stage"));
  new ResizeObserver(() => {
    measureRoom();
    arrange(view);
    view.stand?.();
    if (fitted) fit();
    if (view.row || view.stand) relight(); // its parts stand elsewhere now
    follow(here());
  }).observe(canvas);
}

function dragTo(event) {
  const before = held.get(event.pointerId);
  if (before === undefined) return;
  const now = { x: event.clientX, y: event.clientY };
  if (!dragged && Math.hypot(now.x - before.x, now.y - before.y) < 4) return;
  if (!dragged) canvas.setPointerCapture(event.pointerId);
  dragged = true;
  fitted = false;
  canvas.classList.add("held");
  if (held.size === 2) pinch(event.pointerId, before, now);
  else pan(now.x - before.x, now.y - before.y);
  held.set(event.pointerId, now);
}

function pinch(moving, before, now) {
  const [other] = [...held].filter(([id]) => id !== moving).map(([, point]) => point);
  const box = canvas.getBoundingClientRect();
  const ratio = Math.hypot(now.x - other.x, now.y - other.y) / (Math.hypot(before.x - other.x, before.y - other.y) || 1);
  zoom(ratio, (now.x + other.x) / 2 - box.left, (now.y + other.y) / 2 - box.top);
}

function activate(part) {
  if (!part) return;
  if (part.dataset.opens) open(part.dataset.opens, part);
  else goToNode(nodesOf.get(part)[0]);
}

// Where the learner predicts, no way leads past a step that is still to be answered.
function jump(to) {
  const open = $("predict").checked ? steps().find((step) => step.number >= place && step.number < to && isEdge(step) && !answered.has(step.number)) : undefined;
  if (open === undefined) return go(to);
  go(open.number);
  ask(open);
}

function goToNode(node) {
  const places = [computed.get(node), ...(received.get(node) ?? [])].map((number) => number + 1);
  jump(snapped(places.find((other) => other > place) ?? places[0]));
}

// ------------------------------------------------------------------ on paper

const SHEET = 1020, CARD = 170; // how much of a picture a sheet shows where its words are 6 pt; a card's width
const FRAME = 640; // the width of a notebook's frame on a sheet
const MOST_PRINTED = 500; // steps that are printed unasked, as text
let unbegun = null; // what is computed for the paper alone: whether its list of steps was open

// A walk that nobody has begun is printed at its end, with its steps as text; later it is as it was.
function layOnPaper() {
  if (!place && !$("predict").checked) {
    unbegun = $("list").open;
    go(steps().length);
    if (stops() <= MOST_PRINTED) $("list").open = true;
    fillList();
    while ($("list").open && untold.length) tellRun(untold[0]);
  }
  layParts();
}

// A picture that would be too small on a sheet is printed in parts below each other; they overlap by a card.
// Those of a frame stand below it, in the notebook.
function layParts() {
  const { width, height } = size();
  const cut = (whole, most) => {
    const count = whole > most ? Math.ceil((whole - CARD) / (most - CARD)) : 1;
    return [count, (whole - CARD) / count];
  };
  const [[columns, further], [rows, lower]] = [cut(width, SHEET), cut(height, 1.3 * SHEET)];
  if (embedded) svg.style.setProperty("--small", `${SMALLEST * Math.min(Math.max(width / FRAME, 1), 1.5)}px`);
  if (columns * rows < 2 || embedded) return;
  for (let k = 0; k < columns * rows; k++) {
    const part = svg.cloneNode(true);
    part.classList.add("part");
    part.setAttribute("viewBox", `${(k % columns) * further} ${Math.floor(k / columns) * lower} ${further + CARD} ${lower + CARD}`);
    part.setAttribute("width", further + CARD);
    part.setAttribute("height", lower + CARD);
    part.style.setProperty("--small", `${1.5 * SMALLEST}px`);
    canvas.append(part);
  }
  canvas.classList.add("in-parts");
}

function takeFromPaper() {
  canvas.classList.remove("in-parts");
  for (const part of canvas.querySelectorAll("svg.part")) part.remove();
  move();
  if (unbegun === null) return;
  go(0);
  $("list").open = unbegun;
  unbegun = null;
}

// ------------------------------------------------------------------ in a file

const LOOKS = "fill fill-opacity stroke stroke-width stroke-opacity stroke-dasharray stroke-linecap stroke-linejoin paint-order font-family font-size font-weight font-style text-anchor visibility".split(" ");

// A colour as programs that draw know it: mixed ones are told as color(srgb 0.9 0.9 0.9).
const plainly = (value) => value.replace(/color\(srgb (.*)\)/, (_, mixed) => `rgb(${mixed.split(" ").slice(0, 3).map((x) => Math.round(255 * x))})`);

// The picture as it stands, with what the page's styles make of each of its parts written into it.
function pictureAlone() {
  const [copy, { width, height }] = [svg.cloneNode(true), size()];
  const dress = (part, shown, around) => {
    if (shown.matches(".fold, .traveller, .flow-head") || getComputedStyle(shown).display === "none") return part.remove();
    const own = LOOKS.map((name) => plainly(getComputedStyle(shown).getPropertyValue(name)));
    for (const name of ["class", "style"]) part.removeAttribute(name);
    LOOKS.forEach((name, k) => own[k] === around[k] || part.setAttribute(name, own[k]));
    [...part.children].forEach((child, k) => dress(child, shown.children[k], own));
  };
  dress(copy, svg, []);
  copy.prepend(element("rect", { width, height, fill: getComputedStyle(canvas).getPropertyValue("--paper").trim() }));
  return new XMLSerializer().serializeToString(copy);
}

function download(name, type, text) {
  const href = URL.createObjectURL(new Blob([text], { type }));
  element("a", { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 1000);
}
