// What slides over a picture: the number that one is at, its window, the kernel, and the products that it adds up.

const [ROOM, COLUMN, TABLE] = [44, 86, 264]; // between two groups; of a number; of a table's least width
const [SIDE, ACROSS] = [16, 98]; // a square of a kernel; a number of a window with its weight

// What goes in, what is done with it and what comes out side by side; where that is too wide to be read, what
// comes out stands below what goes in, and all of it below each other where this is too wide as well.
function standing(root, groups, sizes) {
  const widest = room.width / LEGIBLE - ROOM;
  const [[wide, high], [middle, tall], [wider, higher]] = sizes;
  const [after, lower] = [Math.max(wide, wider) + ROOM, high + ROOM / 2];
  const isRow = wide + middle + wider + 2 * ROOM <= widest;
  const corners = isRow ? [[0, 0], [wide + ROOM, 0], [wide + middle + 2 * ROOM, 0]]
    : after + middle <= widest ? [[0, 0], [after, 0], [0, lower]] : [[0, 0], [0, lower + higher + ROOM / 2], [0, lower]];
  groups.forEach((group, k) => group.setAttribute("transform", `translate(${corners[k][0] + ROOM / 2} ${corners[k][1] + 12})`));
  if (isRow) for (const [x] of corners.slice(1)) {
    const arrow = drawn(root, "g", { class: "edge use" });
    drawn(arrow, "path", { d: `M${x - ROOM / 2 + 8} 82h20`, class: "line" });
    drawn(arrow, "path", { d: `M${x + ROOM / 2 - 8} 82l-8 -3.5v7z`, class: "head" });
  }
  const ends = [0, 1].map((axis) => Math.max(...corners.map((corner, k) => corner[axis] + sizes[k][axis])));
  const [width, height] = [ends[0] + ROOM, ends[1] + 28];
  for (const [name, value] of Object.entries({ viewBox: `0 0 ${width} ${height}`, width, height })) root.setAttribute(name, value);
}

// All values with all their digits; undefined where the page does not compute itself: it has not got them.
let untouched;
function exactValues() {
  if (!touched || facts !== original) return facts.exact?.values ?? touched?.exact().values;
  return (untouched ??= touched.engine.forward(touched.engine.leaves));
}

// A long name, such as conv.kernels.z₁⁽¹⁾[12], touches no number.
function squeeze(label, widest) {
  label.removeAttribute("textLength");
  if (label.textContent.length * 5 < widest || label.getComputedTextLength() <= widest) return;
  label.setAttribute("textLength", widest);
  label.setAttribute("lengthAdjust", "spacingAndGlyphs");
}

