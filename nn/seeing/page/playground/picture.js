// What is seen of a training: the network with a map for every neuron, the plane, the curves of the cost.

const ROW = 60; // from neuron to neuron, in pixels
const OF_WEIGHTS = [0.02, 10, 0.7, 5.5]; // the least and the most that widths tell, and the widths in pixels
const STRONGEST_INK = 165; // of 255
const CROWD = 60; // more lines than this are thinner
let inks; // the colours of the theme, as canvases want them

const button = (name, attributes, act) => element("button", { type: "button", onclick: act, ...attributes }, name);

const signOf = (x) => (x > 0 ? "positive" : x < 0 ? "negative" : "");
const written = (x) => String(Number(x.toPrecision(4))).replaceAll("-", "−"); // as a field takes it again

function readInks() {
  inks = { signs: ["--positive", "--negative"].map(channels), classes: ["--class0", "--class1"].map(channels) };
}

function widthOf(x, [least, most, thin, thick]) {
  const share = Math.log(Math.abs(x) / least) / Math.log(most / least);
  return thin + Math.min(1, Math.max(0, share || 0)) * (thick - thin);
}

// A sample: classes in their marks and colours, numbers by their sign and size.
function dot(pen, x, y, radius, target, classes) {
  mark(pen, x, y, radius, classes ? target : 0);
  pen.fillStyle = colour(classes ? `--class${target}` : target > 0 ? "--positive" : "--negative");
  pen.globalAlpha = classes ? 1 : 0.25 + 0.75 * Math.min(1, Math.abs(target));
  pen.fill();
  pen.globalAlpha = 1;
}

// The sets of samples as small pictures, without noise.
function drawSets() {
  for (const { value, nextElementSibling: canvas } of document.querySelectorAll("[name=data]")) {
    const { points, classes } = facts.data[value], pen = canvas.getContext("2d");
    const ends = [0, 1].map((axis) => [Math.min, Math.max].map((end) => end(...points.map((point) => point[axis]))));
    const share = (x, [low, high]) => 6 + (60 * (x - low)) / (high - low || 1);
    pen.clearRect(0, 0, 72, 72);
    for (const [x, y, target] of points) dot(pen, share(x, ends[0]), 72 - share(y, ends[1]), 2.5, target, classes);
  }
}

// Round numbers between two ends, at most six.
function ticksOf(low, high) {
  const rough = (high - low) / 5, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((x) => x * power).find((x) => x >= rough);
  const first = Math.ceil(low / step), count = Math.floor(high / step) - first + 1;
  return Array.from({ length: count }, (_, k) => Number(((first + k) * step).toPrecision(6)));
}

class Picture {
  constructor(select, toggle, resize, byHand) {
    Object.assign(this, { select, toggle, resize, byHand });
    this.small = element("canvas", { width: GRID, height: GRID });
    this.dots = element("canvas");
    this.pen = part("plane").getContext("2d");
  }

  // The network of a training, laid out anew.
  build(training) {
    this.training = training;
    this.columns = [Object.keys(facts.features), ...training.columns.slice(1), []]; // the last one is the cost's
    this.most = Math.max(...this.columns.map((column) => column.length));
    this.nodes = [];
    this.marks = [];
    this.hovered = undefined;
    this.hideNumber();
    const sheet = part("sheet"), focused = document.activeElement?.dataset?.key;
    sheet.querySelectorAll(":scope > :not(svg, #number)").forEach((old) => old.remove());
    sheet.style.setProperty("--columns", this.columns.length);
    sheet.style.setProperty("--rows", this.most);
    this.fit();
    this.buildLines(sheet.querySelector("svg"));
    this.columns.forEach((column, c) => {
      this.addHead(c, column.length);
      column.forEach((node, r) => (c ? this.addNeuron(node, c, r) : this.addInput(node, r)));
      if (c < this.last) this.add(c, element("div", { class: "foot", "data-layer": c }, element("i"), element("span")));
    });
    const cost = button("J", { class: "node cost", "aria-label": "The cost J", "data-key": "J" }, () => this.select({ kind: "cost" }));
    this.add(this.last, cost, this.y(this.last, -0.5));
    if (focused) sheet.querySelector(`[data-key="${focused}"]`)?.focus();
  }

  // Smaller boxes where there is not the room for large ones.
  fit() {
    part("sheet").classList.toggle("tight", part("net").clientWidth < 66 * this.columns.length);
  }

  get last() {
    return this.columns.length - 1;
  }

