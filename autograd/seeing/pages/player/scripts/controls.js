// Finding, playing, changing numbers, keys and buttons; and the beginning of it all.

// ------------------------------------------------------------------ find a node, link to a step

// A name as it is typed: z1^2 for what is shown as z₁⁽²⁾.
function typedName(i) {
  const [base, subscript, superscript] = facts.names[i];
  return base + subscript + superscript.replace("(", "^").replace(")", "");
}

// What a node is and, unless it is an input, where: the first of the innermost views that show what happens to it.
function kindOf(i) {
  const kind = i === facts.output ? "output" : facts.inputs[i].length ? "computed" : facts.biases.includes(i) ? "bias" : facts.parameters.includes(i) ? "parameter" : facts.weights.includes(i) ? "weight" : "input";
  const number = facts.inputs[i].length ? computed.get(`n${i}`) : received.get(`n${i}`)?.[0];
  if (kind === "input" || number === undefined || views.length === 1) return kind;
  const ways = viewsOf(list[number]).map((k) => pathTo(views[k]).slice(1).map(({ title }) => title));
  return [kind, ...ways.reduce((best, titles) => (titles.length > best.length ? titles : best), [])].join(" · ");
}

const hits = () => [...$("found").children];
const chosenHit = () => $("found").querySelector("[aria-selected=true]");

// The names along a path as pictures call them, whether it is typed so or as Python holds it: blocks.2 is block 3, steps.0 stage 1.
function spelled(name) {
  const found = [];
  for (const own of name.normalize("NFKC").split(/\.| · /)) {
    if (/^[0-9]+$/.test(own) && found.length) found.push(`${found.pop().replace(/s$/, "")} ${Number(own) + 1}`);
    else if (own.startsWith("[") && found.length) found.push(found.pop() + own); // the key of a dictionary
    else found.push(own.replace(/\bsteps$/, "stages"));
  }
  return found.join(".");
}

const namesOf = (i) => [original.whole[i] ?? typedName(i), facts.names[i][TEXT]];
const nameOfBox = (view) => pathTo(view).slice(Math.min(pathTo(view).length - 1, views[0].planes ? 2 : 1)).map(({ title }) => title).join(" · ");

function isCut(name, whole) {
  const [begin, end] = name.split("…");
  return end !== undefined && whole.length > name.length && whole.startsWith(begin) && whole.endsWith(end);
}

// What is typed, and what several Modules hold by the path of the first of them as well.
function waysToType(typed) {
  const own = spelled(typed);
  const held = facts.again.filter(([path]) => own.startsWith(`${path}.`)).map(([path, first]) => first + own.slice(path.length));
  return [typed, own, ...held];
}

// Where in one of some names there is what is typed, however it is spelled: 0 at its beginning, else 1; 2 if nowhere.
function foundIn(names, wanted) {
  const all = names.flatMap((name) => [name, spelled(name)]).map((name) => name.toLowerCase());
  const places = all.flatMap((name) => waysToType(wanted).map((own) => name.indexOf(own.toLowerCase()))).filter((at) => at >= 0);
  return places.length ? Math.min(...places, 1) : 2;
}

// All boxes and nodes with what is typed in their name, those that begin with it first.
function listHits() {
  const wanted = $("find").value.trim();
  const boxes = views.filter(({ parent }) => parent !== null).map((box) => [foundIn([nameOfBox(box), box.about ?? ""], wanted), box]);
  const nodes = facts.names.map((_, i) => [constants.has(`n${i}`) ? 2 : foundIn(namesOf(i), wanted), i]);
  const found = wanted ? [...boxes, ...nodes].filter(([at]) => at < 2).sort(([a], [b]) => a - b).map(([, what]) => what) : [];
  $("found").replaceChildren(...found.slice(0, MOST_HITS).map((what, k) => {
    const said = what.name === undefined ? [nameOf(`n${what}`), element("small", {}, kindOf(what))] : [nameOfBox(what), element("small", {}, what.about ?? "box")];
    const hit = element("li", { role: "option", id: `hit-${k}`, "aria-selected": "false" }, ...said);
    hit.what = what;
    hit.addEventListener("pointerdown", (event) => (event.preventDefault(), take(hit)));
    return hit;
  }));
  const more = found.length > MOST_HITS ? `, the first ${MOST_HITS} are listed` : "";
  $("hits").textContent = wanted ? `${found.length} found${more}` : "";
  $("hits").classList.toggle("hidden", !wanted || found.length > 0); // the list itself says so else
  openHits(found.length > 0);
}

function openHits(isOpen) {
  $("found").hidden = !isOpen;
  $("find").setAttribute("aria-expanded", isOpen);
  if (!isOpen) choose(null);
}

