// The steps of a graph computed in the page, told from facts as autograd.seeing.facts.sentences tells them.
// What the page cannot know of a case that the walk was not in (a derivative in symbols) is left out.

const MOST_NAMES = 3; // that a sentence lists
const BEYOND = " The result lies beyond every number that can be stored, so it is infinite.";
const MOST_TERMS = 5; // that a longer sum is shortened to

function tellerOf(facts, engine, original) {
  const { touch, inputs, output } = facts;
  const { values, gradients, partials } = facts.exact;
  const ops = touch.ops;
  const named = new Set(touch.named);
  const weights = new Set(facts.weights);
  const biases = new Set(facts.biases);
  const { constants } = engine;
  const opOf = (i) => (touch.op[i] < 0 ? null : ops[touch.op[i]]);
  const isRelation = (i) => touch.relations.includes(opOf(i));
  const isCondition = (i) => isRelation(i) || touch.connectives.includes(opOf(i));
  const isTurned = (i, k) => (isCondition(i) || (opOf(i) === "where" && k === 0)) && isCondition(inputs[i][k]);
  const isPlain = (i) => constants.has(i) && touch.op[i] < 0;
  const nameOf = (i) => (named.has(i) ? facts.names[i][3] : number(values[i]));
  const valueOf = (i) => facts.values[i];

  // ------------------------------------------------------------------ pieces of sentences

  const truth = (x) => (x !== 0 ? "true" : "false");
  const joined = (parts) => (parts.length > 1 ? `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}` : parts[0] ?? "");
  const count = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, ",");
  const inParentheses = (text) => (text.startsWith("−") ? `(${text})` : text);
  const productOf = (a, b, result) => `${number(a)} · ${inParentheses(number(b))} ${equalsProduct(a, b, result)} ${number(result)}`;
  const sumOf = (a, b, result) => `${number(a)} + ${inParentheses(number(b))} ${equals(asWritten(a) + asWritten(b), result, [a, b])} ${number(result)}`;

  function listed(indices) {
    const names = [...new Set(indices.map(nameOf))];
    return names.length > MOST_NAMES + 1 ? `${names.slice(0, MOST_NAMES).join(", ")} and ${count(names.length - MOST_NAMES)} others` : joined(names);
  }

  function asMuch(times) {
    if (!Number.isFinite(times)) return `infinitely many times (${number(times)}) as much`;
    return times === 1 ? "just as much" : `${number(times)} times as much`;
  }

  function changing(cause, what, times, than = "") {
    if (Number.isNaN(times)) return `no number tells how ${cause} changes ${what}`;
    if (times === 0) return `${cause} does not change ${what}`;
    return `${cause} changes ${what} ${asMuch(times)}${than && ` as ${than}`}`;
  }

  function whyNotFinite(value, others) {
    if (Number.isFinite(value)) return "";
    if (Number.isNaN(value)) {
      return others.some(Number.isNaN) ? " An input is nan (not a number), so the result is nan too." : " There is no such number: the result is nan (not a number).";
    }
    return others.some((x) => Math.abs(x) === Infinity) ? " An input is infinite, and so is the result." : BEYOND;
  }

  function whyNothing(upstream, partial) {
    const product = upstream * partial;
    if (product === 0) return upstream && partial ? " The product is too small to be stored, so it is 0." : " Nothing gets through.";
    if (!Number.isNaN(product)) return !Number.isFinite(product) && [upstream, partial].every(Number.isFinite) ? BEYOND : "";
    return Number.isNaN(upstream) || Number.isNaN(partial) ? " A factor is nan (not a number), so the product is nan." : " Zero times infinity has no value, so the product is nan (not a number).";
  }

  // ------------------------------------------------------------------ corners

  const corners = new Map(); // by node and position
  const before = new Set(); // from where a change passes a corner
  inputs.forEach((sources, i) => {
    const operation = OPERATIONS[touch.op[i]];
    if (!operation?.kinked || (isRelation(i) && new Set(sources).size === 1)) return; // compared with itself, none gets ahead
    if (operation.kinked(engine.inputsOf(values, i))?.length !== 0) sources.forEach((_, k) => isTurned(i, k) || setCorner(i, k));
  });
  for (let i = inputs.length - 1; i >= 0; i--) {
    inputs[i].forEach((j, k) => {
      if (corners.has(`${i}:${k}`) || (!constants.has(j) && before.has(i))) before.add(j);
    });
  }

  function setCorner(i, k) {
    const corner = engine.cornerAt(values, i, k);
    if (corner) corners.set(`${i}:${k}`, corner);
  }

  const inNames = (pattern, i) => pattern.map((piece) => (typeof piece === "number" ? nameOf(inputs[i][piece < 0 ? -1 - piece : piece] ?? i) : piece)).join("");

  function cornerTold({ kink, left, right, jumps }, i, taken) {
    const place = inNames(kink.place, i);
    const too = kink.usual ? ", as PyTorch does too" : "";
    const [low, high, what] = [number(left), number(right), nameOf(i)];
    if (jumps) {
      return `${what} ${low !== high ? "jumps" : "switches"} where ${place}: it is ${low} just left of it, and ${high} just right. A jump has no slope: ${taken} is taken${too}, and that is a choice`;
    }
    const between = low !== high ? `any slope from ${low} to ${high} would do` : "both sides have another slope";
    return `${what} has a corner where ${place}: its slope is ${low} just left of it, and ${high} just right. ${taken} is taken${too}, and that is a choice: ${between}`;
  }

  // ------------------------------------------------------------------ slopes

  const usesOf = (i, j) => inputs[i].filter((other) => other === j).length;
  const single = new RegExp(`^(?:${touch.single})$`, "u");
  const isSingle = (text) => single.test(text);
  const inProduct = (text) => (isSingle(text) ? text : `(${text})`);
  const slotOf = (i, k) => (usesOf(i, inputs[i][k]) > 1 ? String(k + 1) : "");
  const lowered = (digits) => digits.replace(/\d/g, (digit) => "₀₁₂₃₄₅₆₇₈₉"[digit]);
  const signOf = (i, k) => `∂${lowered(slotOf(i, k))}(${inProduct(nameOf(inputs[i][k]))}→${inProduct(nameOf(i))})`;

  // In symbols, as the walk wrote it, if the op's rule is still in the same case, or in one that writes this
  // derivative alike; else as that case is written.
  function symbolsOf(i, k) {
    const known = original.symbols(i, k);
    const [now, then] = [values, original.values].map((values) => [engine.casesOf(values, i), JSON.stringify(engine.writtenOf(values, i)?.[k][0])]);
    const same = touch.taught[touch.op[i]] || (Number.isFinite(values[i]) && now[0] === then[0]) || (now[1] && now[1] === then[1]);
    const text = same && known ? known : inputs[i].every((j) => named.has(j)) ? inNames(engine.writtenOf(values, i)?.[k][0] ?? [], i) : "";
    return isNumber(text) ? "" : text;
  }

  const isNumber = (text) => /^−?([\d.]+(e−?\d+)?|∞|nan)$/.test(text);

  // Why the slope is a mere number: the condition that chose it.
  function becauseOf(i, k) {
    const [text, because] = engine.writtenOf(values, i)?.[k] ?? [[], []];
    const speaksOf = (piece) => typeof piece === "number" && named.has(inputs[i][piece < 0 ? -1 - piece : piece] ?? i);
    return isNumber(inNames(text, i)) && because.some(speaksOf) ? inNames(because, i) : ""; // of plain numbers goes without saying
  }

  function equalOf(i, k) {
    const [value, symbols] = [number(partials[i][k] ?? 0), symbolsOf(i, k)];
    return [signOf(i, k), ...(symbols && symbols !== value ? [symbols] : []), value].join(" = ");
  }

  function slopeInWords(i, k) {
    const corner = corners.get(`${i}:${k}`);
    if (corner) return `${equalOf(i, k)} by choice, because there is no one slope where ${inNames(corner.kink.place, i)}`;
    if (!Number.isFinite(values[i]) && !Number.isNaN(partials[i][k])) return `${equalOf(i, k)} by the rule alone`;
    const because = becauseOf(i, k);
    return because ? `${equalOf(i, k)} because ${because}` : equalOf(i, k);
  }

  function held(i, k) {
    const others = inputs[i].filter((j, other) => other !== k && !isPlain(j)).length;
    return touch.words.held[Math.min(others, 2)];
  }

  // ------------------------------------------------------------------ the forward pass

  function filled(pattern, words, wrap) {
    return pattern.map((piece) => {
      if (typeof piece !== "number") return piece;
      const text = words[piece < 0 ? -1 - piece : piece];
      return piece < 0 && text.startsWith("−") ? wrap(text) : text;
    });
  }

  const numbersOf = (i) => inputs[i].map((j, k) => (touch.connectives.includes(opOf(i)) || (opOf(i) === "where" && k === 0) ? truth(values[j]) : valueOf(j)));

  // As autograd.seeing.facts.rounding.
  function resultSign(i) {
    const written = inputs[i].map((j) => asWritten(values[j]));
    return isRounded(touch.op[i], written, values[i]) ? "≈" : equals(OPERATIONS[touch.op[i]].value(written), values[i]);
  }

  function isRounded(op, written, result) {
    if (number(result).includes(".") || Number.isNaN(result) || !written.every(Number.isFinite)) return false;
    const [irrational, shrinks, poles, power] = touch.rounding[op];
    const hasKinks = touch.kinks[op].length > 0;
    const special = (hasKinks ? written.slice(0, 1) : written).some((x) => x === 0 || Math.abs(x) === 1);
    if (!Number.isFinite(result)) return !(poles && special);
    if (irrational) return !(hasKinks && written.includes(result)) && !(touch.cases[op] && special);
    if (power && result === 1) return !special;
    return Boolean(shrinks) && result === 0 && written.every(Boolean);
  }

  const roleOf = (i) => (constants.has(i) ? "constant" : biases.has(i) ? "bias" : facts.parameters.includes(i) ? "parameter" : weights.has(i) ? "weight" : "input");

  function leavesTold() {
    const told = Object.entries(touch.words.leaves).flatMap(([role, [one, several]]) => {
      const those = facts.read.filter((i) => roleOf(i) === role);
      if (!those.length) return [];
      return (new Set(those.map(nameOf)).size === 1 ? one : several).replace("{names}", () => listed(those));
    });
    const strange = facts.read.filter((i) => named.has(i) && !Number.isFinite(values[i])).slice(0, MOST_NAMES);
    return [...told, ...strange.map((i) => `${nameOf(i)} is not an ordinary number; what is computed from it may not be one either.`)].join(" ");
  }

  function appliedTold(i) {
    const computed = filled(touch.patterns[touch.op[i]].text, numbersOf(i), (text) => `(${text})`).join("");
    const value = valueOf(i);
    const numbers = computed === value ? value : `${computed} ${resultSign(i)} ${value}`;
    return `${computing(i, computed, numbers)}${atBorder(i)}${whyNotFinite(values[i], engine.inputsOf(values, i))}${noted(i)}`;
  }

  function computing(i, computed, numbers) {
    if (opOf(i) === "where") {
      const [condition, ...branches] = inputs[i];
      const holds = truth(values[condition]);
      const said = named.has(condition) ? `${nameOf(condition)} is ${holds}` : `the condition is ${holds}`;
      const chosen = branches[values[condition] !== 0 ? 0 : 1];
      return `${nameOf(i)} is one of ${joined(branches.map(nameOf))}: ${said}, so it is ${named.has(chosen) ? `${nameOf(chosen)} = ${valueOf(i)}` : valueOf(i)}.`;
    }
    if (isCondition(i)) {
      const how = isRelation(i) ? "compares" : "combines";
      return `${nameOf(i)} ${how}: ${computed.slice(1, -1)} is ${truth(values[i])}, so it is ${values[i] ? "1, which stands for true" : "0, which stands for false"}.`;
    }
    return `${nameOf(i)} is computed from ${listed(inputs[i])}: ${numbers}.`;
  }

  const canTurn = (i) => (isRelation(i) ? inputs[i].some((_, k) => corners.has(`${i}:${k}`)) : touch.connectives.includes(opOf(i)) && inputs[i].some(canTurn));

  function atBorder(i) {
    const moving = isRelation(i) ? inputs[i].findIndex((_, k) => corners.has(`${i}:${k}`)) : -1;
    if (moving >= 0) {
      const { kink, left, right } = corners.get(`${i}:${moving}`);
      return ` It stands at its border, ${inNames(kink.place, i)}: for a little less ${nameOf(inputs[i][moving])} it is ${truth(left)}, for a little more ${truth(right)}.`;
    }
    if (opOf(i) === "where" && canTurn(inputs[i][0])) return ` The condition stands at its border, so a small change can turn it, and then ${nameOf(i)} is ${nameOf(inputs[i][values[inputs[i][0]] !== 0 ? 2 : 1])}. The slope of the one taken now is used: that is a choice.`;
    return "";
  }

  function noted(i) {
    if (isCondition(i)) return ` A ${isRelation(i) ? "comparison" : "condition"} has no slope: no gradient flows through it.`;
    const edges = constants.has(i) ? [] : inputs[i].flatMap((j, k) => (constants.has(j) || isTurned(i, k) ? [] : [k]));
    if (!edges.length) return "";
    if (edges.length > MOST_NAMES) return ` Noted for the way back: its ${count(edges.length)} local derivatives.`;
    const lost = Number.isFinite(values[i]) ? "" : `: ${nameOf(i)} is ${number(values[i])}, so it has no slope`;
    return ` Noted for the way back: ${joined(edges.map((k) => slopeInWords(i, k)))}${lost}.`;
  }

  // ------------------------------------------------------------------ the reverse pass

  const whereFinite = (i, slope) => (Number.isFinite(values[i]) ? slope : NaN); // nothing small moves infinity or nan

  function onwards(i, cause = `a small change of ${nameOf(i)}`, than = "") {
    const follows = changing(cause, nameOf(output), whereFinite(output, gradients[i]), than);
    return before.has(i) ? `${touch.words.chosen} further on, ${follows}` : follows;
  }

  function fed(i, k) {
    const source = inputs[i][k];
    if (isTurned(i, k)) return `${nameOf(source)} feeds into ${nameOf(i)} as a condition: it is true or false and never changes a little, so it has no slope (${equalOf(i, k)})`;
    const uses = usesOf(i, source);
    const times = uses > 1 ? ` ${uses === 2 ? "twice" : `${count(uses)} times`}, here as input number ${k + 1}` : "";
    const start = `${nameOf(source)} feeds into ${nameOf(i)}${times}: `;
    const corner = corners.get(`${i}:${k}`);
    const told = corner ? `${start}${held(i, k)}${cornerTold(corner, i, equalOf(i, k))}` : `${start}${held(i, k)}${changing(`a small change of ${uses > 1 ? "this input" : nameOf(source)}`, nameOf(i), whereFinite(i, partials[i][k]))} (${slopeInWords(i, k)})`;
    if (i === output) return told;
    return `${told}, and ${partials[i][k] !== 0 && !corner ? onwards(i, "that", nameOf(i)) : onwards(i)}`;
  }

  function added(step) {
    const name = nameOf(step.source);
    if (step.parts === 1) return step.firstWhole ? ` ${name} receives nothing else, so this is its whole gradient.` : "";
    if (step.before === undefined) return ` It is the first of ${count(step.parts)} contributions to the gradient of ${name}.`;
    const told = ` It is added (+=) to the ${number(step.before)} that ${name} had already, because a change of ${name} takes effect along all its edges at once: ${sumOf(step.before, step.contribution, step.after)}.`;
    if (step.part < step.parts) return told;
    const howMany = step.parts === 2 ? "Both" : `All ${count(step.parts)}`;
    return `${told} ${howMany} contributions are in, so the gradient of ${name} is complete${touch.op[step.source] < 0 ? "" : " and can be passed on"}.`;
  }

  function untrained({ source, part, parts }) {
    if (!weights.size || touch.op[source] >= 0 || weights.has(source) || part < parts) return "";
    return ` ${nameOf(source)} is no parameter: training does not change it, so this gradient only tells how ${nameOf(output)} depends on it.`;
  }

  function contributionTold(step) {
    const { source, target, position, contribution } = step;
    const [upstream, partial] = [gradients[target], partials[target][position]];
    return `${fed(target, position)}; so ${nameOf(source)} receives ${productOf(upstream, partial, contribution)}.${whyNothing(upstream, partial)}${added(step)}${untrained(step)}`;
  }

  function weightsAndBiases(parameters) {
    const of = (n, one, several) => (n ? [`${count(n)} ${n === 1 ? one : several}`] : []);
    const those = parameters.filter((i) => biases.has(i)).length;
    return [...of(parameters.length - those, "weight", "weights"), ...of(those, "bias", "biases")].join(" and ");
  }

  // What a larger step back says, as autograd.seeing.facts.sizes has it; the way forth says what it said before.
  function stride(run, title) {
    const targets = new Set(run.map(({ target }) => target));
    const last = new Map(run.map((step) => [step.source, step]));
    const starts = [...targets].filter((i) => !last.has(i));
    const ends = [...last.values()].filter(({ source }) => !targets.has(source));
    const sources = (those) => those.map(({ source }) => source);
    const reached = sources(ends).filter((i) => weights.has(i));
    const others = sources(ends).filter((i) => !weights.has(i));
    const counted = reached.length > 1 ? [weightsAndBiases(reached)] : reached.map(nameOf);
    const unfinished = sources(ends.filter(({ part, parts }) => part < parts));
    const told = `what has arrived at ${listed(starts)} goes on along ${count(run.length)} edges, each time multiplied by the local derivative; what meets in one node is added up. It reaches ${[...(others.length ? [listed(others)] : []), ...counted].join(", and ")}.`;
    return capitalised(title ? `${title}: ${told}` : told) + (unfinished.length ? ` More is still to come for ${listed(unfinished)}.` : "");
  }

  const capitalised = (text) => text.slice(0, 1).toUpperCase() + text.slice(1);

  // ------------------------------------------------------------------ formulas, as MathML

  const group = (markup) => `<mrow><mo>(</mo>${markup}<mo>)</mo></mrow>`;
  const escaped = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;");
  function numberMarkup(text) {
    if (text.startsWith("−")) return `<mo form="prefix">−</mo>${numberMarkup(text.slice(1))}`;
    return /^[\d∞]/.test(text) ? `<mn>${text}</mn>` : `<mi>${escaped(text)}</mi>`;
  }
  const factorMarkup = (x) => (number(x).startsWith("−") ? group(numberMarkup(number(x))) : numberMarkup(number(x)));
  const nameMarkup = (i) => (named.has(i) ? facts.names[i][4] : numberMarkup(number(values[i])));
  const factorName = (i) => (isSingle(nameOf(i)) ? nameMarkup(i) : group(nameMarkup(i)));
  const gradientMarkup = (i) => `<mfrac>${[output, i].map((j) => `<mrow><mo>∂</mo>${factorName(j)}</mrow>`).join("")}</mfrac>`;
  const sign = (text) => `<mo>${text}</mo>`;

  function localMarkup(i, k) {
    const slot = slotOf(i, k);
    const d = slot ? `<msub><mo>∂</mo><mn>${slot}</mn></msub>` : "<mo>∂</mo>";
    return d + group(`${factorName(inputs[i][k])}<mo>→</mo>${factorName(i)}`);
  }

  function appliedMarkup(i) {
    const { markup } = touch.patterns[touch.op[i]];
    const inNumbers = numbersOf(i);
    const inGroup = (text, negative) => (negative && text.startsWith("−") ? group(numberMarkup(text)) : numberMarkup(text));
    const written = (position, negative) => inGroup(inNumbers[position], negative);
    const symbols = (position, negative) => {
      const j = inputs[i][position];
      return named.has(j) ? nameMarkup(j) : inGroup(number(values[j]), negative);
    };
    const fill = (word) => markup.map((piece) => (typeof piece === "number" ? word(piece < 0 ? -1 - piece : piece, piece < 0) : piece)).join("");
    const how = fill(written);
    const same = touch.patterns[touch.op[i]].text.length === 3 && how === numberMarkup(valueOf(i));
    const computed = same ? "" : `${sign("=")}${how}`;
    return `${nameMarkup(i)}${sign("=")}${fill(symbols)}${computed}${sign(same ? "=" : resultSign(i))}${numberMarkup(valueOf(i))}`;
  }

  function leavesMarkup() {
    const terms = facts.read.filter((i) => named.has(i)).map((i) => `${nameMarkup(i)}${sign("=")}${numberMarkup(valueOf(i))}`);
    if (terms.length > MOST_TERMS + 1) terms.splice(MOST_TERMS - 2, terms.length - MOST_TERMS, sign("…"));
    return terms.join(sign(",")) || "<mi>constants</mi>";
  }

  function contributionMarkup({ source, target, position, contribution }) {
    const [upstream, partial] = [gradients[target], partials[target][position]];
    const product = `${numberMarkup(number(upstream))}${sign("·")}${factorMarkup(partial)}${sign(equalsProduct(upstream, partial, contribution))}${numberMarkup(number(contribution))}`;
    return `${gradientMarkup(source)}${sign("+=")}${gradientMarkup(target)}${sign("·")}${localMarkup(target, position)}${sign("=")}${product}`;
  }

  const around = (markup) => `<math xmlns="http://www.w3.org/1998/Math/MathML">${markup}</math>`;

  function sentence(step) {
    if (step.phase === "forward") return step.kind === "leaf" ? leavesTold() : appliedTold(step.source);
    if (step.kind === "edge") return contributionTold(step);
    const name = nameOf(output);
    const itself = `∂${inProduct(name)}/∂${inProduct(name)}`;
    return `The way back starts at the output, ${name}: it changes exactly as much as itself, so ${itself} = 1.`;
  }

  function formula(step) {
    if (step.kind === "edge") return around(contributionMarkup(step));
    if (step.kind === "seed") return around(`${gradientMarkup(output)}${sign("=")}<mn>1</mn>`);
    return around(step.kind === "apply" ? appliedMarkup(step.source) : leavesMarkup());
  }

  return { sentence, formula, stride, symbols: symbolsOf };
}
