// Every route by which a leaf reaches the output, and the account of its gradient, as the rooms
// autograd.seeing.facts.routes and .account have them: no number here comes from listing all routes.

const ROUTES_SHOWN = 5;
const MOST_FACTORS = 14; // of a longer route, the first and the last are shown, and where it parts from others
const MOST_COUNTED = 40; // digits of a number of routes that is written out

// A partial is null towards a branch that is not taken: nothing gets through, whatever it is multiplied by.
const times = (a, b) => (a === null || b === null ? null : a * b);

// The edges from which a gradient reaches the start, in the order of their targets, and the order of these.
function edgesFrom(start, { inputs, output, constants }, partials) {
  const reached = new Set([start]);
  const moving = (i) => !constants.has(i);
  inputs.forEach((sources, i) => moving(i) && sources.some((j) => reached.has(j)) && reached.add(i));
  const useful = new Set(reached.has(output) ? [output] : []);
  for (let i = output; i > start; i--) if (useful.has(i)) inputs[i].forEach((j) => reached.has(j) && useful.add(j));
  const into = new Map(); // by target
  for (const target of [...useful].sort((a, b) => a - b)) {
    const edges = inputs[target].map((source, position) => ({ source, target, position, partial: partials[target][position] }));
    into.set(target, edges.filter(({ source }) => useful.has(source)));
  }
  return into;
}

// How large a factor is, in two numbers that add up along a route and neither overflow nor vanish: one for what
// is nan, zero or infinite, in this order, and then a logarithm.
const rankOf = (x) => (Number.isNaN(x) ? 1e12 : x === 0 ? -1e6 : Number.isFinite(x) ? 0 : 1);
const logOf = (x) => (x === 0 || !Number.isFinite(x) ? 0 : Math.log(Math.abs(x)));
const larger = (a, b) => b.rank - a.rank || b.log - a.log;

// The strongest routes: of the ways from a node to the output, the k best extend the k best of those that use it.
function strongestRoutes(start, output, into, k) {
  const ways = new Map([[output, [{ rank: 0, log: 0 }].slice(0, k)]]);
  const best = (i) => {
    ways.set(i, (ways.get(i) ?? []).sort(larger).slice(0, k));
    return ways.get(i);
  };
  for (const target of [...into.keys()].reverse()) {
    const onwards = best(target);
    for (const edge of into.get(target)) {
      const [rank, log] = [rankOf(edge.partial ?? 0), logOf(edge.partial ?? 0)];
      const longer = onwards.map((next) => ({ rank: next.rank + rank, log: next.log + log, edge, next }));
      ways.set(edge.source, [...(ways.get(edge.source) ?? []), ...longer]);
    }
  }
  return best(start).map((way) => {
    const edges = [];
    for (; way.edge; way = way.next) edges.push(way.edge);
    return { edges, product: edges.reduceRight((product, { partial }) => times(product, partial), 1) ?? 0 };
  });
}

// The gradient of a leaf as an account: the strongest routes with their running sums, the others, and the sum.
function accountOf(start, graph, { gradients, partials }, k = ROUTES_SHOWN) {
  const into = edgesFrom(start, graph, partials);
  const [slope, ways] = [new Map([[start, 1]]), new Map([[start, 1n]])];
  for (const edges of into.values()) {
    for (const { source, target, partial } of edges) {
      slope.set(target, (slope.get(target) ?? 0) + (times(partial, slope.get(source)) ?? 0));
      ways.set(target, (ways.get(target) ?? 0n) + ways.get(source));
    }
  }
  const count = into.has(start) ? ways.get(graph.output) : 0n;
  const routes = count ? strongestRoutes(start, graph.output, into, k) : [];
  const products = routes.map(({ product }) => product);
  routes.forEach((route, i) => (route.running = total(products.slice(0, i + 1))));
  const remaining = count - BigInt(routes.length);
  const rest = remaining ? sumOfOthers(routes, graph.output, into, slope) : 0;
  return { count, routes, remaining, rest, sum: total([...products, rest]), gradient: gradients[start] ?? 0 };
}

// Every other route parts from these at some node on the way back, by an edge that none of them takes from there.
function sumOfOthers(routes, output, into, slope) {
  const others = [];
  const ahead = [{ target: output, product: 1, taking: routes, depth: 1 }];
  while (ahead.length) {
    const { target, product, taking, depth } = ahead.pop();
    for (const { source, position, partial } of into.get(target) ?? []) {
      const along = taking.filter(({ edges }) => edges.at(-depth)?.position === position);
      const upstream = times(product, partial);
      if (along.length) ahead.push({ target: source, product: upstream, taking: along, depth: depth + 1 });
      else others.push(times(upstream, slope.get(source)) ?? 0);
    }
  }
  return total(others);
}

// A sum rounded once: what rounding takes from a sum is kept and added too.
function total(xs) {
  let parts = [];
  for (let x of xs) {
    const kept = [];
    for (let y of parts) {
      if (Math.abs(x) < Math.abs(y)) [x, y] = [y, x];
      const sum = x + y;
      const lost = y - (sum - x);
      if (lost) kept.push(lost);
      x = sum;
    }
    parts = [...kept, x];
  }
  const sum = parts.reduceRight((sum, x) => sum + x, 0);
  return Number.isFinite(sum) ? sum : xs.reduce((sum, x) => sum + x, 0);
}

