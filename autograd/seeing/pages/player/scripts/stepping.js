// Where in the steps the page is, and what it tells of a step.

// ------------------------------------------------------------------ the place

let place = 0; // how many of the smallest steps are done
let stride; // how large a step is: an entry of facts.sizes

const stops = () => (stride.ends.length ? stride.ends.length : steps().length);
const endOf = (stop) => (stride.ends.length ? (stride.ends[stop] ?? 0) : stop + 1);
const bounds = (stop) => [stop > 0 ? endOf(stop - 1) : 0, endOf(stop)];

// The number of the step that is under way or done after so many of the smallest ones; -1 before the first.
const stopAt = (done) => (stride.ends.length && done ? Math.min(countBelow(stride.ends, done), stride.ends.length - 1) : done - 1);

// Whether a step of several small ones was just done.
const strides = () => place > 0 && endOf(stopAt(place)) === place && Boolean(stride.sentences[stopAt(place)]);
const strideSteps = () => steps().slice(...bounds(stopAt(place)));
const strideNodes = () => [...new Set(strideSteps().map((step) => step.node))];

// What a larger step is for: what of its values is used elsewhere, or where its way back ends.
function strideResults() {
  const nodes = strideNodes();
  const inside = new Set(nodes);
  const passed = new Set(strideSteps().map((step) => step.target));
  const isResult = steps()[place - 1].phase === "reverse"
    ? (node) => !passed.has(node)
    : (node) => placeOf(node) === facts.output || users.get(node).some((user) => !inside.has(user));
  return nodes.filter(isResult);
}

const forth = () => Math.min(endOf(Math.min(stopAt(place + 1), stops() - 1)), steps().length);
const back = () => (place ? bounds(stopAt(place))[0] : 0);
const snapped = (to) => (to ? endOf(stopAt(to)) : 0);
const toldAt = (stop) => stride.sentences[stop] || sentenceOf(steps()[endOf(stop) - 1]);

function resize(name) {
  stride = facts.sizes.find((other) => other.size === name);
  $("size").value = name;
  emptyList();
}

function fillSizes() {
  $("size").replaceChildren(...facts.sizes.map(({ size, name }) => element("option", { value: size }, `by ${name}`)));
  resize(facts.size);
}

function go(to, keepVerdict = false) {
  to = Math.min(Math.max(to, 0), steps().length);
  if (!keepVerdict) closePrediction();
  isFlying = [place + 1, forth()].includes(to) && to !== place && !isFast();
  if (!$("beside").contains(document.activeElement)) $("panel").scrollTop = 0; // the sentence first
  const [from, until] = place < to ? [place, to] : [to, place];
  const nodes = new Set();
  const edges = new Set();
  for (let i = from; i < until; i++) {
    const step = steps()[i];
    for (const node of step.kind === "leaf" ? readAtOnce() : [step.node]) nodes.add(node);
    if (step.target !== null) edges.add(keyOf(step.node, step.target, step.position));
    if (step.phase === "forward") for (const key of incoming.get(step.node)) edges.add(key);
  }
  place = to;
  const step = steps()[place - 1];
  showWhere(step);
  if (step) spokenOf(step); // measured before anything is changed
  refresh(view, nodes, edges);
  lightHere();
  isFlying = false;
  follow(step);
  $("told").setAttribute("aria-live", isFast() ? "off" : "polite");
  tell(step);
  link();
}

const PHASES = { forward: "forward pass", reverse: "reverse pass", tangent: "forward mode" };

// In forward mode values and tangents take turns: that is one pass.
const passOf = (step) => (slope() === "tangent" ? "tangent" : step.phase);

function tell(step) {
  const count = stops();
  const stop = stopAt(place);
  const phase = $("phase");
  phase.className = step ? passOf(step) : "";
  phase.textContent = step ? PHASES[passOf(step)] : "";
  $("count").textContent = step ? `step ${stop + 1} of ${count}` : `${count} ${count === 1 ? "step" : "steps"}`;
  const told = step && (strides() ? stride.sentences[stop] : sentenceOf(step));
  $("sentence").textContent = step ? told : "The walk has not begun: press Next, or the right arrow key, for the first step.";
  const formula = step && !strides() ? readMath(formulaOf(step)) : element("p");
  $("math").setAttribute("aria-label", `The step as a formula: ${spoken(formula)}`);
  $("math").hidden = !formula.hasChildNodes();
  $("math").replaceChildren(...mathOf(formula));
  if (strides()) tellStride();
  else tellNumbers(step);
  const slider = $("place");
  slider.value = place;
  slider.setAttribute("aria-valuetext", step ? `step ${stop + 1} of ${count}` : "before the first step");
  for (const id of ["first", "previous"]) $(id).disabled = place === 0;
  for (const id of ["next", "last"]) $(id).disabled = place === steps().length;
  if (document.activeElement.disabled) $("place").focus({ preventScroll: true }); // what cannot be pressed loses the focus
  tellOther();
  markInList();
}

function tellNumbers(step) {
  $("numbers").hidden = !isEdge(step);
  if (!isEdge(step)) return ($("heard").textContent = "");
  const [upstream, partial, contribution, before, after] = step.shown;
  const local = localOf(step);
  if (slopeOf(step)) local.append(` = ${slopeOf(step)}`);
  const rows = [
    ["", ["upstream ", signOf(step.target)], upstream, ""],
    ["×", ["local derivative ", local], partial, ""],
    ["=", ["contribution of this edge"], contribution, "result"],
    ["+", ["gradient so far"], before, ""],
    ["=", ["gradient ", signOf(step.node)], after, "result"],
  ];
  showRows(rows, ""); // the sentence has all of them
}

