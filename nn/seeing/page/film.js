// The film of a training: everything was computed before; this page only shows it.
const facts = JSON.parse(part("facts").textContent);
const bytes = Int8Array.from(atob(facts.leads), (letter) => letter.charCodeAt(0));
const FINE = 300; // pixels across
const canvas = part("plane"), pen = canvas.getContext("2d");
const field = element("canvas", { width: FINE, height: FINE }), brush = field.getContext("2d");
const n = facts.grid, classes = facts.classes.length, planes = classes === 2 ? 1 : classes;
const SHADE = 0.13, LEADS = [0, 0.4, 0.8], PAUSE = 90;
let shown = 0, timer = null;
let units = null, looked = -1; // the bytes of what hidden units give, and the one that is looked at; -1 for the output
const maps = []; // the small pictures: of the output, then of each unit

// How far class k leads over the best other one, in each cell of the grid: -1 … 1, kept as a root in steps of 1/127.
function leads(frame, k) {
  const start = (frame * planes + (planes === 1 ? 0 : k)) * n * n, sign = planes === 1 && k === 0 ? -1 : 1;
  return Float32Array.from(bytes.subarray(start, start + n * n), (x) => (sign * x * Math.abs(x)) / 16129);
}

// What hidden unit k gives in each cell of its grid, as a share of the largest in all frames: -1 … 1.
function given(frame, k) {
  const size = facts.units.grid ** 2, start = (frame * facts.units.read.length + k) * size;
  return Float32Array.from(units.subarray(start, start + size), (x) => (x * Math.abs(x)) / 16129);
}

// Numbers on a grid of n as part of a picture: at each fine point the number between four cells gives the colour.
function fill({ data, width: fine }, a, n, colourOf) {
  for (let row = 0; row < fine; row += 1) {
    const v = (1 - row / (fine - 1)) * (n - 1), i = Math.min(n - 2, Math.floor(v)), t = v - i;
    for (let column = 0; column < fine; column += 1) {
      const u = (column / (fine - 1)) * (n - 1), j = Math.min(n - 2, Math.floor(u)), s = u - j, cell = i * n + j;
      const x = (1 - t) * ((1 - s) * a[cell] + s * a[cell + 1]) + t * ((1 - s) * a[cell + n] + s * a[cell + n + 1]);
      const [hue, alpha] = colourOf(x);
      if (!alpha) continue;
      const place = 4 * (row * fine + column);
      [data[place], data[place + 1], data[place + 2]] = hue;
      data[place + 3] = 255 * alpha;
    }
  }
}

// The areas of the classes, a shade deeper the larger the lead; or what a unit gives, the hue its sign, the depth its size.
function paint(brush, k) {
  const image = brush.createImageData(brush.canvas.width, brush.canvas.width);
  if (k < 0) {
    facts.classes.forEach((_, c) => {
      const hue = channels(`--class${c}`);
      fill(image, leads(shown, c), n, (x) => [hue, x > 0 && 1 - (1 - SHADE) ** LEADS.filter((level) => x > level).length]);
    });
  } else {
    const [above, below] = ["--positive", "--negative"].map(channels);
    fill(image, given(shown, k), facts.units.grid, (x) => [x > 0 ? above : below, 0.65 * Math.abs(x)]);
  }
  brush.putImageData(image, 0, 0);
}

function draw() {
  const scale = Math.min(3, window.devicePixelRatio || 1), box = canvas.getBoundingClientRect();
  const width = Math.max(100, box.width), height = Math.max(100, box.height);
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  const [grid, lines] = looked < 0 ? [n, facts.classes.slice(Number(classes === 2)).map((_, k) => leads(shown, k))] : [facts.units.grid, [given(shown, looked)]];
  pen.clearRect(0, 0, width, height);
  paint(brush, looked);
  pen.drawImage(field, 0, 0, width, height);
  pen.strokeStyle = colour("--ink");
  pen.lineWidth = 1.6;
  for (const a of lines) border(pen, a, grid, width, height);
  points(width, height);
  maps.forEach((map, i) => paint(map, i - 1));
}

// ------------------------------------------------------------------------------- the hidden units

const MAP = 50; // pixels across

function addMap(name, label) {
  const small = element("canvas", { width: MAP, height: MAP }), k = maps.length - 1;
  const said = { "aria-label": label, "aria-pressed": k === looked };
  part("units").append(element("button", { type: "button", ...said, onclick: () => look(k) }, small, name));
  maps.push(small.getContext("2d"));
}

function look(k) {
  looked = k;
  part("units").querySelectorAll("button").forEach((button, i) => button.setAttribute("aria-pressed", i === k + 1));
  show(shown);
}