  x = (c) => (c + 0.5) / this.columns.length;
  y = (c, r) => 66 + ROW * (r + (c ? (this.most - this.columns[c].length) / 2 : 0));

  add(c, made, y) {
    made.style.left = `${100 * this.x(c)}%`;
    if (y !== undefined) made.style.top = `${y}px`;
    part("sheet").append(made);
  }

  buildLines(svg) {
    const { training } = this;
    const shown = training.features.map((name) => this.columns[0].indexOf(name));
    const line = (d, more) => element("path", { d, "vector-effect": "non-scaling-stroke", ...more });
    this.paths = training.parameters.filter(({ source }) => source !== "b").map((parameter) => {
      const { source, layer, neuron, at } = parameter;
      const [x0, x1] = [this.x(layer - 1) * 1000, this.x(layer) * 1000];
      const [y0, y1] = [this.y(layer - 1, layer === 1 ? shown[source] : source), this.y(layer, neuron)];
      const d = `M${x0} ${y0}C${(x0 + x1) / 2} ${y0} ${(x0 + x1) / 2} ${y1} ${x1} ${y1}`;
      return { parameter, line: line(d), hit: this.telling(line(d), at) };
    });
    svg.setAttribute("viewBox", `0 0 1000 ${ROW * this.most + 50}`);
    const onward = line(`M${1000 * this.x(this.last - 1)} ${this.y(this.last, -0.5)}H${1000 * this.x(this.last)}`, { class: "onward" });
    svg.replaceChildren(...this.paths.flatMap(({ hit, line }) => [hit, line]), onward);
  }

  // A line or the mark of a bias: it tells its number under the pointer, and once it is chosen that can be changed there.
  telling(made, at) {
    const show = ({ clientX, clientY }) => {
      if (part("number").contains(document.activeElement)) return;
      const box = part("sheet").getBoundingClientRect();
      const left = Math.min(box.width - 150, Math.max(0, clientX - box.left + 12)), top = clientY - box.top + 12;
      Object.assign(part("number").style, { left: `${left}px`, top: `${top}px` });
      this.told = at;
      part("number").replaceChildren(`${this.training.parameters[at].name} = `, this.byHand(at, "here"), element("small", {}));
      this.tellMoving();
      part("number").hidden = false;
    };
    made.addEventListener("pointerenter", show);
    made.addEventListener("pointerleave", () => part("number").contains(document.activeElement) || this.hideNumber());
    made.addEventListener("click", (event) => {
      this.select({ kind: "weight", at });
      if (!event.detail) return; // by keyboard: its field is in the account
      show(event);
      part("number").querySelector("input").select();
    });
    return made;
  }

  // Of the weight whose number is told, its gradient and by how much the last step changed it.
  tellMoving() {
    const { gradients, lastChange } = this.training;
    part("number").querySelector("small").textContent = `gradient ${number(gradients[this.told])}, last change ${lastChange ? number(lastChange[this.told]) : "–"}`;
  }

  hideNumber() {
    this.told = undefined;
    part("number").hidden = true;
  }

  addHead(c, size) {
    const hidden = c > 0 && c < this.last - 1;
    const head = element("div", { class: "head" }, element("span", {}, ...(hidden ? [element("span", { class: "word" }, "layer "), c] : [this.titleOf(c)])));
    const change = (by, sign, word) => button(sign, { "aria-label": `One neuron ${word} in layer ${c}`, "data-key": `${word}${c}` }, () => this.resize(c, by));
    if (hidden) head.append(element("span", { class: "stepper" }, change(-1, "−", "less"), ` ${size} `, change(1, "+", "more")));
    this.add(c, head);
  }

  titleOf = (c) => (c === 0 ? "inputs" : c < this.last - 1 ? `layer ${c}` : c < this.last ? "output" : "cost");

  addNode(c, r, label, attributes, act, index) {
    const canvas = element("canvas", { width: GRID, height: GRID });
    const made = button(canvas, { class: "node", ...attributes }, act);
    made.append(element("span", {}, label));
    const node = { index, pen: canvas.getContext("2d"), made, c, r };
    this.nodes.push(node);
    made.addEventListener("pointerenter", () => this.hover(node));
    made.addEventListener("pointerleave", () => this.hover(undefined));
    this.add(c, made, this.y(c, r));
  }

