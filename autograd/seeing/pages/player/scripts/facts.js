// Steps through facts: every number, word and formula is read from them, and all text goes in as text.  They
// are those of the page or, once a number is touched, those that engine.js and sentences.js make of it.
const MATHML = "http://www.w3.org/1998/Math/MathML";
const MATH_ELEMENTS = new Set("math mrow mi mn mo mtext mspace msub msup msubsup mfrac msqrt mroot mover munder munderover mstyle mpadded mtable mtr mtd".split(" "));
const MATH_ATTRIBUTES = new Set("display displaystyle mathvariant stretchy lspace rspace form fence separator width columnalign accent scriptlevel".split(" "));
const EMPTY = "–";
const SMALLEST = 10; // pixels of the smallest words as they are shown; in the picture they are as small, and grow where it shrinks
const SMALLEST_TOUCHED = 24; // pixels of what a finger can hit
const LEGIBLE = SMALLEST / 12; // the smallest scale, at which its small words are as large as its numbers
const LARGEST_SCALE = 4;
const WIDEST_NUMBER = "−1.234e−5"; // in a box; with a longer exponent it is in small print
const SQUEEZED = 62; // the width of one such as −0.0001234: it touches no word even where that has grown
const [LONG_LABEL, WIDEST_LABEL] = [8, 5]; // characters of a label that may be too wide on an arrow; its width in em
const MOST_LIT = 64; // parts of a picture or edges that are lit at once
const MOST_DOTS = 12; // of more dots of a box than these, the box is lit
const MOST_AT_ONCE = 60; // nodes of a picture that all say at once what they are: more do so at rest
const MOST_KEPT = 6; // pictures that are kept placed
const RUN = 10; // lines of the list of steps that are drawn and told together
const MOST_HITS = 200; // nodes that are listed as found
const MOST_ROWS = 12; // numbers of a larger step that are listed
const embedded = window.parent !== window;
const $ = (id) => document.getElementById(id);

let facts, original, views, questions;
let packedDrawings, readDrawings; // all pictures but the first, read when one is wanted
const drawings = () => (readDrawings ??= JSON.parse(packedDrawings));

// ------------------------------------------------------------------ what the steps do, by node and by edge

let list, keys, firstEdge, computed, received, carried, incoming, users, constants;

function readGraph() {
  incoming = new Map(facts.inputs.map((inputs, i) => [`n${i}`, inputs.map((input, position) => keyOf(`n${input}`, `n${i}`, position))]));
  users = new Map(facts.names.map((_, i) => [`n${i}`, []])); // what is computed from a node
  facts.inputs.forEach((inputs, i) => inputs.forEach((input) => users.get(`n${input}`).push(`n${i}`)));
  keys = [...incoming.values()].flat(); // of the edges, in the order of the trace
  firstEdge = [0, ...summed(facts.inputs.map(({ length }) => length))]; // of those into each node, its number
  constants = new Set(facts.constants.map((i) => `n${i}`));
}

function readSteps() {
  computed = new Map(); // the step that computes a node
  received = new Map(); // the steps in which a gradient or tangent reaches it
  carried = new Map(); // the step in which an edge carries a contribution
  const columns = facts.steps;
  list = columns.kind.map((code, number) => {
    const [phase, kind] = facts.kinds[code];
    const node = `n${columns.node[number]}`;
    const target = columns.target[number] < 0 ? null : `n${columns.target[number]}`;
    const position = columns.position[number];
    const last = (of) => (phase === "reverse" ? received.get(of)?.at(-1) : undefined);
    const step = new Step(number, phase, kind, node, target, position, last(target), last(node));
    if (kind === "leaf") for (const leaf of readAtOnce()) computed.set(leaf, number);
    else if (phase === "forward") computed.set(node, number);
    else if (received.has(node)) received.get(node).push(number);
    else received.set(node, [number]);
    if (target !== null) carried.set(keyOf(node, target, position), number);
    return step;
  });
}

// A number of a step: as the page came with it, or computed.
const said = (column, number) => (facts.told ? facts.told[column](number) : facts.steps[column][number]);

// Where a step leads.  What it does there is read when it is wanted: a touched number changes all of them.
class Step {
  constructor(number, phase, kind, node, target, position, upstream, before) {
    this.number = number;
    this.phase = phase;
    this.kind = kind;
    this.node = node;
    this.target = target;
    this.position = position;
    this.last = [upstream, before]; // the steps before this one in which a gradient reached the target, and the node
  }
  get after() {
    return said("after", this.number);
  }
  get contribution() {
    return said("contribution", this.number) || EMPTY;
  }
  // A gradient before a step is what the last step made it, an upstream that of the target.
  get shown() {
    const [upstream, before] = this.last.map((number) => (number === undefined ? EMPTY : list[number].after));
    return [upstream, said("partial", this.number) || EMPTY, this.contribution, before, this.after];
  }
  get sign() {
    const x = readNumber(this.contribution);
    return signWord(x) || (x === 0 ? "zero" : "nan");
  }
  get added() {
    return (this.sign === "positive" ? "+" : "") + this.contribution;
  }
  get width() {
    return widthOf(Math.abs(readNumber(this.contribution)));
  }
}

// Each number with all before it.
function summed(numbers) {
  let sum = 0;
  return numbers.map((number) => (sum += number));
}

// How many of some numbers in ascending order are less than x.
function countBelow(numbers, x) {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle] < x) low = middle + 1;
    else high = middle;
  }
  return low;
}

const placeOf = (node) => Number(node.slice(1));
const keyOf = (source, target, position) => `${source}>${target}:${position}`;
const steps = () => list;
const readAtOnce = () => facts.read.map((i) => `n${i}`); // all leaves: one step
const slope = () => (list.at(-1).phase === "tangent" ? "tangent" : "gradient"); // what a walk fills in after the values
const isEdge = (step) => step !== undefined && step.phase === "reverse" && step.kind === "edge";

