// What slides over a picture: the number that one is at, its window, the kernel, and the products that it adds up.

const [ROOM, COLUMN, TABLE] = [44, 86, 264]; // between two groups; of a number; of a table's least width
const [SIDE, SMALLER, ABOVE] = [16, 0.7, 40]; // a square; how much smaller it is where room is scarce; what stands above
const CELLS = [{ across: 98, high: 50 }, { across: 107, high: 36 }]; // of a number of a window with its weight, in three lines or two

// How what goes in, what is done with it and what comes out may stand: side by side; what comes out below what
// goes in; what is done below both; all below each other.
const ARRANGEMENTS = [
  ([a, b]) => [[0, 0], [a[0] + ROOM, 0], [a[0] + b[0] + 2 * ROOM, 0]],
  ([a, , c]) => [[0, 0], [Math.max(a[0], c[0]) + ROOM, 0], [0, a[1] + ROOM / 2]],
  ([a, , c]) => [[0, 0], [0, Math.max(a[1], c[1]) + 12], [a[0] + ROOM / 2, 0]],
  ([a, , c]) => [[0, 0], [0, a[1] + c[1] + ROOM], [0, a[1] + ROOM / 2]],
];

// And the kernel, its products and the table: below each other, or the table at the right; the kernel at the
// right of the heading where it is narrow, else of the products.
const besideHeading = ([k, f]) => (k[0] + 150 < f[0] ? [[f[0] - k[0], 0], [0, Math.max(ABOVE, k[1] - 6)]] : [[f[0] + 16, ABOVE], [0, ABOVE]]);
const MIDDLES = [
  ([k, f]) => [[0, ABOVE], [0, ABOVE + k[1]], [0, ABOVE + k[1] + f[1] + 6]],
  ([k, f]) => [[0, ABOVE], [0, ABOVE + k[1]], [Math.max(k[0], f[0]) + 16, 20]],
  ([k, f]) => [...besideHeading([k, f]), [0, besideHeading([k, f])[1][1] + f[1] + 6]],
  ([k, f]) => [...besideHeading([k, f]), [boundsOf(besideHeading([k, f]), [k, f])[0] + 16, 20]],
];
const boundsOf = (corners, sizes) => [0, 1].map((axis) => Math.max(...corners.map((corner, k) => corner[axis] + sizes[k][axis])));
const moveTo = (group, [x, y]) => group.setAttribute("transform", `translate(${x} ${y})`);

// All values with all their digits; undefined where the page does not compute itself: it has not got them.
let untouched;
function exactValues() {
  if (!touched || facts !== original) return facts.exact?.values ?? touched?.exact().values;
  return (untouched ??= touched.engine.forward(touched.engine.leaves));
}

