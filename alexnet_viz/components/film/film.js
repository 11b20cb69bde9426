// The film of learning. The newest frame comes by itself, the others when somebody wants to see them; all stay here,
// and playing them asks nothing of the server.
const PAUSE = 110; // ms between two pictures
const CALM = 600; // the same, for who asked for little motion

export default function ({ parentElement, data, setTriggerValue }) {
  const view = parentElement.querySelector(".film");
  const find = (name) => view.querySelector(name);
  const slider = find(".slider");
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;

  if (view.run !== data.run) {
    Object.assign(view, { run: data.run, frames: [], at: data.steps.length - 1, layer: view.layer ?? "relu1", asked: 0 });
    pause();
  }
  const size = ([n, h, w]) => n * h * w;
  const filtersLength = 3 * size(data.filters);
  const length = 2 * filtersLength + Object.values(data.maps).map(size).reduce((a, b) => a + b, 0);
  const pixels = data.pixels?.getChildAt ? data.pixels.getChildAt(0).toArray() : data.pixels;
  const newest = view.at >= view.frames.length - 1;
  data.top.forEach((top, i) => {
    view.frames[data.first + i] = { pixels: pixels.slice(i * length, (i + 1) * length), top };
  });
  if (newest && !view.timer) view.at = view.frames.length - 1; // who looks at the newest picture goes on doing so

  // Ask for all frames as soon as one is missed, once for each new frame.
  const ask = () => {
    if (view.asked === view.frames.length) return;
    view.asked = view.frames.length;
    setTriggerValue("missing", true);
  };
  view.ask = ask;

  const picture = find(".photo img");
  if (data.photo && picture.src !== data.photo) picture.src = data.photo;
  picture.alt = `The fixed photo${data.truth ? `: ${data.truth}` : ""}`;
  find(".photo figcaption").textContent = data.truth;

  const layers = Object.keys(data.maps);
  if (find(".layers").childElementCount !== layers.length) {
    find(".layers").replaceChildren(...layers.map((name) => {
      const button = document.createElement("button");
      Object.assign(button, { type: "button", textContent: name, title: `The photo's maps after ${name}` });
      button.onclick = () => { view.layer = name; show(); };
      return button;
    }));
  }

  for (const button of find(".looks").children) {
    button.onclick = () => { view.look = button.dataset.look; show(); };
  }

  // Tiles in a grid, each pixel as large as fits, with a gap between them.
  const grid = (canvas, [count, height, width], columns, pixel) => {
    const scale = Math.max(1, Math.round(560 / columns / width));
    const [w, h] = [width * scale + 3, height * scale + 3];
    const shape = [columns * w - 3, Math.ceil(count / columns) * h - 3];
    if (canvas.width !== shape[0] || canvas.height !== shape[1]) [canvas.width, canvas.height] = shape;
    const context = canvas.getContext("2d");
    const image = context.createImageData(...shape);
    for (let tile = 0; tile < count; tile++) {
      const [left, top] = [(tile % columns) * w, Math.floor(tile / columns) * h];
      for (let y = 0; y < height * scale; y++) {
        for (let x = 0; x < width * scale; x++) {
          const from = (tile * height + Math.floor(y / scale)) * width + Math.floor(x / scale);
          const to = 4 * ((top + y) * shape[0] + left + x);
          pixel(image.data, to, from);
          image.data[to + 3] = 255;
        }
      }
    }
    context.putImageData(image, 0, 0);
  };

  function show() {
    const frame = view.frames[view.at];
    slider.max = Math.max(0, view.frames.length - 1);
    slider.value = view.at;
    const step = data.steps[view.at].toLocaleString("en");
    find(".step").textContent = `step ${step}`;
    if (!frame) return view.ask();
    slider.setAttribute("aria-valuetext", `step ${step}, picture ${view.at + 1} of ${view.frames.length}`);
    const filters = find(".filters");
    const look = view.look ?? data.look;
    const learned = look === "learned";
    const offset = learned ? 0 : filtersLength;
    grid(filters, data.filters, data.filters[0] > 64 ? 12 : 8, (out, to, from) => {
      for (let c = 0; c < 3; c++) out[to + c] = frame.pixels[offset + 3 * from + c];
    });
    const what = learned ? `what training added to conv1's ${data.filters[0]} filters` : `conv1's ${data.filters[0]} filters`;
    filters.setAttribute("aria-label", `Colour tiles: ${what}, after ${step} steps`);
    let start = 2 * filtersLength;
    for (const name of layers) {
      if (name === view.layer) {
        const offset = start;
        grid(find(".maps"), data.maps[name], 4, (out, to, from) => {
          out[to] = out[to + 1] = out[to + 2] = frame.pixels[offset + from];
        });
      }
      start += size(data.maps[name]);
    }
    find(".maps").setAttribute("aria-label", `The photo's first maps after ${view.layer}, after ${step} steps`);
    for (const button of view.querySelectorAll(".choice button")) {
      button.setAttribute("aria-pressed", String([view.layer, look].includes(button.dataset.look ?? button.textContent)));
    }
    find(".top").replaceChildren(...frame.top.map(([label, probability]) => {
      const row = document.createElement("li");
      row.style.setProperty("--share", probability);
      row.className = label === data.truth ? "truth" : "";
      for (const text of [label, `${(100 * probability).toFixed(0)} %`]) {
        row.append(Object.assign(document.createElement("span"), { textContent: text }));
      }
      return row;
    }));
    const [n, h, w] = data.maps[view.layer];
    find(".note").textContent = `Above: ${what}, each on its own scale, 0 is grey. Below: the ` +
      ` photo's first ${n} maps after ${view.layer} (${h} × ${w}), 0 is black. The truth is green.`;
  }

  function pause() {
    clearInterval(view.timer);
    view.timer = null;
    find(".play").textContent = "▶";
    find(".play").setAttribute("aria-label", "Play the film of learning");
  }
  function play() {
    if (view.at >= view.frames.length - 1) view.at = 0;
    find(".play").textContent = "❚❚";
    find(".play").setAttribute("aria-label", "Pause the film");
    view.timer = setInterval(() => {
      if (!view.frames[view.at + 1] && view.at < view.frames.length - 1) return view.ask(); // it is on its way
      if (view.at < view.frames.length - 1) view.at += 1;
      view.show();
      if (view.at >= view.frames.length - 1) pause();
    }, calm ? CALM : PAUSE);
  }
  view.show = show; // the timer draws with the newest data
  find(".play").onclick = () => (view.timer ? pause() : play(), show());
  slider.oninput = () => { pause(); view.at = Number(slider.value); show(); };
  slider.onkeydown = (event) => {
    if (event.key !== " ") return;
    event.preventDefault();
    find(".play").click();
  };
  show();
  return () => clearInterval(view.timer);
}
