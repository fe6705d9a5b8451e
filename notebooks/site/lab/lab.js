// The lab: what is typed goes to the Python beside the page (worker.js), and what comes back is shown.
const at = (id) => document.getElementById(id);
const chosen = JSON.parse(at("begins").textContent);
const asked = new Map(); // what is to be done with each answer, by the number of its question
let worker, into, busy, next = 0;

function start() {
  worker?.terminate();
  asked.clear();
  worker = new Worker("worker.js", { type: "module" });
  worker.onmessage = ({ data }) => hear(data);
  worker.onerror = (event) => told(`The lab did not start: ${event.message ?? "a file is missing"}. Is the site opened from a file server?`);
  document.documentElement.removeAttribute("data-ready");
  working(true);
}

function hear(message) {
  if (message.stage) told(`${message.stage} …`);
  else if (message.failed) told(`The lab did not start: ${message.failed}`);
  else if (message.ready) {
    working(false);
    document.documentElement.setAttribute("data-ready", "");
    read();
  } else if ("kind" in message) show(message.kind, message.text);
  else {
    const then = asked.get(message.done);
    asked.delete(message.done);
    then?.(message);
  }
}

function ask(method, ...given) {
  return new Promise((answered) => {
    asked.set(++next, answered);
    worker.postMessage({ id: next, method, arguments: given });
  });
}

function told(text) {
  at("told").textContent = text;
}

function working(now) {
  busy = now;
  told(now ? "Working …" : "Ready.");
  at("stop").hidden = !now || !document.documentElement.hasAttribute("data-ready");
  for (const button of document.querySelectorAll("form button")) button.disabled = now;
}

async function work(outputs, method, ...given) {
  working(true);
  into = outputs;
  into.replaceChildren();
  const { error } = await ask(method, ...given);
  if (error) show("error", error);
  working(false);
}

function show(kind, text) {
  const last = into.lastElementChild;
  if (kind === "text" && last?.className === "text") {
    last.textContent += text;
    return;
  }
  const plain = kind === "text" || kind === "error";
  const output = document.createElement(plain ? "pre" : "div");
  output.className = kind;
  if (plain) output.textContent = text;
  else output.innerHTML = text;
  into.append(output);
}

// ---------------------------------------------------------------------------------- the formula

const START = { a: 2, b: -3, c: 10, f: -2 };

async function read() {
  const { result, error } = await ask("variables", at("text").value);
  at("complaint").textContent = error ? error.replace(/^\S+: /, "") : "";
  if (error) return false;
  const numbers = current();
  at("numbers").replaceChildren(
    ...result.map((name) => {
      const label = document.createElement("label");
      const input = document.createElement("input");
      Object.assign(input, { name, type: "number", step: "any", required: true, value: numbers[name] ?? START[name] ?? 1 });
      label.append(`${name} = `, input);
      return label;
    }),
  );
  const before = at("variable").value;
  at("variable").replaceChildren(...result.map((name) => new Option(name, name, false, name === before)));
  return true;
}

function current() {
  return Object.fromEntries([...at("numbers").querySelectorAll("input")].map((x) => [x.name, x.valueAsNumber]));
}

at("text").addEventListener("input", () => !busy && read());
at("formula").addEventListener("submit", async (event) => {
  event.preventDefault();
  if (busy) return;
  working(true);
  if (await read()) work(at("seen"), "formula", event.submitter?.value ?? "draw", at("text").value, current(), at("variable").value);
  else working(false);
});

// ---------------------------------------------------------------------------------- the program

for (const [title, group] of Object.entries(Object.groupBy(chosen, (x) => x.group))) {
  const options = document.createElement("optgroup");
  options.label = title;
  options.append(...group.map((x) => new Option(x.title, x.name)));
  at("begin").append(options);
}

function begin(name) {
  const found = chosen.find((x) => x.name === name) ?? chosen[0];
  at("begin").value = found.name;
  at("task").innerHTML = found.task;
  at("code").value = found.code;
  at("printed").replaceChildren();
}

at("begin").addEventListener("change", () => begin(at("begin").value));
at("program").addEventListener("submit", (event) => {
  event.preventDefault();
  if (!busy) work(at("printed"), "run", at("code").value);
});
at("code").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) at("program").requestSubmit();
  else if (event.key === "Escape") document.querySelector("#program button").focus();
  else if (event.key === "Tab" && !event.shiftKey) at("code").setRangeText("    ", at("code").selectionStart, at("code").selectionEnd, "end");
  else return;
  event.preventDefault();
});

at("stop").addEventListener("click", () => {
  show("error", "Stopped; Python begins anew.");
  start();
});

// A walk's page asks what if a leaf had another number: the engine answers.
window.addEventListener("message", async ({ data, source }) => {
  const frame = [...document.querySelectorAll("iframe")].find((x) => x.contentWindow === source);
  const walk = frame?.closest("[class^=walk]")?.className.split(" ")[1];
  if (!walk || !data?.chainrule) return;
  if (data.chainrule === "hello") source.postMessage({ chainrule: "host" }, "*");
  else source.postMessage((await ask("change", Number(walk), data)).result, "*");
});

addEventListener("hashchange", () => begin(location.hash.slice(1)));
begin(location.hash.slice(1));
if (location.hash.length > 1) at("program-title").scrollIntoView();
start();
