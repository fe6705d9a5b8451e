"use strict";
// Steps through facts: every number, word and formula is read from them, and all text goes in as text.  They
// are those of the page or, once a number is touched, those that engine.js and words.js make of it.
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const MATHML = "http://www.w3.org/1998/Math/MathML";
  const MATH_ELEMENTS = new Set("math mrow mi mn mo mtext mspace msub msup msubsup mfrac msqrt mroot mover munder munderover mstyle mpadded mtable mtr mtd".split(" "));
  const MATH_ATTRIBUTES = new Set("display displaystyle mathvariant stretchy lspace rspace form fence separator width columnalign accent scriptlevel".split(" "));
  const EMPTY = "–";
  const LEGIBLE = 1; // the smallest scale at which the smallest words have 10 pixels
  const LARGEST_SCALE = 4;
  const WIDEST_NUMBER = "−1.234e−5"; // in a box; with a longer exponent it is in small print
  const MOST_LIT = 64; // nodes or edges that are lit at once
  const MOST_NAMES = 2000; // names that are offered to be found
  const MOST_ROWS = 12; // numbers of a larger step that are listed
  const embedded = window.parent !== window;
  const $ = (id) => document.getElementById(id);

  let facts, original, pictures, views, questions;
  let packedDrawings, readDrawings; // all pictures but the first, read when one is wanted
  const drawings = () => (readDrawings ??= JSON.parse(packedDrawings));

  // ------------------------------------------------------------------ what the steps do, by node and by edge

  let list, keys, computed, received, carried, incoming, users, constants;

  function readFacts() {
    incoming = new Map(facts.inputs.map((inputs, i) => [`n${i}`, inputs.map((input, position) => keyOf(`n${input}`, `n${i}`, position))]));
    users = new Map(facts.names.map((_, i) => [`n${i}`, []])); // what is computed from a node
    facts.inputs.forEach((inputs, i) => inputs.forEach((input) => users.get(`n${input}`).push(`n${i}`)));
    keys = [...incoming.values()].flat(); // of the edges, in the order of the trace
    constants = new Set(facts.constants.map((i) => `n${i}`));
    readSteps();
    computed = new Map(); // the step that computes a node
    received = new Map(); // the steps in which a gradient or tangent reaches it
    carried = new Map(); // the step in which an edge carries a contribution
    for (const step of list) {
      if (step.kind === "leaf") for (const leaf of readAtOnce()) computed.set(leaf, step.number);
      else if (step.phase === "forward") computed.set(step.node, step.number);
      else if (received.has(step.node)) received.get(step.node).push(step.number);
      else received.set(step.node, [step.number]);
      if (step.target !== null) carried.set(keyOf(step.node, step.target, step.position), step.number);
    }
  }

  // A gradient before a step is what the last step made it, an upstream that of the target.
  function readSteps() {
    const columns = facts.steps;
    const gradients = new Map();
    list = columns.kind.map((code, number) => {
      const [phase, kind] = facts.kinds[code];
      const node = `n${columns.node[number]}`;
      const target = columns.target[number] < 0 ? null : `n${columns.target[number]}`;
      const [sign, plus] = facts.signs[columns.sign[number]];
      const contribution = columns.contribution[number] || EMPTY;
      const before = (phase === "reverse" && gradients.get(node)) || EMPTY;
      const after = columns.after[number];
      const shown = [gradients.get(target) ?? EMPTY, columns.partial[number] || EMPTY, contribution, before, after];
      if (phase === "reverse") gradients.set(node, after);
      return { number, phase, kind, node, target, position: columns.position[number], shown, sign, added: plus + contribution, width: columns.width[number] };
    });
  }

  const placeOf = (node) => Number(node.slice(1));
  const keyOf = (source, target, position) => `${source}>${target}:${position}`;
  const steps = () => list;
  const readAtOnce = () => facts.read.map((i) => `n${i}`); // all leaves: one step
  const slope = () => (list.at(-1).phase === "tangent" ? "tangent" : "gradient"); // what a walk fills in after the values
  const isEdge = (step) => step !== undefined && step.phase === "reverse" && step.kind === "edge";

  // ------------------------------------------------------------------ words and formulas, from their patterns

  const unsigned = (number) => number.replace(/^−/, "");

  function referred(step, reference, form) {
    const nodes = [facts.output, placeOf(step.node), step.target && placeOf(step.target)];
    if (reference < 3) return facts.names[nodes[reference]][form];
    if (reference < 5) return unsigned(facts.values[nodes[reference - 2]]);
    if (reference < 10) return unsigned(step.shown[reference - 5]);
    const [k, what] = [(reference - 10) >> 2, (reference - 10) & 3];
    if (what === 3) return facts.steps.extras[step.number][k];
    const computes = step.target ?? step.node;
    const inputs = step.kind === "leaf" ? facts.read : facts.inputs[placeOf(computes)];
    const position = (firstInput(step, inputs.length) + k) % inputs.length;
    if (what === 2) return unsigned(list[carried.get(incoming.get(computes)[position])].shown[1]);
    return what ? unsigned(facts.values[inputs[position]]) : facts.names[inputs[position]][form];
  }

  // What a step speaks of first: the input that its own is multiplied by, half of them further, or back.
  function firstInput({ target, position }, inputs) {
    if (target === null) return 0;
    const half = inputs >> 1;
    return position < half ? position + half : position - half;
  }

  const TEXT = 3;
  const MARKUP = 4;
  const filled = (pattern, step, form) => pattern.map((piece) => (typeof piece === "number" ? referred(step, piece, form) : piece)).join("");
  const wordsOf = (step) => facts.words[facts.steps.words[step.number]];
  const sentenceOf = (step) => facts.told?.sentence(step) ?? filled(facts.sentences[wordsOf(step)[0]], step, TEXT);
  const formulaOf = (step) => facts.told?.formula(step) ?? filled(facts.formulas[wordsOf(step)[1]], step, MARKUP);
  const slopeOf = (step) => facts.told?.slope(step) ?? filled(facts.sentences[wordsOf(step)[2]], step, TEXT);

  // The local derivative of an edge in symbols, as the walk wrote it; "" where no gradient went along it.
  function symbolsOf(target, position) {
    const number = carried.get(incoming.get(`n${target}`)[position]);
    return number === undefined ? "" : filled(facts.sentences[wordsOf(list[number])[2]], list[number], TEXT);
  }

  function gradientOf(node, place) {
    const numbers = received.get(node);
    if (numbers === undefined || numbers[0] >= place) return EMPTY;
    let low = 0;
    let high = numbers.length - 1; // the last step that is done
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (numbers[middle] < place) low = middle;
      else high = middle - 1;
    }
    return list[numbers[low]].shown[4];
  }

  // ------------------------------------------------------------------ elements and names

  function element(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  function nameOf(node) {
    const [base, subscript, superscript] = facts.names[placeOf(node)];
    const name = element("span", { class: "name" }, base);
    if (subscript) name.append(element("sub", {}, subscript));
    if (superscript) name.append(element("sup", {}, superscript));
    return name;
  }

  const plainName = (node) => facts.names[placeOf(node)][TEXT];

  // A sign of a derivative: its pattern, with names or elements in the places of {these}.
  function inPlaces(pattern, parts) {
    return pattern.split(/\{(\w+)\}/).map((piece, i) => (i % 2 ? parts[piece] : piece));
  }

  const signOf = (node) => element("span", {}, ...inPlaces(facts.written.gradient, { of: nameOf(`n${facts.output}`), by: nameOf(node) }));

  // The local derivative of a step's edge; a small digit tells which input where one value is several of them.
  function localSign(step, name) {
    const sources = facts.inputs[placeOf(step.target)];
    const repeated = sources.filter((source) => source === placeOf(step.node)).length > 1;
    const slot = repeated ? String(step.position + 1).replace(/\d/g, (digit) => "₀₁₂₃₄₅₆₇₈₉"[digit]) : "";
    return inPlaces(facts.written.local, { slot, source: name(step.node), target: name(step.target) });
  }

  const localOf = (step) => element("span", {}, ...localSign(step, nameOf));

  // A formula as MathML, in pieces that each begin with = or ≈: lines break between them.
  function mathOf(text) {
    const parsed = new DOMParser().parseFromString(text, "application/xml").documentElement;
    const pieces = [];
    for (const part of copyOfMath(parsed).childNodes) {
      if (!pieces.length || ["=", "≈"].includes(part.textContent)) pieces.push(document.createElementNS(MATHML, "math"));
      pieces.at(-1).append(part.cloneNode(true));
    }
    for (const piece of pieces) piece.setAttribute("displaystyle", "true");
    return pieces;
  }

  function copyOfMath(from) {
    const copy = document.createElementNS(MATHML, from.localName);
    for (const { name, value } of from.attributes) if (MATH_ATTRIBUTES.has(name)) copy.setAttribute(name, value);
    for (const child of from.childNodes) {
      if (child.nodeType === Node.TEXT_NODE) copy.append(child.data);
      else if (child.nodeType === Node.ELEMENT_NODE && MATH_ELEMENTS.has(child.localName)) copy.append(copyOfMath(child));
    }
    return copy;
  }

  // ------------------------------------------------------------------ the picture

  const canvas = $("canvas");
  let view, svg, lit, slots, nodesOf;
  let fresh = [];

  function mount(index) {
    const wanted = views[index];
    if (wanted === view) return;
    if (view) for (const layer of Object.values(lit)) layer.replaceChildren();
    view = wanted;
    prepare(view);
    svg = view.element;
    for (const other of [...canvas.children]) if (other !== svg) other.remove();
    svg.classList.remove("ahead");
    if (!svg.isConnected) canvas.append(svg);
    ({ lit, slots, nodesOf } = view);
    refresh(view);
    fit();
    showCrumbs();
    getReady([index + 1, index - 1].map((i) => views[i]).filter((other) => other && other.parent === view.parent));
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

  // A picture takes its time to be placed: done before it is seen.
  function layOut(other) {
    other.element.classList.add("ahead");
    canvas.append(other.element);
  }

  const requestIdle = window.requestIdleCallback ?? ((does) => setTimeout(does, 200));

  // The text of a picture: as it stands, or cast from a mould, whose gaps are for the view's name and, of
  // each of its nodes, for its id and its faces.
  function textOf({ name, svg }) {
    if (typeof svg === "string") return svg;
    const { moulds, faces, looks } = drawings();
    const [mould, ...nodes] = svg;
    const filled = (gap) => {
      if (gap < 0) return name;
      const node = nodes[gap >> 2];
      if (!(gap & 3)) return `n${node}`;
      const [look, said] = looks[node];
      const [chip, box] = faces[look].map((face) => face.replaceAll("\0", `n${node}`));
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
    view.nodesOf = new Map();
    for (const [node, part] of view.nodeElement) {
      if (!view.nodesOf.has(part)) view.nodesOf.set(part, []);
      view.nodesOf.get(part).push(node);
    }
    const seen = new Set();
    view.shared = new Map(); // arrows that stand for many edges carry no one's sign, but the size of all
    for (const part of view.edgeElement.values()) seen.has(part) ? view.shared.set(part, []) : seen.add(part);
    for (const [edge, part] of view.edgeElement) view.shared.get(part)?.push(edge);
    const knobs = new Map([...view.nodesOf.keys()].map((part) => [part, part]));
    for (const [id, name] of Object.entries(view.opens)) {
      const part = parts.get(id);
      const knob = part.querySelector(".dot") ? part.querySelector(".frame") : part; // no button within a button
      part.dataset.opens = knob.dataset.opens = name;
      knobs.set(part, knob);
    }
    const reachable = view.nodesOf.size <= 60; // more of them are reached by the list of steps
    for (const part of knobs.values()) {
      part.setAttribute("role", "button");
      if (reachable || part.dataset.opens) part.setAttribute("tabindex", "0");
      if (part.dataset.opens) part.setAttribute("aria-label", `Open ${titleOf(part.dataset.opens)}`);
    }
    for (const word of root.querySelectorAll(".fact")) if (word.textContent === "gradient") word.textContent = slope();
    for (const [part, nodes] of view.nodesOf) if (nodes.length > 1 && part.classList.contains("dot")) part.setAttribute("aria-label", plainName(nodes.at(-1)));
    view.labels = [...root.querySelectorAll(".edge [transform]")].map((label) => label.transform.baseVal.consolidate().matrix);
    view.lit = { frames: document.createElementNS(SVG, "g"), flows: document.createElementNS(SVG, "g") };
    root.prepend(view.lit.frames); // below the graph, so that no number is crossed
    root.append(view.lit.flows);
  }

  const titleOf = (name) => views.find((other) => other.name === name)?.title ?? name;

  // When it is pointed at: a thousand titles would make every change of the picture slow.
  function titleDot(dot) {
    if (!dot || dot.querySelector("title")) return;
    const title = document.createElementNS(SVG, "title");
    title.textContent = nodesOf.has(dot) ? plainName(nodesOf.get(dot).at(-1)) : "";
    dot.append(title);
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
      let i = 0;
      for (const distance of distances) {
        i += distance;
        const id = idOf(i);
        elements.set(id, parts.get(element || `${name}-${id.replace(/[>:]/g, "-")}`));
      }
    }
    return elements;
  }

  // Asked for before anything is changed: after a change it takes the browser long to answer.
  function boxOf(node) {
    const part = view.nodeElement.get(node);
    if (part === undefined) return undefined;
    part.box ??= placed(part);
    return part.box;
  }

  // In the units of the whole picture: a dot lies in a box that is moved as one.
  function placed(part) {
    const { x, y, width, height } = part.getBBox();
    const moved = part.parentNode === svg ? null : part.parentNode.transform.baseVal.consolidate();
    return { x: x + (moved?.matrix.e ?? 0), y: y + (moved?.matrix.f ?? 0), width, height };
  }

  function refresh(view, nodes = view.nodeElement.keys(), edges = view.edgeElement.keys()) {
    for (const node of nodes) refreshNode(view, node);
    const stale = new Set();
    for (const edge of edges) {
      const part = view.edgeElement.get(edge);
      if (view.shared.has(part)) stale.add(part);
      else refreshEdge(view, edge);
    }
    for (const part of stale) refreshShared(part, view.shared.get(part));
    for (const [name, slot] of view.boxes) refreshBox(name, slot);
  }

  // A row of a folded box: before its values, before its gradients are complete, and then.
  function refreshBox(name, slot) {
    const [, key, row] = name.split(":");
    const [computed, complete, rows] = facts.boxes[key];
    write(slot, rows[row][place > complete ? 2 : place > computed ? 1 : 0]);
  }

  function write(slot, text) {
    if (slot !== undefined && slot.textContent !== text) slot.textContent = text;
  }

  // A long number, such as −1.234e−308, is in small print: else it would touch the word before it.
  function writeNumber(slot, text) {
    if (slot === undefined || slot.textContent === text) return;
    slot.textContent = text;
    slot.classList.toggle("long", text.includes("e") && text.length > WIDEST_NUMBER.length);
  }

  function refreshNode({ nodeElement, nodesOf, slots }, node) {
    const part = nodeElement.get(node);
    if (part === undefined) return;
    const done = computed.get(node) < place;
    const value = done ? facts.values[placeOf(node)] : EMPTY;
    const gradient = gradientOf(node, place);
    writeNumber(slots.get(`value:${node}`), value);
    writeNumber(slots.get(`gradient:${node}`), gradient);
    const nodes = nodesOf.get(part);
    if (node === nodes.at(-1) && part.classList.contains("dot")) fillDot(part, value, gradient);
    if (nodes.length > 1) return;
    part.classList.toggle("untouched", !done);
    const said = `${value}${constants.has(node) ? "" : `, ${slope()} ${gradient}`}`;
    if (part.said === said) return;
    part.said = said; // asking for the attribute takes longer
    part.how ??= part.querySelector("title")?.textContent ?? ""; // how it was computed
    part.setAttribute("aria-label", `${part.how || plainName(node)}: value ${said}`);
  }

  // On the scale of all pictures: 0 for 0.0001 and less, 1 for 100 and more.
  const shareOf = (size) => Math.min(Math.max(Math.log(size / 1e-4) / Math.log(1e6), 0), 1);
  const signWord = (x) => (x > 0 ? "positive" : x < 0 ? "negative" : "");

  // An arrow that stands for many is as thick as all that has passed along it is large.
  function refreshShared(part, edges) {
    const done = edges.map((key) => list[carried.get(key)]).filter((step) => step && step.number < place);
    const size = Math.hypot(...done.map((step) => (step.size ??= readNumber(step.shown[2]) || 0)));
    part.line ??= part.querySelector(".line");
    if (part.line) part.line.style.strokeWidth = done.length ? `${0.9 + 4.6 * shareOf(size)}px` : "";
  }

  // A dot is filled by its value and ringed by its gradient: the hue is the sign, the depth the size.
  function fillDot(dot, value, gradient) {
    const [x, g] = [value, gradient].map((text) => readNumber(text) || 0);
    dot.style.fill = signWord(x) && `color-mix(in srgb, var(--${signWord(x)}) ${15 + 85 * shareOf(Math.abs(x))}%, var(--paper))`;
    dot.style.stroke = signWord(g) && `var(--${signWord(g)})`;
    dot.style.strokeWidth = signWord(g) && `${1.2 + 2 * shareOf(Math.abs(g))}px`;
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
      write(slot, known ? whole : "");
    }
    write(slots.get(`contribution:${key}`), done ? list[step].added : "");
    part.classList.toggle("untouched", !known);
    part.classList.toggle("waiting", step !== undefined && !done);
    for (const sign of ["positive", "negative", "zero", "nan"]) {
      part.classList.toggle(sign, done && list[step].sign === sign);
    }
    part.line ??= part.querySelector(".line");
    if (part.line) part.line.style.strokeWidth = done ? `${list[step].width}px` : "";
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
      frame(step.target, "halo from");
      flow(keyOf(step.node, step.target, step.position), backwards, step.added);
      freshen(`contribution:${keyOf(step.node, step.target, step.position)}`);
    } else if (step.kind === "apply") {
      for (const key of incoming.get(step.node).slice(0, MOST_LIT)) flow(key, backwards, facts.values[placeOf(key.split(">")[0])]);
    }
    const nodes = step.kind === "leaf" ? readAtOnce() : [step.node];
    for (const node of nodes.slice(0, MOST_LIT)) frame(node, "halo");
    for (const node of nodes) freshen(`${step.phase === "forward" ? "value" : "gradient"}:${node}`);
  }

  // A larger step: all that it computes in thick frames, the edges that it goes along thick.
  function lightStride() {
    light(undefined);
    const those = strideSteps();
    for (const node of strideNodes().slice(0, MOST_LIT)) frame(node, "halo");
    for (const step of those.slice(0, MOST_LIT)) if (isEdge(step)) flow(keyOf(step.node, step.target, step.position), true, step.added);
    for (const step of those) freshen(`${step.phase === "forward" ? "value" : "gradient"}:${step.node}`);
  }

  // One route, from its leaf to the output, with the local derivatives that it multiplies.
  function lightRoute(edges) {
    pause();
    light(undefined);
    const nodes = [...edges.map(({ source }) => source), facts.output].map((i) => `n${i}`);
    while (view.parent !== null && !nodes.every((node) => view.nodeElement.has(node))) mount(views.findIndex((other) => other.name === view.parent));
    see(around(nodes.slice(0, MOST_LIT)));
    for (const node of nodes.slice(0, MOST_LIT)) frame(node, "halo");
    for (const { source, target, position, partial } of edges.slice(0, MOST_LIT)) flow(keyOf(`n${source}`, `n${target}`, position), false, number(partial ?? 0));
  }

  const lightHere = () => (strides() ? lightStride() : light(steps()[place - 1]));

  function freshen(name) {
    const slot = slots.get(name);
    if (slot === undefined) return;
    slot.classList.add("fresh");
    fresh.push(slot);
  }

  function drawn(layer, name, attributes) {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    layer.append(made);
    return made;
  }

  function frame(node, kind) {
    const box = boxOf(node);
    if (box === undefined) return;
    const around = { x: box.x - 5, y: box.y - 5, width: box.width + 10, height: box.height + 10, rx: 8 };
    const inside = view.nodeElement.get(node).classList.contains("dot"); // of a filled box, which would hide it
    drawn(inside ? lit.flows : lit.frames, "rect", { ...around, class: kind });
  }

  // How far along a line, in percent, an arrow's head covers no number, or the least of one; labels stand
  // around these middles.
  function clearOf(labels, line) {
    const length = line.getTotalLength();
    const clearance = (share) => {
      const { x, y } = line.getPointAtLength((length * share) / 100);
      return Math.min(1, ...labels.map(({ e, f }) => Math.max(Math.abs(x - e) / 38, Math.abs(y - f) / 23)));
    };
    return [28, 20, 36, 12, 72, 80, 88, 94, 97, 50].reduce((best, share) => (clearance(share) > clearance(best) ? share : best));
  }

  function flow(key, backwards, number) {
    const line = view.edgeElement.get(key)?.querySelector(".line");
    if (!line) return;
    const d = line.getAttribute("d");
    drawn(lit.flows, "path", { d, class: "flow" });
    const along = clearOf(view.labels, line);
    const way = `offset-path:path("${d}");offset-distance:${along}%;offset-rotate:auto ${backwards ? 180 : 0}deg`;
    const head = drawn(lit.flows, "path", { d: "M10 0L-7 -7L-3 0L-7 7Z", class: "flow-head" });
    head.style.cssText = way; // the page's policy forbids a style attribute
    if (timer !== null && Number($("speed").value) < 1000) return; // too fast to be read
    const traveller = drawn(lit.flows, "text", { class: `traveller ${signWord(readNumber(number) || 0)}` });
    traveller.textContent = number;
    traveller.style.cssText = `offset-path:path("${d}");offset-rotate:0deg;--start:${backwards ? 100 : 0}%;--end:${backwards ? 0 : 100}%`;
  }

  // ------------------------------------------------------------------ views: a breadcrumb

  function showCrumbs() {
    $("note").hidden = !view.note;
    $("note").textContent = view.note && `${view.note}.`;
    const crumbs = $("crumbs");
    crumbs.hidden = views.length < 2;
    if (crumbs.hidden) return;
    const path = [];
    for (let at = view; at; at = views.find((other) => other.name === at.parent)) path.unshift(at);
    crumbs.replaceChildren();
    for (const at of path) {
      if (at !== path[0]) crumbs.append(element("span", { "aria-hidden": "true" }, "›"));
      const button = element("button", { type: "button" }, at.title);
      if (at === view) {
        button.disabled = true;
        button.setAttribute("aria-current", "page");
      }
      button.addEventListener("click", () => open(at.name));
      crumbs.append(button);
    }
  }

  function open(name) {
    mount(views.findIndex((other) => other.name === name));
    lightHere();
    follow(steps()[place - 1]);
  }

  const shows = (index, step) => views.length === 1 || pictures.showing[pictures.shown[step.number]].includes(index);

  // A step that the opened view does not show is followed to the one beside it that does, else upwards.
  function showWhere(step) {
    if (step === undefined) return tellElsewhere(false);
    if (view.parent !== null && !shows(views.indexOf(view), step)) {
      const beside = views.findIndex((other, i) => other.parent === view.parent && shows(i, step));
      if (beside >= 0) mount(beside);
    }
    while (!view.nodeElement.has(step.node) && view.parent !== null) {
      mount(views.findIndex((other) => other.name === view.parent));
    }
    tellElsewhere(!view.nodeElement.has(step.node));
  }

  function tellElsewhere(unseen) {
    $("elsewhere").hidden = !unseen;
    $("elsewhere").textContent = unseen ? "This step is not in the picture." : "";
  }

  // ------------------------------------------------------------------ zoom and pan

  const at = { scale: 1, x: 0, y: 0 };
  let fitted = true; // until it is moved by hand
  const room = { width: 0, height: 0 }; // of the canvas
  const size = () => ({ width: svg.viewBox.baseVal.width, height: svg.viewBox.baseVal.height });

  function measureRoom() {
    room.width = canvas.clientWidth;
    room.height = canvas.clientHeight;
  }

  function move(gliding = false) {
    canvas.classList.toggle("gliding", gliding);
    svg.style.transform = `translate(${at.x}px,${at.y}px) scale(${at.scale})`;
  }

  function wholeScale() {
    const { width, height } = size();
    return Math.min(room.width / width, room.height / height, 1.5);
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

  const hasBoxes = () => Object.keys(view.opens).length > 0;

  function fit() {
    fitted = true;
    seeWhole();
    if (at.scale >= LEGIBLE) return;
    at.scale = LEGIBLE; // too large to be read as a whole: from its left end, following the steps
    at.x = 8;
    at.y = Math.max(8, (room.height - size().height * at.scale) / 2);
    if (!hasBoxes() && size().height * at.scale > room.height) at.y = (room.height - size().height * at.scale) / 2;
    move();
    follow(steps()[place - 1]);
  }

  function zoom(factor, x = room.width / 2, y = room.height / 2, gliding = false) {
    const scale = Math.min(Math.max(at.scale * factor, Math.min(wholeScale(), LEGIBLE) / 2), LARGEST_SCALE);
    at.x = x - ((x - at.x) * scale) / at.scale;
    at.y = y - ((y - at.y) * scale) / at.scale;
    at.scale = scale;
    fitted = false;
    move(gliding);
  }

  // The smallest box around those of several nodes.
  function around(nodes) {
    const boxes = nodes.map(boxOf).filter(Boolean);
    if (!boxes.length) return undefined;
    const [x, y] = [Math.min(...boxes.map((box) => box.x)), Math.min(...boxes.map((box) => box.y))];
    const [right, bottom] = [Math.max(...boxes.map((box) => box.x + box.width)), Math.max(...boxes.map((box) => box.y + box.height))];
    return { x, y, width: right - x, height: bottom - y };
  }

  const follow = (step) => step && see(strides() ? around(strideNodes().slice(0, MOST_LIT)) : boxOf(step.node));

  function see(boxed) {
    if (!boxed) return;
    const left = at.x + boxed.x * at.scale;
    const top = at.y + boxed.y * at.scale;
    const right = left + boxed.width * at.scale;
    const bottom = top + boxed.height * at.scale;
    const seen = left >= 4 && top >= 4 && right <= room.width - 4 && bottom <= room.height - 4;
    if (seen) return;
    centre(boxed.x + boxed.width / 2, boxed.y + boxed.height / 2);
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
    canvas.addEventListener("click", (event) => {
      if (!dragged) activate(event.target.closest("[role=button], [data-opens]"));
    });
    canvas.addEventListener("pointerover", (event) => titleDot(event.target.closest(".dot")));
    canvas.addEventListener("focusin", ({ target }) => {
      if (target !== canvas && target.matches(":focus-visible")) see(placed(target));
    });
    canvas.addEventListener("scroll", () => canvas.scrollTo(0, 0)); // it moves by its own means only
    new ResizeObserver(() => {
      measureRoom();
      if (fitted) fit();
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
    if (part.dataset.opens) open(part.dataset.opens);
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

  // ------------------------------------------------------------------ the place

  let place = 0; // how many of the smallest steps are done
  let stride; // how large a step is: an entry of facts.sizes

  const stops = () => (stride.ends.length ? stride.ends.length : steps().length);
  const endOf = (stop) => (stride.ends.length ? (stride.ends[stop] ?? 0) : stop + 1);
  const bounds = (stop) => [stop > 0 ? endOf(stop - 1) : 0, endOf(stop)];

  // The number of the step that is under way or done after so many of the smallest ones; -1 before the first.
  function stopAt(done) {
    if (!stride.ends.length || !done) return done - 1;
    let [low, high] = [0, stride.ends.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (stride.ends[middle] < done) low = middle + 1;
      else high = middle;
    }
    return low;
  }

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
    $("list").querySelector("ol").replaceChildren();
    fillList();
  }

  function fillSizes() {
    $("size").replaceChildren(...facts.sizes.map(({ size, name }) => element("option", { value: size }, `by ${name}`)));
    resize(facts.size);
  }

  function go(to, keepVerdict = false) {
    to = Math.min(Math.max(to, 0), steps().length);
    if (!keepVerdict) closePrediction();
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
    if (step) [step.node, step.target].forEach((node) => node && boxOf(node));
    refresh(view, nodes, edges);
    lightHere();
    follow(step);
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
    $("sentence").textContent = step ? told : "Nothing is computed yet. Press Next, or the right arrow key, for the first step.";
    $("math").replaceChildren(...(step && !strides() ? mathOf(formulaOf(step)) : []));
    if (strides()) tellStride();
    else tellNumbers(step);
    const slider = $("place");
    slider.value = place;
    slider.setAttribute("aria-valuetext", step ? `step ${stop + 1} of ${count}: ${told}` : "before the first step");
    for (const id of ["first", "previous"]) $(id).disabled = place === 0;
    for (const id of ["next", "last"]) $(id).disabled = place === steps().length;
    tellOther();
    markInList();
  }

  function tellNumbers(step) {
    const table = $("numbers");
    table.hidden = !isEdge(step);
    if (table.hidden) return;
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
    table.tBodies[0].replaceChildren(...rows.map(([operator, words, number, kind]) =>
      element("tr", { class: kind },
        element("td", { class: "operator" }, operator),
        element("th", { scope: "row" }, ...words),
        element("td", {}, number))));
  }

  // What a larger step computed: the values that are used elsewhere, or the gradients at which it ends.
  function tellStride() {
    const nodes = strideResults();
    const backwards = steps()[place - 1].phase === "reverse";
    const gradient = (node) => [[signOf(node), received.get(node).at(-1) < place ? "" : " so far"], gradientOf(node, place)];
    const rows = nodes.slice(0, MOST_ROWS).map((node) => (backwards ? gradient(node) : [[nameOf(node)], facts.values[placeOf(node)]]));
    if (nodes.length > MOST_ROWS) rows.push([[`and ${nodes.length - MOST_ROWS} more`], ""]);
    $("numbers").hidden = false;
    $("numbers").tBodies[0].replaceChildren(...rows.map(([words, number]) =>
      element("tr", {}, element("td", { class: "operator" }), element("th", { scope: "row" }, ...words), element("td", {}, number))));
  }

  // ------------------------------------------------------------------ another engine beside the right one

  function tellOther() {
    const { beside } = facts;
    $("other").hidden = !beside;
    document.querySelector(".parting").hidden = !beside || beside.parts_at === null;
    if (!beside) return;
    const { engine, parts_at: at } = beside;
    const stop = at === null ? null : stopAt(at + 1); // in steps of this size
    const parted = at !== null && place > at;
    $("other").classList.toggle("parted", parted);
    const until = at === null ? "agrees with the right engine at every step." : parted ? `parts from the right engine at step ${stop + 1}.` : "agrees with the right engine so far.";
    $("other-heading").replaceChildren(element("b", {}, parted ? "≠ " : "= "), element("b", {}, engine), ` ${until}`);
    $("other-words").textContent = parted ? beside.diagnosis : "";
    $("other-go").hidden = at === null || place === endOf(stop);
    $("other-go").textContent = at === null ? "" : `Step ${stop + 1}: where they part`;
    $("other-table").hidden = !parted;
    $("other-table").tBodies[0].replaceChildren(...(parted ? beside.gradients.map(rowOfBoth) : []));
    $("other-name").textContent = engine;
    document.querySelector(".parting").style.left = `${(100 * (at + 1)) / steps().length}%`;
  }

  // A node's gradient by both engines, as far as the right one has come.
  function rowOfBoth([i, right, found, differs]) {
    const node = `n${i}`;
    const complete = (received.get(node)?.at(-1) ?? Infinity) < place;
    const parting = i === facts.beside.node;
    let [ours, theirs, wrong] = [EMPTY, EMPTY, false];
    if (complete) [ours, theirs, wrong] = [right, found, differs];
    else if (parting) [ours, theirs, wrong] = [facts.beside.right, facts.beside.found, true];
    return element("tr", { class: wrong ? "wrong" : "" },
      element("th", { scope: "row" }, nameOf(node)), element("td", {}, ours), element("td", {}, theirs),
      element("td", {}, wrong ? "≠" : ""));
  }

  // ------------------------------------------------------------------ all steps as a list

  let marked = null;

  function fillList() {
    const lines = $("list").querySelector("ol");
    if ($("list").open && !lines.childElementCount) {
      lines.append(...Array.from({ length: stops() }, (_, stop) => {
        const [from, until] = bounds(stop);
        const parts = facts.beside && facts.beside.parts_at >= from && facts.beside.parts_at < until && facts.beside.parts_at !== null;
        const button = element("button", { type: "button" }, element("span", {}, `${parts ? "≠ " : ""}${stop + 1}`), element("span", {}, toldAt(stop)));
        button.dataset.place = until;
        return element("li", { class: isEdge(steps()[until - 1]) ? "asked" : "" }, button);
      }));
    }
    markInList();
  }

  function markInList() {
    if (!$("list").open) return;
    $("list").classList.toggle("unbegun", place === 0);
    marked?.removeAttribute("aria-current");
    marked = $("list").querySelector("ol").children[stopAt(place)]?.firstChild ?? null;
    marked?.setAttribute("aria-current", "step");
    if (marked) marked.scrollIntoView({ block: "nearest" });
  }

  // ------------------------------------------------------------------ predict, then reveal

  let asking = null; // the step asked about
  let tries = 0;
  let given = []; // the answers to it so far
  let askedBefore = null; // what was asked last: "contribution" or "gradient"
  const score = { right: 0, asked: 0 };
  const answered = new Set(); // the numbers of the steps that were predicted or revealed

  function next() {
    const step = steps()[place];
    if (step === undefined) return;
    if ($("predict").checked && isEdge(step) && asking !== step) ask(step);
    else if (asking === null) jump(forth());
    else $("answer").focus();
  }

  function ask(step) {
    pause();
    asking = step;
    tries = 0;
    given = [];
    const upstream = step.shown[0];
    $("question").replaceChildren(
      "Next, ", nameOf(step.target), " passes its gradient ", signOf(step.target), ` = ${upstream} on to `, nameOf(step.node),
      ", multiplied by ", localOf(step), ".");
    $("verdict").textContent = "";
    $("verdict").className = "";
    $("answer").value = "";
    for (const part of $("prediction").querySelectorAll("fieldset, .answer")) part.hidden = false;
    const asked = step.shown[3] === EMPTY ? "contribution" : "gradient";
    if (askedBefore && askedBefore !== asked) {
      const [before, now] = asked === "gradient" ? ["what one edge adds", "the gradient after it"] : ["the gradient", "what this edge adds"];
      $("question").append(element("b", {}, ` The question is another one now: not ${before}, but ${now}.`));
    }
    askedBefore = asked;
    $("prediction").elements.asked.value = asked;
    nameAnswer();
    $("prediction").hidden = false;
    $("numbers").hidden = true;
    light(step); // which edge is asked about
    $("prediction").scrollIntoView({ block: "nearest" });
    $("answer").focus();
  }

  // Of two questions, which one is asked is said in words and in signs.
  function nameAnswer() {
    const { node, target } = asking;
    const isContribution = $("prediction").elements.asked.value === "contribution";
    const last = received.get(node).at(-1) === asking.number;
    const words = isContribution ? "What does this edge alone add? " : last ? "What is the whole gradient then? " : "What is the gradient so far, after it? ";
    const sign = isContribution ? [signOf(target), " · ", localOf(asking)] : [signOf(node), last ? "" : " so far"];
    $("answer-label").replaceChildren(words, ...sign, " =");
  }

  function closePrediction() {
    if (asking !== null) {
      lightHere();
      tellNumbers(steps()[place - 1]);
    }
    asking = null;
    $("prediction").hidden = true;
  }

  // What is typed as a number: −0.5, 2e−3, 1/3, ½, (4), 2·2, 4×10^0, 10³, a decimal comma, any dash, and the
  // words for what is no finite number; undefined for all else.
  function readNumber(text) {
    if (/^[-−]?\d+(\.\d+)?$/.test(text)) return Number(text.replace("−", "-")); // most are, and this is fast
    const plain = text.toLowerCase().trim().slice(0, 200)
      .replace(/[⁻⁰¹²³⁴-⁹]+/g, (power) => `^(${power.normalize("NFKC")})`)
      .replace(/(\d*)([¼-¾⅐-⅞])/g, (_, whole, part) => `(${whole || 0}+${part.normalize("NFKC")})`)
      .replace(/[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]/g, "-")
      .replace(/[×·⋅∙✕•]/g, "*").replace(/[÷⁄∶]/g, "/").replace(/\*\*/g, "^").replace(/,/g, ".").replace(/∞|infinity/g, "inf");
    const tokens = plain.match(/(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?|inf|nan|[-+*/^()]|\S/g) ?? [];
    let at = 0;
    const taken = (...signs) => (signs.includes(tokens[at]) ? tokens[at++] : undefined);
    const sum = () => chain(product, { "+": (a, b) => a + b, "-": (a, b) => a - b });
    const product = () => chain(signed, { "*": (a, b) => a * b, "/": (a, b) => a / b });
    function chain(operand, operators) {
      let value = operand();
      for (let sign; (sign = taken(...Object.keys(operators))); ) value = operators[sign](value, operand());
      return value;
    }
    function signed() {
      const sign = taken("-", "+");
      if (sign) return sign === "-" ? -signed() : signed();
      const base = atom();
      return taken("^") ? base ** signed() : base;
    }
    function atom() {
      const token = tokens[at++];
      if (token === "(") {
        const inside = sum();
        if (!taken(")")) throw new SyntaxError("a parenthesis is not closed");
        return inside;
      }
      if (token === "inf") return Infinity;
      if (token === "nan") return NaN;
      if (!/^\.?\d/.test(token ?? "")) throw new SyntaxError("a number is missing");
      return Number(token);
    }
    try {
      const value = sum();
      return at === tokens.length ? value : undefined;
    } catch {
      return undefined;
    }
  }

  const exact = (number) => (typeof number === "string" ? { inf: Infinity, "-inf": -Infinity, nan: NaN }[number] : number);
  function matches(typed, { number, tolerance }, digits) {
    if (Object.is(typed, number) || typed === number) return true;
    return tolerance === undefined ? Number(typed.toPrecision(digits)) === number : Math.abs(typed - number) <= tolerance;
  }

  // What may be answered to a step: its shape, filled in from the step and from its row.
  async function answersTo(step) {
    if (facts.told) return facts.told.answers(step);
    const { shapes, rows, digits } = await questions;
    const [, shape, ...own] = rows[list.filter(isEdge).indexOf(step)] ?? [];
    const mistake = ([mistakes, minus, reference, hasOther]) => ({
      mistakes,
      number: readNumber(minus + (reference < 0 ? own.shift() : unsigned(step.shown[reference - 5]))),
      other: hasOther ? own.shift() : "",
    });
    const asked = rightAnswers(step, digits);
    for (const [question, those] of shapes[shape] ?? []) asked[question].push(...those.map(mistake));
    return asked;
  }

  // The right answers may be off by what the digits that are not shown leave open, in themselves and in what
  // they are computed from: half a unit of the last digit of each number.
  function rightAnswers(step, digits) {
    const [upstream, partial, contribution, before, after] = step.shown.map(readNumber);
    const half = (x) => (x && Number.isFinite(x) ? 10 ** (Math.floor(Math.log10(Math.abs(x))) - digits + 1) / 2 : 0);
    const product = Math.abs(partial) * half(upstream) + Math.abs(upstream) * half(partial);
    const added = half(contribution) + (Number.isFinite(product) ? product : 0);
    const right = (number, slack) => [{ mistakes: [], number, tolerance: 1.05 * (slack + half(number)) }];
    const asked = { contribution: right(contribution, added) };
    if (before !== undefined) asked.gradient = right(after, added + half(before) + half(after));
    return asked;
  }

  async function check() {
    const step = asking;
    const typed = readNumber($("answer").value);
    if (typed === undefined) return say("wrong", "A number is wanted", "such as −0.5, 2e−3 or 1/3.");
    const { digits, words } = await questions;
    const asked = await answersTo(step);
    if (asking !== step) return; // gone on meanwhile
    const answers = asked[$("prediction").elements.asked.value] ?? asked.contribution;
    const found = answers.find((answer) => matches(typed, answer, digits));
    tries += 1;
    given.push($("answer").value.trim());
    if (found && !found.mistakes.length) return accept();
    say("wrong", "Not yet.", found ? diagnosis(found, words) : hint());
    $("answer").select();
  }

  function diagnosis({ mistakes, other }, words) {
    const source = plainName(asking.node);
    const result = plainName(asking.target);
    const [upstream, , , before] = asking.shown;
    const names = { source, result, other, before, upstream, local: localSign(asking, plainName).join("") };
    return mistakes.map((mistake) => words[mistake].replace(/\{(\w+)\}/g, (_, name) => names[name])).join(" ");
  }

  function hint() {
    const { node, target } = asking;
    const upstream = asking.shown[0];
    const first = `Multiply the upstream gradient, ${upstream}, by how ${plainName(target)} changes with ${plainName(node)}`;
    return tries > 1 && slopeOf(asking) ? `${first}, which is ${slopeOf(asking)}.` : `${first}.`;
  }

  function say(kind, title, words) {
    const verdict = $("verdict");
    verdict.className = kind;
    verdict.replaceChildren(element("b", {}, `${kind === "right" ? "✓ " : kind === "wrong" ? "✗ " : ""}${title}`), words && ` ${words}`);
    verdict.scrollIntoView({ block: "nearest" });
  }

  // A quiz: everything is to be predicted, and what was answered is kept for a file.
  const record = []; // by step: its number, what was asked, the answers, and whether the first was right

  function beginQuiz() {
    if (!facts.quiz) return;
    $("predict").checked = true;
    $("predict").disabled = true;
    document.documentElement.classList.add("predicting");
    $("save-score").hidden = false;
    $("save-score").addEventListener("click", saveScore);
  }

  function saveScore() {
    const cell = (text) => `"${String(text).replace(/"/g, '""')}"`;
    const lines = [["step", "from", "to", "asked", "answers", "right at the first try"], ...record].map((row) => row.map(cell).join(","));
    lines.push([cell("score"), cell(score.right), cell(`of ${steps().filter(isEdge).length}`)].join(","));
    const href = URL.createObjectURL(new Blob([`${lines.join("\r\n")}\r\n`], { type: "text/csv" }));
    element("a", { href, download: "score.csv" }).click();
    setTimeout(() => URL.revokeObjectURL(href), 1000);
  }

  function accept() {
    finish(tries === 1);
    say("right", "Right.", tries === 1 ? "" : `At the ${ordinal(tries)} try.`);
  }

  const ordinal = (n) => ({ 2: "second", 3: "third" })[n] ?? `${n}th`;

  function reveal() {
    finish(false);
    say("", "Revealed.", "");
  }

  function finish(scored) {
    const { number, target, node } = asking;
    if (!answered.has(number)) record.push([number + 1, plainName(target), plainName(node), $("prediction").elements.asked.value, given.join(" / "), scored ? "yes" : "no"]);
    answered.add(number);
    score.asked += 1;
    score.right += scored ? 1 : 0;
    $("score").textContent = `${score.right} of ${score.asked} at the first try`;
    asking = null;
    for (const part of $("prediction").querySelectorAll("fieldset, .answer")) part.hidden = true;
    $("question").textContent = "";
    go(place + 1, true);
    ($("next").disabled ? $("place") : $("next")).focus();
  }

  // ------------------------------------------------------------------ find a node, link to a step

  // A name as it is typed: z1^2 for what is shown as z₁⁽²⁾.
  function typedName(i) {
    const [base, subscript, superscript] = facts.names[i];
    return base + subscript + (superscript && `^${superscript.replace(/[()]/g, "")}`);
  }

  function fillNames() {
    const names = new Set(facts.names.map((_, i) => i).filter((i) => !constants.has(`n${i}`)).map(typedName));
    $("found").replaceChildren(...[...names].slice(0, MOST_NAMES).map((value) => element("option", { value })));
  }

  // Of several nodes of one name, or steps of one node, the next one after here.
  function find() {
    const wanted = $("find").value.trim();
    const nodes = facts.names.map((_, i) => i).filter((i) => wanted && [typedName(i), facts.names[i][TEXT]].includes(wanted)).map((i) => `n${i}`);
    $("find").toggleAttribute("aria-invalid", Boolean(wanted) && !nodes.length);
    const places = nodes.flatMap((node) => [computed.get(node), ...(received.get(node) ?? [])]).sort((a, b) => a - b);
    if (!places.length) return;
    pause();
    jump(snapped((places.find((number) => number + 1 > place) ?? places[0]) + 1));
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

  function play() {
    if (place === steps().length) go(0);
    $("play").setAttribute("aria-pressed", "true");
    $("play").setAttribute("aria-label", "Pause");
    $("sentence").setAttribute("aria-live", Number($("speed").value) < 1000 ? "off" : "polite"); // nobody listens that fast
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
    $("play").setAttribute("aria-label", "Play");
    $("sentence").setAttribute("aria-live", "polite");
  }

  // ------------------------------------------------------------------ what if

  let hosted = false;
  let request = 0;

  let touched; // computes in the page itself; undefined where it cannot
  let account = () => {}; // the routes of what is computed

  function fillLeaves() {
    $("leaves").replaceChildren(...original.leaves.map(([i, value]) => {
      const node = `n${i}`;
      const input = element("input", { type: "text", inputmode: "decimal", value: String(value), "aria-label": `Value of ${plainName(node)}` });
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
    const values = {};
    const numbers = new Map();
    const before = new Map(original.leaves.map(([i, value]) => [`n${i}`, exact(value)]));
    for (const input of $("leaves").querySelectorAll("input[type=text]")) {
      const typed = readNumber(input.value);
      input.toggleAttribute("aria-invalid", typed === undefined);
      if (typed === undefined) {
        $("host").textContent = `${input.getAttribute("aria-label")}: a number is wanted, such as −0.5, 2e−3 or 1/3.`;
        return;
      }
      numbers.set(placeOf(input.dataset.node), typed);
      if (!Object.is(typed, before.get(input.dataset.node))) values[input.dataset.node] = Number.isFinite(typed) ? typed : String(typed).replace("Infinity", "inf").toLowerCase();
    }
    touched?.compute(numbers);
    account();
    if (!hosted) return;
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

  // Other numbers of the same graph, at the same step; where nothing is computed yet or all was, at the last.
  function showFacts(other) {
    const whole = place === 0 || place === steps().length;
    facts = other;
    answered.clear();
    if (other.questions) questions = Promise.resolve(other.questions);
    readFacts();
    resize(stride.size);
    closePrediction();
    $("place").max = steps().length;
    place = whole ? steps().length : Math.min(place, steps().length);
    refresh(view);
    tell(steps()[place - 1]);
    lightHere();
    $("host").textContent = `Computed again: ${facts.names[facts.output][TEXT]} = ${facts.values[facts.output]}.`;
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
    on("other-go", () => (pause(), jump(snapped(facts.beside.parts_at + 1))));
    on("zoom-in", () => zoom(1.25, undefined, undefined, true));
    on("zoom-out", () => zoom(0.8, undefined, undefined, true));
    on("fit", KEYS[0]);
    on("reveal", reveal);
    on("theme", switchTheme);
    $("place").addEventListener("input", (event) => (pause(), jump(snapped(Number(event.target.value)))));
    $("size").addEventListener("change", (event) => (pause(), resize(event.target.value), go(snapped(place))));
    $("speed").addEventListener("change", () => timer !== null && (pause(), play()));
    $("prediction").addEventListener("submit", (event) => (event.preventDefault(), asking && check()));
    $("prediction").addEventListener("change", (event) => event.target.name === "asked" && asking && nameAnswer());
    $("predict").addEventListener("change", (event) => {
      document.documentElement.classList.toggle("predicting", event.target.checked);
      answered.clear();
      if (!event.target.checked) closePrediction();
    });
    $("list").addEventListener("toggle", fillList);
    $("list").addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button) jump(Number(button.dataset.place));
    });
    $("what-if").addEventListener("toggle", () => touched && !$("leaves").childElementCount && fillLeaves());
    $("leaves").addEventListener("submit", (event) => event.preventDefault());
    $("leaves").addEventListener("change", (event) => event.target.type === "text" && askWhatIf());
    $("find").addEventListener("focus", fillNames, { once: true });
    $("find").addEventListener("change", find);
    window.addEventListener("hashchange", followLink);
    window.addEventListener("message", hear);
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
    canvas.classList.add("ready");
    const texts = await Promise.all(["facts", "pictures", "drawings"].map(unpacked));
    [facts, pictures] = texts.slice(0, 2).map((text) => JSON.parse(text));
    packedDrawings = texts[2];
    original = facts;
    ({ views } = pictures);
    readFacts();
    if (facts.touch) {
      touched = touching({ original, element, nameOf, plainName, signOf, symbolsOf, show: showFacts, changed: askWhatIf });
      const graph = { ...original, constants: touched.engine.constants };
      const isWeight = new Set(touched.weights);
      const leaves = facts.read.filter((i) => !graph.constants.has(i)).sort((a, b) => isWeight.has(b) - isWeight.has(a));
      account = accounting({ graph, leaves, element, nameOf, plainName, signOf, localOf, exactNow: touched.exact, see: lightRoute });
    }
    $("place").max = steps().length;
    $("predict").closest("label").hidden = !steps().some(isEdge);
    showPasses();
    fillSizes();
    if (!touched) fillLeaves(); // else when they are wanted
    measureRoom();
    mount(0);
    listen();
    beginQuiz();
    followLink();
    document.documentElement.dataset.ready = ""; // from here on every control works
    questions = new Promise((resolve) => requestIdle(() => resolve(unpacked("questions").then(JSON.parse))));
    if (embedded) window.parent.postMessage({ chainrule: "hello" }, "*");
  }

  begin();
})();
