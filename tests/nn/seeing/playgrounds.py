"""What tests of the playground do with its page."""

EPOCHS = """([settings, epochs]) => {
  training = new Training(settings);
  const started = Array.from(training.numbers);
  for (let k = 0; k < epochs; k++) epochOf();
  return { started, ended: Array.from(training.numbers), history: training.history };
}"""


def wait_until(sheet, condition):
    """Wait frame by frame: the page's policy forbids what playwright's own waiting does."""
    sheet.evaluate(f"async () => {{ while (!({condition})) await new Promise(requestAnimationFrame); }}")


def in_python(sheet, **given):
    """What the page says that its training is in Python, carried out."""
    sheet.evaluate("part('python').open = true")
    text = sheet.evaluate("inPython()").replace("..., ...", "given")
    scope = dict(given)
    exec(text.replace("    model, X, y,", "    model, X, y, progress=False, engine='eager',"), scope)
    return scope


def centre(thing):
    box = thing.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
