// What pictures of the plane are drawn with.
"use strict";
const part = (id) => document.getElementById(id);
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function channels(name) {
  const hex = colour(name);
  return [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
}

// Where a lead changes its sign: through each square of the grid, straight between its edges.
function border(pen, a, n, width, height) {
  const [toX, toY] = [(column) => (column / (n - 1)) * width, (row) => (1 - row / (n - 1)) * height];
  pen.beginPath();
  for (let i = 0; i < n - 1; i += 1) {
    for (let j = 0; j < n - 1; j += 1) {
      const corners = [[i, j], [i, j + 1], [i + 1, j + 1], [i + 1, j]];
      const crossings = [];
      corners.forEach(([row, column], c) => {
        const [nextRow, nextColumn] = corners[(c + 1) % 4];
        const here = a[row * n + column], there = a[nextRow * n + nextColumn];
        if (here > 0 === there > 0) return;
        const share = here / (here - there);
        crossings.push([toX(column + share * (nextColumn - column)), toY(row + share * (nextRow - row))]);
      });
      for (let c = 0; c + 1 < crossings.length; c += 2) {
        pen.moveTo(...crossings[c]);
        pen.lineTo(...crossings[c + 1]);
      }
    }
  }
  pen.stroke();
}

const SIDES = [0, 4, 3, 4.5, -3, 5, 6, 7, 8, 9]; // of each class's mark; 0 is a circle, 4.5 a diamond

function outline(x, y, radius, k) {
  const kind = SIDES[k % SIDES.length], sides = Math.floor(Math.abs(kind));
  if (!kind) return Array.from({ length: 24 }, (_, i) => [x + radius * Math.cos(i * Math.PI / 12), y + radius * Math.sin(i * Math.PI / 12)]);
  const turn = kind === 4 ? Math.PI / 4 : kind < 0 ? Math.PI / 2 : -Math.PI / 2;
  return Array.from({ length: sides }, (_, i) => {
    const angle = turn + (2 * Math.PI * i) / sides;
    return [x + 1.25 * radius * Math.cos(angle), y + 1.25 * radius * Math.sin(angle)];
  });
}

function mark(pen, x, y, radius, k) {
  pen.beginPath();
  outline(x, y, radius, k).forEach((point, i) => (i ? pen.lineTo(...point) : pen.moveTo(...point)));
  pen.closePath();
}

// The scale of a curve of costs: its ends, and what a cost is of its height, by powers of ten where it falls far.
function scaleOf(costs) {
  const [low, high] = [Math.min(...costs), Math.max(...costs)];
  const inPowers = low > 0 && high > 30 * low, bent = inPowers ? Math.log : (x) => x;
  return { low, high, inPowers, share: (x) => (bent(x) - bent(low)) / (bent(high) - bent(low) || 1) };
}

// The legend: a mark and what it stands for; first of all the classes.
const RING = { fill: "none", stroke: "var(--ink)", "stroke-width": 1.8 };
const entriesOf = (classes) => classes.map((name, k) => entry(k, { fill: `var(--class${k})` }, name));

function entry(k, look, name) {
  const symbol = element("polygon", { points: outline(0, 0, 5, k).join(" "), ...look });
  return element("li", {}, element("svg", { viewBox: "-8 -8 16 16", "aria-hidden": "true" }, symbol), name);
}