async function beginUnits() {
  const { unseen } = facts.units;
  if (unseen) part("units").append(`What hidden units give is not shown: ${unseen}.`);
  if (unseen !== undefined) return void (part("units").hidden = !unseen);
  const packed = Uint8Array.from(atob(facts.units.changes), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  const unpacked = new Int8Array(await new Response(stream).arrayBuffer());
  const { layers, sizes, grid, read } = facts.units;
  for (let i = read.length * grid * grid; i < unpacked.length; i += 1) unpacked[i] += unpacked[i - read.length * grid * grid];
  units = unpacked;
  addMap("output", "The output");
  layers.forEach((names, k) => {
    const of = names.length < sizes[k] ? `: ${names.length} of ${sizes[k]}` : "";
    part("units").append(element("h2", {}, `hidden layer ${k + 1}${of}`));
    for (const name of names) addMap(name, `${name}, of hidden layer ${k + 1}`);
  });
  part("units").hidden = false;
  show(shown);
}

const nameOfLooked = () => facts.units.layers.flat()[looked];

function points(width, height) {
  const radius = Math.min(6, Math.max(2.5, 45 / Math.sqrt(facts.points.length)));
  const at = ([x, y]) => [((x - facts.x[0]) / (facts.x[1] - facts.x[0])) * width, (1 - (y - facts.y[0]) / (facts.y[1] - facts.y[0])) * height];
  pen.strokeStyle = colour("--paper");
  pen.lineWidth = 1;
  for (const point of facts.points) {
    mark(pen, ...at(point), radius, point[2]);
    pen.fillStyle = colour(`--class${point[2]}`);
    pen.fill();
    pen.stroke();
  }
  pen.strokeStyle = colour("--ink");
  pen.lineWidth = 2;
  for (const i of facts.frames[shown].wrong) {
    mark(pen, ...at(facts.points[i]), radius + 3.5, 0);
    pen.stroke();
  }
}

// ------------------------------------------------------------------------------------- the side

const known = facts.frames.map((frame, i) => [i, frame.loss]).filter(([, loss]) => loss !== null);
const scale = scaleOf(known.map(([, loss]) => loss));
const place = ([i, loss]) => [(240 * i) / Math.max(1, facts.frames.length - 1), 110 - 100 * scale.share(loss)];
const dot = element("circle", { r: 4.5 });

function side() {
  const curve = part("curve");
  if (known.length > 1) {
    const path = known.map((pair, i) => `${i ? "L" : "M"}${place(pair).map((x) => x.toFixed(1)).join(" ")}`).join("");
    curve.append(element("line", { x1: 0, x2: 240, y1: 118, y2: 118 }), element("path", { d: path }), dot);
  } else {
    curve.remove();
    if (!known.length) part("lossline").remove();
  }
  part("legend").append(...entriesOf(facts.classes), entry(0, RING, "wrong"));
}

function tell() {
  const frame = facts.frames[shown], all = facts.points.length;
  part("epoch").textContent = frame.epoch.toLocaleString("en");
  part("right").textContent = `${(all - frame.wrong.length).toLocaleString("en")} of ${all.toLocaleString("en")}`;
  if (part("loss")) part("loss").textContent = frame.loss === null ? "–" : Number(frame.loss.toPrecision(3)).toString();
  canvas.setAttribute("aria-label", `${looked < 0 ? "The plane" : `What ${nameOfLooked()} gives over the plane`} and the samples: ${frame.caption}`);
  const read = looked < 0 ? "" : `; ${nameOfLooked()} is ${facts.units.read[looked]}`;
  part("across").textContent = `${facts.axes[0]} across, ${facts.axes[1]} up${read}`;
  part("scrubber").value = shown;
  part("scrubber").setAttribute("aria-valuetext", frame.caption);
  dot.style.display = frame.loss === null ? "none" : "";
  if (frame.loss !== null) {
    const [x, y] = place([shown, frame.loss]);
    dot.setAttribute("cx", x);
    dot.setAttribute("cy", y);
  }
}

// --------------------------------------------------------------------------------- the controls

function show(k) {
  shown = Math.max(0, Math.min(facts.frames.length - 1, k));
  tell();
  draw();
}

function stop() {
  clearInterval(timer);
  timer = null;
  part("play").textContent = "▶";
  part("play").setAttribute("aria-label", "Play");
}

function play() {
  if (shown === facts.frames.length - 1) show(0);
  part("play").textContent = "❚❚";
  part("play").setAttribute("aria-label", "Pause");
  timer = setInterval(() => {
    show(shown + 1);
    if (shown === facts.frames.length - 1) stop();
  }, PAUSE);
}

part("play").addEventListener("click", () => (timer === null ? play() : stop()));
part("scrubber").addEventListener("input", (event) => {
  stop();
  show(Number(event.target.value));
});
part("controls").addEventListener("submit", (event) => event.preventDefault());
window.addEventListener("resize", draw);
window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);

part("film").hidden = false;
side();
show(0);
beginUnits();
if (!window.matchMedia("(prefers-reduced-motion: reduce)").matches) play();
