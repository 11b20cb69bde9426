// The whole network: a column a layer, its strongest channels as thumbnails, and lines to what feeds them.
//
// A channel keeps its row through a stage: the convolution's map large, and beside it, smaller, what ReLU, normalisation
// and pooling make of it. Behind the last stage its maps are unrolled into strips, and units are single squares.

import { MINUS, PLUS } from "../lib/colour.js";
import { whenLaidOut } from "../lib/laid_out.js";
import { COLOURS } from "./arithmetic.js";
import { count, make, number, paint, paintPhoto, peakOf, sharp } from "./pictures.js";
import { hasVoices } from "./scene.js";

const LEAST = 36,
  MOST = 130; // a map's side, in CSS pixels

// The layers in blocks that stand close together: a convolution or fully connected layer with what follows it.
function blocksOf(columns) {
  const blocks = [];
  for (const column of columns) {
    if (["conv", "fc", "flatten", "softmax"].includes(column.kind)) {
      const kind = { conv: "maps", fc: "units", flatten: "strips", softmax: "classes" }[column.kind];
      blocks.push({ kind, columns: [] });
    }
    blocks.at(-1).columns.push(column);
  }
  return blocks;
}

export function overview(app) {
  const { scene } = app;
  const { columns } = scene;
  const rows = Math.max(...columns.map((column) => column.shown.length));
  const blocks = blocksOf(columns);
  const board = make("div", { className: "board" });
  const edges = make("canvas", { className: "edges" }),
    lit = make("canvas", { className: "edges" });
  edges.ariaHidden = lit.ariaHidden = "true";
  const box = make("div", { className: "scroller" }, board);
  const foot = make("div", { className: "foot" });
  app.host.replaceChildren(box, foot);
  board.append(edges, lit);

  const photo = paintPhoto(make("canvas", { className: "photo" }), scene.read(scene.photo), scene.photo.shape[0]);
  photo.setAttribute("role", "img");
  photo.setAttribute("aria-label", "What the network sees of the photo");
  board.append(photo);

  const parts = columns.map((column) => columnParts(app, column, (thumb) => light(thumb)));
  const thumbs = parts.map((part) => part.thumbs);
  const all = thumbs.flat();
  for (const part of parts) board.append(part.head, part.more, part.scale, ...part.thumbs.map((thumb) => thumb.button));

  // One stop for the Tab key; the arrow keys walk over rows and columns.
  const first = all.find((thumb) => thumb.button.classList.contains("chosen")) ?? all[0];
  first.button.tabIndex = 0;
  const walk = (event) => {
    const now = all.find((thumb) => thumb.button === app.focused());
    if (!now) return;
    const at = thumbs.findIndex((column) => column.includes(now));
    const to = {
      ArrowLeft: thumbs[Math.max(0, at - 1)],
      ArrowRight: thumbs[Math.min(thumbs.length - 1, at + 1)],
      Home: thumbs[0],
      End: thumbs.at(-1),
      ArrowUp: thumbs[at],
      ArrowDown: thumbs[at],
    }[event.key];
    if (!to) return;
    const row = now.row + ({ ArrowUp: -1, ArrowDown: 1 }[event.key] ?? 0);
    const next = to[Math.max(0, Math.min(to.length - 1, row))];
    all.forEach((thumb) => {
      thumb.button.tabIndex = thumb === next ? 0 : -1;
    });
    next.button.focus();
    event.preventDefault();
  };

  // --- where everything stands ---

  let places = {}; // what a line can start from: the photo, and the thumbnails by layer
  let lines = new Map(all.map((thumb) => [thumb, []])); // the lines into each thumbnail
  const lay = () => {
    const em = parseFloat(getComputedStyle(app.root).fontSize);
    const large = app.root.classList.contains("large");
    const small = (t) => Math.min(0.8 * em, Math.max(12.8, 0.28 * t)); // the type of small names
    const label = (column, t) => 0.53 * small(t) * column.layer.length + 10; // a small name, written across
    const strip = Math.max(12, 0.9 * em);
    const gap = (block, t) =>
      ({ strips: 8, classes: 10, units: Math.max(14, 0.26 * t) })[block?.kind] ?? Math.max(18, 0.36 * t);
    const widths = (block, t) => {
      // of the first column, of those beside it, and of the whole
      const beside = block.columns.slice(1);
      if (block.kind === "strips") return [strip, strip, block.columns.length * (strip + 3)];
      if (block.kind === "classes") return [(large ? 7.4 : 8.4) * em, 0, (large ? 7.4 : 8.4) * em];
      if (block.kind === "units")
        return [Math.max(1.5 * em, 0.36 * t), strip, Math.max(1.5 * em, 0.36 * t) + beside.length * (strip + 3)];
      const room = gap(blocks[blocks.indexOf(block) + 1], t); // a name may reach into it
      const next = beside.length && Math.max((t - 3) / 2, ...beside.map((column) => label(column, t) - room));
      return [t, next, t + (beside.length ? 3 + next : 0)];
    };
    const whole = (t) => blocks.reduce((sum, block) => sum + gap(block, t) + widths(block, t)[2], 1.25 * t);
    const high = (window.innerHeight - (document.fullscreenElement ? 11 : 22) * em) / rows - 6; // so that all rows are on the screen
    let t = Math.max(LEAST, Math.min(MOST, high));
    while (t > LEAST && whole(t) > box.clientWidth) t -= 0.5;
    const pitch = t + 6,
      top = 4.1 * em,
      end = top + rows * pitch;
    const put = (element, left, y, w, h) => {
      Object.assign(element.style, {
        left: `${left}px`,
        top: `${y}px`,
        width: `${w}px`,
        height: h === null ? "" : `${h}px`,
      });
    };
    const seen = { x: 0, y: top + (rows * pitch - 1.25 * t) / 2, w: 1.25 * t, h: 1.25 * t };
    put(photo, seen.x, seen.y, seen.w, seen.h);
    places = { photo: [seen] };
    let x = seen.w;
    for (const block of blocks) {
      const [main, next, wide] = widths(block, t);
      x += gap(block, t);
      const many = block.columns.length - 1;
      block.columns.forEach((column, i) => {
        const { head, more, scale, thumbs: mine } = parts[columns.indexOf(column)];
        const stacked = i && block.kind === "maps"; // beside the convolution's map, one below the other
        const w = i ? next : main;
        const left = i ? x + main + 3 + (stacked ? 0 : (i - 1) * (next + 3)) : x;
        const side = !stacked ? w : Math.min((t - 3) / 2, (t - 3 * (many - 1)) / many);
        const upright = block.kind === "strips" || (i && block.kind === "units");
        head.className = `head${i || upright ? " slim" : ""}${upright ? " upright" : ""}`;
        head.style.fontSize = `${i || upright ? small(t) : Math.min(1.1 * em, (w + 7) / (0.58 * column.layer.length))}px`;
        if (stacked) put(head, left, top - 8 - (many - i + 1) * 1.4 * small(t), w, 1.3 * small(t));
        else put(head, left, 0, w, top - 7);
        mine.forEach((thumb, row) => {
          const middle = top + row * pitch + t / 2;
          const h = { strips: t, classes: t }[block.kind] ?? side;
          const y = stacked ? middle - (many * side + (many - 1) * 3) / 2 + (i - 1) * (side + 3) : middle - h / 2;
          Object.assign(thumb, { x: left, y, w: side, h });
          put(thumb.button, left, y, side, h);
        });
        put(more, left - 10, end - 2, w + 20, 1.3 * em);
        more.hidden = i || block.kind === "strips" || !more.textContent;
        scale.classList.toggle("upright", upright);
        scale.classList.toggle("beside", stacked);
        scale.style.fontSize = `${small(t)}px`;
        const above = stacked && i > 1 ? parts[columns.indexOf(column) - 1].scale : null;
        if (stacked)
          put(
            scale,
            left,
            above ? parseFloat(above.style.top) + (above.hidden ? 0 : 1.6 * em) : end + 1.35 * em,
            side,
            null,
          );
        else put(scale, left, end + 1.35 * em, w, null);
        if (stacked && i < many)
          scale.hidden = scale.textContent === parts[columns.indexOf(column) + 1].scale.textContent; // one for both
        places[column.layer] = mine;
      });
      x += wide;
    }
    board.style.width = `${x}px`;
    board.style.height = `${end + 1.35 * em + 3.6 * em}px`;
    lines = new Map(all.map((thumb) => [thumb, into(thumb)]));
    draw();
  };

  // --- lines ---

  // Every line into a thumbnail: where from, and its share (−1 to 1) of the strongest line of that column.
  const into = (thumb) => {
    const { column, row } = thumb;
    if (!column.feeds) {
      const from = places[column.source];
      const own = from?.find((one) => one.channel === thumb.channel) ?? from?.[row];
      return own ? [{ from: own, share: 1, plain: true }] : [];
    }
    const feeds = scene.read(column.feeds);
    const width = column.feeds.shape[1];
    if (column.source === "photo") {
      const size = (r) => [0, 1, 2].reduce((sum, c) => sum + Math.abs(feeds[3 * r + c]), 0);
      return [
        {
          from: places.photo[0],
          share: size(row) / (Math.max(...column.shown.map((_, r) => size(r))) || 1),
          plain: true,
        },
      ];
    }
    const most = peakOf(feeds) || 1;
    const before = columns[columns.indexOf(column) - 1];
    const sources = places[before.kind === "dropout" || before.kind === "flatten" ? before.layer : column.source];
    return sources.map((from, i) => ({ from, share: feeds[row * width + i] / most, plain: false }));
  };
  const link = (context, from, to) => {
    const [x1, y1, x2, y2] = [from.x + from.w, from.y + from.h / 2, to.x, to.y + to.h / 2];
    const bend = Math.max(6, (x2 - x1) / 2);
    context.beginPath();
    context.moveTo(x1, y1);
    context.bezierCurveTo(x1 + bend, y1, x2 - bend, y2, x2, y2);
    context.stroke();
  };
  let ink = "";
  const stroke = (context, line, thumb, least, alpha, thick) => {
    const size = Math.abs(line.share);
    if (size < least) return;
    context.strokeStyle = line.plain ? ink : line.share < 0 ? MINUS : PLUS;
    context.globalAlpha = alpha(size);
    context.lineWidth = 0.6 + thick * size;
    link(context, line.from, thumb);
  };
  const draw = () => {
    ink = getComputedStyle(app.root).color;
    const [width, height] = [board.clientWidth, board.clientHeight];
    sharp(lit, width, height);
    const context = sharp(edges, width, height);
    for (const thumb of all) {
      if (!thumb.column.feeds) continue; // within a stage the row itself is the line
      for (const line of lines.get(thumb)) stroke(context, line, thumb, 0.04, (size) => 0.08 + 0.62 * size ** 1.5, 2.4);
    }
  };
  const light = (thumb) => {
    const context = lit.getContext("2d");
    context.clearRect(0, 0, lit.width, lit.height);
    edges.classList.toggle("dim", Boolean(thumb));
    if (!thumb) return app.tip(null);
    for (const one of all) {
      for (const line of lines.get(one)) {
        if (one === thumb || line.from === thumb) stroke(context, line, one, 0.02, (size) => 0.45 + 0.55 * size, 4.5);
      }
    }
    const { column, row, channel } = thumb;
    const told = [];
    if (column.labels?.[row]) told.push(column.labels[row]);
    const maps = column.shape.length === 3;
    const [peak, reach] = [number(column.peaks[row]), number(column.reach[row], 3)];
    told.push(
      maps
        ? `${column.shape[1]} × ${column.shape[2]}, peak ${peak}`
        : thumb.strip
          ? `the largest of its map's ${thumb.strip}: ${peak}`
          : `value ${peak}`,
    );
    told.push(
      `colours from ${column.signed ? `−${reach}` : 0} to ${reach}, the peak of ${column.own ? "this map" : SPAN[scene.span]}`,
    );
    if (column.feeders.length) {
      const most = column.feeders[row].map(
        ([from, strength]) =>
          `${column.source === "photo" ? COLOURS[from] : `${column.source} · ${from}`} (${number(strength, 2)})`,
      );
      told.push(`fed most by ${most.join(", ")}`);
    } else if (column.source) told.push(`from ${column.source} · ${lines.get(thumb)[0]?.from.channel ?? channel}`);
    app.tip(thumb.button, `${column.layer} · ${channel}`, told, maps ? thumb.picture : null);
  };

  const line = (colour) => make("i", { className: "stroke", style: `background:${colour}` });
  foot.append(
    make(
      "span",
      { className: "hint" },
      "Click a map to take its unit apart, a layer's name for all of its channels. Keys: arrows, Enter, Esc.",
    ),
    make(
      "span",
      { className: "hint lines" },
      line(PLUS),
      "raises ",
      line(MINUS),
      "lowers what it leads to; thick for much (mean size of what a channel puts in)",
    ),
  );
  const drawing = whenLaidOut(box, lay);
  return { key: walk, focus: () => first.button.focus({ preventScroll: true }), close: drawing.stop };
}