function choose(hit) {
  chosenHit()?.setAttribute("aria-selected", "false");
  hit?.setAttribute("aria-selected", "true");
  hit?.scrollIntoView({ block: "nearest" });
  if (hit) $("find").setAttribute("aria-activedescendant", hit.id);
  else $("find").removeAttribute("aria-activedescendant");
}

function take({ what }) {
  $("find").value = what.name === undefined ? typedName(what) : nameOfBox(what);
  openHits(false);
  pause();
  if (what.name === undefined) goToNode(`n${what}`);
  else open(what.name);
}

function keyInSearch(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) {
    event.preventDefault();
    if ($("found").hidden) listHits();
    const all = hits();
    const at = all.indexOf(chosenHit());
    choose(all[at < 0 && step < 0 ? all.length - 1 : (at + step + all.length) % all.length] ?? null);
  } else if (event.key === "Enter") {
    if (chosenHit()) return take(chosenHit());
    openHits(false);
    find();
  } else if (event.key === "Escape") openHits(false);
}

// The nodes that are called so: exactly, else as it is spelled elsewhere, else where the middle was cut out.
function nodesCalled(wanted) {
  const spellings = waysToType(wanted).map((own) => (name) => spelled(name) === own);
  const ways = [(name) => name === wanted, ...spellings, (name) => isCut(wanted, name), (name) => name.toLowerCase() === wanted.toLowerCase()];
  const all = wanted ? [...facts.names.keys()].filter((i) => !constants.has(`n${i}`)) : [];
  const found = ways.map((way) => all.filter((i) => namesOf(i).some(way)));
  return (found.find(({ length }) => length) ?? []).map((i) => `n${i}`);
}

// The boxes that are called so, else those of such a class.
function boxesCalled(wanted) {
  const named = views.filter((box) => `.${spelled(nameOfBox(box))}`.endsWith(`.${spelled(wanted)}`));
  return named.length ? named : views.filter(({ about }) => about?.toLowerCase().startsWith(wanted.toLowerCase()));
}

// Of several nodes or boxes of one name, or steps of one node, the next one after here.
function find() {
  const wanted = $("find").value.trim();
  const nodes = nodesCalled(wanted);
  const boxes = nodes.length || !wanted ? [] : boxesCalled(wanted);
  $("find").setAttribute("aria-invalid", Boolean(wanted) && !nodes.length && !boxes.length);
  const places = nodes.flatMap((node) => [computed.get(node), ...(received.get(node) ?? [])]).sort((a, b) => a - b);
  if (!places.length && !boxes.length) return;
  pause();
  if (boxes.length) open((boxes.find((box) => views.indexOf(box) > views.indexOf(view)) ?? boxes[0]).name);
  else jump(snapped((places.find((number) => number + 1 > place) ?? places[0]) + 1));
}

// The address of the page is a link to the step that it shows.
function link() {
  if (embedded || timer !== null) return;
  history.replaceState(null, "", place ? `#step=${stopAt(place) + 1}&by=${stride.size}` : "#");
}

function followLink() {
  const asked = new URLSearchParams(location.hash.slice(1));
  if (facts.sizes.some(({ size }) => size === asked.get("by"))) resize(asked.get("by"));
  const stop = Math.min(Number(asked.get("step")) || 0, stops());
  jump(stop > 0 ? endOf(Math.floor(stop) - 1) : 0);
}

// ------------------------------------------------------------------ play

let timer = null;

const isFast = () => timer !== null && Number($("speed").value) < 1000; // nobody listens, or reads, that fast

function play() {
  if (place === steps().length) go(0);
  $("play").setAttribute("aria-pressed", "true");
  schedule();
}

function schedule() {
  const delay = Number($("speed").value);
  timer = delay ? { cancel: clearTimeout, id: setTimeout(tick, delay) } : { cancel: cancelAnimationFrame, id: requestAnimationFrame(tick) };
}

function tick() {
  next();
  if (timer === null) return; // a question stopped it
  if (place === steps().length) pause();
  else schedule();
}

function pause() {
  timer?.cancel.call(window, timer.id);
  timer = null;
  $("play").setAttribute("aria-pressed", "false");
}

// ------------------------------------------------------------------ what if

let hosted = false;
let request = 0;

let touched; // computes in the page itself; undefined where it cannot
let account = () => {}; // the routes of what is computed

// What training moves comes first, and each in the order in which the first step reads them.
function asRead(leaves) {
  const isWeight = new Set(original.weights);
  const at = new Map(original.read.map((i, k) => [i, k]));
  return leaves.sort((a, b) => isWeight.has(b) - isWeight.has(a) || at.get(a) - at.get(b));
}

