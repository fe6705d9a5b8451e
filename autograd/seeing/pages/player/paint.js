// Inputs that form a picture: painted on with a mouse, a finger or keys, cleared, or taken from an image file.
// Several planes stand side by side, and three of them as one picture of red, green and blue besides.  Below it
// stand the gradient of each pixel, by sign and size, and what share each class gets, where there is a softmax.

function paintingOf({ original, element, nameOf, plainName, exactNow, put }) {
  const fold = document.getElementById("paint");
  const { nodes, columns, planes, gives, samples, classes, target, called } = original.touch.picture;
  const size = nodes.length / planes;
  const rows = size / columns;
  const across = planes * (columns + 1) - 1; // a column is left between two planes
  const given = new Map(original.leaves.concat(original.touch.given).map(([i, x]) => [i, exact(x)]));
  const all = nodes.map((i) => given.get(i)).filter(Number.isFinite);
  const [low, high] = [Math.min(...all, Infinity), Math.max(...all, -Infinity)];
  const [paper, ink] = low < high ? [low, high] : [0, 1];

  const placeOf = (k) => [Math.floor(k / size) * (columns + 1) + ((k % size) % columns), Math.floor((k % size) / columns)];

  // The number nearest to a place.
  function numberAt(x, y) {
    const [column, row] = [[x, across], [y, rows]].map(([at, end]) => Math.min(Math.max(at, 0), end - 1));
    const plane = Math.floor(column / (columns + 1));
    return plane * size + row * columns + Math.min(column - plane * (columns + 1), columns - 1);
  }

  const [sheet, slopes] = fold.querySelectorAll("svg");
  const [caption, status] = [fold.querySelector("figcaption"), fold.querySelector("[role=status]")];
  const made = (into, name, attributes) => into.appendChild(element(name, attributes));
  const pixel = (into, x, y) => made(into, "rect", { x, y, width: 1, height: 1 });
  const [pixels, hues] = [sheet, slopes].map((into) => {
    into.setAttribute("viewBox", `0 0 ${across} ${rows}`);
    if (planes > 1) into.classList.add("planes");
    for (let k = 0; k < across; k += columns + 1) made(into, "rect", { class: "plane", x: k, width: columns, height: rows });
    return nodes.map((_, k) => pixel(into, ...placeOf(k)));
  });
  const whole = planes === 3 ? element("svg", { viewBox: `0 0 ${columns} ${rows}`, role: "img", "aria-label": "The three planes as one picture of red, green and blue" }) : null;
  const colours = whole ? nodes.slice(0, size).map((_, k) => pixel(whole, ...placeOf(k))) : [];
  if (whole) slopes.before(whole);
  const cursor = made(sheet, "rect", { class: "here", width: 1, height: 1 });
  sheet.setAttribute("aria-label", `The inputs as a picture of ${planes > 1 ? `${planes} planes, ` : ""}${rows} rows and ${columns} columns`);

  let at = 0; // where the cursor is
  let brush = null; // what a pointer that is down paints
  let did = ""; // what is to be told once it is computed

  const valueOf = (k) => exactNow().values[nodes[k]];
  const named = (k) => `${planes > 1 ? `Plane ${Math.floor(k / size) + 1}, row` : "Row"} ${placeOf(k)[1] + 1}, column ${(k % columns) + 1}: ${plainName(`n${nodes[k]}`)} = `;
  const other = (k) => (valueOf(k) > (paper + ink) / 2 ? paper : ink);

  function paint(places, x) {
    did = places.length === 1 ? `${named(places[0])}${number(x)}.` : "Painted.";
    put(places.map((k) => [nodes[k], x]));
  }

  function draw() {
    if (!fold.open) return;
    const { values, gradients } = exactNow();
    const reached = nodes.map((i) => gradients[i] ?? 0);
    const largest = Math.max(...reached.map(Math.abs).filter(Number.isFinite)) || 1;
    nodes.forEach((i, k) => {
      pixels[k].setAttribute("fill-opacity", inked(values[i]).toFixed(2));
      hues[k].setAttribute("class", reached[k] > 0 ? "positive" : "negative");
      hues[k].setAttribute("fill-opacity", (Math.abs(reached[k]) / largest || 0).toFixed(2));
    });
    colours.forEach((dot, k) => dot.setAttribute("fill", `rgb(${[0, 1, 2].map((plane) => Math.round(255 * inked(values[nodes[plane * size + k]])))})`));
    const most = tellShares(values);
    caption.textContent = `The gradient of ${plainName(`n${original.output}`)} in every pixel: ${inHues(reached)}.`;
    slopes.setAttribute("aria-label", caption.textContent);
    if (!did || brush !== null) return;
    const told = (i) => `${plainName(`n${i}`)} = ${number(values[i])}`;
    status.textContent = `${did} ${told(original.output)}.${most}`;
    did = "";
  }

  const inked = (x) => Math.min(Math.max((x - paper) / (ink - paper), 0), 1) || 0;

  // ------------------------------------------------------------------ what the network gives

  const isNamed = classes.length && classes.length === called.length;
  const classOf = (k) => (isNamed ? called[k] : String(k));
  const table = element("table", {}, element("caption", {}, `Share of softmax, class by class${isNamed ? "" : ", counted from 0"}`));
  const lines = classes.map((i, k) => {
    const [bar, share] = [element("span", { class: "bar" }, element("span")), element("td")];
    made(table, "tr", {}).append(element("th", { scope: "row" }, classOf(k)), element("td", {}, nameOf(`n${i}`), k === target ? " (the right one)" : ""), element("td", {}, bar), share);
    return [bar.firstChild, share];
  });
  if (classes.length) slopes.parentNode.before(table);

  // The bars, and in words the largest of what is given.
  function tellShares(values) {
    const given = classes.length ? classes : gives;
    const [first, second] = [...given].sort((a, b) => values[b] - values[a]);
    const powers = classes.map((i) => Math.exp(values[i] - values[first]));
    const sum = powers.reduce((sum, x) => sum + x, 0);
    const shares = powers.map((x) => x / sum);
    lines.forEach(([bar, said], k) => {
      said.textContent = number(shares[k]);
      bar.style.width = `${100 * shares[k] || 0}%`;
      said.parentNode.classList.toggle("result", given[k] === first && values[first] > values[second]);
    });
    if (!(values[first] > values[second])) return "";
    const [at, name] = [given.indexOf(first), plainName(`n${first}`)];
    return classes.length
      ? ` Of ${given.length} shares of softmax the largest is ${number(shares[at])}, of class ${classOf(at)}: ${name}.`
      : ` Of the network's ${given.length} outputs the largest is ${name} = ${number(values[first])}, number ${at + 1}.`;
  }

  function goTo(k) {
    at = k;
    ["x", "y"].forEach((axis, n) => cursor.setAttribute(axis, placeOf(k)[n]));
  }

  // ------------------------------------------------------------------ by pointer

  function pixelUnder({ clientX, clientY }) {
    const { left, top, width, height } = sheet.getBoundingClientRect();
    return numberAt(...[((clientX - left) / width) * across, ((clientY - top) / height) * rows].map(Math.floor));
  }

  // What a fast hand passes over between two events is painted too.
  function stroke(to) {
    const [[x, y], [right, low]] = [at, to].map(placeOf);
    const steps = Math.max(Math.abs(right - x), Math.abs(low - y), 1);
    const passed = Array.from({ length: steps }, (_, n) => [x + ((right - x) * (n + 1)) / steps, y + ((low - y) * (n + 1)) / steps].map(Math.round));
    paint([...new Set(passed.map((place) => numberAt(...place)))], brush);
    goTo(to);
  }

  sheet.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    sheet.setPointerCapture(event.pointerId);
    goTo(pixelUnder(event));
    brush = other(at);
    paint([at], brush);
  });
  sheet.addEventListener("pointermove", (event) => brush !== null && stroke(pixelUnder(event)));
  for (const kind of ["pointerup", "pointercancel"]) sheet.addEventListener(kind, () => ((brush = null), draw()));

  // ------------------------------------------------------------------ by keys

  const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  sheet.addEventListener("keydown", (event) => {
    const move = MOVES[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey || !(move || event.key === " " || event.key === "Enter")) return;
    event.preventDefault();
    event.stopPropagation(); // these keys step elsewhere
    if (!move) return paint([at], other(at));
    const [x, y] = placeOf(at).map((own, axis) => own + move[axis]);
    const leaves = (at % columns) + move[0] < 0 || (at % columns) + move[0] >= columns; // for the next plane
    if (x >= 0 && x < across && y >= 0 && y < rows) goTo(numberAt(leaves ? x + move[0] : x, y));
    status.textContent = `${named(at)}${number(valueOf(at))}`;
  });

  // ------------------------------------------------------------------ all of it

  // Scaled to the grid, whole and in its middle.  Of light and dark, what there is less of is ink; three planes
  // are its red, green and blue.
  async function load(file) {
    const image = await createImageBitmap(file).catch(() => null);
    if (!image) return (status.textContent = `${file.name} is not an image that this browser can read.`);
    const context = element("canvas", { width: columns, height: rows }).getContext("2d");
    const scale = Math.min(columns / image.width, rows / image.height);
    const [width, height] = [image.width * scale, image.height * scale];
    context.fillStyle = "white";
    context.fillRect(0, 0, columns, rows);
    context.imageSmoothingQuality = "high";
    context.drawImage(image, (columns - width) / 2, (rows - height) / 2, width, height);
    const { data } = context.getImageData(0, 0, columns, rows);
    const grey = (k) => (0.299 * data[k] + 0.587 * data[k + 1] + 0.114 * data[k + 2]) / 255;
    const light = nodes.map((_, k) => (whole ? data[4 * (k % size) + Math.floor(k / size)] / 255 : grey(4 * (k % size))));
    const isDark = !whole && light.reduce((sum, x) => sum + x, 0) > light.length / 2;
    did = `${file.name} is in.`;
    put(nodes.map((i, k) => [i, paper + (ink - paper) * (isDark ? 1 - light[k] : light[k])]));
  }

  const on = (name, does) => fold.querySelector(`[name=${name}]`).addEventListener("click", does);
  on("clear", () => ((did = "Cleared."), put(nodes.map((i) => [i, paper]))));
  on("again", () => ((did = "The picture is as it was."), put(nodes.map((i) => [i, given.get(i)]))));
  const choices = element("p", { class: "samples" }, ...samples.map(([name, numbers]) => {
    const small = element("svg", { viewBox: `0 0 ${columns} ${rows}`, "aria-hidden": "true" });
    numbers.slice(0, size).forEach((x, k) => pixel(small, ...placeOf(k)).setAttribute("fill-opacity", inked(x).toFixed(2)));
    return element("button", { type: "button", onclick: () => ((did = `${name} is in.`), put(nodes.map((i, k) => [i, numbers[k]]))) }, small, name);
  }));
  if (samples.length) {
    fold.querySelector("summary").after(choices, ...(classes.length ? [table] : []));
    fold.open = true;
    document.getElementById("panel").prepend(fold); // one begins with them
  }
  fold.querySelector("input").addEventListener("change", ({ target }) => target.files.length && load(target.files[0]));
  fold.addEventListener("toggle", draw);
  fold.hidden = false;
  return draw;
}
