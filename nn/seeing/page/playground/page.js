// The settings, the controls, the loop of the training, and what the page says.

const facts = JSON.parse(part("facts").textContent);
const start = facts.start;
let settings = start;
let training, chosen, sample, running = 0;

const chain = new Chain(select, setByHand, chooseSample, follow);
const picture = new Picture(select, toggleFeature, resizeLayer, chain.byHand);

// ------------------------------------------------------------------------------- settings, checked

// As Python writes a number, or as a page does; a decimal comma is one too.
const numberIn = (text) => (text.trim() ? Number(text.replaceAll("−", "-").replace(",", ".")) : NaN);

// The setting that a text says; a sentence is thrown if it says none.
function read(name, text) {
  if (name === "layers") return readLayers(text);
  if (name === "features") return readFeatures(text);
  const { label, choices, low, high, whole } = facts.settings[name];
  if (choices.length) {
    if (!choices.includes(text)) throw `${label} is one of ${choices.join(", ")}; got “${text}”.`;
    return text;
  }
  const x = numberIn(text);
  if (!(x >= low && x <= high) || (whole && !Number.isInteger(x))) {
    throw `${label} is a ${whole ? "whole " : ""}number from ${number(low)} to ${high.toLocaleString("en")}; got “${text}”.`;
  }
  return x;
}

function readLayers(text) {
  const layers = text ? text.split(",").map(Number) : [];
  const [most, neurons] = facts.most;
  if (layers.length > most || !layers.every((n) => Number.isInteger(n) && n >= 1 && n <= neurons)) {
    throw `There are at most ${most} layers of 1 to ${neurons} neurons; got “${text}”.`;
  }
  return layers;
}

function readFeatures(text) {
  const features = text.split(",");
  const unknown = features.find((name) => !Object.hasOwn(facts.features, name));
  if (unknown !== undefined) throw `The inputs are ${Object.keys(facts.features).join(", ")}; got “${unknown}”.`;
  return [...new Set(features)];
}

// Other settings, if they go together.  The training takes them on the way, or begins again.
function take(changes) {
  const wanted = { ...settings, ...changes };
  const numbers = facts.data[wanted.data].classes === null;
  let said = "";
  if (numbers && !facts.costs[wanted.cost].numbers) {
    const fitting = Object.keys(facts.costs).filter((name) => facts.costs[name].numbers);
    if (!("data" in changes)) throw `${wanted.cost} is for two classes, and ${wanted.data} has numbers as targets: take ${fitting.join(" or ")}.`;
    wanted.cost = fitting[0];
    said = `${wanted.data} has numbers as targets: the cost is ${wanted.cost} now.`;
  }
  const count = facts.data[wanted.data].points.length, held = roundedToEven((wanted.held_out / 100) * count);
  if (!held || held === count) throw `${wanted.held_out} % of ${count} samples are ${held}: some are held out, and some are learned from.`;
  settings = wanted;
  if (training && !training.trouble && Object.keys(changes).every((name) => ON_THE_WAY.includes(name))) {
    training.change(changes);
    fill();
    update();
  } else begin();
  part("complaint").textContent = said;
}

// The sentence by which an act is refused; "" if it is carried out.
function refusal(act) {
  try {
    act();
    return "";
  } catch (sentence) {
    if (typeof sentence !== "string") throw sentence;
    return sentence;
  }
}

// Whether an act is carried out; else it is said why not.
function attempt(act) {
  part("complaint").textContent = "";
  const said = refusal(act);
  if (said) part("complaint").textContent = said;
  return !said;
}

function fill() {
  const fields = part("settings").elements;
  for (const field of fields) {
    if (field.type === "radio") field.checked = field.value === settings[field.name];
    else if (field.name) field.value = String(settings[field.name]);
  }
  part("depth").textContent = `${settings.layers.length} hidden ${settings.layers.length === 1 ? "layer" : "layers"}`;
  for (const name of ["noise", "data_seed"]) part("settings").elements[name].disabled = settings.data === facts.own;
  for (const slider of document.querySelectorAll("[data-of]")) {
    slider.value = settings[slider.dataset.of];
    slider.disabled = fields[slider.dataset.of].disabled;
  }
  part("redraw").disabled = settings.data === facts.own;
  part("settings").elements.strength.disabled = settings.penalty === "none";
  part("shallower").disabled = settings.layers.length === 0;
  part("deeper").disabled = settings.layers.length === facts.most[0];
  writeLink();
}

