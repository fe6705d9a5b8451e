// A learner says what comes next; the page says whether it is right, or which slip was made.

// ------------------------------------------------------------------ predict, then reveal

let asking = null; // the step asked about
let askedBefore = null; // what was asked last: "contribution" or "gradient"
const score = { right: 0, asked: 0 };
const given = new Map(); // by the number of a step: the answers to it so far
const answered = new Set(); // the numbers of the steps that were predicted or revealed

// With other numbers the questions are others, and the score begins anew; those of a quiz are asked once.
function forget() {
  if (original.quiz) return;
  given.clear();
  answered.clear();
  score.right = score.asked = 0;
  $("score").textContent = "";
}

function next() {
  const step = steps()[place];
  if (step === undefined) return;
  if ($("predict").checked && isEdge(step) && !answered.has(step.number) && asking !== step) ask(step);
  else if (asking === null) jump(forth());
  else $("answer").focus();
}

function ask(step) {
  pause();
  asking = step;
  if (!given.has(step.number)) given.set(step.number, []);
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
  follow(step);
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

// All digits of a number, as a field has them.
const inField = (x) => String(x).replaceAll("-", "−").replace("Infinity", "∞").replace("NaN", "nan");

const FUNCTIONS = new Map(Object.entries({ "√": Math.sqrt, sqrt: Math.sqrt, ln: Math.log, log: Math.log }));
for (const name of ["exp", "sin", "cos", "tan", "tanh", "abs"]) FUNCTIONS.set(name, Math[name]);
const CONSTANTS = new Map(Object.entries({ inf: Infinity, nan: NaN, e: Math.E, π: Math.PI, pi: Math.PI }));

// What is typed as a number: −0.5, 2e−3, 1/3, ½, (4), 2·2, 2(2), = 4, 4×10^0, 10³, √16, cos(0), a decimal
// comma, any dash, and the words for what is not a finite number; undefined for all else, such as 1,000, which
// may be a thousand or one.
function readNumber(text) {
  if (/^[-−]?\d+(\.\d+)?(e−?\d+)?$/.test(text)) return Number(text.replaceAll("−", "-")); // most are, and this is fast
  if (/(^|\D)[1-9]\d{0,2}(,\d{3})+(?!\d)/.test(text)) return undefined;
  const plain = text.toLowerCase().trim().slice(0, 200)
    .replace(/[⁻⁰¹²³⁴-⁹]+/g, (power) => `^(${power.normalize("NFKC")})`)
    .replace(/(\d*)([¼-¾⅐-⅞])/g, (_, whole, part) => `(${whole || 0}+${part.normalize("NFKC")})`)
    .normalize("NFKC").replace(/^=/, "").replace(/[\u2010-\u2015\u2212]/g, "-")
    .replace(/[×·⋅∙✕•]/g, "*").replace(/[÷⁄∶:]/g, "/").replace(/\*\*/g, "^").replace(/,/g, ".").replace(/∞|infinity/g, "inf");
  const tokens = plain.match(/(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?|[a-zπ]+|\S/g) ?? [];
  let at = 0;
  const taken = (...signs) => (signs.includes(tokens[at]) ? tokens[at++] : undefined);
  const sum = () => chain(product, { "+": (a, b) => a + b, "-": (a, b) => a - b });
  const product = () => chain(juxtaposed, { "*": (a, b) => a * b, "/": (a, b) => a / b });
  const isWord = (token) => FUNCTIONS.has(token) || CONSTANTS.has(token);
  function juxtaposed() {
    let value = signed();
    while (tokens[at] === "(" || isWord(tokens[at])) value *= powered();
    return value;
  }
  function chain(operand, operators) {
    let value = operand();
    for (let sign; (sign = taken(...Object.keys(operators))); ) value = operators[sign](value, operand());
    return value;
  }
  function signed() {
    const sign = taken("-", "+");
    if (sign) return sign === "-" ? -signed() : signed();
    return powered();
  }
  function powered() {
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
    if (FUNCTIONS.has(token)) return FUNCTIONS.get(token)(atom());
    if (CONSTANTS.has(token)) return CONSTANTS.get(token);
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
  const off = Math.abs(typed - number);
  return tolerance === undefined ? Number(typed.toPrecision(digits)) === number : off < Infinity && off <= tolerance;
}

// What may be answered to a step: its shape, filled in from the step and from its row.
async function answersTo(step) {
  const { shapes, rows, digits } = await questions;
  if (facts.told) return rightAnswers(step, digits); // the mistakes were made with the numbers at first
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

const EXACT = 1e-9; // how far off an exact number may be, of its size: as far as a calculator has it

// The right answers may be off by what the digits that are not shown leave open, in themselves and in what
// they are computed from: half a unit of the last digit of each number.  What is shown without a point is exact.
function rightAnswers(step, digits) {
  const [upstream, partial, contribution, before, after] = step.shown.map(readNumber);
  const half = (x) => (x && Number.isFinite(x) ? 10 ** (Math.floor(Math.log10(Math.abs(x))) - digits + 1) / 2 : 0);
  const [ofUp, ofSlope, ofSum, ofPast, ofAfter] = step.shown.map((text) => (text.includes(".") ? half(readNumber(text)) : 0));
  const product = Math.abs(partial) * ofUp + Math.abs(upstream) * ofSlope;
  const added = Number.isFinite(product) ? product : 0;
  const right = (number, own, slack) => [{ mistakes: [], number, tolerance: 1.05 * (own + (slack && slack + half(number))) || EXACT * Math.abs(number) }];
  const asked = { contribution: right(contribution, ofSum, added) };
  if (before !== undefined) asked.gradient = right(after, ofAfter, added + ofSum + ofPast);
  return asked;
}

const NUMBERS = "such as −0.5, 1000, 2e−3 or 1/3.";

async function check() {
  const step = asking;
  const typed = readNumber($("answer").value);
  if (typed === undefined) return say("wrong", "A number is wanted", NUMBERS);
  const { digits, words } = await questions;
  const asked = await answersTo(step);
  if (asking !== step) return; // gone on meanwhile
  const answers = asked[$("prediction").elements.asked.value] ?? asked.contribution;
  if (!Number.isFinite(typed) && Number.isFinite(answers[0].number)) return say("wrong", "A finite number is wanted", NUMBERS);
  const found = answers.find((answer) => matches(typed, answer, digits));
  if (!found && isRounded($("answer").value, typed, answers[0].number, digits)) {
    say("", "Nearly.", `Right as far as it goes: up to ${digits} digits are wanted, as many as the page shows.`);
    return $("answer").select();
  }
  given.get(step.number).push($("answer").value.trim().replace(/^=\s*/, "")); // or a spreadsheet would compute it
  if (found && !found.mistakes.length) return accept();
  say("wrong", "Not yet.", found ? diagnosis(found, words) : `No usual slip leads there. ${hint()}`);
  $("answer").select();
}

// Whether a decimal is the right number rounded to fewer digits than are shown.
function isRounded(text, typed, right, digits) {
  const written = text.trim().match(/^[-−+]?0*[.,]?0*([1-9][\d.,]*)$/)?.[1].replace(/[.,]/, "");
  return written !== undefined && written.length < digits && Number(right.toPrecision(written.length)) === typed;
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
  const [upstream, , , before] = asking.shown;
  const first = `Multiply the upstream gradient, ${upstream}, by how ${plainName(target)} changes with ${plainName(node)}`;
  const slope = given.get(asking.number).length > 1 && slopeOf(asking) ? `, which is ${slopeOf(asking)}` : "";
  const isAdded = $("prediction").elements.asked.value === "gradient" && before !== EMPTY;
  return `${first}${slope}${isAdded ? `; then add the ${before} that ${plainName(node)} has already` : ""}.`;
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
  document.documentElement.classList.add("quiz");
  $("save-score").hidden = false;
  $("save-score").addEventListener("click", saveScore);
}

// When all is answered, everything may be seen.
function endQuiz() {
  document.documentElement.classList.remove("quiz", "predicting");
  $("predict").checked = $("predict").disabled = false;
}

function saveScore() {
  const cell = (text) => `"${String(text).replace(/"/g, '""')}"`;
  const lines = [["step by edge", "from", "to", "asked", "answers", "right at the first try"], ...record].map((row) => row.map(cell).join(","));
  lines.push([cell("score"), cell(score.right), cell(`of ${steps().filter(isEdge).length}`)].join(","));
  download("score.csv", "text/csv", `\ufeff${lines.join("\r\n")}\r\n`); // a spreadsheet reads its signs by the mark
}

function accept() {
  const tries = given.get(asking.number).length;
  finish(tries === 1);
  say("right", "Right.", tries === 1 ? "" : `At the ${ordinal(tries)} try.`);
}

const ordinal = (n) => n + { one: "st", two: "nd", few: "rd", other: "th" }[new Intl.PluralRules("en", { type: "ordinal" }).select(n)];

function reveal() {
  finish(false);
  say("", "Revealed.", "");
}

function finish(scored) {
  const { number, target, node } = asking;
  record.push([number + 1, plainName(target), plainName(node), $("prediction").elements.asked.value, given.get(number).join(" / "), scored ? "yes" : "no"]);
  answered.add(number);
  if (original.quiz && answered.size === steps().filter(isEdge).length) endQuiz();
  score.asked += 1;
  score.right += scored ? 1 : 0;
  $("score").textContent = `${score.right} of ${score.asked} at the first try`;
  asking = null;
  for (const part of $("prediction").querySelectorAll("fieldset, .answer")) part.hidden = true;
  $("question").textContent = "";
  go(place + 1, true);
  ($("next").disabled ? $("place") : $("next")).focus();
}