// A long name, such as conv.kernels.z₁⁽¹⁾[12], touches no number.
function squeeze(label, widest) {
  label.removeAttribute("textLength");
  if (label.textContent.length * 8 < widest || label.getComputedTextLength() <= widest) return;
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
      return isSeen(r, c) && planes[plane][r * columns + c] >= 0 ? `n${planes[plane][r * columns + c]}` : undefined;
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
  const parts = [0, 1, 2].map(() => drawn(middle, "g", {})); // the kernel, the products, the table
  const beside = Math.ceil(Math.sqrt(depth));
  const [step, below] = [Math.max(size[1] * SIDE, depth > 1 ? COLUMN : 0) + 14, size[0] * SIDE + (depth > 1 ? 32 : 14)];
  const small = kernels.length ? Array.from({ length: depth }, (_, p) => {
    const [x, y] = [(p % beside) * step, Math.floor(p / beside) * below];
    const group = drawn(parts[0], "g", depth > 1 ? { class: "plane", role: "button", tabindex: 0 } : {});
    const squares = Array.from({ length: span }, (_, i) =>
      drawn(group, "rect", { x: x + (i % size[1]) * SIDE, y: y + Math.floor(i / size[1]) * SIDE, width: SIDE - 2, height: SIDE - 2, class: "dot" }));
    return { group, squares, sum: write(group, x, y + size[0] * SIDE + 11, "partly") };
  }) : [];
  const factors = Array.from({ length: span }, () => {
    const group = drawn(parts[1], "g", {});
    const frame = drawn(group, "rect", { rx: 2, class: "frame" });
    const signs = (kernels.length ? ["", "×", "="] : ["", "∂"]).map((sign) => write(group, 5, 0, "partly", sign));
    return { group, frame, signs, lines: signs.map(() => write(group, 0, 0, "number small")) };
  });
  write(parts[2], TABLE - COLUMN, 10, "role", "value");
  write(parts[2], TABLE, 10, "role", slope());
  const table = Array.from({ length: kernels.length ? 4 : 1 }, (_, k) =>
    ["fact", "number", "number"].map((kind, c) => write(parts[2], [0, TABLE - COLUMN, TABLE][c], 28 + 17 * k, kind)));
  const door = drawn(parts[2], "g", { role: "button", tabindex: 0, class: "door" });
  drawn(door, "rect", { y: 14 + 17 * table.length, width: 110, height: 30, class: "touched" });
  write(door, 0, 34 + 17 * table.length, "note", "Open its steps ›");
  const frames = planes.map(() => drawn(seen, "rect", { class: "window" }));
  const here = drawn(given, "rect", { class: "window" });
  const arrows = [0, 1].map(() => {
    const arrow = drawn(root, "g", { class: "edge use" });
    drawn(arrow, "path", { d: "M8 82h20", class: "line" });
    drawn(arrow, "path", { d: "M36 82l-8 -3.5v7z", class: "head" });
    return arrow;
  });

  // ------------------------------------------------------------------ where that stands

  let [widest, side] = [0, SIDE]; // of a number of a window; of a square
  const squares = [seen, given].map((group) => [...group.querySelectorAll(".dot")].map((cell) => [cell, Number(cell.getAttribute("x")), Number(cell.getAttribute("y"))]));

  // Of all ways to stand the first that can be read as a whole; else the one of which most is seen, the table apart.
  view.stand = () => {
    measureRoom();
    let best = { shown: 0 };
    const pictures = [seen, given].map(({ dataset, children }) =>
      [Number(dataset.width), Number(dataset.height), Math.max(...[...children].slice(0, 2).map((text) => text.getComputedTextLength()))]);
    for (const scale of [1, SMALLER]) for (const cell of kernels.length ? CELLS : [{ across: 98, high: 36 }]) {
      const blocks = [[small.length && beside * step, small.length && Math.ceil(depth / beside) * below], [size[1] * cell.across, size[0] * cell.high], [TABLE, 44 + 17 * table.length]];
      for (const inner of MIDDLES.map((way) => way(blocks))) for (const arranged of ARRANGEMENTS) {
        const sized = (count) => {
          const [before, after] = pictures.map(([w, h, least]) => [Math.max(scale * w, least), ABOVE + scale * (h - ABOVE)]);
          const sizes = [before, boundsOf(inner.slice(0, count), blocks), after];
          return [arranged(sizes), boundsOf(arranged(sizes), sizes)];
        };
        const share = ([, [w, h]]) => Math.min(room.width / (w + ROOM), room.height / (h + 28), LEGIBLE) / LEGIBLE;
        const whole = sized(3);
        const shown = Math.max(share(whole), 0.9 * Math.min(share(sized(2)), room.width / (whole[1][0] + ROOM) / LEGIBLE));
        if (shown > best.shown + 1e-9) best = { shown, scale, cell, inner, corners: whole[0], ends: whole[1] };
      }
    }
    if (best.shown) standAs(best);
  };

  function standAs({ scale, cell, inner, corners, ends: [wide, high] }) {
    const down = (y) => ABOVE + scale * (y - ABOVE);
    squares.forEach((cells) => cells.forEach(([square, x, y]) => {
      for (const [name, value] of Object.entries({ x: scale * x, y: down(y), width: scale * SIDE - 2, height: scale * SIDE - 2 })) square.setAttribute(name, value);
    }));
    for (const path of root.querySelectorAll("path.around")) path.setAttribute("transform", `translate(0 ${ABOVE * (1 - scale)}) scale(${scale})`);
    parts.forEach((part, k) => moveTo(part, inner[k]));
    factors.forEach(({ group, frame, signs, lines }, i) => {
      moveTo(group, [(i % size[1]) * cell.across, Math.floor(i / size[1]) * cell.high]);
      frame.setAttribute("width", cell.across - 4);
      frame.setAttribute("height", cell.high - 4);
      const isDense = kernels.length && cell.high < 50;
      const [ends, rows] = isDense ? [[46, cell.across - 6, cell.across - 6], [14, 14, 28]] : [[0, 0, 0].fill(cell.across - 9), [14, 28, 42]];
      signs.forEach((sign, k) => (sign.setAttribute("x", isDense && k === 1 ? 48 : 4), sign.setAttribute("y", rows[k])));
      lines.forEach((line, k) => (line.setAttribute("x", ends[k]), line.setAttribute("y", rows[k])));
      widest = isDense ? 41 : cell.across - 24;
    });
    [seen, middle, given].forEach((group, k) => moveTo(group, [corners[k][0] + ROOM / 2, corners[k][1] + 12]));
    arrows.forEach((arrow, k) => {
      moveTo(arrow, [corners[k + 1][0] - ROOM / 2, 0]);
      arrow.toggleAttribute("hidden", corners.some(([, y]) => y));
    });
    for (const [frame, [rows, columns]] of [...frames.map((frame) => [frame, size]), [here, [1, 1]]]) {
      frame.setAttribute("width", columns * scale * SIDE + 2);
      frame.setAttribute("height", rows * scale * SIDE + 2);
    }
    side = scale * SIDE;
    for (const [name, value] of Object.entries({ viewBox: `0 0 ${wide + ROOM} ${high + 28}`, width: wide + ROOM, height: high + 28 })) root.setAttribute(name, value);
    unplace(view);
    tellWindow();
  }

  // ------------------------------------------------------------------ what it tells

  function productsOf(exact, j, plane) {
    return windowOf(j, plane).nodes.map((node, i) => (node ? exact[placeOf(node)] : 0) * exact[placeOf(weightOf(j, plane, i))]);
  }

  const total = (numbers) => numbers.reduce((sum, x) => sum + x, 0);

  function tellWindow() {
    const out = Math.floor(at / each);
    const isDone = computed.get(kernels.length ? `n${sums[at]}` : nodeOf(at)) < place; // the products come with their sum
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
      for (const line of lines) squeeze(line, widest);
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
    for (const [label] of table) squeeze(label, TABLE - 2 * COLUMN);
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
      const drawn = planes[plane].findIndex((number) => number >= 0);
      const cell = view.nodeElement.get(`n${planes[plane][drawn]}`);
      frame.setAttribute("x", Number(cell.getAttribute("x")) + (one.left - (drawn % columns)) * side - 2);
      frame.setAttribute("y", Number(cell.getAttribute("y")) + (one.top - Math.floor(drawn / columns)) * side - 2);
    });
    for (const name of ["x", "y"]) here.setAttribute(name, Number(cells[at].getAttribute(name)) - 2);
    here.classList.toggle("chosen", fixed);
  }

  function go(j, isFixed = fixed) {
    [at, fixed] = [j, isFixed];
    stopHere(cells[at]);
    tellWindow();
  }

  view.seePlane = (plane) => plane < many && go(plane * each);

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
