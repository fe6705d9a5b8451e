// The lab's Python, apart from the page: Pyodide with the engine, and viz.js, all from the files beside it.
import { loadPyodide } from "./pyodide.mjs";
import { instance } from "./viz.js";

const tell = (message) => postMessage(message);
const fetched = async (name) => {
  const response = await fetch(name);
  if (!response.ok) throw new Error(`${name}: ${response.status} ${response.statusText}`);
  return response.arrayBuffer();
};

async function opened() {
  tell({ stage: "Python is loading" });
  const [python, viz, packages] = await Promise.all([loadPyodide({ indexURL: "./" }), instance(), fetched("packages.zip")]);
  tell({ stage: "The engine is loading" });
  python.unpackArchive(packages, "zip", { extractDir: python.runPython("import site; site.getsitepackages()[0]") });
  python.runPython("import importlib; importlib.invalidate_caches()");
  const { Desk, viz_js } = python.pyimport("desk");
  viz_js((source, format) => viz.renderString(source, { format }));
  return [python, Desk((kind, text) => tell({ kind, text }))];
}

const opening = opened();
opening.then(
  () => tell({ ready: true }),
  (error) => tell({ failed: String(error) }),
);

self.onmessage = async ({ data }) => {
  const [python, desk] = await opening;
  const given = data.arguments.map((x) => python.toPy(x));
  let result = null;
  let error = null;
  try {
    const returned = desk[data.method](...given);
    result = returned?.toJs ? returned.toJs({ dict_converter: Object.fromEntries, create_pyproxies: false }) : returned;
  } catch (raised) {
    error = String(raised.message ?? raised).trim().split("\n").pop();
  }
  tell({ done: data.id, result, error });
};