const SPAN = { unit: "its layer", layer: "its layer", network: "the whole network" };

// A layer's name, its thumbnails, the way to its other channels and its colour scale, not yet in their places.
function columnParts(app, column, light) {
  const { scene } = app;
  const open = () => app.go({ depth: "layer", layer: column.layer, channel: app.view.channel });
  const head = make("button", { type: "button", onclick: open }, make("span", {}, column.layer));
  head.style.setProperty("--kind", app.colour(column.kind));
  head.title = `${column.layer}: ${column.shape.join(" × ")}. Opens all of its channels.`;
  head.setAttribute("aria-label", `${column.layer}, all ${count(column.shape[0])} channels`);
  head.onfocus = head.onpointerenter = () => light(null);

  const levels = scene.read(column.maps);
  const [high, wide] = [column.maps.shape[1] ?? 1, column.maps.shape[2] ?? 1];
  const table = scene.read(column.signed ? scene.scales.signed : scene.scales.positive);
  const thumbs = column.shown.map((channel, row) => {
    const from = row * high * wide;
    const picture = paint(make("canvas"), wide, high, table, (i) => levels[from + i]);
    const softmax = column.kind === "softmax";
    const button = make(
      "button",
      { type: "button", className: "thumb", tabIndex: -1 },
      ...(softmax ? classParts(column, row) : [picture]),
    );
    const name = column.labels?.[row] ? `${channel}, ${column.labels[row]}` : channel;
    button.setAttribute(
      "aria-label",
      `${column.layer}, unit ${name}, ${column.shape.length === 3 ? "peak" : "value"} ${number(column.peaks[row])}`,
    );
    button.dataset.layer = column.layer;
    button.dataset.channel = channel;
    button.classList.toggle("class", softmax);
    button.classList.toggle("chosen", column.layer === app.view.layer && channel === app.view.channel);
    const thumb = { button, picture, column, row, channel, strip: high > wide ? high : 0 };
    button.onclick = () =>
      app.go({
        depth: column.shape.length === 3 || hasVoices(column.kind) ? "unit" : "value",
        layer: column.layer,
        channel,
      });
    button.onpointerenter = button.onfocus = () => light(thumb);
    button.onpointerleave = button.onblur = () => light(null);
    return thumb;
  });

  const rest = column.shape[0] - column.shown.length;
  const more = make(
    "button",
    { type: "button", className: "more", tabIndex: -1, onclick: open },
    rest > 0 ? `+${count(rest)}` : "",
  );
  more.title = `${count(rest)} more in ${column.layer}`;
  more.setAttribute("aria-label", more.title);

  const [low, most] = [Math.min(...column.reach), Math.max(...column.reach)].map((reach) => number(reach, 2));
  const told = column.own
    ? `each map's colours reach to its own peak, here ${low} to ${most}`
    : `colours from ${column.signed ? `−${most}` : 0} to ${most}`;
  const ramp = paint(
    make("canvas", { className: "ramp" }),
    column.signed ? 255 : 256,
    1,
    table,
    (i) => i + (column.signed ? 1 : 0),
  );
  ramp.setAttribute("role", "img");
  ramp.setAttribute("aria-label", `${column.layer}: ${told}`);
  const scale = make(
    "span",
    { className: "scale", title: `${column.layer}: ${told}` },
    ramp,
    make("span", {}, `${column.own ? "≤" : column.signed ? "±" : ""}${most}`),
  );
  scale.hidden = column.kind === "softmax"; // its bars are drawn to scale
  return { head, thumbs, more, scale };
}

// A class as the overview's last column shows it: its name, its share, and a bar.
function classParts(column, row) {
  const share = column.peaks[row];
  const bar = make("span", { className: "bar", style: `width:${Math.max(1, 100 * share)}%` });
  return [
    make("span", { className: "label" }, column.labels[row]),
    make("b", {}, `${(100 * share).toFixed(1)}%`),
    make("span", { className: "track" }, bar),
  ];
}
