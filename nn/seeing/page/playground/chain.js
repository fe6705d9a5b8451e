// The chain rule of what was chosen, with the numbers of one sample or of the next batch.

const STRONGEST = 8; // of more routes than this the strongest are listed

class Chain {
  constructor(select, change, choose, follow) {
    Object.assign(this, { select, change, choose, follow });
  }

  // Both passes for what is asked: a sample, or the batch of the next step.
  look(training, sample) {
    this.training = training;
    this.sample = sample;
    this.places = sample === undefined ? training.upcoming() : [sample];
    this.lanes = training.lanes;
    this.of = sample === undefined ? "J" : training.penalties ? "(L + penalty)" : "L";
    this.cost = training.compute(this.places);
  }

  name = (i) => this.training.tape.nodes[i].name ?? number(this.lanes.values[i][0]);
  partial = (source, target, k = 0) => this.lanes.partials(target, k)[this.training.tape.nodes[target].inputs.indexOf(source)] ?? 0;
  arrow = (source, target) => `∂(${this.name(source)}→${this.name(target)})`;

  // The strongest routes from a node to the output, times what arrives there from the cost.
  routes(i) {
    const { training: { prediction, tape }, lanes } = this;
    const graph = { inputs: tape.nodes.map(({ inputs }) => inputs), output: prediction, constants: new Set() };
    const partials = tape.nodes.map(({ op }, k) => (op < 0 ? [] : lanes.partials(k, 0)));
    const { count, routes } = accountOf(i, graph, { gradients: [], partials }, STRONGEST);
    return { count: Number(count), best: routes.map(({ product, edges }) => ({ product: product * lanes.gradients[prediction][0], edges })) };
  }

  show(chosen) {
    this.follow([]);
    const shown = { weight: () => this.weight(chosen.at), neuron: () => this.neuron(chosen), cost: () => this.costs() }[chosen.kind]();
    part("chain-title").textContent = shown.title;
    const inside = part("account").contains(document.activeElement);
    part("account").replaceChildren(...shown.parts);
    if (inside) part("chain-title").focus(); // what had the focus is gone
  }

  table(heads, rows, last) {
    const cells = (row, kind = "td") => row.map((x, k) => element(k ? kind : "th", { scope: kind === "th" ? "col" : k ? undefined : "row" }, ...[x].flat()));
    const body = rows.map((row) => element("tr", {}, ...cells(row)));
    if (last) body.push(element("tr", { class: "result" }, ...cells(last)));
    return reachable(element("div", { class: "scroll" }, element("table", {}, element("thead", {}, element("tr", {}, ...cells(heads, "th"))), element("tbody", {}, ...body))), heads[0]);
  }

  signed = (x) => element("span", { class: signOf(x) }, number(x));

  // A field by which a weight is set.
  byHand = (at, where = "by hand") => {
    const { name } = this.training.parameters[at], x = this.training.numbers[at];
    return element("input", { inputmode: "decimal", size: 9, class: signOf(x), "aria-label": `${name} ${where}`, value: written(x), onchange: ({ target }) => this.change(at, target) });
  };

  // ------------------------------------------------------------------------------------- a weight

  weight(at) {
    const { training, of } = this;
    const { name, node, layer, neuron, source } = training.parameters[at];
    const z = this.name(training.sums[layer][neuron]);
    const what = source === "b" ? `the bias in ${z}` : `the weight from ${this.name(training.columns[layer - 1][source])} to ${z}`;
    const parts = [element("p", {}, `${name} is ${what}. ∂${of}/∂${name} = `, this.signed(training.gradients[at]), `: ${this.moving(at)}`)];
    const computed = Number.isFinite(this.cost) && Number.isFinite(training.gradients[at]);
    if (computed) parts.push(this.sample === undefined ? this.mean(at) : this.route(node, at));
    parts.push(this.step(at));
    if (computed) parts.push(this.nudge(at));
    return { title: `The chain rule of ${name}`, parts };
  }

