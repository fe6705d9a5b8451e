// Both passes computed in the page.  OPERATIONS, which stands before this, holds the value and the partials of
// every op of the graph as the table states them; here is the chain rule.

const EXACT = { inf: Infinity, "-inf": -Infinity, nan: NaN };
const exact = (x) => (typeof x === "string" ? EXACT[x] : x);

// Left and right of x, as close as can be.
function besides(x) {
  const bits = new BigInt64Array(1);
  const float = new Float64Array(bits.buffer);
  const moved = (by) => {
    if (x === 0) return by * Number.MIN_VALUE;
    float[0] = x;
    bits[0] += BigInt(x > 0 ? by : -by);
    return float[0];
  };
  return Number.isFinite(x) ? [moved(-1), moved(1)] : [x, x];
}

// The graph of the facts of a page, to be computed with any numbers in its leaves.
function engineOf(facts) {
  const { op, given } = facts.touch;
  const { inputs } = facts;
  const constants = new Set(facts.constants);
  const leaves = new Map([...given, ...facts.leaves].map(([i, x]) => [i, exact(x)]));
  const inputsOf = (values, i) => inputs[i].map((j) => values[j]);

  function forward(numbers) {
    const values = new Array(op.length);
    for (let i = 0; i < op.length; i++) {
      values[i] = op[i] < 0 ? numbers.get(i) : OPERATIONS[op[i]].value(inputsOf(values, i));
    }
    return values;
  }

  // The gradients, undefined where none arrives, and for every edge its partial, or null.
  function reverse(values) {
    const gradients = new Array(op.length);
    const partials = new Array(op.length);
    for (let i = 0; i < op.length; i++) {
      partials[i] = op[i] < 0 || constants.has(i) ? inputs[i].map(() => null) : OPERATIONS[op[i]].partials(inputsOf(values, i), values[i]);
      inputs[i].forEach((j, k) => constants.has(j) && (partials[i][k] = null));
    }
    gradients[facts.output] = 1;
    for (let i = op.length - 1; i >= 0; i--) {
      if (gradients[i] === undefined) continue;
      inputs[i].forEach((j, k) => {
        if (partials[i][k] === null) return;
        const contribution = gradients[i] * partials[i][k];
        gradients[j] = gradients[j] === undefined ? contribution : gradients[j] + contribution;
      });
    }
    return { values, gradients, partials };
  }

  // The corner at which an input enters what is computed of it, the others held still; null if it is at none.
  function cornerAt(values, i, k) {
    const operation = OPERATIONS[op[i]];
    const source = inputs[i][k];
    if (constants.has(source) && op[source] < 0) return null; // it does not move
    const here = inputsOf(values, i);
    const slopes = operation.partials(here, values[i]).map((slope) => slope ?? 0);
    const taken = slopes[k];
    const kinks = facts.touch.kinks[op[i]];
    const found = operation.kinked(here); // null where that cannot be told by a formula: then by its jump
    for (const at of found ?? kinks.keys()) {
      const kink = kinks[at];
      const sides = besides(here[k]).map((x) => {
        const moved = [...here];
        moved[k] = x;
        const y = operation.value(moved);
        return [y, operation.partials(moved, y).map((slope) => slope ?? 0)];
      });
      const jumps = kink.jumps[k] || Math.abs(sides[1][1][k] - sides[0][1][k]) === Infinity; // of a slope that is itself an input
      if (sides.every(([y, moved]) => y === values[i] && moved.every((slope, n) => slope === slopes[n]))) continue; // as where 0 % b moves with b
      const [left, right] = sides.map(([y, moved]) => (jumps ? y : moved[k]));
      if (found === null && !(Math.abs(right - left) > 1e-6 && here.every((x) => Math.abs(x) < 1e15))) continue;
      if (jumps || !(left === right && right === taken)) return { kink, left, right, jumps };
    }
    return null;
  }

  // By the case that an op's rule is in, how its partials are written there.
  const written = new Map();
  function writtenOf(values, i) {
    const cases = facts.touch.cases[op[i]];
    if (cases === null) return undefined;
    if (!written.has(op[i])) {
      const { samples, written: texts } = cases;
      const { value, cases: caseOf } = OPERATIONS[op[i]];
      written.set(op[i], new Map(samples.map(([numbers, text]) => [String(caseOf?.(numbers, value(numbers))), texts[text]])));
    }
    return written.get(op[i]).get(casesOf(values, i));
  }

  const casesOf = (values, i) => String(OPERATIONS[op[i]].cases?.(inputsOf(values, i), values[i]));
  return { leaves, constants, forward, reverse, inputsOf, cornerAt, casesOf, writtenOf };
}

// What the rows of folded boxes say of several nodes, as autograd.seeing.facts.box_content measures them.
const MEASURES = {
  values: ({ values }) => extent(values),
  gradients: ({ gradients }) => extent(gradients),
  size: ({ values }) => number(Math.hypot(...values)),
  steepness: ({ gradients }) => number(gradients.length ? Math.hypot(...gradients) : null),
  share({ values: [exponent, ...exponents] }) {
    const powers = [exponent, ...exponents].map((x) => Math.exp(x - Math.max(...exponents)));
    return number(powers[0] / powers.slice(1).reduce((sum, x) => sum + x));
  },
};

// The same of numbers that are shown by hue, with what those hues say that are seen.
const HUES = [["blue above 0", (x) => x > 0], ["vermilion below 0", (x) => x < 0]];
const inHues = (xs) => [extent(xs), ...HUES.flatMap(([said, isSeen]) => (xs.some(isSeen) ? said : []))].join(", ");