function countOf(n) {
  const digits = String(n);
  if (digits.length <= MOST_COUNTED) return digits.replace(/\B(?=(\d{3})+$)/g, ",");
  const first = number(Number(`${digits[0]}.${digits.slice(1, 18)}`));
  return first === "10" ? `about 1e${digits.length}` : `about ${first}e${digits.length - 1}`;
}

// Which edges of each route to show, with null for those left out: routes that differ do so when they are cut.
function cutApart(routes, most = MOST_FACTORS) {
  const alike = (one, other) => one.findIndex((edge, i) => edge !== other[i]);
  const parting = routes.map((one) => new Set(routes.map((other) => alike(one, other))));
  const placesOf = (ends) => routes.map((edges, r) => [...edges.keys()].filter((i) => edges.length <= most || parting[r].has(i) || i < ends || i >= edges.length - ends));
  let ends = most / 2;
  while (ends > 1 && placesOf(ends).some(({ length }) => length > most)) ends--;
  return placesOf(ends).map((places, r) => {
    const gap = (i, k) => ({ 1: [], 2: [i - 1] })[i - (places[k - 1] ?? -1)] ?? [-1];
    return places.flatMap((i, k) => [...gap(i, k), i]).map((i) => routes[r][i] ?? null);
  });
}

// The account in the page, of the numbers that it shows; a route can be seen in the graph.
function accounting({ graph, leaves, element, nameOf, plainName, signOf, localOf, exactNow, see, atRest }) {
  const section = document.getElementById("routes");
  const from = section.querySelector("select");
  const signed = (x) => (x > 0 ? "+" : "") + number(x);
  let isSeen = false;
  const counted = (n) => `${countOf(n)} route${n === 1n ? "" : "s"}`;

  function refreshSeen() {
    if (isSeen) refresh();
    else atRest(refresh);
  }

  function refresh() {
    if (!section.open) return;
    const start = Number(from.value);
    const account = accountOf(start, graph, exactNow());
    const [leaf, output] = [`n${start}`, `n${graph.output}`];
    const leads = [" from ", nameOf(leaf), " to ", nameOf(output)];
    const told = account.count ? `: ${account.count === 1n ? "its product is " : "their products add up to "}` : ": ";
    section.querySelector("p").replaceChildren(account.count ? counted(account.count) : "No route leads", ...leads, told, signOf(leaf), ` = ${number(account.gradient)}.`);
    section.querySelector("table").hidden = !account.count;
    const shown = cutApart(account.routes.map(({ edges }) => edges));
    section.querySelector("tbody").replaceChildren(...account.routes.flatMap((route, i) => rowsOf(route, i, shown[i])), ...rowsOfRest(account, leaf));
  }

  function rowsOf({ edges, product, running }, i, shown) {
    const said = { title: "See it in the graph", "aria-label": `Route ${i + 1}: see it in the graph` };
    const button = element("button", { type: "button", ...said, onclick: () => see(edges) }, String(i + 1));
    return [
      element("tr", {}, element("th", { scope: "row" }, button), element("td", {}, signed(product)), element("td", {}, signed(running))),
      element("tr", { class: "factors" }, element("td", { colspan: 3 }, ...factorsOf(shown))),
    ];
  }

  function factorsOf(shown) {
    if (!shown.length) return ["the value itself, 1"];
    const nameOfFactor = (edge) => localOf({ ...edge, node: `n${edge.source}`, target: `n${edge.target}` });
    const factor = (edge) => element("span", { class: "factor" }, element("span", {}, nameOfFactor(edge)), element("span", { class: "hidden" }, " = "), number(edge.partial ?? 0)); // its sign above its number, so that no line reads as a chain of equations
    const terms = shown.map((edge, i) => element("span", {}, edge ? factor(edge) : "…", i + 1 < shown.length ? " · " : ""));
    return terms.flatMap((term) => [term, " "]); // lines end between factors
  }

  function rowsOfRest({ remaining, rest, sum }, leaf) {
    const others = element("tr", {}, element("th", { scope: "row" }, remaining === 1n ? "the other one" : `${countOf(remaining)} others`), element("td", {}, signed(rest)), element("td", {}, signed(sum)));
    const last = element("tr", { class: "result" }, element("th", { scope: "row" }, "sum"), element("td", {}, signed(sum)), element("td", {}, "= ", signOf(leaf)));
    return [...(remaining ? [others] : []), last];
  }

  from.replaceChildren(...leaves.map((i) => element("option", { value: i }, plainName(`n${i}`))));
  from.addEventListener("change", refresh);
  section.addEventListener("toggle", refresh);
  section.hidden = !leaves.length;
  new IntersectionObserver(([{ isIntersecting }]) => (isSeen = isIntersecting)).observe(section);
  return refreshSeen;
}
