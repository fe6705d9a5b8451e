// The page of a walk in a notebook with a kernel: what the page asks is passed on, and what the kernel answers.
export default {
  render({ model, el }) {
    const frame = document.createElement("iframe");
    frame.title = "Walk";
    frame.setAttribute("sandbox", "allow-scripts allow-forms");
    frame.style.cssText = `width:100%;height:${model.get("height")}px;border:1px solid #8883;border-radius:8px`;
    const hear = (event) => {
      if (event.source !== frame.contentWindow || !event.data?.chainrule) return;
      if (event.data.chainrule === "hello") frame.contentWindow.postMessage({ chainrule: "host" }, "*");
      else model.send(event.data);
    };
    const pass = (message) => frame.contentWindow?.postMessage(message, "*");
    window.addEventListener("message", hear);
    model.on("msg:custom", pass);
    frame.srcdoc = model.get("page");
    el.append(frame);
    return () => {
      window.removeEventListener("message", hear);
      model.off("msg:custom", pass);
    };
  },
};
