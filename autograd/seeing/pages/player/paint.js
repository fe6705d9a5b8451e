// Inputs that form a picture: painted on with a mouse, a finger or keys, cleared, or taken from an image file.
// Beside it stands the gradient of each pixel, by sign and size.

function paintingOf({ original, element, plainName, exactNow, put }) {
  const fold = document.getElementById("paint");
  const { picture } = original.touch;
  const { nodes, columns, gives } = picture;
  const rows = nodes.length / columns;
  const given = new Map(original.leaves.concat(original.touch.given).map(([i, x]) => [i, exact(x)]));
  const all = nodes.map((i) => given.get(i)).filter(Number.isFinite);
  const [low, high] = [Math.min(...all, Infinity), Math.max(...all, -Infinity)];
  const [paper, ink] = low < high ? [low, high] : [0, 1];

  const [sheet, slopes] = fold.querySelectorAll("svg");
  const [caption, status] = [fold.querySelector("figcaption"), fold.querySelector("[role=status]")];
  const made = (into, name, attributes) => into.appendChild(element(name, attributes));
  const [pixels, hues] = [sheet, slopes].map((into) => {
    into.setAttribute("viewBox", `0 0 ${columns} ${rows}`);
    return nodes.map((_, k) => made(into, "rect", { x: k % columns, y: Math.floor(k / columns), width: 1, height: 1 }));
  });
  const cursor = made(sheet, "rect", { class: "here", width: 1, height: 1 });
  sheet.setAttribute("aria-label", `The inputs as a picture of ${rows} rows and ${columns} columns`);

  let at = 0; // where the cursor is
  let brush = null; // what a pointer that is down paints
  let did = ""; // what is to be told once it is computed

  const valueOf = (k) => exactNow().values[nodes[k]];
  const named = (k) => `Row ${Math.floor(k / columns) + 1}, column ${(k % columns) + 1}: ${plainName(`n${nodes[k]}`)} = `;
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
      const share = (values[i] - paper) / (ink - paper);
      pixels[k].setAttribute("fill-opacity", Math.min(Math.max(share, 0), 1).toFixed(2) || 0);
      hues[k].setAttribute("class", reached[k] > 0 ? "positive" : "negative");
      hues[k].setAttribute("fill-opacity", (Math.abs(reached[k]) / largest || 0).toFixed(2));
    });
    caption.textContent = `The gradient of ${plainName(`n${original.output}`)} in every pixel: ${inHues(reached)}.`;
    slopes.setAttribute("aria-label", caption.textContent);
    if (!did || brush !== null) return;
    const told = (i) => `${plainName(`n${i}`)} = ${number(values[i])}`;
    const [first, second] = [...gives].sort((a, b) => values[b] - values[a]);
    const most = values[first] > values[second] ? ` Of the network's ${gives.length} outputs the largest is ${told(first)}, number ${gives.indexOf(first) + 1}.` : "";
    status.textContent = `${did} ${told(original.output)}.${most}`;
    did = "";
  }

  function goTo(k) {
    at = k;
    cursor.setAttribute("x", k % columns);
    cursor.setAttribute("y", Math.floor(k / columns));
  }

  // ------------------------------------------------------------------ by pointer

  function pixelUnder({ clientX, clientY }) {
    const { left, top, width, height } = sheet.getBoundingClientRect();
    const [x, y] = [((clientX - left) / width) * columns, ((clientY - top) / height) * rows].map(Math.floor);
    return Math.min(Math.max(y, 0), rows - 1) * columns + Math.min(Math.max(x, 0), columns - 1);
  }

  // What a fast hand passes over between two events is painted too.
  function stroke(to) {
    const [x, y] = [at % columns, Math.floor(at / columns)];
    const [across, down] = [(to % columns) - x, Math.floor(to / columns) - y];
    const steps = Math.max(Math.abs(across), Math.abs(down), 1);
    const passed = Array.from({ length: steps }, (_, n) => [x + (across * (n + 1)) / steps, y + (down * (n + 1)) / steps].map(Math.round));
    paint(passed.map(([x, y]) => y * columns + x), brush);
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
    const [x, y] = [(at % columns) + move[0], Math.floor(at / columns) + move[1]];
    if (x >= 0 && x < columns && y >= 0 && y < rows) goTo(y * columns + x);
    status.textContent = `${named(at)}${number(valueOf(at))}`;
  });

  // ------------------------------------------------------------------ all of it

  // Scaled to the grid, whole and in its middle; of light and dark, what there is less of is ink.
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
    const light = nodes.map((_, k) => (0.299 * data[4 * k] + 0.587 * data[4 * k + 1] + 0.114 * data[4 * k + 2]) / 255);
    const isDark = light.reduce((sum, x) => sum + x, 0) > light.length / 2;
    did = `${file.name} is in.`;
    put(nodes.map((i, k) => [i, paper + (ink - paper) * (isDark ? 1 - light[k] : light[k])]));
  }

  const on = (name, does) => fold.querySelector(`[name=${name}]`).addEventListener("click", does);
  on("clear", () => ((did = "Cleared."), put(nodes.map((i) => [i, paper]))));
  on("again", () => ((did = "The picture is as it was."), put(nodes.map((i) => [i, given.get(i)]))));
  const choices = element("p", { class: "samples" }, ...picture.samples.map(([name, numbers]) => {
    const small = element("svg", { viewBox: `0 0 ${columns} ${rows}`, "aria-hidden": "true" });
    numbers.slice(0, rows * columns).forEach((x, k) => made(small, "rect", { x: k % columns, y: Math.floor(k / columns), width: 1, height: 1, "fill-opacity": Math.min(Math.max((x - paper) / (ink - paper), 0), 1).toFixed(2) }));
    return element("button", { type: "button", onclick: () => ((did = `${name} is in.`), put(nodes.map((i, k) => [i, numbers[k]]))) }, small, name);
  }));
  if (picture.samples.length) {
    fold.querySelector("summary").after(choices);
    fold.open = true;
    document.getElementById("panel").prepend(fold); // one begins with them
  }
  fold.querySelector("input").addEventListener("change", ({ target }) => target.files.length && load(target.files[0]));
  fold.addEventListener("toggle", draw);
  fold.hidden = false;
  return draw;
}
