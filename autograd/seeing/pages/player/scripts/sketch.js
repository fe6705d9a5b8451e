// Where Modules stand for their values: an arrow tells the size of many gradients, which has no sign.
Object.defineProperty(Step.prototype, "sign", { get: () => "" });

// What the boxes say that a step computes in.
tellStride = () => {
  const nodes = new Set(strideSteps().filter(({ target }) => target === null).map(({ node }) => node));
  const rows = [...nodes].flatMap((node) => {
    const [words, key] = facts.rows[placeOf(node)];
    return words.map((word, k) => ["", [word], rowOfBox(key, k)]);
  });
  $("numbers").hidden = !rows.length;
  showRows(rows);
};
