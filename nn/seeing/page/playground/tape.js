// A graph as a flat list of ops, recorded once and replayed over many samples: a tape.  OPERATIONS, which stands
// before this, holds the value and the partials of every op as the table states them; here is the chain rule.
class Tape {
  constructor() {
    this.nodes = [];
  }

  add(node) {
    return this.nodes.push(node) - 1;
  }

  // A number that all samples share, read from a place that may change.
  shared(place, name) {
    return this.add({ op: -1, inputs: [], wide: false, place, name });
  }

  // A number that each sample has of its own.
  column(name) {
    return this.add({ op: -1, inputs: [], wide: true, name });
  }

  // The ops of a listing, applied to nodes; the nodes that it gives.
  apply({ constants, steps, outputs }, inputs, name) {
    const nodes = [...inputs, ...constants.map((x) => this.add({ op: -1, inputs: [], wide: false, place: Float64Array.of(x), constant: true }))];
    for (const [op, ...from] of steps) {
      const sources = from.map((k) => nodes[k]);
      nodes.push(this.add({ op, inputs: sources, wide: sources.some((i) => this.nodes[i].wide) }));
    }
    const given = outputs.map((k) => nodes[k]);
    if (name) this.nodes[given[0]].name = name;
    return given;
  }
}

// A tape with room for the numbers of as many samples as there are lanes.
class Lanes {
  constructor(tape, capacity) {
    const { nodes } = tape;
    this.nodes = nodes;
    this.values = nodes.map(({ wide, place }) => place ?? new Float64Array(wide ? capacity : 1));
    this.gradients = nodes.map(({ wide }) => new Float64Array(wide ? capacity : 1));
    this.rows = nodes.map(({ inputs }) => ({
      row: inputs.map(() => 0),
      sources: inputs.map((i) => this.values[i]),
      strides: inputs.map((i) => Number(nodes[i].wide)),
    }));
  }

  // The numbers of a node's inputs in one lane.
  row(i, k) {
    const { row, sources, strides } = this.rows[i];
    for (let j = 0; j < row.length; j++) row[j] = sources[j][strides[j] * k];
    return row;
  }

  forward(count, last = this.nodes.length - 1) {
    for (let i = 0; i <= last; i++) {
      const { op, wide } = this.nodes[i];
      if (op < 0) continue;
      const { value } = OPERATIONS[op];
      const values = this.values[i];
      for (let k = 0; k < (wide ? count : 1); k++) values[k] = value(this.row(i, k));
    }
  }

  // The chain rule, from the output back: what arrives at a node, times its partials, is added to its inputs.
  reverse(count, output) {
    for (const gradient of this.gradients) gradient.fill(0);
    const reached = new Set([output]);
    this.gradients[output].fill(1);
    for (let i = output; i >= 0; i--) {
      const { op, wide, inputs } = this.nodes[i];
      if (op < 0 || !reached.has(i)) continue;
      inputs.forEach((j) => reached.add(j));
      for (let k = 0; k < (wide ? count : 1); k++) {
        const partials = this.partials(i, k);
        for (let j = 0; j < inputs.length; j++) {
          if (partials[j] !== null) this.gradients[inputs[j]][this.nodes[inputs[j]].wide ? k : 0] += this.gradients[i][k] * partials[j];
        }
      }
    }
  }

  partials(i, k) {
    return OPERATIONS[this.nodes[i].op].partials(this.row(i, k), this.values[i][k]);
  }
}
