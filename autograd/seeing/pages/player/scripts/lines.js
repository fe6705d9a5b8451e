// How boxes stand in lines, and the ways between them: what views/ways.py and svg/arrows.py say, for any width.
const MARGIN = 16, LANE = 20, NEAR = 3, BESIDE = 4, ROUNDING = 6, ASIDE = 8;

function stand(sizes, pairs, widest, between) {
  const [lines, lefts] = [[0], [MARGIN]];
  sizes.slice(1).forEach(([width], k) => {
    const left = lefts[k] + sizes[k][0] + between;
    const isFull = left + width + MARGIN > widest;
    lines.push(lines[k] + isFull);
    lefts.push(isFull ? MARGIN : left);
  });
  const isStraight = ([a, b]) => b === a + 1 && lines[a] === lines[b];
  const around = pairs.filter((pair) => !isStraight(pair)).sort(([a, b], [c, d]) => Math.abs(b - a) - Math.abs(d - c) || a - c || b - d);
  const numbers = new Map(around.map((pair, k) => [pair, k]));
  const width = Math.max(...lefts.map((left, k) => left + sizes[k][0])) + MARGIN;
  const { starts, ends } = portsOf(around, lines, lefts, sizes);
  const legs = around.map(([a, b], k) => {
    const first = lines[b] > lines[a] ? lines[a] + 1 : lines[a];
    if (first === lines[b]) return [[lines[b], starts[k], ends[k]]];
    const turn = width + BESIDE * (a + 1);
    return [[first, starts[k], turn], [lines[b], turn, ends[k]]];
  });
  const lanes = lanesOf(around, legs);
  const [corners, tops] = [[], []];
  let height = 0;
  for (let line = 0; line <= lines.at(-1); line++) {
    const own = [...sizes.keys()].filter((k) => lines[k] === line);
    const tallest = Math.max(...own.map((k) => sizes[k][1]));
    const highest = Math.max(-1, ...[...lanes].filter(([key]) => key.endsWith(` ${line}`)).map(([, lane]) => lane));
    tops[line] = height + LANE * (highest + 1);
    for (const k of own) corners[k] = [lefts[k], tops[line] + MARGIN + (tallest - sizes[k][1]) / 2];
    height = tops[line] + tallest + 2 * MARGIN;
  }
  const ways = pairs.map((pair) => {
    const [a, b] = pair;
    const y = corners[a][1] + sizes[a][1] / 2;
    if (isStraight(pair)) return [[lefts[a] + sizes[a][0] + NEAR, y], [lefts[b] - NEAR, y]];
    const k = numbers.get(pair);
    const turns = legs[k].flatMap(([gap, start, end]) => [start, end].map((x) => [x, tops[gap] - LANE * lanes.get(`${a} ${gap}`)]));
    return [[starts[k], corners[a][1] + (lines[b] > lines[a] ? sizes[a][1] + NEAR : -NEAR)], ...turns, [ends[k], corners[b][1] - NEAR]];
  });
  return { corners, ways, width: Math.max(width, ...ways.flat().map(([x]) => x + MARGIN)), height };
}

// Where each arrow leaves its box and where it arrives; what leads to lower lines leaves below.
function portsOf(around, lines, lefts, sizes) {
  const sides = new Map(); // by box and whether it is below: ports, by their order
  const at = (box, below, port, isStart, k) => {
    const side = `${box} ${below}`;
    if (!sides.has(side)) sides.set(side, { box, ports: new Map() });
    const { ports } = sides.get(side);
    if (!ports.has(`${port} ${isStart}`)) ports.set(`${port} ${isStart}`, { port, isStart, those: [] });
    ports.get(`${port} ${isStart}`).those.push(k);
  };
  around.forEach(([a, b], k) => {
    at(a, lines[b] > lines[a], 0, true, k);
    at(b, false, -Math.sign(lefts[b] - lefts[a]) * (a + 1), false, k);
  });
  const [starts, ends] = [[], []];
  for (const { box, ports } of sides.values()) {
    const sorted = [...ports.values()].sort((p, q) => p.port - q.port || p.isStart - q.isStart);
    sorted.forEach(({ isStart, those }, n) => {
      for (const k of those) (isStart ? starts : ends)[k] = lefts[box] + (sizes[box][0] * (n + 1)) / (sorted.length + 1);
    });
  }
  return { starts, ends };
}

// The lane of all that leaves a box, by the box and the line below: what leads far is above.
function lanesOf(around, legs) {
  const reach = new Map();
  around.forEach(([source], k) => {
    for (const [gap, start, end] of legs[k]) {
      const [low, high] = reach.get(`${source} ${gap}`) ?? [start, start];
      reach.set(`${source} ${gap}`, [Math.min(low, start, end), Math.max(high, start, end)]);
    }
  });
  const [taken, lanes] = [new Map(), new Map()];
  for (const [key, [low, high]] of [...reach].sort(([, a], [, b]) => a[1] - a[0] - (b[1] - b[0]))) {
    const gap = key.split(" ")[1];
    const at = (lane) => taken.get(`${gap} ${lane}`) ?? [];
    let lane = 0;
    while (at(lane).some(([start, end]) => low <= end + NEAR && start <= high + NEAR)) lane += 1;
    taken.set(`${gap} ${lane}`, [...at(lane), [low, high]]);
    lanes.set(key, lane);
  }
  return lanes;
}

const inUnits = (x) => String(Math.round(10 * x) / 10);
const pointed = ([x, y]) => `${inUnits(x)} ${inUnits(y)}`;

function towards([x, y], [a, b], most) {
  const length = Math.hypot(a - x, b - y) || 1;
  const share = Math.min(most, length / 2) / length;
  return [x + share * (a - x), y + share * (b - y)];
}

// An arrow through points, its words above it, near its end.
function bend(arrow, way) {
  const [tip, before] = [way.at(-1), way.at(-2)];
  const turns = way.slice(1, -1).map((corner, k) => `L${pointed(towards(corner, way[k], ROUNDING))}Q${pointed(corner)} ${pointed(towards(corner, way[k + 2], ROUNDING))}`);
  const back = towards(tip, before, 8);
  arrow.querySelector(".line").setAttribute("d", `M${pointed(way[0])}${turns.join("")}L${pointed(back)}`);
  const length = Math.hypot(tip[0] - back[0], tip[1] - back[1]) || 1;
  const [dx, dy] = [(3.5 * (tip[0] - back[0])) / length, (3.5 * (tip[1] - back[1])) / length];
  const side = [back[0] - dy - tip[0], back[1] + dx - tip[1]];
  arrow.querySelector(".head").setAttribute("d", `M${pointed(tip)}l${pointed(side)} ${pointed([2 * dy, -2 * dx])}z`);
  const text = arrow.querySelector("text");
  if (!text) return;
  const [x, y, isUpright] = wordsOn(way, Number(text.dataset.wide));
  text.setAttribute("x", inUnits(x));
  text.setAttribute("y", inUnits(y));
  text.setAttribute("class", isUpright ? "note" : "note middle");
}

// Where words so wide stand: above the last piece of a way that is not upright.
function wordsOn(way, wide) {
  const [before, tip] = way.slice(-2);
  const isUpright = way.length > 2 && before[0] === tip[0];
  const [[left, y], [right, low]] = isUpright ? way.slice(-3, -1) : [before, tip];
  const atEnd = left < right ? Math.max(right - ASIDE - wide, left + ASIDE) : Math.min(right + ASIDE, left - ASIDE - wide);
  return [isUpright ? atEnd : (left + right) / 2, isUpright ? low - 5 : (y + low) / 2 - 6, isUpright];
}
