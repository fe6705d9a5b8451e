// Another engine beside the right one: whether they agree, where they part, and the gradients of both.

tellOther = () => {
  const { beside } = facts;
  $("other").hidden = !beside;
  document.querySelector(".parting").hidden = !beside || beside.parts_at === null;
  if (!beside) return;
  const { engine, parts_at: at } = beside;
  const stop = at === null ? null : stopAt(at + 1); // in steps of this size
  const parted = at !== null && place > at;
  $("other").classList.toggle("parted", parted);
  const until = at === null ? "agrees with the right engine at every step." : parted ? `parts from the right engine at step ${stop + 1}.` : "agrees with the right engine so far.";
  $("other-heading").replaceChildren(element("b", {}, parted ? "≠ " : "= "), element("b", {}, engine), ` ${until}`);
  $("other-words").textContent = parted ? beside.diagnosis : "";
  $("other-go").hidden = at === null || place === endOf(stop);
  $("other-go").textContent = at === null ? "" : `Step ${stop + 1}: where they part`;
  $("other-table").hidden = !parted;
  $("other-table").tBodies[0].replaceChildren(...(parted ? beside.gradients.map(rowOfBoth) : []));
  $("other-name").textContent = engine;
  if (parted && stopAt(place) === stop) $("heard").append(` ${engine} ${until}`);
  document.querySelector(".parting").style.left = `${(100 * (at + 1)) / steps().length}%`;
};

// A node's gradient by both engines, as far as the right one has come.
function rowOfBoth([i, right, found, differs]) {
  const node = `n${i}`;
  const complete = (received.get(node)?.at(-1) ?? Infinity) < place;
  const parting = i === facts.beside.node;
  let [ours, theirs, wrong] = [EMPTY, EMPTY, false];
  if (complete) [ours, theirs, wrong] = [right, found, differs];
  else if (parting) [ours, theirs, wrong] = [facts.beside.right, facts.beside.found, true];
  return element("tr", { class: wrong ? "wrong" : "" },
    element("th", { scope: "row" }, nameOf(node)), element("td", {}, ours), element("td", {}, theirs),
    element("td", {}, wrong ? "≠" : ""));
}

$("other-go").addEventListener("click", () => (pause(), jump(snapped(facts.beside.parts_at + 1))));
