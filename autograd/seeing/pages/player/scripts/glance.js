// The network at a glance: thumbnails of its planes and the answer, with the numbers as they are at each time.

const reading = element("p", { id: "reading" });
let seenFacts; // those that all of it was drawn from

function thumbnailsOf(glance) {
  return Object.entries(glance.planes).map(([id, [columns, ...nodes]], k) => {
    const part = glance.element.querySelector(`[id="${id}"]`);
    const cell = Number(part.firstChild.getAttribute("width")) / columns;
    const cells = nodes.map((_, i) => drawn(part, "rect", { x: (i % columns) * cell, y: Math.floor(i / columns) * cell, width: cell, height: cell }));
    const among = [...part.parentNode.querySelectorAll(".thumbnail")];
    const at = among.indexOf(part);
    part.plane = at;
    const title = titleOf(glance.opens[id]);
    part.how = among.length > 1 ? `${title}, plane ${at + 1}` : title;
    part.setAttribute("aria-label", `Open ${part.how}`);
    part.setAttribute("tabindex", at ? -1 : 0);
    part.addEventListener("keydown", ({ key }) => among[at + { ArrowUp: -1, ArrowDown: 1 }[key]]?.focus());
    return { part, nodes, cells, column: part.parentNode };
  });
}

// A plane is opened with its numbers as it shows them, that of what slides over another at its first number.
const openAlone = open;
open = (name, part) => {
  if (part?.plane === undefined) return openAlone(name, part);
  if (place === 0 && !$("predict").checked) go(steps().length);
  openAlone(name, part);
  view.seePlane?.(part.plane);
};

// Each column has its own scale: the hue is the sign, the depth the size beside the largest of the column.
function fillThumbnails(thumbnails) {
  const largest = new Map();
  for (const thumbnail of thumbnails) {
    thumbnail.numbers = thumbnail.nodes.map((i) => readNumber(facts.values[i]));
    largest.set(thumbnail.column, Math.max(largest.get(thumbnail.column) ?? 0, ...thumbnail.numbers.map(Math.abs).filter(Number.isFinite)));
  }
  for (const { cells, numbers, column } of thumbnails) {
    cells.forEach((cell, k) => {
      cell.setAttribute("class", Number.isNaN(numbers[k]) ? "nan" : signWord(numbers[k]));
      cell.setAttribute("fill-opacity", Math.min(Math.abs(numbers[k]) / largest.get(column) || 0, 1).toFixed(2));
    });
  }
}

// The class that the inputs are known to be of: that of the sample that they are, or that of the loss.
function truthOf({ target }) {
  const { nodes, samples } = original.touch?.picture ?? { samples: [] };
  const values = samples.length ? touched.exact().values : [];
  const sample = samples.find(([, numbers]) => numbers.every((x, k) => x === values[nodes[k]]));
  return sample?.[2] ?? target;
}

function tellAnswer(shares) {
  const rows = [...shares.children];
  const said = rows.map((_, k) => facts.boxes[shares.dataset.key][2][k][2]);
  const numbers = said.map(readNumber);
  const most = Math.max(...numbers);
  const first = numbers.flatMap((x, k) => (x === most ? [k] : []));
  const called = (k) => { const name = rows[k].querySelector(".class").textContent; return name === String(k) ? `class ${k}` : name; };
  rows.forEach((row, k) => {
    row.querySelector(".number").textContent = said[k];
    row.querySelector(".part").setAttribute("width", row.querySelector(".whole").getAttribute("width") * (Math.min(numbers[k], 1) || 0));
    row.classList.toggle("first", first.length === 1 && numbers[k] === most);
  });
  const truth = Number(truthOf(shares.dataset) ?? NaN);
  const isRight = first.includes(truth);
  const judged = Number.isNaN(truth) || !first.length || (isRight && first.length > 1) ? "" : isRight ? " Right." : ` Wrong: it is ${called(truth)}, with ${said[truth]}.`;
  reading.textContent = !first.length ? "No answer: the shares are not numbers." : first.length === 1 ? `Answer: ${called(first[0])}, with a share of ${said[first[0]]}.${judged}` : `${first.length} classes have the largest share, ${said[first[0]]}.${judged}`;
}

tellers.push(() => {
  const [glance] = views;
  if (seenFacts === facts) return;
  glance.thumbnails ??= thumbnailsOf(glance);
  seenFacts = facts;
  fillThumbnails(glance.thumbnails);
  const shares = glance.element.querySelectorAll(".shares");
  if (shares.length !== 1) return;
  if (!reading.isConnected) canvas.before(reading);
  tellAnswer(shares[0]);
});
