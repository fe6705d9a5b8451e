// How boxes stand in lines, and the ways between them: what views/ways.py and svg/arrows.py say, for any width.
const MARGIN = 16, LANE = 20, NEAR = 3, BESIDE = 4, ROUNDING = 6, ASIDE = 8;
const BELOW = 34, APART = 7, MOST_BELOW = 6; // in a column: the room between two boxes, and between two ways; its boxes

// Boxes that do not depend on each other may stand below each other, as a column does that is one of a line.
function stand(sizes, pairs, widest, between, columns = sizes.map((_, k) => [k])) {
  const columnOf = columns.flatMap((own, c) => own.map(() => c));
  const [wide, high] = [0, 1].map((axis) => columns.map((own) => own.map((k) => sizes[k][axis])));
  const [widths, heights] = [wide.map((own) => Math.max(...own)), high.map((own) => own.reduce((sum, x) => sum + x + BELOW, -BELOW))];
  const isStacked = (k) => columns[columnOf[k]].length > 1;
  const beside = columns.map(({ length }) => (length > 1 ? APART * length : 0)); // room for ways up and down to boxes of a column
  const [lineOf, leftOf] = [[0], [MARGIN + beside[0]]];
  widths.slice(1).forEach((width, c) => {
    const left = leftOf[c] + widths[c] + beside[c] + between + beside[c + 1];
    const isFull = left + width + MARGIN > widest;
    lineOf.push(lineOf[c] + isFull);
    leftOf.push(isFull ? MARGIN + beside[c + 1] : left);
  });
  const [lines, lefts] = [lineOf, leftOf].map((of) => columnOf.map((c) => of[c]));
  const isNext = ([a, b]) => columnOf[b] === columnOf[a] + 1 && lines[a] === lines[b];
  const around = pairs.filter((pair) => !isNext(pair)).sort(([a, b], [c, d]) => Math.abs(b - a) - Math.abs(d - c) || a - c || b - d);
  const numbers = new Map(around.map((pair, k) => [pair, k]));
  const width = Math.max(...leftOf.map((left, c) => left + widths[c])) + MARGIN;
  const { starts, ends } = portsOf(around, lines, lefts, sizes);
  const turnOf = (k) => APART * (k - columns[columnOf[k]][0] + 1);
  const rightOf = (k) => lefts[k] + widths[columnOf[k]] + turnOf(k); // where a way from a box of a column turns
  around.forEach(([a, b], k) => {
    if (isStacked(a)) starts[k] = rightOf(a);
    if (isStacked(b)) ends[k] = lefts[b] - turnOf(b);
  });
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
    const own = [...columns.keys()].filter((c) => lineOf[c] === line);
    const tallest = Math.max(...own.map((c) => heights[c]));
    const highest = Math.max(-1, ...[...lanes].filter(([key]) => key.endsWith(` ${line}`)).map(([, lane]) => lane));
    tops[line] = height + LANE * (highest + 1);
    for (const c of own) {
      let top = tops[line] + MARGIN + (tallest - heights[c]) / 2;
      for (const k of columns[c]) {
        corners[k] = [lefts[k], top];
        top += sizes[k][1] + BELOW;
      }
    }
    height = tops[line] + tallest + 2 * MARGIN;
  }
  const middle = (k) => corners[k][1] + sizes[k][1] / 2;
  const leaving = (k) => [lefts[k] + sizes[k][0] + NEAR, middle(k)];
  const isBeside = (y, k) => y > corners[k][1] + NEAR && y < corners[k][1] + sizes[k][1] - NEAR;
  const ways = pairs.map((pair) => {
    const [a, b] = pair;
    if (isNext(pair)) {
      const mates = pairs.filter(([other, to]) => to === b && columnOf[other] === columnOf[a]).map(([other]) => other).sort((c, d) => c - d);
      const isStraight = mates.every((other) => isBeside(middle(other), b));
      const y = isStraight ? middle(a) : corners[b][1] + (sizes[b][1] * (mates.indexOf(a) + 1)) / (mates.length + 1);
      const turns = y === middle(a) ? [] : [[rightOf(a), middle(a)], [rightOf(a), y]];
      return [leaving(a), ...turns, [lefts[b] - NEAR, y]];
    }
    const k = numbers.get(pair);
    const turns = legs[k].flatMap(([gap, start, end]) => [start, end].map((x) => [x, tops[gap] - LANE * lanes.get(`${a} ${gap}`)]));
    const start = isStacked(a) ? [leaving(a), [starts[k], middle(a)]] : [[starts[k], corners[a][1] + (lines[b] > lines[a] ? sizes[a][1] + NEAR : -NEAR)]];
    const end = isStacked(b) ? [[ends[k], middle(b)], [lefts[b] - NEAR, middle(b)]] : [[ends[k], corners[b][1] - NEAR]];
    return [...start, ...turns, ...end];
  });
  return { corners, ways, width: Math.max(width, ...ways.flat().map(([x]) => x + MARGIN)), height };
}

// Columns of boxes that follow each other and do not depend on each other, hardly higher than the highest box.
function columnsOf(sizes, pairs) {
  const tallest = 1.3 * Math.max(...sizes.map(([, height]) => height));
  const columns = [[0]];
  let high = sizes[0][1];
  for (let k = 1; k < sizes.length; k++) {
    const own = columns.at(-1);
    high += BELOW + sizes[k][1];
    const depends = pairs.some((pair) => pair.includes(k) && own.some((other) => pair.includes(other)));
    if (!depends && high <= tallest && own.length < MOST_BELOW) own.push(k);
    else {
      columns.push([k]);
      high = sizes[k][1];
    }
  }
  return columns;
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
  if (!isUpright && way.length > 4) return wordsOn(way.slice(0, -1), wide); // its end is short, in a column
  const [[left, y], [right, low]] = isUpright ? way.slice(-3, -1) : [before, tip];
  const atEnd = left < right ? Math.max(right - ASIDE - wide, left + ASIDE) : Math.min(right + ASIDE, left - ASIDE - wide);
  return [isUpright ? atEnd : (left + right) / 2, isUpright ? low - 5 : (y + low) / 2 - 6, isUpright];
}