// The numbers, and what of them is heard after the sentence: all, unless it is said in other words.
function showRows(rows, heard) {
  $("numbers").tBodies[0].replaceChildren(...rows.map(([operator, words, number, kind]) =>
    element("tr", { class: kind }, element("td", { class: "operator" }, operator), element("th", { scope: "row" }, ...words), element("td", {}, number))));
  const spoken = [...$("numbers").rows].map(({ cells }) => [...cells].map(({ textContent }) => textContent).join(" ").trim());
  $("heard").textContent = heard ?? `${spoken.join(", ")}.`;
}

// What a larger step computed: the values that are used elsewhere, or the gradients at which it ends.
function tellStride() {
  const nodes = strideResults();
  const backwards = steps()[place - 1].phase === "reverse";
  const gradient = (node) => ["", [signOf(node), received.get(node).at(-1) < place ? "" : " so far"], gradientOf(node, place)];
  const rows = nodes.slice(0, MOST_ROWS).map((node) => (backwards ? gradient(node) : ["", [nameOf(node)], facts.values[placeOf(node)]]));
  if (nodes.length > MOST_ROWS) rows.push(["", [`and ${nodes.length - MOST_ROWS} more`], ""]);
  $("numbers").hidden = false;
  showRows(rows, nodes.length > MOST_ROWS ? `${nodes.length} ${backwards ? "gradients" : "values"}: ${MOST_ROWS} in the table of numbers, the others in the opened boxes.` : undefined);
}

function tellOther() {} // where another engine runs beside the right one, other.js does

// ------------------------------------------------------------------ all steps as a list

let lines = []; // buttons, one for every step
let marked = null;

function fillList() {
  if ($("list").open && !lines.length) {
    lines = Array.from({ length: stops() }, (_, stop) => lineOf(stop));
    const runs = lines.flatMap((_, first) => (first % RUN ? [] : [lines.slice(first, first + RUN)]));
    $("lines").replaceChildren(...runs.map((run) => element("ol", {}, ...run.map((line) => line.parentNode))));
    tellLines();
  }
  marked?.removeAttribute("aria-current");
  marked = null;
  lines[0]?.setAttribute("tabindex", 0);
  markInList();
}

// The list is one stop of the Tab key, at the step that is shown; arrow keys go on from there.
function keyInList(event) {
  const by = { ArrowDown: 1, ArrowUp: -1, Home: -lines.length, End: lines.length }[event.key];
  if (!by) return;
  event.preventDefault();
  event.stopPropagation(); // these keys step elsewhere
  lines[Math.min(Math.max(lines.indexOf(event.target) + by, 0), lines.length - 1)].focus();
}

function emptyList() {
  $("lines").replaceChildren();
  lines = [];
  fillList();
}

function lineOf(stop) {
  const [from, until] = bounds(stop);
  const parts = facts.beside && facts.beside.parts_at >= from && facts.beside.parts_at < until && facts.beside.parts_at !== null;
  const button = element("button", { type: "button", tabindex: -1 }, element("span", {}, `${parts ? "≠ " : ""}${stop + 1}`), element("span"));
  button.dataset.place = until;
  element("li", { class: isEdge(steps()[until - 1]) ? "asked" : "" }, button);
  return button;
}

// What the lines say: at once where they are seen, the others run by run.
let untold = []; // runs of lines
function tellLines() {
  untold = [...$("lines").children];
  for (const run of untold.filter((run) => run.isSeen)) tellRun(run);
  atRest(tellRest);
}

function tellRest() {
  if (untold.length) tellRun(untold[0]);
  if (untold.length) requestIdle(tellRest);
}

function tellRun(run) {
  untold = untold.filter((other) => other !== run);
  const isSeen = marked && Math.abs(belowSight()) < marked.clientHeight;
  for (const { firstChild: line } of run.children) write(line.lastChild, toldAt(stopAt(Number(line.dataset.place))));
  if (isSeen) seeMarked(); // though lines above it are higher now
}

// The browser draws only the runs that are near the part in view, and says which.
function seeRun({ target: run, skipped }) {
  run.isSeen = !skipped;
  if (run.isSeen && untold.includes(run)) tellRun(run);
}

function markInList() {
  if (!$("list").open) return;
  $("list").classList.toggle("unbegun", place === 0);
  const here = lines[stopAt(place)] ?? null;
  if (here === marked) return; // as when a number is touched
  for (const line of [marked, lines[0]]) line?.setAttribute("tabindex", -1);
  (here ?? lines[0])?.setAttribute("tabindex", 0);
  marked?.removeAttribute("aria-current");
  marked = here;
  marked?.setAttribute("aria-current", "step");
  seeMarked();
  requestAnimationFrame(seeMarked); // once what stands around it is drawn, and as high as it is
}

// How far the marked line is below what is seen of the list; less than 0 if it is above.
function belowSight() {
  const [frame, line] = [$("lines"), marked].map((part) => part.getBoundingClientRect());
  return Math.min(line.top - frame.top, Math.max(line.bottom - frame.bottom, 0));
}

// The list moves by itself: what else is in sight stays there.
function seeMarked() {
  if (marked) $("lines").scrollTop += belowSight();
}

reachable($("panel"), "The step", [$("now"), ...$("beside").children]);
