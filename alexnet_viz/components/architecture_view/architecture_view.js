// The drawing of the network: a click, Enter or Space on a layer goes to Python, everything else stays in the browser.
export default function ({ parentElement, data, setTriggerValue }) {
  const view = parentElement.querySelector(".view");
  const drawing = view.querySelector(".drawing");
  const tip = view.querySelector(".tip");
  const layers = () => [...drawing.querySelectorAll(".layer")];

  // One stop for the Tab key, the selected layer; the arrow keys walk from there.
  const rest = (layer) => layers().forEach((one) => one.setAttribute("tabindex", one === layer ? "0" : "-1"));

  if (drawing.shown !== data.svg) {
    const focused = view.getRootNode().activeElement?.dataset?.layer;
    drawing.innerHTML = data.svg;
    drawing.shown = data.svg;
    for (const layer of layers()) {
      const title = layer.querySelector("title"); // the tip says it; the browser's own tip would lie over that one
      layer.dataset.tip = title.textContent;
      title.remove();
    }
    const before = drawing.querySelector(`[data-layer="${focused}"]`);
    rest(before ?? drawing.querySelector('[aria-pressed="true"]') ?? layers()[0]);
    before?.focus();
  }

  const layerOf = (event) => event.target.closest?.(".layer");
  const pick = (layer) => setTriggerValue("picked", layer.dataset.layer);

  const showTip = (layer, x, y) => {
    const [name, ...facts] = layer.dataset.tip.split("\n");
    tip.replaceChildren(
      Object.assign(document.createElement("b"), { textContent: name }),
      ...facts.map((fact) => Object.assign(document.createElement("div"), { textContent: fact })),
    );
    tip.hidden = false;
    const box = view.getBoundingClientRect();
    tip.style.left = `${Math.max(0, Math.min(x - box.left + 14, box.width - tip.offsetWidth))}px`;
    tip.style.top = `${y - box.top + 18}px`;
  };
  const hideTip = () => {
    tip.hidden = true;
  };

  drawing.onclick = (event) => {
    const layer = layerOf(event);
    if (layer) pick(layer);
  };
  drawing.onkeydown = (event) => {
    const layer = layerOf(event);
    if (!layer) return;
    const all = layers();
    const at = all.indexOf(layer);
    const to = {
      ArrowRight: at + 1,
      ArrowDown: at + 1,
      ArrowLeft: at - 1,
      ArrowUp: at - 1,
      Home: 0,
      End: all.length - 1,
    }[event.key];
    if (to !== undefined) {
      const next = all[Math.min(Math.max(to, 0), all.length - 1)];
      const box = next.getBoundingClientRect();
      rest(next);
      next.focus();
      showTip(next, box.left, box.bottom);
    } else if (event.key === "Enter" || event.key === " ") pick(layer);
    else if (event.key === "Escape") hideTip();
    else return;
    event.preventDefault();
  };
  drawing.onpointermove = (event) => {
    const layer = layerOf(event);
    if (layer) showTip(layer, event.clientX, event.clientY);
    else hideTip();
  };
  drawing.onpointerleave = hideTip;

  const save = (blob, ending) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = `${data.name}.${ending}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };
  // On its own the drawing needs the size and the ground that the page gives it here.
  const alone = () => {
    const box = drawing.querySelector("svg").viewBox.baseVal;
    const text = data.svg
      .replace("<svg ", `<svg width="${box.width}" height="${box.height}" `)
      .replace(">", `><rect width="100%" height="100%" fill="${data.background}"/>`);
    return { text, width: box.width, height: box.height };
  };
  view.querySelector('[data-as="svg"]').onclick = () =>
    save(new Blob([alone().text], { type: "image/svg+xml" }), "svg");
  view.querySelector('[data-as="html"]').onclick = () => {
    const page =
      `<!doctype html><html lang="en"><meta charset="utf-8"><title>${data.name}</title>` +
      "<style>body{margin:2rem}svg{display:block;width:100%;max-height:94vh}</style>" +
      `<body style="background:${data.background}">${data.svg}</body></html>`;
    save(new Blob([page], { type: "text/html" }), "html");
  };
  view.querySelector('[data-as="png"]').onclick = () => {
    const { text, width, height } = alone();
    const picture = new Image();
    picture.onload = () => {
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [width * 2, height * 2];
      canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
      canvas.toBlob((blob) => save(blob, "png"), "image/png");
    };
    picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  };
}
