// What a network of two inputs gives all over their plane, with the weights as they are now: the forward pass
// of the first sample, computed again at every cell with other numbers in its inputs.

function planeOf({ original, element, engine, plainName }) {
  const figure = document.querySelector("#descent figure");
  const { plane, op } = original.touch;
  const CELLS = 24;
  const MOST = 150; // nodes that are computed at every cell
  const { samples, output } = plane;

  // What depends on the two inputs, and is needed for the output, in order.
  const moved = new Set(samples[0]);
  const needed = new Set([output]);
  original.inputs.forEach((sources, i) => sources.some((j) => moved.has(j)) && moved.add(i));
  for (let i = output; i >= 0; i--) if (needed.has(i)) original.inputs[i].forEach((j) => needed.add(j));
  const order = [...moved].filter((i) => needed.has(i) && op[i] >= 0);
  if (order.length > MOST) return () => {};

  const [picture, caption] = figure.children;
  const cells = Array.from({ length: CELLS ** 2 }, (_, k) => element("rect", { x: k % CELLS, y: CELLS - 1 - Math.floor(k / CELLS), width: 1.02, height: 1.02 }));
  const dots = samples.map(() => element("circle", { r: 0.45 }));
  picture.append(...cells, ...dots);
  figure.hidden = false;

  function range(axis, values) {
    const xs = samples.map((pair) => values[pair[axis]]).filter(Number.isFinite);
    const [low, high] = [Math.min(...xs, Infinity), Math.max(...xs, -Infinity)];
    const margin = 0.25 * (high - low) || 1;
    return [low - margin, high - low + 2 * margin];
  }

  return (values) => {
    const [[left, width], [bottom, height]] = [range(0, values), range(1, values)];
    const here = [...values];
    const given = cells.map((_, k) => {
      here[samples[0][0]] = left + (((k % CELLS) + 0.5) / CELLS) * width;
      here[samples[0][1]] = bottom + ((Math.floor(k / CELLS) + 0.5) / CELLS) * height;
      for (const i of order) here[i] = OPERATIONS[op[i]].value(engine.inputsOf(here, i));
      return here[output];
    });
    const finite = given.filter(Number.isFinite);
    const largest = Math.max(...finite.map(Math.abs)) || 1;
    given.forEach((x, k) => {
      cells[k].setAttribute("class", x > 0 ? "positive" : "negative");
      cells[k].setAttribute("fill-opacity", Number.isFinite(x) ? (0.75 * Math.abs(x)) / largest : 0);
    });
    samples.forEach(([x, y], k) => {
      dots[k].setAttribute("cx", ((values[x] - left) / width) * CELLS || 0);
      dots[k].setAttribute("cy", (1 - (values[y] - bottom) / height) * CELLS || 0);
    });
    const [a, b, c] = [...samples[0], output].map((i) => plainName(`n${i}`).replace(samples.length > 1 ? /\[[\d,]+\]$/ : "", "")); // of all uses
    caption.textContent = `${c} over the plane of ${a} (across) and ${b} (up): ${finite.length ? inHues(finite) : "nan"}. ${samples.length > 1 ? "The dots are the samples." : "The dot is the sample."}`;
    picture.setAttribute("aria-label", caption.textContent);
  };
}
