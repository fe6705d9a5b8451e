// The sizes of what slides over a picture: what they are, what they give, and others to try, without values.

const TRIED = { n: ["input size n", 1], k: ["window k", 1], s: ["stride s", 1], p: ["zeros around p", 0] };
const MOST_TRIED = 40;
const sizesTold = element("summary");
const sizesStatus = element("p", { role: "status" });
const sizesSheet = element("svg", { role: "img" });
const sizesPlace = element("input", { type: "range", min: 1, "aria-label": "Place of the window" });
const sizesFields = element("div", { class: "sizes" });
// In its form, keys that step elsewhere do not.
const sizesFold = element("details", { id: "geometry" }, sizesTold, element("p", {}, "Other sizes show where the window would go. They change no number of the network."),
  element("form", { autocomplete: "off", onsubmit: (event) => event.preventDefault(), onkeydown: (event) => event.stopPropagation() }, sizesFields, sizesStatus, sizesSheet, sizesPlace));
let sizesOf; // the view that it tells of
let axes = []; // the sizes that are tried, down and along

const placesFor = ({ n, k, s, p }) => (k > n + 2 * p ? 0 : Math.floor((n + 2 * p - k) / s) + 1);
const formulaFor = (axis) => `⌊(${axis.n} + 2·${axis.p} − ${axis.k})/${axis.s}⌋ + 1 = ${placesFor(axis)}`;

// The sizes of a view, down and along; undefined where no such formula gives its number of places.
function ownSizes({ element: root, slides }) {
  const { planes, columns, size, stride, start, across, apart, kernels } = slides;
  const each = root.querySelectorAll(".given .dot").length / (kernels.length || (apart ? planes.length : 1));
  const own = [planes[0].length / columns, columns].map((n, a) => ({ n, k: size[a], s: stride[a], p: Math.max(0, -start[a]) }));
  return own.every((axis, a) => placesFor(axis) === [each / across, across][a]) ? own : undefined;
}

function askSizes() {
  const isSquare = Object.keys(TRIED).every((key) => axes[0][key] === axes[1][key]);
  sizesFields.replaceChildren(...(isSquare ? [axes] : axes.map((axis) => [axis])).flatMap((those, a) => Object.entries(TRIED).map(([key, [word, least]]) => {
    const field = element("input", { type: "text", inputmode: "numeric", size: 3, value: those[0][key], oninput: () => {
      const x = Number(field.value);
      const isOne = Number.isInteger(x) && x >= least && x <= MOST_TRIED && field.value.trim() !== "";
      field.setAttribute("aria-invalid", !isOne);
      if (!isOne) return (sizesStatus.textContent = `${word}: a whole number from ${least} to ${MOST_TRIED} is wanted.`);
      for (const axis of those) axis[key] = x;
      tellSizes();
    } });
    return element("label", {}, isSquare ? word : `${word}, ${["down", "along"][a]}`, field);
  })));
}

function tellSizes() {
  const [down, along] = axes.map(placesFor);
  const formulas = [...new Set(axes.map(formulaFor))].join(", ");
  const rest = axes.map(({ n, k, s, p }, a) => ([down, along][a] ? (n + 2 * p - k) % s : 0));
  const left = rest.flatMap((count, a) => (count ? [`${count} ${["row", "column"][a]}${count > 1 ? "s" : ""}`] : []));
  const unseen = left.length ? ` Of the input with its zeros, the last ${left.join(" and ")} are in no window.` : "";
  sizesStatus.textContent = down && along ? `${formulas}: ${down} × ${along} places.${unseen}` : "The window is larger than the input with its zeros: it has no place.";
  sizesPlace.disabled = !(down && along);
  sizesPlace.max = Math.max(1, down * along);
  drawSizes();
}

function drawSizes() {
  const [down, along] = axes.map(placesFor);
  const [high, wide] = axes.map(({ n, p }) => n + 2 * p);
  const at = Number(sizesPlace.value) - 1;
  const [row, column] = [Math.floor(at / (along || 1)), at % (along || 1)];
  const kinds = { seen: "", around: "", unseen: "" };
  const square = (x, y) => `M${x} ${y}h.86v.86h-.86z`;
  const reach = axes.map(({ k, s }, a) => (placesFor(axes[a]) - 1) * s + k);
  for (let y = 0; y < high; y++) for (let x = 0; x < wide; x++) {
    const isZero = [y, x].some((v, a) => v < axes[a].p || v >= axes[a].p + axes[a].n);
    kinds[isZero ? "around" : y < reach[0] && x < reach[1] ? "seen" : "unseen"] += square(x, y);
  }
  let given = "";
  for (let k = 0; k < down * along; k++) given += square(wide + 3 + (k % along), Math.floor(k / along));
  sizesSheet.setAttribute("viewBox", `-.2 -.2 ${wide + 3.4 + along} ${Math.max(high, down) + 0.4}`);
  const frame = (x, y, width, height) => element("rect", { x: x - 0.1, y: y - 0.1, width: width + 0.06, height: height + 0.06, class: "window" });
  const frames = down && along ? [frame(column * axes[1].s, row * axes[0].s, axes[1].k, axes[0].k), frame(wide + 3 + column, row, 1, 1)] : [];
  const ways = Object.entries({ ...kinds, given }).map(([kind, d]) => element("path", { class: kind, d: d || "M0 0" }));
  sizesSheet.replaceChildren(...ways, ...frames);
  sizesSheet.setAttribute("aria-label", `An input of ${axes[0].n} × ${axes[1].n} with its zeros, the window at place ${at + 1}, and ${down} × ${along} places beside it`);
  sizesPlace.setAttribute("aria-valuetext", `row ${row + 1}, column ${column + 1}`);
}

sizesPlace.addEventListener("input", drawSizes);

tellers.push(() => {
  if (sizesOf === view) return;
  sizesOf = view;
  const own = view.slides && ownSizes(view);
  sizesFold.hidden = !own;
  if (!own) return;
  if (!sizesFold.isConnected) $("paint").after(sizesFold);
  axes = own;
  sizesPlace.value = 1;
  sizesTold.textContent = `Output size ${[...new Set(axes.map(formulaFor))].join(", ")}`;
  askSizes();
  tellSizes();
});