// ------------------------------------------------------------------ words and formulas, from their patterns

const unsigned = (number) => number.replace(/^−/, "");

const isNumber = (reference) => reference > 2 && (reference < 10 || ((reference - 10) & 3) !== 0);

function referred(step, reference, form) {
  const nodes = [facts.output, placeOf(step.node), step.target && placeOf(step.target)];
  if (reference < 3) return facts.names[nodes[reference]][form];
  if (reference < 5) return facts.values[nodes[reference - 2]];
  if (reference < 10) return step.shown[reference - 5];
  const [k, what] = [(reference - 10) >> 2, (reference - 10) & 3];
  if (what === 3) return facts.steps.extras[step.number][k];
  const computes = step.target ?? step.node;
  const inputs = step.kind === "leaf" ? facts.read : facts.inputs[placeOf(computes)];
  const position = (firstInput(step, inputs.length) + k) % inputs.length;
  if (what === 2) return list[carried.get(incoming.get(computes)[position])].shown[1];
  return what ? facts.values[inputs[position]] : facts.names[inputs[position]][form];
}

// A number; after a sign a negative one stands in parentheses.
function written(number, form, afterSign) {
  const [negative, digits] = [number.startsWith("−"), form === MARKUP ? `<mn>${unsigned(number)}</mn>` : unsigned(number)];
  if (!negative) return digits;
  if (form === TEXT) return afterSign ? `(−${digits})` : `−${digits}`;
  const signed = `<mo form="prefix">−</mo>${digits}`;
  return afterSign ? `<mrow><mo>(</mo>${signed}<mo>)</mo></mrow>` : signed;
}

// What a step speaks of first: the input that its own is multiplied by, half of them further, or back.
function firstInput({ target, position }, inputs) {
  if (target === null) return 0;
  const half = inputs >> 1;
  return position < half ? position + half : position - half;
}

const TEXT = 3;
const MARKUP = 4;

function filled(pattern, step, form) {
  return pattern.map((piece) => {
    if (typeof piece !== "number") return piece;
    const reference = piece < 0 ? -1 - piece : piece; // less than 0 stands for a number after a sign
    const text = referred(step, reference, form);
    return isNumber(reference) ? written(text, form, piece < 0) : text;
  }).join("");
}

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
  const numbers = received.get(node) ?? [];
  const done = countBelow(numbers, place);
  return done ? list[numbers[done - 1]].after : EMPTY;
}

// ------------------------------------------------------------------ names

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

const signOf = (node) => element("span", { class: "sign" }, ...inPlaces(facts.written.gradient, { of: nameOf(`n${facts.output}`), by: nameOf(node) }));

// The local derivative of a step's edge; a small digit tells which input where one value is several of them.
function localSign(step, name) {
  const sources = facts.inputs[placeOf(step.target)];
  const repeated = sources.filter((source) => source === placeOf(step.node)).length > 1;
  const slot = repeated ? String(step.position + 1).replace(/\d/g, (digit) => "₀₁₂₃₄₅₆₇₈₉"[digit]) : "";
  return inPlaces(facts.written.local, { slot, source: name(step.node), target: name(step.target) });
}

const localOf = (step) => element("span", {}, ...localSign(step, nameOf));

const OPERATORS = new Set("= ≈ += · × + −".split(" "));

// A formula as MathML: lines break between its pieces, those of a list after commas, those of others before
// = and ≈; what is wider than a line breaks at its other operators, too, and within a local derivative.
function mathOf({ childNodes }) {
  const isArrow = (part) => part?.textContent === "→";
  const parts = [...childNodes].flatMap((part) => ([...part.childNodes].some(isArrow) ? [...part.childNodes] : [part]));
  const isList = parts.some((part) => part.textContent === ",");
  const lines = [];
  parts.forEach((part, i) => {
    const isOperator = OPERATORS.has(part.textContent) && part.localName === "mo" && part.getAttribute("form") !== "prefix";
    const begins = isList ? i && parts[i - 1].textContent === "," : ["=", "≈"].includes(part.textContent);
    if (!i || begins) lines.push(element("span", { "aria-hidden": "true" }));
    if (!lines.at(-1).hasChildNodes() || isOperator || isArrow(parts[i - 1])) lines.at(-1).append(document.createElementNS(MATHML, "math"));
    if (isOperator) part.setAttribute("form", "infix"); // though it begins its piece
    if (/^[()]$/.test(part.textContent)) part.setAttribute("stretchy", "false"); // its other one may stand in another piece
    lines.at(-1).lastChild.append(part);
  });
  for (const line of lines) for (const piece of line.children) piece.setAttribute("displaystyle", "true");
  return lines;
}

const readMath = (text) => copyOfMath(new DOMParser().parseFromString(text, "application/xml").documentElement);

// A formula as one line to be read aloud: a screen reader would take each of its pieces for a formula.
const SPOKEN = {
  mfrac: (parts) => parts.map((part) => (part.includes(" ") ? `(${part})` : part)).join(" / "),
  msup: ([base, power]) => `${base}^${power}`,
  msubsup: ([base, index, power]) => `${base}${index}^${power}`,
  msqrt: (parts) => `√(${parts.join("")})`,
};

function spoken(part) {
  if (part.nodeType === Node.TEXT_NODE) return part.data;
  const parts = [...part.childNodes].map(spoken);
  if (part.localName === "mo" && OPERATORS.has(parts[0]) && part.getAttribute("form") !== "prefix") return ` ${parts[0]} `;
  if (parts[0] === ",") return ", ";
  return SPOKEN[part.localName]?.(parts) ?? parts.join("");
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