function slideOver(view) {
  const { element: root, slides } = view;
  const { planes, columns, size, stride, start, across, apart, kernels, biases, sums } = slides;
  const [seen, kernel, given] = ["seen", "kernel", "given"].map((name) => root.querySelector(`.${name}`));
  const cells = [...given.querySelectorAll(".dot")];
  const indexOf = new Map(cells.map((cell, j) => [cell, j]));
  const many = kernels.length || (apart ? planes.length : 1);
  const each = cells.length / many;
  const rows = planes[0].length / columns;
  const [span, depth] = [size[0] * size[1], apart ? 1 : planes.length];
  const high = kernels.length ? 50 : 36; // of a number of a window
  let [at, fixed, focus, told, winners, hearWindow] = [0, false, 0, null, [], () => {}];

  const write = (into, x, y, kind, text = "") => drawn(into, "text", { x, y, class: kind }).appendChild(document.createTextNode(text)).parentNode;
  const nodeOf = (j) => view.nodesOf.get(cells[j]).at(-1);
  const value = (node) => (computed.get(node) < place ? facts.values[placeOf(node)] : EMPTY);
  const isSeen = (r, c) => r >= 0 && c >= 0 && r < rows && c < columns;

  // What the window of a number sees of a plane: nodes, or undefined for a 0 around the picture.
  function windowOf(j, plane) {
    const [row, column] = [Math.floor((j % each) / across), j % across];
    const [top, left] = [start[0] + stride[0] * row, start[1] + stride[1] * column];
    const nodes = Array.from({ length: span }, (_, i) => {
      const [r, c] = [top + Math.floor(i / size[1]), left + (i % size[1])];
      return isSeen(r, c) ? `n${planes[plane][r * columns + c]}` : undefined;
    });
    return { top, left, nodes };
  }

  const weightOf = (j, plane, i) => `n${kernels[Math.floor(j / each)][plane * span + i]}`;

  // How a number moves with what it is computed of, along all ways within its part of the graph; undefined
  // where no gradient goes that way, or where that is still to be predicted.
  function slopesInto(j) {
    const found = new Map([[nodeOf(j), 1]]);
    for (const node of view.nodesOf.get(cells[j]).toReversed()) {
      for (const key of found.has(node) ? incoming.get(node) : []) {
        const [source, step] = [key.split(">")[0], carried.get(key)];
        if (constants.has(source)) continue;
        if (step === undefined || ($("predict").checked && step >= place)) return undefined;
        found.set(source, (found.get(source) ?? 0) + found.get(node) * readNumber(said("partial", step)));
      }
    }
    return found;
  }

  // ------------------------------------------------------------------ what stands in the middle

  for (const name of ["role", "tabindex"]) kernel.removeAttribute(name); // there are buttons in it
  const middle = drawn(kernel, "g", {});
  const heading = [write(middle, 0, 14, "title"), write(middle, 0, 30, "fact")];
  const beside = Math.ceil(Math.sqrt(depth));
  const [step, below] = [Math.max(size[1] * SIDE, depth > 1 ? COLUMN : 0) + 14, size[0] * SIDE + (depth > 1 ? 32 : 14)];
  const small = kernels.length ? Array.from({ length: depth }, (_, p) => {
    const [x, y] = [(p % beside) * step, 40 + Math.floor(p / beside) * below];
    const group = drawn(middle, "g", depth > 1 ? { class: "plane", role: "button", tabindex: 0 } : {});
    const squares = Array.from({ length: span }, (_, i) =>
      drawn(group, "rect", { x: x + (i % size[1]) * SIDE, y: y + Math.floor(i / size[1]) * SIDE, width: SIDE - 2, height: SIDE - 2, class: "dot" }));
    return { group, squares, sum: write(group, x, y + size[0] * SIDE + 11, "partly") };
  }) : [];
  const first = 40 + (small.length ? Math.ceil(depth / beside) * below : 0);
  const factors = Array.from({ length: span }, (_, i) => {
    const [x, y] = [(i % size[1]) * ACROSS, first + Math.floor(i / size[1]) * high];
    const group = drawn(middle, "g", {});
    const frame = drawn(group, "rect", { x, y, width: ACROSS - 4, height: high - 4, rx: 2, class: "frame" });
    (kernels.length ? ["", "×", "="] : ["", "∂"]).forEach((sign, k) => write(group, x + 5, y + 14 + 14 * k, "partly", sign));
    return { group, frame, lines: [14, 28, 42].slice(0, high / 14).map((down) => write(group, x + ACROSS - 9, y + down, "number small")) };
  });
  const [lowest, farthest] = [first + size[0] * high + 6, Math.max(size[1] * ACROSS, beside * step)];
  const isLow = 2 * room.height < room.width; // then the table stands beside the products
  const [left, last] = isLow ? [farthest + 16, 30] : [0, lowest];
  const width = isLow ? left + TABLE : Math.max(TABLE, farthest);
  write(middle, width - COLUMN, last + 10, "role", "value");
  write(middle, width, last + 10, "role", slope());
  const table = Array.from({ length: kernels.length ? 4 : 1 }, (_, k) =>
    ["fact", "number", "number"].map((kind, c) => write(middle, [left, width - COLUMN, width][c], last + 28 + 17 * k, kind)));
  const door = drawn(middle, "g", { role: "button", tabindex: 0, class: "door" });
  const bottom = last + 28 + 17 * table.length + 6;
  drawn(door, "rect", { x: left, y: bottom - 20, width: 110, height: 30, class: "touched" });
  write(door, left, bottom, "note", "Open its steps ›");
  const frames = planes.map(() => drawn(seen, "rect", { class: "window", width: size[1] * SIDE + 2, height: size[0] * SIDE + 2 }));
  const here = drawn(given, "rect", { class: "window", width: SIDE + 2, height: SIDE + 2 });
  const [before, after] = [seen, given].map(({ dataset }) => [Number(dataset.width), Number(dataset.height)]);
  standing(root, [seen, middle, given], [before, [width, Math.max(lowest, bottom + 8)], after]);

  // ------------------------------------------------------------------ what it tells

  function productsOf(exact, j, plane) {
    return windowOf(j, plane).nodes.map((node, i) => (node ? exact[placeOf(node)] : 0) * exact[placeOf(weightOf(j, plane, i))]);
  }

  const total = (numbers) => numbers.reduce((sum, x) => sum + x, 0);

  function tellWindow() {
    const out = Math.floor(at / each);
    const isDone = computed.get(nodeOf(at)) < place;
    const slopes = kernels.length || !isDone ? undefined : slopesInto(at);
    const exact = kernels.length && isDone ? exactValues() : undefined;
    const shown = apart ? out : focus;
    const one = windowOf(at, shown);
    winners.forEach((cell) => cell?.classList.remove("under"));
    const shares = slopes && one.nodes.map((node) => slopes.get(node) ?? 0);
    const [least, most] = shares ? [Math.min(...shares), Math.max(...shares)] : [];
    const wins = (i) => shares !== undefined && shares[i] === most && most > least;
    winners = one.nodes.filter((_, i) => wins(i)).map((node) => view.nodeElement.get(node));
    winners.forEach((cell) => cell.classList.add("under"));
    const products = exact && productsOf(exact, at, shown);
    factors.forEach(({ group, frame, lines }, i) => {
      const node = one.nodes[i];
      group.setAttribute("class", `${node ? "" : "around"} ${wins(i) ? "winner" : ""} ${signWord(products?.[i] ?? 0)}`);
      frame.classList.toggle("outside", !node);
      const said = kernels.length ? [value(weightOf(at, shown, i)), products ? number(products[i]) : EMPTY] : [shares ? number(shares[i]) : EMPTY];
      lines.forEach((line, k) => (line.textContent = [node ? value(node) : "0", ...said][k]));
    });
    small.forEach(({ group, squares, sum }, plane) => {
      squares.forEach((square, i) => {
        const weight = weightOf(at, plane, i);
        fillDot(square, value(weight), gradientOf(weight, place));
        (square.firstChild ?? drawn(square, "title", {})).textContent = `${plainName(weight)} = ${value(weight)}, ${slope()} ${gradientOf(weight, place)}`;
      });
      if (depth === 1) return;
      sum.textContent = exact ? number(total(productsOf(exact, at, plane))) : "";
      group.classList.toggle("chosen", plane === focus);
      group.setAttribute("aria-pressed", plane === focus);
      group.setAttribute("aria-label", `The kernel on plane ${plane + 1}: window · kernel = ${sum.textContent || EMPTY}`);
    });
    const rowOf = (sign, node) => [`${sign} ${plainName(node)}`.trim(), value(node), constants.has(node) ? "" : gradientOf(node, place)];
    const [sum, gives] = [kernels.length ? `n${sums[at]}` : nodeOf(at), nodeOf(at)];
    const all = exact ? number(total(planes.flatMap((_, plane) => productsOf(exact, at, plane)))) : EMPTY;
    const lines = kernels.length ? [["Σ window · kernel", all, ""], biases[out] < 0 ? [] : rowOf("+", `n${biases[out]}`), rowOf("=", sum), gives === sum ? [] : rowOf("→", gives)] : [rowOf("", gives)];
    const filled = lines.filter((line) => line.length);
    table.forEach((parts, k) => parts.forEach((part, c) => (part.textContent = filled[k]?.[c] ?? "")));
    for (const [label] of table) squeeze(label, width - left - 2 * COLUMN);
    const named = titleOf(cells[at].dataset.opens).split(", ");
    heading[0].textContent = !kernels.length ? "window" : many > 1 ? `kernel ${out + 1}` : "kernel";
    heading[1].textContent = named.filter((axis) => !axis.startsWith("plane") || !kernels.length).join(", ") + (depth > 1 ? ` · numbers on plane ${focus + 1}` : "");
    door.dataset.opens = cells[at].dataset.opens;
    door.setAttribute("aria-label", `Open the steps of ${plainName(gives)}`);
    const sent = shares?.flatMap((x, i) => (x ? `${plainName(one.nodes[i])} × ${number(x)}` : [])) ?? [];
    hearWindow = () => {
      const numbers = one.nodes.map((node, i) => `${node ? value(node) : 0}${kernels.length ? ` × ${written(value(weightOf(at, shown, i)), TEXT, true)}${products ? ` = ${number(products[i])}` : ""}` : ""}`);
      const within = span > MOST_ROWS ? `${span} numbers in the picture` : numbers.join(", ");
      const sums = filled.map((line) => line.slice(0, 2).join(" ")).join(", ");
      $("heard").textContent = `${sums}. Window${depth > 1 ? ` on plane ${focus + 1}` : ""}: ${within}.${sent.length ? ` Its gradient goes on to ${sent.slice(0, MOST_ROWS).join(", ")}.` : ""}`;
    };
    frames.forEach((frame, plane) => {
      frame.classList.toggle("away", apart && plane !== out);
      frame.classList.toggle("chosen", !apart && depth > 1 && plane === focus);
      const corner = view.nodeElement.get(`n${planes[plane][0]}`);
      frame.setAttribute("x", Number(corner.getAttribute("x")) + one.left * SIDE - 2);
      frame.setAttribute("y", Number(corner.getAttribute("y")) + one.top * SIDE - 2);
    });
    for (const name of ["x", "y"]) here.setAttribute(name, Number(cells[at].getAttribute(name)) - 2);
    here.classList.toggle("chosen", fixed);
  }

  function go(j, isFixed = fixed) {
    [at, fixed] = [j, isFixed];
    stopHere(cells[at]);
    tellWindow();
  }

  function pick(group) {
    focus = small.findIndex((other) => other.group === group);
    tellWindow();
  }

  // As the steps come, the window follows them until one stays at a number.
  tellers.push(() => {
    if (!root.isConnected || root.classList.contains("ahead")) return;
    const now = steps()[place - 1];
    const part = now && !strides() && told !== now ? [now.node, now.target].map((node) => indexOf.get(view.nodeElement.get(node))).find((j) => j !== undefined) : undefined;
    told = now;
    go(fixed ? at : (part ?? at));
  });

  // ------------------------------------------------------------------ by pointer and by keys

  const cellAt = (target) => indexOf.get(target.closest(".dot"));
  root.addEventListener("pointerover", ({ target }) => {
    const j = cellAt(target);
    if (j !== undefined && !fixed) go(j);
  });
  root.addEventListener("focusin", ({ target }) => {
    const j = cellAt(target);
    if (j === undefined || !target.matches(":focus-visible")) return;
    go(j, true);
    hearWindow();
  });
  root.addEventListener("click", (event) => {
    const [j, plane] = [cellAt(event.target), event.target.closest(".plane")];
    if (plane) pick(plane);
    if (j !== undefined && !dragged && !(fixed && j === at)) { // one that is fixed opens
      go(j, true);
      hearWindow();
    } else if (!plane) return event.target.closest("[role=button]") ? undefined : go(at, false);
    event.stopPropagation();
  });
  root.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const plane = event.target.closest(".plane");
    if (!plane || !["Enter", " "].includes(event.key)) return;
    pick(plane);
    hearWindow();
    event.preventDefault();
    event.stopPropagation(); // these keys step elsewhere
  });
  for (const [j, cell] of cells.entries()) {
    cell.how = `${plainName(nodeOf(j))}, ${titleOf(cell.dataset.opens)}`;
  }
}
