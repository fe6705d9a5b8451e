// From dot to dot by keys: the dots of a box, and nodes or boxes where they are many, are one stop of the Tab key.
const MOST_STOPS = 31; // nodes or boxes of a picture that are each a stop
const NEAR_BY = 1.8; // of its size: the next one in a row is as near as this, that of another plane is not
const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1], Home: [-1, 0], End: [1, 0], PageUp: [0, -1], PageDown: [0, 1] };

function makeStops(parts) {
  const groups = new Map();
  for (const part of parts) {
    const group = part.matches(".dot") ? part.closest(".layer, .seen, .given") : part.matches(".frame");
    if (!groups.has(group)) groups.set(group, []);
    groups.get(group).push(part);
  }
  for (const [group, mates] of groups) share(mates, group?.id === undefined ? MOST_STOPS : 1);
}

// One stop for all, or a stop each where they are not more than so many.
function share(mates, most) {
  for (const part of mates) {
    part.setAttribute("tabindex", mates.length > most ? -1 : 0);
    if (mates.length > most) part.mates = mates;
  }
  stopHere(mates.find((part) => !part.closest(".elsewhere")) ?? mates[0]);
}

function stopHere(part) {
  if (!part?.mates) return;
  part.mates.stop?.setAttribute("tabindex", -1);
  part.mates.stop = part;
  part.setAttribute("tabindex", 0);
}

// The nearest one that way, rather straight on than aside, and how far it is.
function nextTo(part, [right, down]) {
  const middle = ({ x, y, width, height }) => [x + width / 2, y + height / 2];
  const [x, y] = middle(boxOf(part));
  return part.mates.reduce((best, other) => {
    const [a, b] = middle(boxOf(other));
    const along = (a - x) * right + (b - y) * down;
    const far = along + 3 * Math.abs((a - x) * down + (b - y) * right);
    return along > 1 && far < best[1] && !other.closest(".aside") ? [other, far] : best;
  }, [part, Infinity]);
}

// An arrow key goes to the next one, the other keys to the end of the row or column that it stands in.
function goWithin(part, key) {
  const way = WAYS[key];
  let [to, far] = nextTo(part, way);
  if (!key.startsWith("Arrow")) {
    const near = NEAR_BY * boxOf(part)[way[0] ? "width" : "height"];
    let next = to;
    for (to = part; far <= near; [next, far] = nextTo(to, way)) to = next;
  }
  to.focus();
}