function fillLeaves() {
  const values = new Map(original.leaves);
  $("leaves").replaceChildren(...asRead([...values.keys()]).map((i) => {
    const node = `n${i}`;
    const here = touched ? touched.exact().values[i] : values.get(i);
    const input = element("input", { type: "text", inputmode: "decimal", value: inField(here), "aria-label": `Value of ${plainName(node)}` });
    input.dataset.node = node;
    input.disabled = !hosted && !touched;
    const field = element("label", { title: plainName(node) }, nameOf(node), input);
    return touched ? touched.row(i, field, input) : field;
  }));
  $("host").textContent = touched || hosted
    ? "Change a number, and the engine computes both passes again."
    : "Changing a number needs a kernel to compute with: in a notebook, walk(L).live() shows this page with one.";
}

function askWhatIf() {
  const numbers = new Map();
  for (const input of $("leaves").querySelectorAll("input[type=text]")) {
    const typed = readNumber(input.value);
    input.setAttribute("aria-invalid", typed === undefined);
    if (typed === undefined) {
      $("host").textContent = `${input.getAttribute("aria-label")}: a number is wanted, ${NUMBERS}`;
      return;
    }
    numbers.set(placeOf(input.dataset.node), typed);
  }
  touched?.compute(numbers);
  account();
  if (!hosted) return;
  const before = touched?.engine.leaves ?? new Map(original.leaves.map(([i, x]) => [i, exact(x)]));
  const others = [...(touched?.numbers() ?? numbers)].filter(([i, x]) => !Object.is(x, before.get(i)));
  const values = Object.fromEntries(others.map(([i, x]) => [`n${i}`, Number.isFinite(x) ? x : String(x).replace("Infinity", "inf").toLowerCase()]));
  request += 1;
  window.parent.postMessage({ chainrule: "what-if", request, values }, "*");
}

function hear(event) {
  if (event.source !== window.parent || !event.data || typeof event.data !== "object") return;
  const { chainrule: kind, request: answered } = event.data;
  if (kind === "host" && !hosted) {
    hosted = true;
    if (!touched) fillLeaves();
  } else if (kind === "facts" && answered === request) {
    showFacts(event.data.facts);
  } else if (kind === "refused" && answered === request) {
    $("host").textContent = event.data.message;
  }
}

// Other numbers of the same graph, at the same step; where all was computed, at the last.
function showFacts(other) {
  const whole = place === steps().length;
  const sameSteps = other.steps === facts.steps; // else a branch flipped
  facts = other;
  $("told").setAttribute("aria-live", "off"); // what came of it is told below
  forget();
  if (other.questions) questions = Promise.resolve(other.questions);
  if (sameSteps) tellLines();
  else {
    readSteps();
    resize(stride.size);
  }
  closePrediction();
  $("place").max = steps().length;
  place = whole ? steps().length : Math.min(place, steps().length);
  refreshSeen();
  tell(steps()[place - 1]);
  lightHere();
  $("host").textContent = `With these numbers, ${facts.names[facts.output][TEXT]} = ${facts.values[facts.output]}.`;
}

// ------------------------------------------------------------------ keys, buttons

const KEYS = {
  ArrowRight: next,
  ArrowLeft: () => go(back()),
  Home: () => go(0),
  End: () => jump(steps().length),
  " ": () => (timer === null ? play() : pause()),
  "+": () => zoom(1.25),
  "=": () => zoom(1.25),
  "-": () => zoom(0.8),
  0: () => {
    fitted = true;
    seeWhole();
  },
};

const PAN = 60; // pixels that a key moves the graph by
const PANS = { ArrowLeft: [PAN, 0], ArrowRight: [-PAN, 0], ArrowUp: [0, PAN], ArrowDown: [0, -PAN] };

function listenToKeys(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const target = event.target;
  const part = target.closest?.("[role=button]");
  if (part && (event.key === "Enter" || event.key === " ")) {
    event.preventDefault();
    activate(part);
    return;
  }
  if (part?.mates && event.key in WAYS && !event.shiftKey) {
    event.preventDefault();
    return goWithin(part, event.key);
  }
  if (target.matches?.("input[type=text], input[type=radio], select, .leaf input")) return;
  if (event.key === " " && target.matches?.("button, summary, input")) return;
  if (event.shiftKey && event.key in PANS && canvas.contains(target)) {
    event.preventDefault();
    return pan(...PANS[event.key]);
  }
  if (!(event.key in KEYS)) return;
  event.preventDefault();
  if (event.key.startsWith("Arrow") || event.key === "Home" || event.key === "End") pause();
  KEYS[event.key]();
}