// ------------------------------------------------------------------------------- the address

const VIEWS = ["lines", "held", "sharp"]; // what is seen, without a change to the training
const BUTTONS = ["run", "step", "epoch", "restart", "reseed", "redraw", "speed"];
const HIDEABLE = [...Object.keys(facts.settings), "layers", ...BUTTONS, ...VIEWS, "setting", "python"];
let hide = [];

function viewOf(name) {
  const control = part(name);
  return control.type === "checkbox" ? (control.checked ? "on" : "off") : control.value;
}

function setView(name, text) {
  const control = part(name), isBox = control.type === "checkbox";
  const choices = isBox ? ["on", "off"] : [...control.options].map(({ value }) => value);
  if (!choices.includes(text)) throw `“${name}” is ${choices.join(" or ")}; got “${text}”.`;
  if (isBox) control.checked = text === "on";
  else control.value = text;
}

const startViews = Object.fromEntries(VIEWS.map((name) => [name, viewOf(name)]));

function controlsOf(name) {
  if (name === "layers") return [...document.querySelectorAll("#network .stepper")];
  const control = document.querySelector(`#settings [name=${name}]`) ?? part(name);
  return [control.closest(".field") ?? control.closest("label") ?? control];
}

// Hide the controls that the address names, and show all others.
function hideControls() {
  for (const name of HIDEABLE) for (const control of controlsOf(name)) control.classList.toggle("away", hide.includes(name));
}

function readHide(text) {
  const names = [...new Set(text.split(","))];
  const unknown = names.find((name) => !HIDEABLE.includes(name));
  if (unknown !== undefined) throw `There is no control “${unknown}” to hide.`;
  hide = names;
}

function writeLink() {
  const now = { ...settings, ...Object.fromEntries(VIEWS.map((name) => [name, viewOf(name)])), hide };
  const usual = { ...start, ...startViews, hide: "" };
  const differing = Object.keys(now).filter((name) => String(now[name]) !== String(usual[name]));
  const link = `#${differing.map((name) => `${name}=${encodeURIComponent(now[name]).replaceAll("%2C", ",")}`).join("&")}`;
  part("link").href = link;
  part("link").textContent = link;
  try {
    history.replaceState(null, "", differing.length ? link : location.href.split("#")[0]);
  } catch {} // a frame in a notebook has no address
}

// What the address asks for; what it asks in vain is told.
function readLink() {
  settings = { ...start };
  hide = [];
  for (const name of VIEWS) setView(name, startViews[name]);
  const refused = [...new URLSearchParams(location.hash.slice(1))].map(([name, text]) => refusal(() => {
    if (name === "hide") return readHide(text);
    if (VIEWS.includes(name)) return setView(name, text);
    if (!Object.hasOwn(start, name)) throw `There is no setting “${name}”.`;
    settings[name] = read(name, text);
  })).filter(Boolean);
  attempt(() => take({ data: settings.data }));
  if (refused.length) part("complaint").textContent = refused.map((sentence) => `The link: ${sentence}`).join(" ");
}

// ------------------------------------------------------------------------------- structure

function toggleFeature(name) {
  attempt(() => {
    const features = Object.keys(facts.features).filter((other) => (other === name) !== settings.features.includes(other));
    if (!features.length) throw "A network is given at least one input.";
    take({ features });
  });
}

function resizeLayer(layer, by) {
  attempt(() => {
    const layers = [...settings.layers];
    layers[layer - 1] += by;
    take({ layers: readLayers(layers.join(",")) });
  });
}

// ------------------------------------------------------------------------------- what is chosen

function select(what) {
  chosen = what;
  update();
}

function chooseSample(i) {
  sample = i;
  update();
}

// Show in the network the weights that a route goes along.
function follow(edges) {
  const along = training.parameters.filter(({ layer, neuron, source }) => edges.some((edge) => edge.target === training.sums[layer][neuron] && edge.source === training.columns[layer - 1][source]));
  picture.route = new Set(along.map(({ at }) => at));
  picture.lines();
}

