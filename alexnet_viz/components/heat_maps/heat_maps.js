// Pictures with the numbers behind them: a point on one is a point on all, by pointer or by arrow keys.
const digits = (value) =>
  (value === 0
    ? "0"
    : Math.abs(value) < 1e-3
      ? value.toExponential(1)
      : Number(value.toPrecision(3)).toString()
  ).replace(/-/g, "−");

export default function ({ parentElement, data, setTriggerValue }) {
  const grid = parentElement.querySelector(".grid");
  const said = parentElement.querySelector(".said");
  const values = data.values?.getChildAt ? data.values.getChildAt(0).toArray() : (data.values ?? []);
  grid.style.gridTemplateColumns = data.columns;
  const focused = parentElement.getRootNode().activeElement?.closest?.("figure")?.dataset.key;

  const make = (name, className, text) => {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  };

  const figures = data.tiles.map((tile) => {
    const figure = make("figure");
    figure.dataset.key = tile.key;
    const caption = make("figcaption");
    const title = make("span", "", tile.title);
    title.title = tile.title;
    caption.append(title);
    if (data.pick) {
      const button = make("button", "", data.pick);
      button.type = "button";
      button.title = `${data.pick}: ${tile.title}`;
      button.onclick = () => setTriggerValue("picked", tile.key);
      caption.append(button);
    }
    const picture = make("div", "picture");
    picture.tabIndex = 0;
    picture.setAttribute("role", "group");
    picture.setAttribute("aria-label", `${tile.title}. Arrow keys read the map's values.`);
    const image = make("img");
    image.src = tile.picture;
    image.alt = tile.alt;
    image.draggable = false;
    image.style.maxHeight = `${data.height}px`;
    const cross = make("div", "cross");
    const value = make("div", "value");
    cross.hidden = value.hidden = true;
    picture.append(image, cross, value);
    const legend = make("div", "legend");
    const ramp = make("div", "ramp");
    ramp.style.background = `linear-gradient(to right, ${tile.colours.join(", ")})`;
    ramp.setAttribute("role", "img");
    ramp.setAttribute("aria-label", `Colours from ${digits(tile.low)} to ${digits(tile.high)}`);
    const mark = make("div", "mark");
    mark.hidden = true;
    ramp.append(mark);
    const ends = make("div", "ends");
    for (const at of [tile.low, (tile.low + tile.high) / 2, tile.high]) ends.append(make("span", "", digits(at)));
    legend.append(ramp, ends);
    figure.append(caption, picture, legend);
    if (tile.note) figure.append(make("div", "note", tile.note));

    const [first, last] = tile.covers;
    const cell = (
      at,
      cells, // beyond the map the outermost
    ) => Math.max(0, Math.min(cells - 1, Math.floor(((at - first) / (last - first)) * cells)));
    const show = (x, y, own) => {
      // x, y in 0–1 over the crop; null hides
      cross.hidden = value.hidden = mark.hidden = x === null;
      if (x === null) return null;
      const [column, row] = [cell(x, tile.columns), cell(y, tile.rows)];
      const number = values[tile.start + row * tile.columns + column];
      const [left, top, right, bottom] = tile.box;
      const within = (share, whole) => Math.max(0, Math.min(1, share)) * whole;
      const at = {
        x: within(left + x * (right - left), picture.clientWidth),
        y: within(top + y * (bottom - top), picture.clientHeight),
      };
      cross.style.left = `${at.x}px`;
      cross.style.top = `${at.y}px`;
      value.textContent = digits(number);
      value.style.left = `${Math.max(0, Math.min(at.x + 14, picture.clientWidth - value.offsetWidth - 4))}px`;
      value.style.top = `${at.y + 42 > picture.clientHeight ? at.y - 38 : at.y + 12}px`;
      const share = (number - tile.low) / (tile.high - tile.low || 1);
      mark.style.left = `${Math.max(0, Math.min(1, share)) * 100}%`;
      return own ? `${digits(number)}, row ${row + 1} of ${tile.rows}, column ${column + 1} of ${tile.columns}` : null;
    };
    const everywhere = (x, y) => {
      for (const other of figures) if (other.show !== show) data.linked && other.show(x, y, false);
      return show(x, y, true);
    };
    let point = null;
    picture.onpointermove = picture.onpointerdown = (event) => {
      const box = picture.getBoundingClientRect();
      const [left, top, right, bottom] = tile.box;
      const x = ((event.clientX - box.left) / box.width - left) / (right - left);
      const y = ((event.clientY - box.top) / box.height - top) / (bottom - top);
      const inside = x >= 0 && x < 1 && y >= 0 && y < 1;
      point = inside ? [x, y] : null;
      everywhere(inside ? x : null, inside ? y : null);
    };
    picture.onpointerleave = () => everywhere(null, null);
    picture.onblur = () => everywhere(null, null);
    picture.onkeydown = (event) => {
      const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (event.key === "Escape") everywhere(null, null);
      if (!step) return;
      event.preventDefault();
      const each = Math.max(1 / 28, (last - first) / tile.columns);
      const clamp = (at) => Math.max(each / 2, Math.min(1 - each / 2, at));
      point = point ? [clamp(point[0] + step[0] * each), clamp(point[1] + step[1] * each)] : [0.5, 0.5];
      said.textContent = everywhere(...point);
    };
    return { figure, show, picture };
  });
  grid.replaceChildren(...figures.map((one) => one.figure));
  if (focused) figures.find((one) => one.figure.dataset.key === focused)?.picture.focus();
}
