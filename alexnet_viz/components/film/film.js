// The film of learning. The newest frame comes by itself, the others when somebody wants to see them; all stay here,
// and playing them asks nothing of the server.

import { fetched, follow, words } from "../lib/follow.js";

const PAUSE = 110; // ms between two pictures
const CALM = 600; // the same, for who asked for little motion

export default function ({ parentElement, data: { run, source, every } }) {
  const view = parentElement.querySelector(".film");
  const find = (name) => view.querySelector(name);
  const slider = find(".slider");
  const coming = parentElement.querySelector(".coming");
  const unreachable = parentElement.querySelector(".unreachable");
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;

  if (view.run !== run) {
    Object.assign(view, {
      run,
      frames: [],
      at: 0,
      layer: view.layer ?? "relu1",
      story: null,
      shown: null,
      whole: false,
    });
    pause();
  }
  const size = ([n, h, w]) => n * h * w;
  const from = (first) => `${source}?first=${first}`;

  // A length, then a story in JSON, then the pixels of each frame that is new.
  const take = (body, problem = "") => {
    if (view.run !== run) return;
    unreachable.textContent = problem;
    if (!body) return;
    const end = 4 + new DataView(body).getUint32(0);
    const told = JSON.parse(words(body.slice(4, end)));
    if (!told.steps.length) {
      coming.hidden = !every;
      return;
    }
    const newest = view.at >= view.frames.length - 1;
    const late = view.story?.steps.length > told.steps.length; // overtaken by the answer to a later question
    if (!late) view.story = { ...view.story, ...told };
    view.filtersLength = 3 * size(told.filters);
    const length =
      2 * view.filtersLength +
      Object.values(told.maps)
        .map(size)
        .reduce((a, b) => a + b, 0);
    told.top.forEach((top, i) => {
      view.frames[told.first + i] = { pixels: new Uint8Array(body, end + i * length, length), top };
    });
    if (newest && !view.timer) view.at = view.frames.length - 1; // who looks at the newest picture goes on doing so
    tell();
    show();
  };

  // Ask for all frames as soon as one is missed.
  const ask = async () => {
    if (view.whole) return;
    view.whole = true;
    const { body, problem } = await fetched(from(0));
    take(body, problem);
    if (!body)
      setTimeout(() => {
        view.whole = false;
      }, 2000);
  };
  view.ask = ask;

  function tell() {
    view.hidden = false;
    coming.hidden = true;
    const { photo, truth, maps } = view.story;
    const picture = find(".photo img");
    if (photo && picture.src !== photo) picture.src = photo;
    picture.alt = `The fixed photo${truth ? `: ${truth}` : ""}`;
    find(".photo figcaption").textContent = truth;
    const layers = Object.keys(maps);
    if (find(".layers").childElementCount === layers.length) return;
    find(".layers").replaceChildren(
      ...layers.map((name) => {
        const button = document.createElement("button");
        Object.assign(button, { type: "button", textContent: name, title: `The photo's maps after ${name}` });
        button.onclick = () => {
          view.layer = name;
          view.show();
        };
        return button;
      }),
    );
  }

  for (const button of find(".looks").children) {
    button.onclick = () => {
      view.look = button.dataset.look;
      view.show();
    };
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
    if (!view.story) return;
    const { steps, filters: tiles, maps, look: first, truth } = view.story;
    const frame = view.frames[view.at];
    slider.max = Math.max(0, view.frames.length - 1);
    slider.value = view.at;
    const step = steps[view.at].toLocaleString("en");
    find(".step").textContent = `step ${step}`;
    if (!frame) return view.ask();
    slider.setAttribute("aria-valuetext", `step ${step}, picture ${view.at + 1} of ${view.frames.length}`);
    const filters = find(".filters");
    const look = view.look ?? first;
    const learned = look === "learned";
    const offset = learned ? 0 : view.filtersLength;
    const shown = [run, view.at, view.layer, look].join();
    if (view.shown === shown) return; // the page looks more often than there is a new picture
    view.shown = shown;
    grid(filters, tiles, tiles[0] > 64 ? 12 : 8, (out, to, from) => {
      for (let c = 0; c < 3; c++) out[to + c] = frame.pixels[offset + 3 * from + c];
    });
    const what = learned ? `what training added to conv1's ${tiles[0]} filters` : `conv1's ${tiles[0]} filters`;
    filters.setAttribute("aria-label", `Colour tiles: ${what}, after ${step} steps`);
    let start = 2 * view.filtersLength;
    for (const name of Object.keys(maps)) {
      if (name === view.layer) {
        const offset = start;
        grid(find(".maps"), maps[name], 4, (out, to, from) => {
          out[to] = out[to + 1] = out[to + 2] = frame.pixels[offset + from];
        });
      }
      start += size(maps[name]);
    }
    find(".maps").setAttribute("aria-label", `The photo's first maps after ${view.layer}, after ${step} steps`);
    for (const button of view.querySelectorAll(".choice button")) {
      button.setAttribute(
        "aria-pressed",
        String([view.layer, look].includes(button.dataset.look ?? button.textContent)),
      );
    }
    find(".top").replaceChildren(
      ...frame.top.map(([label, probability]) => {
        const row = document.createElement("li");
        row.style.setProperty("--share", probability);
        row.className = label === truth ? "truth" : "";
        for (const text of [label, `${(100 * probability).toFixed(0)} %`]) {
          row.append(Object.assign(document.createElement("span"), { textContent: text }));
        }
        return row;
      }),
    );
    const [n, h, w] = maps[view.layer];
    find(".note").textContent =
      `Above: ${what}, each on its own scale, 0 is grey. Below: the ` +
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
    view.timer = setInterval(
      () => {
        if (!view.frames[view.at + 1] && view.at < view.frames.length - 1) return view.ask(); // it is on its way
        if (view.at < view.frames.length - 1) view.at += 1;
        view.show();
        if (view.at >= view.frames.length - 1) pause();
      },
      calm ? CALM : PAUSE,
    );
  }
  view.show = show; // the timer draws with the newest data
  find(".play").onclick = () => {
    if (view.timer) pause();
    else play();
    show();
  };
  slider.oninput = () => {
    pause();
    view.at = Number(slider.value);
    show();
  };
  slider.onkeydown = (event) => {
    if (event.key !== " ") return;
    event.preventDefault();
    find(".play").click();
  };
  const news = () => (view.frames.length ? from(view.frames.length) : source);
  const end = follow(view, news, every, take);
  if (!view.story) view.hidden = coming.hidden = true;
  // At once too: a run that ends takes its last picture after the last question.
  fetched(news()).then(({ body, problem }) => take(body, problem));
  return () => {
    end();
    clearInterval(view.timer);
  };
}