  // Of one sample: the factors along one route, and all routes.
  route(node, at) {
    const { count, best } = this.routes(node);
    const { training, lanes } = this;
    const [output, weight] = [training.prediction, node].map(this.name);
    const table = element("div");
    const draw = (k) => {
      let running = lanes.gradients[training.prediction][0];
      const rows = [[[`∂L/∂${output}`, element("small", {}, `slope of ${training.cost}`)], this.signed(running), this.signed(running)]];
      for (const { source, target, partial } of best[k].edges.toReversed()) {
        running *= partial ?? 0;
        rows.push([[this.arrow(source, target), element("small", {}, this.because(source, target))], this.signed(partial ?? 0), this.signed(running)]);
      }
      this.follow(best[k].edges);
      table.replaceChildren(this.table(["from the cost back", "factor", "product"], rows));
    };
    const choice = element("select", { "aria-label": "Route", onchange: () => draw(choice.value) }, ...best.map(({ product }, n) => element("option", { value: n }, `${n + 1}: ${number(product)}`)));
    const which = count === 1 ? ["One route leads from it to the cost."] : ["Route ", choice, ` of ${count}${count > STRONGEST ? ", the strongest ones" : ""}, strongest first. Each is a product:`];
    const sum = count === 1 ? ["Their product is the gradient"] : [`${count === 2 ? "Both" : `All ${count}`} routes add up to ∂L/∂${weight} = `, this.signed(lanes.gradients[node][0])];
    draw(0);
    return element("section", { "aria-label": "Routes" }, element("p", {}, ...which), table, element("p", {}, ...sum, this.ofPenalty(at), "."));
  }

  // What the gradient means for a small rise, and for a step.
  moving(at) {
    const { training, of } = this;
    const { name } = training.parameters[at], gradient = training.gradients[at];
    const steps = this.sample === undefined && training.optimizer === "SGD" && !training.trouble;
    if (Number.isNaN(gradient)) return "not a number.";
    if (this.atCorner(at)) return "a unit, the cost or the penalty is exactly at a corner here, where the slope is a choice: the gradient uses the slope chosen there.";
    if (gradient === 0) return `a small change of ${name} hardly changes the cost.`;
    const [cost, weight] = gradient > 0 ? ["rise", "lower"] : ["fall", "raise"];
    return `a small rise of ${name} makes the cost ${of} ${cost} ${number(Math.abs(gradient))} times as much, so ${steps ? `the step ${weight}s` : `descent would ${weight}`} ${name}.`;
  }

  // Whether an op, be it of the penalty on a weight, is where it has no one slope.
  atCorner(at) {
    const { penalties, parameters } = this.training;
    const kinked = (lanes, k) => lanes.nodes.some(({ op }, i) => op >= 0 && OPERATIONS[op].kinked?.(lanes.row(i, k))?.length);
    return this.places.some((_, k) => kinked(this.lanes, k)) || (penalties && parameters[at].source !== "b" && kinked(penalties.lanes, at));
  }

  ofPenalty(at) {
    const slope = this.training.penalised().slope(at);
    return slope ? `, and the penalty adds ${number(slope)}` : "";
  }

  // Which number a local derivative is.
  because(i, target) {
    const { training } = this;
    const { op, inputs } = training.tape.nodes[target];
    if (!training.sums.some((sums) => sums.includes(target))) return `slope of ${facts.symbols[op]} at ${number(this.lanes.values[inputs[0]][0])}`;
    const half = (inputs.length - 1) / 2, slot = inputs.indexOf(i);
    return slot === 2 * half ? "a bias counts once" : `= ${this.name(inputs[slot < half ? slot + half : slot - half])}`;
  }

