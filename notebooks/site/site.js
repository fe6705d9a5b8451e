// Whatever a page of the site shows wider than a screen is scrolled, by keys too.
const NAMES = [
  [".input_area pre", "Code"], ["[role=group][tabindex]", "A drawing"], ["figure", "A picture"],
  [".output_area, .output_area pre, .chainrule-ledger", "Output"], [".text_cell_render, p:has(> math)", "Text"],
];
for (const [which, name] of NAMES) {
  for (const e of document.querySelectorAll(which)) reachable(e, e.getAttribute("aria-label") ?? name);
}