  addInput(name, r) {
    const { training } = this, at = training.features.indexOf(name), [label] = facts.features[name];
    const said = { "aria-label": `Input ${label}`, "aria-pressed": at >= 0, "data-key": name };
    this.addNode(0, r, label, said, () => this.toggle(name), training.columns[0][at]);
  }

  addNeuron(node, c, r) {
    const { name } = this.training.tape.nodes[node];
    const said = { "aria-label": `Neuron ${name}, ${this.titleOf(c)}`, "data-key": `n${c}.${r}` };
    this.addNode(c, r, name, said, () => this.select({ kind: "neuron", layer: c, neuron: r }), node);
    const bias = this.training.parameters.find(({ layer, neuron, source }) => layer === c && neuron === r && source === "b");
    const mark = element("button", { type: "button", class: "bias", "aria-label": `Bias ${bias.name}`, "data-key": `b${c}.${r}` }, element("i"));
    this.add(c, this.telling(mark, bias.at), this.y(c, r));
    this.marks.push({ at: bias.at, mark });
  }

  hover(node) {
    this.hovered = node;
    this.paint();
  }

  // Everything as it is now. What is large in the plane: the input or neuron under the pointer, the chosen one, or the output.
  paint() {
    const { training, selected } = this;
    const values = training.overPlane();
    const chosen = selected?.kind === "neuron" ? training.columns[selected.layer][selected.neuron] : training.prediction;
    for (const { index, pen, made, c, r } of this.nodes) {
      if (index !== undefined) this.fill(pen, index, values[index]);
      if (c > 0) made.setAttribute("aria-current", selected?.kind === "neuron" && selected.layer === c && selected.neuron === r);
    }
    this.plane(this.hovered ?? this.nodes.find(({ index }) => index === chosen), values);
    this.lines();
    this.feet();
    this.curves();
  }

  areClasses = (index) => index === this.training.prediction && this.training.classes;
  inksOf = (index) => (this.areClasses(index) ? [...inks.classes].reverse() : inks.signs);

  // Numbers over the plane as a picture of as many points: classes in their colours, other numbers by their signs.
  fill(pen, index, given) {
    const image = (this.image ??= pen.createImageData(GRID, GRID)), pixels = new Uint32Array(image.data.buffer);
    const byClass = this.areClasses(index);
    const [above, below] = this.inksOf(index).map(([r, g, b]) => r | (g << 8) | (b << 16));
    let [low, high] = [0, 0];
    if (!byClass) for (const x of given) [low, high] = [x < low ? x : low, x > high ? x : high];
    const largest = Math.max(-low, high);
    const sharp = part("sharp").checked;
    const lead = this.training.byClass?.[0] === 0 ? (x) => Math.tanh(x / 2) : (x) => Math.max(-1, Math.min(1, x));
    for (let k = 0; k < GRID * GRID; k++) {
      const x = sharp ? Math.sign(given[k]) : byClass ? lead(given[k]) : given[k] / (largest || 1);
      const column = k % GRID, row = GRID - 1 - (k - column) / GRID;
      pixels[row * GRID + column] = (x > 0 ? above : below) | ((STRONGEST_INK * Math.abs(x)) << 24); // of nan nothing is seen
    }
    pen.putImageData(image, 0, 0);
    return [low, high];
  }

  // One of the maps, large, with the samples; the line is where the input, or the neuron's weighted sum, is 0.
  plane({ index, c, r }, values) {
    const { pen, training } = this;
    const input = c ? undefined : this.columns[0][r];
    const given = c ? values[index] : training.inputOverPlane(input);
    const z = training.sums[c][r], { name } = training.tape.nodes[index] ?? { name: facts.features[input][0] };
    const size = pen.canvas.width;
    const range = this.fill(this.small.getContext("2d"), index, given);
    pen.clearRect(0, 0, size, size);
    pen.drawImage(this.small, 0, 0, size, size);
    pen.strokeStyle = colour("--ink");
    pen.lineWidth = 2;
    border(pen, c ? values[z] : given, GRID, size, size);
    const look = `${part("held").checked}${inks.classes}`;
    if (this.dotted !== training.test || this.look !== look) {
      [this.dotted, this.look] = [training.test, look];
      this.dots.width = this.dots.height = size; // which clears it
      this.points(this.dots.getContext("2d"));
    }
    pen.drawImage(this.dots, 0, 0);
    if (this.sample !== undefined) {
      mark(pen, ...this.at(training.points[this.sample]), 12, 0);
      for (const [ink, width] of [["--paper", 7], ["--ink", 3]]) {
        pen.strokeStyle = colour(ink);
        pen.lineWidth = width;
        pen.stroke();
      }
    }
    const output = index === training.prediction;
    part("seen-title").textContent = output ? `The output ${name}` : c ? `What ${name} gives` : `The input ${name}${index === undefined ? ", switched off" : ""}`;
    this.ramp(index, range);
    this.axes();
    this.tellLegend(output ? training.classes : null, range, c ? training.tape.nodes[z].name : name);
    pen.canvas.setAttribute("aria-label", `${part("seen-title").textContent} over the plane of x₁ (across) and x₂ (up), and the samples; x₁ from ${training.range.map((ends) => ends.map(number).join(" to ")).join(", x₂ from ")}`);
  }