function extent(xs) {
  if (!xs.length || xs.some(Number.isNaN)) return number(xs.length ? NaN : null);
  const [low, high] = [Math.min(...xs), Math.max(...xs)].map(number);
  return low === high ? low : `${low} … ${high}`;
}

// A row of a folded box: before its values, before its gradients are complete, and then.
function measured(pattern, nodes, { values, gradients }) {
  const own = nodes.map((i) => values[i]);
  const reached = nodes.flatMap((i) => gradients[i] ?? []);
  const said = (gradients) => pattern.replace(/\{(\w+)\}/g, (_, name) => MEASURES[name]({ values: own, gradients }));
  return ["–", said([]), said(reached)];
}

// The facts of a page with other numbers in its leaves: what a walk through the same graph says of them.
function factsWith(facts, engine, original, numbers) {
  const { output, inputs, touch, kinds } = facts;
  const exact = engine.reverse(engine.forward(numbers));
  const { values, gradients, partials } = exact;
  const moments = [];
  const step = (phase, kind, source, after, { target = -1, position = -1, contribution, before, part, parts, firstWhole } = NOTHING) =>
    moments.push({ phase, kind, source, after, target, position, contribution, before, part, parts, firstWhole });

  const parts = new Array(inputs.length).fill(0);
  inputs.forEach((sources, i) => gradients[i] !== undefined && sources.forEach((j, k) => partials[i][k] !== null && (parts[j] += 1)));
  const { read } = facts;
  step("forward", "leaf", read.at(-1), read.length === 1 ? values[read[0]] : undefined);
  facts.steps.node.forEach((i, number) => kinds[facts.steps.kind[number]][1] === "apply" && step("forward", "apply", i, values[i]));
  step("reverse", "seed", output, 1);
  const arrived = new Array(inputs.length).fill(0);
  const sums = [];
  const done = []; // the last step that reaches a node
  let explained = false;
  for (const i of touch.back) {
    if (gradients[i] === undefined) continue;
    inputs[i].forEach((j, k) => {
      if (partials[i][k] === null) return;
      const contribution = gradients[i] * partials[i][k];
      const before = sums[j];
      sums[j] = before === undefined ? contribution : before + contribution;
      arrived[j] += 1;
      done[j] = moments.length;
      const firstWhole = parts[j] === 1 && !explained;
      explained ||= firstWhole;
      step("reverse", "edge", j, sums[j], { target: i, position: k, contribution, before, part: arrived[j], parts: parts[j], firstWhole });
    });
  }
  const boxes = Object.fromEntries(Object.entries(facts.boxes).map(([key, [computed, , rows]]) => {
    const measures = touch.boxes[key];
    const complete = Math.max(...measures.flatMap(([, nodes]) => nodes.map((i) => done[i] ?? -1)));
    return [key, [computed, complete < 0 ? moments.length : complete, rows.map((row, k) => (measures[k][0] ? measured(...measures[k], exact) : row))]];
  }));
  const { target, position } = facts.steps;
  const same = moments.length === target.length && moments.every((moment, n) => moment.target === target[n] && moment.position === position[n]);
  const made = { ...facts, values: values.map(number), steps: same ? facts.steps : columnsOf(moments, kinds), exact, moments, boxes };
  let teller;
  const tell = () => (teller ??= tellerOf(made, engine, original)); // put into words when it is shown
  if (!same) made.sizes = facts.sizes.map((size) => resized(size, made, tell)); // a branch flipped
  const symbols = (moment) => (moment.kind === "edge" ? tell().symbols(moment.target, moment.position) : "");
  const alongEdge = (tells, none) => (n) => (moments[n].target < 0 ? none : tells(moments[n]));
  made.told = {
    sentence: ({ number }) => tell().sentence(moments[number]),
    formula: ({ number }) => tell().formula(moments[number]),
    slope: ({ number }) => symbols(moments[number]),
    partial: alongEdge(({ target, position }) => number(partials[target][position]), ""),
    contribution: alongEdge(({ contribution }) => number(contribution), ""),
    after: (n) => number(moments[n].after),
  };
  return made;
}

const NOTHING = {};

// Where the steps lead, as the facts of a page have it.
function columnsOf(moments, kinds) {
  const column = (tells) => moments.map(tells);
  return {
    kind: column(({ phase, kind }) => kinds.findIndex(([p, k]) => p === phase && k === kind)),
    node: column(({ source }) => source),
    target: column(({ target }) => target),
    position: column(({ position }) => position),
  };
}

// A larger step is a run of the small ones that lie in one part of the graph.
function resized(size, { touch, moments }, tell) {
  const inside = touch.inside[size.size];
  if (inside === undefined) return size; // the smallest
  const partOf = ({ kind, source, target }) => (kind === "edge" ? inside[target] : inside[source]);
  const isLast = (step, next) => next === undefined || step.kind !== next.kind || partOf(step) !== partOf(next);
  const ends = moments.flatMap((step, i) => (isLast(step, moments[i + 1]) ? [i + 1] : []));
  const sentences = ends.map((end, i) => {
    const run = moments.slice(ends[i - 1] ?? 0, end);
    return run[0].kind !== "edge" ? size.sentences[i] : run.length > 1 ? tell().stride(run, touch.titles[partOf(run[0])]) : "";
  });
  return { ...size, ends, sentences };
}
