// A training: what fit does, with the numbers that it has.

const GRID = 40; // the plane is computed at this many places each way
const OF_SAMPLES = ["noise", "data_seed", "held_out"], OF_PENALTY = ["penalty", "strength"];
const ON_THE_WAY = [...OF_SAMPLES, ...OF_PENALTY, "optimizer", "rate", "batch"]; // settings that a training takes without beginning again

function setOf({ data, noise, data_seed: seed }) {
  const { points, classes } = facts.data[data];
  const random = new NumPyRandom(seed);
  if (data === facts.own) return { classes, points };
  const shuffled = random.shuffle([...points]);
  return { classes, points: shuffled.map(([x, y, target]) => [x + noise * random.normal(), y + noise * random.normal(), target]) };
}

const SMALL = "₀₁₂₃₄₅₆₇₈₉", RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const labelled = (letter, below, layer) => `${letter}${[...String(below)].map((d) => SMALL[d]).join("")}⁽${RAISED[layer]}⁾`;

class Training {
  constructor(settings) {
    Object.assign(this, settings, { epoch: 0, steps: 0, history: [], changes: [], trouble: "", touched: false });
    this.draw();
    this.build(new PythonRandom(settings.seed));
    this.equip(settings);
    this.judge();
  }

  // The samples, and which of them are held out.
  draw() {
    Object.assign(this, setOf(this));
    this.random = new PythonRandom(this.seed); // that of fit: what is held out, and the order in each epoch
    this.byClass = this.classes && facts.costs[this.cost].targets;
    this.targets = this.points.map(([, , target]) => (this.byClass ? this.byClass[target] : target));
    const order = this.random.shuffle(this.points.map((_, i) => i));
    const kept = this.points.length - roundedToEven((this.held_out / 100) * this.points.length);
    const sorted = (places) => [...places].sort((a, b) => a - b);
    [this.train, this.test] = [sorted(order.slice(0, kept)), sorted(order.slice(kept))];
    this.batches = [];
    this.seen = []; // the costs of the steps of this epoch, each with its samples
    this.grid = undefined;
  }

  // What computes the penalty, and what moves the weights.
  equip({ penalty, optimizer }) {
    if (penalty) this.penalties = facts.penalties[penalty] && this.overWeights(facts.penalties[penalty], [true, false]);
    if (!optimizer) return;
    const { of: rule, kept } = facts.optimizers[optimizer];
    this.moving = { ...this.overWeights(rule, [true, true, false, false, ...Array(kept).fill(true)]), since: this.steps };
  }

  // Other settings on the way; the weights stay, and what was set before is noted.
  change(changes) {
    const other = Object.keys(changes).filter((name) => this[name] !== changes[name]);
    for (const name of other) {
      const noted = this.changes.some((change) => change.name === name && change.step === this.steps);
      if (this.steps && !noted) this.changes.push({ name, before: this[name], step: this.steps });
    }
    Object.assign(this, changes);
    this.equip(changes);
    if (other.some((name) => OF_SAMPLES.includes(name))) this.draw();
    if (other.some((name) => OF_SAMPLES.includes(name) || OF_PENALTY.includes(name))) this.judge();
    this.batches = this.inBatches(this.batches.flat());
  }

  // The last record of the costs, by the weights, samples and penalty that there are now.
  judge() {
    this.history.splice(-1, 1, this.judged(this.evaluate(this.train).cost));
    this.judgedFrom = this.history.length - 1; // costs before that are of other samples
  }