  // What the colours stand for, from the least to the most.
  ramp(index, [low, high]) {
    const { classes, byClass } = this.training;
    const isClass = this.areClasses(index), chance = isClass && byClass[0] === 0;
    const [from, to] = isClass ? byClass : [low, high];
    const zero = `${to > from ? 100 * (chance ? 0.5 : -from / (to - from)) : 50}%`, largest = isClass && !chance ? 1 : Math.max(-from, to) || 1;
    const ink = ([r, g, b], share) => `rgb(${r} ${g} ${b} / ${(STRONGEST_INK / 255) * (part("sharp").checked ? 1 : share)})`;
    const [above, below] = this.inksOf(index);
    const atZero = part("sharp").checked ? 1 : 0;
    const [start, bar, end] = part("ramp").children;
    bar.style.background = `linear-gradient(to right, ${ink(below, chance ? 1 : -from / largest)}, ${ink(below, atZero)} ${zero}, ${ink(above, atZero)} ${zero}, ${ink(above, to / largest)})`;
    start.textContent = chance ? `chance of ${classes[1]}: 0` : isClass ? "−1 or less" : number(from);
    end.textContent = isClass && !chance ? "1 or more" : number(to);
  }

  // A few numbers along both axes, for as long as the range stays.
  axes() {
    const { range } = this.training;
    if (this.ranged === range) return;
    this.ranged = range;
    part("axes").querySelectorAll("span").forEach((old) => old.remove());
    range.forEach(([low, high], axis) => {
      const share = (x) => (x - low) / (high - low);
      const ticks = ticksOf(low, high).filter((x) => share(x) > 0.04 && share(x) < 0.88).map((x) => [number(x), share(x)]);
      if (axis) part("axes").style.setProperty("--gutter", `${6 + 7 * Math.max(...ticks.map(([text]) => text.length))}px`);
      for (const [text, at] of [...ticks, [["x₁", "x₂"][axis], 0.96]]) {
        const made = element("span", { class: ["across", "up"][axis], "aria-hidden": true }, text);
        made.style.setProperty("--at", at);
        part("axes").append(made);
      }
    });
  }

  // The samples, drawn once for as long as they stay.
  points(pen) {
    const { training } = this;
    const held = new Set(training.test);
    training.points.forEach((point, i) => {
      if (held.has(i) && !part("held").checked) return;
      const [x, y] = this.at(point);
      dot(pen, x, y, held.has(i) ? 6 : 5, point[2], training.classes);
      pen.strokeStyle = colour(held.has(i) ? "--ink" : "--paper");
      pen.lineWidth = held.has(i) ? 1.6 : 1;
      pen.stroke();
    });
  }

  at([x, y]) {
    const size = this.pen.canvas.width;
    const [[left, right], [bottom, top]] = this.training.range;
    return [((x - left) / (right - left)) * size, (1 - (y - bottom) / (top - bottom)) * size];
  }

  // The sample nearest to a place in the picture.
  nearest(x, y) {
    const far = this.training.points.map((point) => {
      const [u, v] = this.at(point);
      return Math.hypot(u - x, v - y);
    });
    return far.indexOf(Math.min(...far));
  }

  // The hues of signs are told where one is seen, be it in the map or, where there are no classes, of a sample.
  tellLegend(classes, [low, high], z) {
    const { training } = this;
    const said = [z, classes, low, high, training.classes].map(String).join();
    if (said === this.said) return;
    this.said = said;
    const sign = (name, word, x) => entry(1, { fill: `var(--${name})` }, x ? `${word} 0, to ${number(x)}` : `${word} 0`);
    const targets = training.classes ? [] : training.points.map((point) => point[2]);
    const signs = [
      ...(high > 0 || targets.some((y) => y > 0) ? [sign("positive", "above", high)] : []),
      ...(low < 0 || targets.some((y) => y < 0) ? [sign("negative", "below", low)] : []),
    ];
    const rest = [entry(0, RING, "held out"), element("li", {}, `the line: ${z} = 0`)];
    part("legend").replaceChildren(...entriesOf(training.classes ?? []), ...signs, ...rest);
  }