function setByHand(at, field) {
  const x = numberIn(field.value), label = field.getAttribute("aria-label");
  attempt(() => {
    if (!Number.isFinite(x)) throw `A weight is a number; got “${field.value}”.`;
    training.numbers[at] = x;
    training.touched = true;
  });
  update();
  field.value = written(training.numbers[at]);
  if (!part("number").contains(field)) part("account").querySelector(`[aria-label="${label}"]`)?.focus(); // it was made anew
}

// ------------------------------------------------------------------------------- the training

function begin() {
  stop();
  training = new Training(settings);
  const { kind, at, layer, neuron } = chosen ?? {};
  const there = kind === "cost" || at in training.parameters || training.columns[layer]?.[neuron] !== undefined;
  if (!(sample in training.points)) sample = undefined;
  if (!there) chosen = { kind: "weight", at: 0 };
  picture.build(training);
  hideControls();
  fill();
  update();
}

function update() {
  chain.look(training, sample); // which also gives the gradients that the picture shows
  Object.assign(picture, { selected: chosen, sample });
  picture.paint();
  const now = performance.now();
  if (!running || (now - explained > 350 && !part("account").contains(document.activeElement))) {
    explained = now; // nobody reads faster
    chain.show(chosen);
  }
  document.querySelector(`[name=scope][value=${sample === undefined ? "batch" : "sample"}]`).checked = true;
  if (sample !== undefined) part("sample").value = sample;
  tell();
}

function tell() {
  const { epoch, steps, history, classes, trouble, touched, changes } = training;
  const { cost, held, right } = history.at(-1);
  const share = classes ? `; ${Math.round(100 * right)} % of the held-out samples right` : "";
  const best = history.slice(training.judgedFrom).reduce((a, b) => (b.held < a.held ? b : a));
  const overfits = cost < best.cost && held > 1.1 * best.held ? ` It overfits: the held-out cost was lowest in epoch ${history.indexOf(best)}, ${number(best.held)}.` : "";
  const byHand = touched ? " A weight was set by hand: the link and the Python below begin without that." : "";
  const onTheWay = changes.length ? " Settings were changed on the way: the link and the Python below begin with those of now." : "";
  part("told").textContent = trouble || `Epoch ${epoch.toLocaleString("en")}, step ${steps.toLocaleString("en")}: cost ${number(cost)} in training, ${number(held)} held out${share}.${overfits}${byHand}${onTheWay}`;
  if (part("python").open && !running) part("python").querySelector("pre").textContent = inPython();
  part("told").classList.toggle("trouble", Boolean(trouble));
}

function epochOf() {
  const { epoch } = training;
  while (training.epoch === epoch) if (!training.step()) return false;
  return true;
}

// Where motion is to be reduced, the training is shown twice a second.
const still = window.matchMedia("(prefers-reduced-motion: reduce)");
let painted = 0, explained = 0;

function frame(now) {
  const many = Number(part("speed").value);
  let well = many ? true : training.step();
  for (let k = 0; k < many && well; k++) well = epochOf();
  if (!well) return stop();
  running = requestAnimationFrame(frame);
  if (still.matches && now - painted < 500) return;
  painted = now;
  update();
}

function run() {
  if (running) return stop();
  part("told").setAttribute("aria-live", "off"); // nobody listens that fast
  part("run").textContent = "Pause";
  running = requestAnimationFrame(frame);
}

function stop() {
  cancelAnimationFrame(running);
  running = 0;
  part("told").textContent = ""; // so that it is told where it ended
  part("told").removeAttribute("aria-live");
  part("run").textContent = "Run";
  if (training) update();
}

function single(act) {
  stop();
  act();
  update();
}

