// Numbers that one can touch: a slider and a field for every leaf, a nudge beside a gradient, a step downhill.
// The page recomputes both passes itself and shows them as it shows those that it came with.

function touching({ original, element, nameOf, plainName, signOf, symbolsOf, readNumber, inField, show, changed, begun }) {
  const engine = engineOf(original);
  const { plane, picture } = original.touch;
  const drawPlane = plane ? planeOf({ original, element, engine, plainName }) : () => {};
  const drawPicture = picture ? paintingOf({ original, element, nameOf, plainName, exactNow, put }) : () => {};
  const start = new Map(engine.leaves);
  const { output } = original;
  const weights = original.weights.filter((i) => start.has(i));
  const movable = weights.length ? weights : original.leaves.map(([i]) => i);
  const rows = new Map();
  const outputName = () => nameOf(`n${output}`);
  let first, now; // the numbers that the page came with, and those that it shows
  let chosen = null; // the leaf that is nudged

  // When the numbers are first wanted, and none of them is changed.
  function begin() {
    const symbols = original.inputs.map((sources, i) => sources.map((_, k) => symbolsOf(i, k)));
    first = { values: engine.forward(start), symbols: (i, k) => symbols[i][k] };
    now = factsWith(original, engine, first, start);
    drawPlane(first.values);
  }

  // ------------------------------------------------------------------ a row for every leaf

  function row(i, field, input) {
    if (!first) begin();
    const value = start.get(i);
    const slider = element("input", { type: "range", "aria-label": `Slide ${plainName(`n${i}`)}` });
    const range = reach(slider, value);
    slide(slider, value);
    slider.disabled = !Number.isFinite(value);
    slider.addEventListener("input", () => {
      input.value = inField(Number(Number(slider.value).toPrecision(4)));
      schedule();
    });
    const told = document.createTextNode("");
    const said = { class: "gradient", title: "Nudge it: what does a small change do?" };
    const gradient = element("button", { type: "button", ...said, onclick: () => choose(i) }, signOf(`n${i}`), told, element("small", {}, "nudge"));
    rows.set(i, { input, slider, range, told, at: value });
    tellGradient(i);
    return element("div", { class: "leaf" }, field, slider, gradient);
  }

  // Said as it is written: a slider's own number has the digits of another format.
  function slide(slider, x) {
    slider.value = x;
    slider.setAttribute("aria-valuetext", number(x));
  }

  const spanOf = (x) => Math.max(1, 2 * Math.abs(x));

  // A slider reaches as far to both sides of a number.
  function reach(slider, value) {
    const middle = Number.isFinite(value) ? value : 0;
    const [low, high] = [middle - spanOf(middle), middle + spanOf(middle)];
    Object.assign(slider, { min: low, max: high, step: (high - low) / 400 });
    return [low, high];
  }

  function tellGradient(i) {
    const text = ` = ${number(now.exact.gradients[i] ?? 0)}`;
    const { told } = rows.get(i);
    if (told.data !== text) told.data = text;
  }

  // What is dragged is computed once a frame.
  let waiting = 0;
  function schedule() {
    waiting ||= requestAnimationFrame(() => {
      waiting = 0;
      changed();
    });
  }

  function compute(numbers) {
    now = factsWith(original, engine, first, new Map([...start, ...numbers]));
    for (const [i, its] of rows) {
      const { slider } = its;
      const x = numbers.get(i);
      if (Object.is(its.at, x)) continue;
      its.at = x; // asking the slider takes longer, and it knows its own steps only
      slider.disabled = !Number.isFinite(x);
      if (slider.disabled) {
        slide(slider, x);
        continue;
      }
      const [low, high] = its.range;
      const isFar = high - low > 100 * spanOf(x) && document.activeElement !== slider; // what was typed, or a run, went far
      if (x < low || x > high || isFar) its.range = reach(slider, x);
      slide(slider, x);
    }
    for (const i of rows.keys()) tellGradient(i);
    const unchanged = [...engine.leaves].every(([i, x]) => Object.is(now.exact.values[i], x));
    show(unchanged ? original : now);
    tellNudge("off");
    tellStep();
    drawPicture();
  }

  const numbers = () => new Map([...engine.leaves.keys()].map((i) => [i, now.exact.values[i]]));

  // What is painted or trained is seen to its end, even where no step was taken.
  function write(changes) {
    begun();
    fill(changes);
    changed();
  }

  // Where a leaf has no field, it begins here from now on.
  function fill(changes) {
    for (const [i, x] of changes) {
      if (rows.has(i)) rows.get(i).input.value = inField(x);
      else start.set(i, x);
    }
  }

  function put(changes) {
    exactNow();
    begun();
    fill(changes);
    schedule();
  }

  function exactNow() {
    if (!first) begin();
    return now.exact;
  }

  // ------------------------------------------------------------------ a nudge beside a gradient

  const panel = document.getElementById("nudge");
  let smallest = 3; // how many powers of ten h has shrunk by
  const SMALLEST = 12;

  function choose(i) {
    chosen = i;
    smallest = 3;
    panel.hidden = false;
    tellNudge("polite");
    panel.scrollIntoView({ block: "nearest" });
  }

  function nudged(i, h) {
    const moved = numbers();
    const here = moved.get(i);
    moved.set(i, here + h);
    const difference = engine.forward(moved)[output] - now.exact.values[output];
    return [difference, difference / h];
  }

  // It is heard where it was asked for, not beside every number that is touched.
  function tellNudge(live) {
    if (chosen === null) return;
    panel.setAttribute("aria-live", live);
    const name = () => nameOf(`n${chosen}`);
    const gradient = now.exact.gradients[chosen] ?? 0;
    const lines = Array.from({ length: smallest }, (_, k) => {
      const h = Number(`1e-${k + 1}`);
      const [difference, quotient] = nudged(chosen, h);
      return element("tr", {}, ...[h, difference, quotient].map((x) => element("td", {}, number(x))));
    });
    const head = element("tr", {}, ...["ε", ["Δ", outputName()], ["Δ", outputName(), "/ε"]].map((words) => element("th", { scope: "col" }, ...words)));
    const last = element("tr", { class: "result" }, element("th", { scope: "row", colspan: 2 }, "the gradient ", signOf(`n${chosen}`)), element("td", {}, number(gradient)));
    const more = element("button", { type: "button" }, smallest < SMALLEST ? "a smaller ε" : "the first ε again");
    more.addEventListener("click", () => {
      smallest = smallest < SMALLEST ? smallest + 1 : 3;
      tellNudge("polite");
      panel.querySelector("button").focus();
    });
    panel.replaceChildren(
      element("p", {}, "Move ", name(), " by ε, and ", outputName(), " moves by Δ", outputName(), ". For smaller and smaller ε the quotient comes to the gradient, until rounding spoils it."),
      element("table", {}, element("thead", {}, head), element("tbody", {}, ...lines, last)),
      more);
  }

  // ------------------------------------------------------------------ now take a step

  const stepping = document.getElementById("descent");
  const statuses = [stepping.querySelector("output"), document.getElementById("host")];
  let taken = []; // the output before each step, and now

  function take(event) {
    event.preventDefault();
    stop();
    descend();
  }

  // Whether there was a step to take.
  function descend() {
    const rate = readNumber(stepping.elements.rate.value);
    stepping.elements.rate.setAttribute("aria-invalid", !Number.isFinite(rate));
    if (!Number.isFinite(rate)) {
      statuses[0].textContent = "α: a number is wanted, such as 0.1 or 1/3.";
      return false;
    }
    const before = now.exact.values[output];
    const { gradients, values } = now.exact;
    const moved = movable.map((i) => [i, values[i] - rate * (gradients[i] ?? 0)]);
    write(moved);
    taken.push([before, now.exact.values[output]]);
    tellStep();
    return moved.some(([i, x]) => x !== values[i]) && Number.isFinite(now.exact.values[output]);
  }

  // Step after step, one a frame, until nothing moves any more or somebody stops it.
  let running = 0;
  function run() {
    if (running) return stop();
    stepping.elements.run.textContent = "Stop";
    for (const told of statuses) told.setAttribute("aria-live", "off"); // nobody listens that fast
    const next = () => {
      running = requestAnimationFrame(next);
      if (!descend()) stop();
    };
    running = requestAnimationFrame(next);
  }

  function stop() {
    cancelAnimationFrame(running);
    running = 0;
    stepping.elements.run.textContent = "Run";
    for (const told of statuses) told.removeAttribute("aria-live");
    tellStep();
  }

  // The output at first and after every step, as a curve.
  function drawCourse() {
    const picture = stepping.querySelector("svg");
    picture.toggleAttribute("hidden", !taken.length);
    if (!taken.length) return;
    const course = [taken[0][0], ...taken.map(([, after]) => after)];
    const every = Math.ceil(course.length / 400);
    const [low, high] = course.filter(Number.isFinite).reduce(([low, high], x) => [Math.min(low, x), Math.max(high, x)], [Infinity, -Infinity]);
    const point = (x, k) => `${((198 * k) / (course.length - 1) + 1).toFixed(1)},${(46 - (44 * (x - low)) / (high - low || 1)).toFixed(1)}`;
    picture.firstElementChild.setAttribute("points", course.map((x, k) => (k % every || !Number.isFinite(x) ? "" : point(x, k))).join(" "));
    picture.setAttribute("aria-label", `${plainName(`n${output}`)} over ${taken.length} ${taken.length === 1 ? "step" : "steps"}: from ${number(course[0])} to ${number(course.at(-1))}`);
  }

  function tellStep() {
    const told = stepping.querySelector("output");
    const [before, after] = taken.at(-1) ?? [];
    const isLast = after !== undefined && Object.is(after, now.exact.values[output]);
    if (taken.length % 8 === 0 || !running) {
      drawCourse();
      drawPlane(now.exact.values);
    }
    told.replaceChildren(...(isLast ? [`Step ${taken.length}: `, outputName(), ` before: ${number(before)}, after: ${number(after)} (${after < before ? "less" : after > before ? readNumber(stepping.elements.rate.value) < 0 ? "more: with an α below 0 it goes uphill" : "more: the step was too long" : "the same"})`] : []));
  }

  function restart() {
    taken = [];
    stop();
    for (const [i, x] of engine.leaves) start.set(i, x);
    write([...engine.leaves]);
    for (const its of rows.values()) its.range = reach(its.slider, its.at);
    for (const { slider, at } of rows.values()) slide(slider, at);
  }

  stepping.hidden = false;
  stepping.querySelector("p").replaceChildren(
    weights.length ? "Every parameter moves against its gradient: w ← w − α · " : "Every input moves against its gradient: x ← x − α · ",
    element("span", {}, "∂", outputName(), weights.length ? "/∂w" : "/∂x"), ".");
  stepping.addEventListener("submit", take);
  stepping.elements.run.addEventListener("click", run);
  stepping.elements.restart.addEventListener("click", restart);
  return { row, compute, weights, engine, numbers, exact: exactNow };
}