  // Of a batch: what each of its samples says, and the mean.
  mean(at) {
    const { training, lanes, places } = this;
    const { node, name, layer, neuron } = training.parameters[at];
    const z = training.sums[layer][neuron];
    const said = places.map((i, k) => [i, lanes.gradients[z][k] * this.partial(node, z, k)]);
    const largest = Math.max(...said.map(([, x]) => Math.abs(x))) || 1;
    const bars = said.map(([i, x]) => {
      const bar = element("i", { class: x > 0 ? "positive" : "negative" });
      bar.style.height = `${(50 * Math.abs(x)) / largest}%`;
      return button(bar, { class: "bar-of-sample", title: `Sample ${i}: ${number(x)}` }, () => this.choose(i));
    });
    const up = said.filter(([, x]) => x > 0).length, down = said.filter(([, x]) => x < 0).length;
    const [top] = [...said].sort(([, a], [, b]) => Math.abs(b) - Math.abs(a));
    return element("section", { "aria-label": "Samples" },
      element("p", {}, `It is the mean of what the ${places.length} samples of the next batch say, ∂L/∂${name} = ∂L/∂${this.name(z)} · ∂(${name}→${this.name(z)}) of each: ${up} above 0, ${down} below`, this.ofPenalty(at), `. Sample ${top[0]} says most, ${number(top[1])}; choose one to see its routes.`),
      element("div", { class: "bars", role: "group", "aria-label": "What each sample says" }, ...bars));
  }

  step(at) {
    const { training, of } = this;
    const { name } = training.parameters[at];
    const now = training.numbers[at];
    const plain = training.optimizer === "SGD";
    const gradient = training.gradients[at];
    const descent = (next) => {
      const computed = asWritten(now) - asWritten(training.rate) * asWritten(gradient);
      return `${name} ← ${name} − α · ∂${of}/∂${name} = ${number(now)} − ${number(training.rate)} · ${inBrackets(gradient)} ${equals(computed, next)} ${number(next)}`;
    };
    const mover = training.optimizer === "momentum" ? "SGD with momentum" : training.optimizer;
    const told = training.trouble ? ["The training ran away: there is no next step."] : this.sample === undefined
      ? ["The next step: ", element("b", {}, plain ? descent(training.moved()[0][at]) : `${mover} moves it from ${number(now)} to ${number(training.moved()[0][at])}`)]
      : training.test.includes(this.sample) ? ["This sample is held out: no step learns from it."]
      : [`A step takes the mean of a batch. By this sample alone, plain descent would be ${descent(now - training.rate * gradient)}.`];
    return element("section", { "aria-label": "The step" }, element("p", {}, ...told), element("label", {}, `Set ${name} by hand: `, this.byHand(at)));
  }

  nudge(at) {
    const { training, places, of, cost } = this;
    const now = training.numbers[at];
    const rows = [0.1, 0.01, 0.001].map((h) => {
      const difference = training.costWith(at, now + h, places) - cost;
      return [number(h), this.signed(difference), this.signed(difference / (now + h - now))];
    });
    return element("section", { "aria-label": "A nudge" }, element("p", {}, "Change it by h and see: the smaller h is, the closer the quotient comes to the gradient."), this.table(["h", `Δ${of}`, `Δ${of}/h`], rows, ["gradient", "", this.signed(training.gradients[at])]));
  }

  // ------------------------------------------------------------------------------------- a neuron, the cost

  neuron({ layer, neuron }) {
    const { training, lanes, of } = this;
    const [z, a] = [training.sums[layer][neuron], training.columns[layer][neuron]];
    const own = training.parameters.filter((p) => p.layer === layer && p.neuron === neuron);
    const single = this.sample !== undefined;
    const link = (p) => button(p.name, { class: "link" }, () => this.select({ kind: "weight", at: p.at }));
    const rows = own.map((p) => {
      const input = p.source === "b" ? null : training.columns[layer - 1][p.source];
      const x = single && input !== null ? lanes.values[input][0] : 1;
      const times = single && input !== null ? [element("small", {}, `× ${this.name(input)} = ${number(x)}`)] : [];
      const adds = single ? [this.signed(x * training.numbers[p.at])] : [];
      return [[link(p), " = ", this.byHand(p.at), ...times], ...adds, this.signed(training.gradients[p.at])];
    });
    const heads = ["weight", ...(single ? ["adds"] : []), `∂${of}/∂w`];
    const last = single ? [this.name(z), this.signed(lanes.values[z][0]), this.signed(lanes.gradients[z][0])] : undefined;
    const parts = [element("p", {}, `${this.name(z)} = w·x + b${a === z ? "" : `, ${this.name(a)} = ${training.activation}(${this.name(z)})`}.  Choose a weight to see where its gradient comes from.`), this.table(heads, rows, last)];
    if (z !== a && this.places.every((_, k) => lanes.values[a][k] === 0 && !lanes.partials(a, k)[0])) parts.push(element("p", {}, `For ${single ? "this sample" : "every sample of this batch"} it gives 0 and its slope is 0: no gradient passes it.`));
    if (single) parts.push(this.ways(z, a));
    else parts.push(element("p", {}, "Choose a sample in the plane to see the numbers that flow through it."));
    return { title: `The neuron ${this.name(a)}`, parts };
  }

