// The page of a walk in a notebook with a kernel: what the page asks is passed on, and what the kernel answers.
export default {
  render({ model, el }) {
    const frame = () => el.querySelector("iframe")?.contentWindow;
    const hear = (event) => {
      if (event.source !== frame() || !event.data?.chainrule) return;
      if (event.data.chainrule === "hello") frame().postMessage({ chainrule: "host" }, "*");
      else model.send(event.data);
    };
    const pass = (message) => frame()?.postMessage(message, "*");
    window.addEventListener("message", hear);
    model.on("msg:custom", pass);
    el.innerHTML = model.get("frame");
    return () => {
      window.removeEventListener("message", hear);
      model.off("msg:custom", pass);
    };
  },
};