  // The graph of one sample: features, layers of neurons, the cost.
  build(random) {
    const tape = (this.tape = new Tape());
    [this.x1, this.x2] = [tape.column("x₁"), tape.column("x₂")];
    const inputs = this.features.map((name) => tape.apply(facts.features[name][1], [this.x1, this.x2], facts.features[name][0])[0]);
    const sizes = [...this.layers, 1];
    const counts = sizes.map((n, l) => n * ((sizes[l - 1] ?? inputs.length) + 1));
    this.numbers = new Float64Array(counts.reduce((a, b) => a + b));
    this.parameters = []; // of each its node, and the layer, the neuron and the place there that it belongs to
    this.columns = [inputs]; // the nodes that are shown, layer by layer; of a neuron, what it gives
    this.sums = [[]]; // and its weighted sum
    let from = inputs;
    sizes.forEach((nout, l) => {
      const layer = l + 1, acting = layer === sizes.length ? "linear" : this.activation;
      const drawn = this.drawn(acting, nout, from.length, random);
      this.sums.push([]);
      from = Array.from({ length: nout }, (_, i) => {
        const leaves = [...from.keys(), "b"].map((j) => {
          const at = this.parameters.length;
          this.numbers[at] = j === "b" ? 0 : drawn[i][j];
          const name = j === "b" ? labelled("b", i + 1, layer) : labelled("w", `${j + 1}${i + 1}`, layer);
          this.parameters.push({ name, node: tape.shared(this.numbers.subarray(at, at + 1), name), at, layer, neuron: i, source: j });
          return this.parameters[at].node;
        });
        const [z] = tape.apply(facts.neurons[from.length], [...leaves.slice(0, -1), ...from, leaves.at(-1)], labelled("z", i + 1, layer));
        this.sums[layer].push(z);
        return acting === "linear" ? z : tape.apply(facts.activations[acting], [z], labelled("a", i + 1, layer))[0];
      });
      this.columns.push(from);
    });
    this.prediction = from[0];
    this.target = tape.column("t");
    this.loss = tape.apply(facts.costs[this.cost].of, [this.prediction, this.target], "L")[0];
    this.gradients = new Float64Array(this.numbers.length);
    this.lanes = new Lanes(tape, this.points.length);
    this.judging = new Lanes(tape, this.points.length);
  }

  // A listing replayed over the weights, a lane for each. Of its inputs each weight has its own, or all share one.
  overWeights(listing, own) {
    const tape = new Tape();
    const inputs = own.map((each) => (each ? tape.column() : tape.shared(new Float64Array(1))));
    const outputs = tape.apply(listing, inputs);
    const lanes = new Lanes(tape, this.numbers.length);
    const give = (...numbers) => numbers.forEach((x, k) => (typeof x === "number" ? lanes.values[inputs[k]].fill(x) : lanes.values[inputs[k]].set(x)));
    const run = () => (lanes.forward(this.numbers.length), outputs.map((i) => lanes.values[i]));
    return { lanes, inputs, outputs, give, run };
  }

  // Initial weights, drawn as the initialiser draws them.
  drawn(acting, nout, nin, random) {
    const name = this.init === "fitting" ? (facts.fitting[acting] ?? "xavier_uniform") : this.init;
    const by = facts.init[name][nout - 1][nin - 1];
    const draw = typeof by === "number" ? () => by : () => random[by[0]](by[1], by[2]);
    return Array.from({ length: nout }, () => Array.from({ length: nin }, draw));
  }

  feed(lanes, places) {
    places.forEach((i, k) => {
      [lanes.values[this.x1][k], lanes.values[this.x2][k]] = this.points[i];
      lanes.values[this.target][k] = this.targets[i];
    });
  }

  // The batch that the next step takes.
  upcoming() {
    if (!this.batches.length) {
      const order = this.train.length > 1 ? this.random.shuffle([...this.train.keys()]) : [0];
      this.batches = this.inBatches(order.map((k) => this.train[k]));
    }
    return this.batches[0];
  }

  inBatches(places) {
    return Array.from({ length: Math.ceil(places.length / this.batch) }, (_, k) => places.slice(k * this.batch, (k + 1) * this.batch));
  }

  // Both passes for some samples: the mean cost, and in this.gradients its gradient.
  compute(places) {
    const { lanes } = this;
    this.feed(lanes, places);
    lanes.forward(places.length);
    lanes.reverse(places.length, this.loss);
    const penalty = this.penalised();
    this.parameters.forEach(({ node, at }) => (this.gradients[at] = lanes.gradients[node][0] / places.length + penalty.slope(at)));
    return this.mean(lanes, places.length) + penalty.value;
  }

  mean(lanes, count) {
    let sum = 0;
    for (let k = 0; k < count; k++) sum += lanes.values[this.loss][k];
    return sum / count;
  }