// What these settings are in Python: the same numbers, to rounding.
function inPython() {
  const { data, noise, data_seed, features, layers, activation, init, cost, penalty, strength, optimizer, rate, batch, seed, held_out } = settings;
  const own = data === facts.own, symmetric = training.byClass?.[0] === -1;
  const maker = optimizer === "momentum" ? "SGD" : optimizer;
  const lines = [
    ...training.changes.map(({ name, before, step }) => `# The page had, until step ${step}: ${facts.settings[name].label} = ${before}`),
    ...(features.some((name) => name.startsWith("sin")) ? ["from math import sin"] : []),
    "from nn import MLP, fit, losses",
    ...(own ? [] : [`from nn.data import ${data}`]),
    `from nn.optim import ${maker}`,
    "",
    own ? `X, y = ..., ...  # your samples${training.classes ? `, the classes as ${training.byClass.join(" and ")}` : ""}` : `points = ${data}(noise=${noise}, seed=${data_seed})`,
    ...(own ? [] : ["X = points.X", `y = ${symmetric ? "[2 * t - 1 for t in points.y]" : "points.y"}`]),
    ...(features.join() === "x1,x2" ? [] : [`X = [[${features.join(", ")}] for x1, x2 in X]`]),
    `model = MLP(${features.length}, [${[...layers, 1].join(", ")}], "${activation}"${init === "fitting" ? "" : `, init="${init}"`}, seed=${seed})`,
    "history = fit(",
    "    model, X, y,",
    `    loss=${penalty === "none" ? `"${cost}"` : `losses.Penalised("${cost}", ${penalty}=${strength})`},`,
    `    optimizer=${maker}(model.parameters(), lr=${rate}${optimizer === maker ? "" : ", momentum=0.9"}),`,
    `    batch_size=${batch}, validation=${held_out / 100}, seed=${seed}, epochs=${Math.max(1, training.epoch)},`,
    ")",
    ...(sample === undefined ? [] : ["", "from autograd import walk", `steps = walk(losses.${cost}(model(X[${sample}]), y[${sample}]))  # the chosen sample, step by step`]),
  ];
  return lines.join("\n");
}

// ------------------------------------------------------------------------------- events

part("settings").addEventListener("submit", (event) => event.preventDefault());
part("settings").addEventListener("change", ({ target }) => {
  const name = target.dataset.of ?? target.name;
  if (!attempt(() => take({ [name]: read(name, target.value) }))) fill();
});
part("settings").addEventListener("input", ({ target }) => {
  if (target.dataset.of) part("settings").elements[target.dataset.of].value = target.value;
});
part("run").addEventListener("click", run);
part("step").addEventListener("click", () => single(() => training.step()));
part("epoch").addEventListener("click", () => single(epochOf));
part("restart").addEventListener("click", begin);
for (const [id, name] of [["reseed", "seed"], ["redraw", "data_seed"]]) {
  part(id).addEventListener("click", () => attempt(() => take({ [name]: (settings[name] + 1) % (facts.settings[name].high + 1) })));
}
part("deeper").addEventListener("click", () => attempt(() => take({ layers: [...settings.layers, settings.layers.at(-1) ?? 4] })));
part("shallower").addEventListener("click", () => attempt(() => take({ layers: settings.layers.slice(0, -1) })));
for (const id of VIEWS) {
  part(id).addEventListener("change", () => {
    writeLink();
    update();
  });
}
part("python").addEventListener("toggle", tell);
part("number").addEventListener("focusout", () => picture.hideNumber());
part("number").addEventListener("keydown", ({ key, target }) => key === "Escape" && target.blur());
part("plane").addEventListener("click", ({ offsetX, offsetY, target }) => {
  const scale = target.width / target.clientWidth;
  chooseSample(picture.nearest(offsetX * scale, offsetY * scale));
});
for (const radio of document.querySelectorAll("[name=scope]")) {
  radio.addEventListener("change", () => chooseSample(radio.value === "batch" ? undefined : training.upcoming()[0]));
}
part("sample").addEventListener("change", ({ target }) => {
  attempt(() => {
    const i = numberIn(target.value);
    if (!(i in training.points)) throw `A sample is a whole number from 0 to ${training.points.length - 1}; got “${target.value}”.`;
    chooseSample(i);
  });
});
window.addEventListener("hashchange", readLink);
window.addEventListener("resize", () => picture.fit());
window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  readInks();
  drawSets();
  picture.paint();
});

readInks();
drawSets();
part("hideable").textContent = HIDEABLE.join(", ");
part("setting").open = innerWidth > 1000; // else the network is to be seen first
part("playground").hidden = false;
readLink();
