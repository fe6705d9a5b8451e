// Sorting and filtering of the cards. Every number was computed before: a card carries its place in each order.
"use strict";
const controls = document.getElementById("controls");
const sort = document.getElementById("sort");
const layer = document.getElementById("layer");
const shown = document.getElementById("shown");
const list = document.getElementById("cards");
const cards = Array.from(list.children);
const everything = shown.textContent;

function arrange() {
  const backwards = sort.value.startsWith("-");
  const key = sort.value.replace("-", "");
  const direction = backwards ? -1 : 1;
  cards.sort((a, b) => direction * (a.dataset[key] - b.dataset[key]) || a.dataset.name - b.dataset.name);
  list.append(...cards);
}

function filter() {
  let kept = 0;
  for (const card of cards) {
    card.hidden = layer.value !== "" && card.dataset.layer !== layer.value;
    kept += !card.hidden;
  }
  shown.textContent = layer.value === "" ? everything : `${kept} of ${cards.length} cards`;
}

sort.addEventListener("change", arrange);
layer.addEventListener("change", filter);
controls.addEventListener("submit", (event) => event.preventDefault());
document.documentElement.classList.toggle("framed", window.parent !== window);
for (const e of document.querySelectorAll(".scroll")) reachable(e, e.getAttribute("aria-label"), e.children);
controls.hidden = false;