  // The penalty on the weights, biases left out, and its slope in each.
  penalised() {
    if (!this.penalties) return { value: 0, slope: () => 0 };
    const { lanes, inputs, outputs, give, run } = this.penalties;
    give(this.numbers, this.strength);
    const [each] = run();
    lanes.reverse(this.numbers.length, outputs[0]);
    const value = this.parameters.reduce((sum, { at, source }) => (source === "b" ? sum : sum + each[at]), 0);
    return { value, slope: (at) => (this.parameters[at].source === "b" ? 0 : lanes.gradients[inputs[0]][at]) };
  }

  // Where the optimiser will take the weights, and what it will keep of them.
  moved() {
    this.moving.give(this.numbers, this.gradients, this.rate, this.steps - this.moving.since + 1);
    return this.moving.run();
  }

  // One step, of one batch. Whether the cost was a number.
  step() {
    const batch = this.upcoming();
    const cost = this.compute(batch);
    if (!Number.isFinite(cost)) {
      this.trouble = `The cost became ${number(cost)} in step ${this.steps + 1}: the steps were too long. Take a smaller learning rate, and begin again.`;
      return false;
    }
    const [weights, ...kept] = this.moved();
    this.lastChange = weights.map((w, at) => w - this.numbers[at]);
    this.numbers.set(weights);
    this.moving.give(weights, this.gradients, this.rate, this.steps - this.moving.since + 1, ...kept);
    this.steps += 1;
    this.batches.shift();
    this.seen.push([cost, batch.length]);
    if (this.batches.length) return true;
    this.epoch += 1;
    this.history.push(this.judged(this.seen.reduce((sum, [cost, count]) => sum + cost * count, 0) / this.train.length));
    this.seen = [];
    return true;
  }

  judged(cost) {
    const { cost: held, right } = this.evaluate(this.test);
    return { cost, held, right: this.classes ? right / this.test.length : null };
  }

  evaluate(places) {
    const lanes = this.judging;
    this.feed(lanes, places);
    lanes.forward(places.length);
    const right = places.filter((i, k) => lanes.values[this.prediction][k] > 0 === (this.points[i][2] === 1)).length;
    return { cost: this.mean(lanes, places.length) + this.penalised().value, right };
  }

  // The cost of some samples with another number in one weight, which is put back.
  costWith(at, x, places) {
    const before = this.numbers[at];
    this.numbers[at] = x;
    const { cost } = this.evaluate(places);
    this.numbers[at] = before;
    return cost;
  }

  // What every neuron gives all over the plane, computed at the places of a grid.
  overPlane() {
    if (!this.grid) {
      this.grid = new Lanes(this.tape, GRID * GRID);
      this.range = [0, 1].map((axis) => {
        const xs = this.points.map((point) => point[axis]);
        const [low, high] = [Math.min(...xs), Math.max(...xs)];
        return [low - 0.15 * (high - low), high + 0.15 * (high - low)];
      });
      const [[left, right], [bottom, top]] = this.range;
      for (let k = 0; k < GRID * GRID; k++) {
        this.grid.values[this.x1][k] = left + ((k % GRID) / (GRID - 1)) * (right - left);
        this.grid.values[this.x2][k] = bottom + (Math.floor(k / GRID) / (GRID - 1)) * (top - bottom);
      }
    }
    this.grid.forward(GRID * GRID, this.prediction);
    return this.grid.values;
  }

  // What an input gives over the plane, whether the network is given it or not.
  inputOverPlane(name) {
    const tape = new Tape();
    const from = [tape.column(), tape.column()];
    const [given] = tape.apply(facts.features[name][1], from);
    const lanes = new Lanes(tape, GRID * GRID);
    [this.x1, this.x2].forEach((axis, k) => lanes.values[from[k]].set(this.grid.values[axis]));
    lanes.forward(GRID * GRID);
    return lanes.values[given];
  }
}

// As Python rounds.
function roundedToEven(x) {
  const low = Math.floor(x);
  return x - low === 0.5 ? low + (low % 2) : Math.round(x);
}