  lines() {
    const { training, selected } = this;
    const weights = part("lines").value === "weights";
    const [numbers, width] = weights ? [training.numbers, OF_WEIGHTS] : [training.gradients, facts.width];
    const chosen = (at) => (selected?.kind === "weight" && selected.at === at) || this.route?.has(at);
    const thinner = this.paths.length > CROWD ? 0.6 : 1;
    for (const { parameter, line, hit } of this.paths) {
      const x = numbers[parameter.at];
      line.setAttribute("class", signOf(x));
      line.style.strokeWidth = `${(thinner * widthOf(x, width)).toFixed(1)}px`;
      hit.setAttribute("class", `hit${chosen(parameter.at) ? " chosen" : ""}`);
    }
    for (const { at, mark } of this.marks) {
      mark.firstChild.className = signOf(numbers[at]);
      mark.firstChild.style.borderTopWidth = `${widthOf(numbers[at], width).toFixed(1)}px`;
      mark.setAttribute("aria-current", chosen(at));
    }
    const field = part("number").querySelector("input");
    if (this.told !== undefined) this.tellMoving();
    if (this.told !== undefined && field !== document.activeElement) field.value = written(training.numbers[this.told]);
    part("net").querySelector(".cost").setAttribute("aria-current", selected?.kind === "cost");
  }

  // How large the gradients are by layer.
  feet() {
    const { training } = this;
    const sizes = training.columns.slice(1).map((_, l) => {
      const own = training.parameters.filter(({ layer, source }) => layer === l + 1 && source !== "b");
      return own.reduce((sum, { at }) => sum + Math.abs(training.gradients[at]), 0) / own.length;
    });
    sizes.forEach((size, l) => {
      const [bar, told] = part("net").querySelector(`[data-layer="${l + 1}"]`).children;
      bar.style.width = `${Math.max(2, Math.min(100, 100 * (1 + Math.log10(size || 1e-9) / 6)))}%`;
      told.textContent = number(Number(size.toPrecision(2)));
    });
    part("net").querySelector("[data-layer='0'] span").textContent = `mean\n|∂${this.sample === undefined ? "J" : "L"}/∂w|`;
    const [first, last] = [sizes[0], sizes.at(-1)];
    const told = (ratio) => Number(ratio.toPrecision(2)).toLocaleString("en");
    part("vanishing").textContent =
      sizes.length < 2 || sizes.some(Number.isNaN) ? ""
      : first === 0 ? "No gradient reaches the first layer."
      : last > 30 * first ? `The gradient vanishes: in layer 1 it is ${told(last / first)} times smaller than at the output, so the first weights hardly move.`
      : first > 30 * last ? `The gradient grows on its way back: in layer 1 it is ${told(first / last)} times larger than at the output.`
      : "The gradient reaches the first layer.";
  }

  curves() {
    const { training } = this, { history } = training;
    if (this.drawn === history.at(-1)) return;
    this.drawn = history.at(-1);
    const every = Math.ceil(history.length / 300);
    const kept = history.filter((_, k) => k % every === 0 || k === history.length - 1);
    const { low, high, inPowers, share } = scaleOf(kept.flatMap(({ cost, held }) => [cost, held]).filter(Number.isFinite));
    part("scale").textContent = `Cost by epoch, ${number(low)} to ${number(high)}${inPowers ? ", in powers of ten" : ""}:`;
    for (const [key, line] of [["cost", ".train"], ["held", ".held"]]) {
      const points = kept.map((record, k) => [kept.length > 1 ? (300 * k) / (kept.length - 1) : 0, 86 - 80 * share(record[key])]);
      const finite = points.filter(([, y]) => Number.isFinite(y)).map((point) => point.map((x) => x.toFixed(1)).join(","));
      part("curves").querySelector(line).setAttribute("points", finite.join(" "));
    }
    part("curves").setAttribute("aria-label", `The cost by epoch: training from ${number(history[0].cost)} to ${number(history.at(-1).cost)}, held out from ${number(history[0].held)} to ${number(history.at(-1).held)}`);
  }
}