function listen() {
  document.addEventListener("keydown", listenToKeys);
  const on = (id, does) => $(id).addEventListener("click", does);
  on("first", () => (pause(), go(0)));
  on("previous", () => (pause(), go(back())));
  on("play", () => (timer === null ? play() : pause()));
  on("next", () => (pause(), next()));
  on("last", () => (pause(), jump(steps().length)));
  on("zoom-in", () => zoom(1.25, undefined, undefined, true));
  on("zoom-out", () => zoom(0.8, undefined, undefined, true));
  on("fit", KEYS[0]);
  on("save-picture", () => download(`${view.title}.svg`, "image/svg+xml", pictureAlone()));
  on("reveal", reveal);
  on("theme", switchTheme);
  $("place").addEventListener("input", (event) => (pause(), jump(snapped(Number(event.target.value)))));
  $("size").addEventListener("change", (event) => (pause(), resize(event.target.value), jump(asking ? place + 1 : snapped(place))));
  $("speed").addEventListener("change", () => timer !== null && (pause(), play()));
  $("prediction").addEventListener("submit", (event) => (event.preventDefault(), asking && check()));
  $("prediction").addEventListener("change", (event) => event.target.name === "asked" && asking && nameAnswer());
  $("predict").addEventListener("change", (event) => {
    document.documentElement.classList.toggle("predicting", event.target.checked);
    if (!event.target.checked) closePrediction();
    forget();
  });
  $("list").addEventListener("toggle", fillList);
  $("lines").addEventListener("contentvisibilityautostatechange", seeRun);
  $("lines").addEventListener("keydown", keyInList);
  $("list").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) jump(Number(button.dataset.place));
  });
  $("what-if").addEventListener("toggle", () => touched && !$("leaves").childElementCount && fillLeaves());
  $("leaves").addEventListener("submit", (event) => event.preventDefault());
  $("leaves").addEventListener("change", (event) => event.target.type === "text" && askWhatIf());
  $("find").addEventListener("input", listHits);
  $("find").addEventListener("keydown", keyInSearch);
  $("find").addEventListener("blur", () => openHits(false));
  window.addEventListener("hashchange", followLink);
  window.addEventListener("message", hear);
  window.addEventListener("beforeprint", layOnPaper);
  window.addEventListener("afterprint", takeFromPaper);
  listenToCanvas();
}

function switchTheme() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
}

function showPasses() {
  const counts = {};
  for (const step of steps()) counts[passOf(step)] = (counts[passOf(step)] ?? 0) + 1;
  const passes = document.querySelector(".passes");
  for (const [phase, n] of Object.entries(counts)) {
    const pass = element("span", { class: phase }, PHASES[phase]);
    pass.style.flex = `${n} 1 0`;
    passes.append(pass);
  }
}

// JSON as it stands, or deflated and as a string in base 64.
async function unpacked(id) {
  const text = $(id).textContent;
  if (!text.startsWith('"')) return text;
  const letters = atob(JSON.parse(text));
  const bytes = new Uint8Array(letters.length);
  for (let i = 0; i < letters.length; i++) bytes[i] = letters.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).text();
}

async function begin() {
  document.documentElement.classList.add("scripted");
  document.documentElement.classList.toggle("framed", embedded);
  canvas.classList.add("ready");
  const texts = await Promise.all(["facts", "pictures", "drawings"].map(unpacked));
  [facts, { views }] = texts.slice(0, 2).map((text) => JSON.parse(text));
  packedDrawings = texts[2];
  original = facts;
  readGraph();
  readSteps();
  if (facts.touch) {
    touched = touching({ original, element, nameOf, plainName, signOf, symbolsOf, readNumber, inField, show: showFacts, changed: askWhatIf, begun: () => (place ||= steps().length) });
    const graph = { ...original, constants: touched.engine.constants };
    const leaves = asRead(facts.read.filter((i) => !graph.constants.has(i)));
    account = accounting({ graph, leaves, element, nameOf, plainName, signOf, localOf, exactNow: touched.exact, see: lightRoute, atRest });
  }
  $("place").max = steps().length;
  $("predict").closest("label").hidden = !steps().some(isEdge);
  showPasses();
  fillSizes();
  if (!touched) fillLeaves(); // else when they are wanted
  measureRoom();
  mount(views[0]);
  placeZoom();
  listen();
  beginQuiz();
  followLink();
  document.documentElement.dataset.ready = ""; // from here on every control works
  questions = new Promise((resolve) => requestIdle(() => resolve(unpacked("questions").then(JSON.parse))));
  if (embedded) window.parent.postMessage({ chainrule: "hello" }, "*");
}

begin();