  // The gradient of what a neuron gives: a sum over all arrows that lead on from it.
  ways(z, a) {
    const { training, lanes } = this;
    const section = element("section", { "aria-label": "The way back" });
    if (a === training.prediction) {
      section.append(element("p", {}, `At the output the cost says ∂L/∂${this.name(a)} = `, this.signed(lanes.gradients[a][0]), ". ", button("See the cost", { class: "link" }, () => this.select({ kind: "cost" }))));
      return section;
    }
    const rows = training.tape.nodes.flatMap(({ inputs }, target) => {
      if (!inputs.includes(a)) return [];
      const upstream = lanes.gradients[target][0], partial = this.partial(a, target);
      return [[this.name(target), ...[upstream, partial, upstream * partial].map(this.signed)]];
    });
    section.append(element("p", {}, `The gradient of ${this.name(a)} is the sum over all neurons that it leads to:`), this.table(["through", "∂L/∂z", `∂(${this.name(a)}→z)`, "product"], rows, [`∂L/∂${this.name(a)}`, "", "", this.signed(lanes.gradients[a][0])]));
    if (z !== a) {
      const [upstream, partial, product] = [lanes.gradients[a][0], this.partial(z, a), lanes.gradients[z][0]];
      const equal = equals(asWritten(upstream) * asWritten(partial), product);
      section.append(element("p", {}, `∂L/∂${this.name(z)} = ∂L/∂${this.name(a)} · ${this.arrow(z, a)} = ${number(upstream)} · ${inBrackets(partial)} ${equal} `, this.signed(product), "."));
    }
    return section;
  }

  costs() {
    const { training, lanes, cost, of } = this;
    const single = this.sample !== undefined;
    const parts = [element("p", {}, single ? `The cost of this sample, ${training.cost}, is L = ${number(lanes.values[training.loss][0])}${training.penalties ? `, and the penalty adds ${number(training.penalised().value)}` : ""}.` : `J = ${number(cost)} is the mean of L, ${training.cost}, over the next batch${training.penalties ? ", and the penalty" : ""}. Choose a sample to see its numbers.`)];
    if (single) {
      const inner = training.tape.nodes.map((_, i) => i).filter((i) => i > training.prediction && training.tape.nodes[i].op >= 0);
      const rows = inner.map((i) => {
        const { op, inputs } = training.tape.nodes[i];
        const symbol = facts.symbols[op], between = inputs.length === 2 && !/\w/.test(symbol);
        const written = (names) => (between ? names.join(` ${symbol} `) : `${symbol}(${names.join(", ")})`);
        const numbers = inputs.map((j) => (between ? inBrackets : number)(lanes.values[j][0]));
        const names = inputs.map((j, k) => training.tape.nodes[j].name ?? numbers[k]);
        const [symbols, worked] = [written(names), written(numbers)];
        return [[symbols, ...(symbols === worked ? [] : [element("small", {}, worked)])], this.signed(lanes.values[i][0]), this.signed(lanes.gradients[i][0])];
      });
      parts.push(this.table(["step", "value", "its gradient"], rows, [`∂L/∂${this.name(training.prediction)}`, "", this.signed(lanes.gradients[training.prediction][0])]));
    }
    return { title: "The cost", parts };
  }
}

const inBrackets = (x) => (x < 0 ? `(${number(x)})` : number(x));
