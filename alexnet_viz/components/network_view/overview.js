// The whole network: a column a layer, its strongest channels as thumbnails, and lines to what feeds them.
//
// A channel keeps its row through a stage: the convolution's map large, and beside it, smaller, what ReLU,
// normalisation and pooling make of it. Behind the last stage its maps are unrolled into strips, and units are single
// squares.

import { sharpContext } from "../lib/canvas.js";
import { NEGATIVE, POSITIVE } from "../lib/colour.js";
import { asImage, make } from "../lib/dom.js";
import { arrowStep } from "../lib/keyboard.js";
import { clamp, formatNumber, peakOf, sum } from "../lib/numbers.js";
import { COLOURS } from "./arithmetic.js";
import { columnElements } from "./overview_column.js";
import { blocksOf, placeColumns } from "./overview_layout.js";
import { photoPicture, smoothingText } from "./pictures.js";

export const overviewView = (app) => new Overview(app);

class Overview {
  constructor(app) {
    const { columns } = app.scene;
    this.app = app;
    this.blocks = blocksOf(columns);
    this.edges = make("canvas", { className: "edges", ariaHidden: "true" });
    this.highlighted = make("canvas", { className: "edges", ariaHidden: "true" });
    this.photo = asImage(
      photoPicture(app.scene, make("canvas", { className: "photo" })),
      "What the network sees of the photo",
    );
    this.columns = columns.map((column) => columnElements(app, column, (thumb) => this.highlight(thumb)));
    this.thumbs = this.columns.flatMap((column) => column.thumbs);
    this.board = make("div", { className: "board" }, this.edges, this.highlighted, this.photo);
    for (const { head, more, scale, thumbs } of this.columns) {
      this.board.append(head, more, scale, ...thumbs.map((thumb) => thumb.button));
    }
    this.scroller = make("div", { className: "scroller" }, this.board);
    this.lines = new Map(this.thumbs.map((thumb) => [thumb, []])); // the lines into each thumbnail
    app.host.replaceChildren(this.scroller, footer(app));
    this.first = this.thumbs.find((thumb) => thumb.button.classList.contains("chosen")) ?? this.thumbs[0];
    this.first.button.tabIndex = 0;
    app.viewLifetime.whenLaidOut(this.scroller, () => this.layOut());
  }

  focus() {
    this.first.button.focus({ preventScroll: true });
  }

  /** One stop for the Tab key; the arrow keys walk over rows and columns. */
  key(event) {
    const current = this.thumbs.find((thumb) => thumb.button === this.app.focused());
    const step = arrowStep(event) ?? { Home: [0, -Infinity], End: [0, Infinity] }[event.key];
    if (!current || !step) return;
    const index = this.columns.findIndex((column) => column.thumbs.includes(current));
    const { thumbs } = this.columns[clamp(index + step[1], 0, this.columns.length - 1)];
    const next = thumbs[clamp(current.row + step[0], 0, thumbs.length - 1)];
    for (const thumb of this.thumbs) thumb.button.tabIndex = thumb === next ? 0 : -1;
    next.button.focus();
    event.preventDefault();
  }

  layOut() {
    const { app, scroller } = this;
    const elements = { photo: this.photo, columns: this.columns, board: this.board };
    this.places = placeColumns(this.blocks, elements, {
      em: parseFloat(getComputedStyle(app.root).fontSize),
      isLarge: app.root.classList.contains("large"),
      width: scroller.clientWidth,
    });
    this.lines = new Map(this.thumbs.map((thumb) => [thumb, this.linesInto(thumb)]));
    this.draw();
  }

  /** Every line into a thumbnail: where from, and its share (−1 to 1) of the strongest line of that column. */
  linesInto({ column, row, channel }) {
    const { columns } = this.app.scene;
    if (!column.feeds) {
      const sources = this.places.get(column.source);
      const source = sources?.find((thumb) => thumb.channel === channel) ?? sources?.[row];
      return source ? [{ from: source, share: 1, isPlain: true }] : [];
    }
    const feeds = this.app.scene.read(column.feeds);
    if (column.source === "photo") {
      const sizes = column.shown.map((_, r) => sum([0, 1, 2].map((c) => Math.abs(feeds[3 * r + c]))));
      const share = sizes[row] / (Math.max(...sizes) || 1);
      return [{ from: this.places.get("photo")[0], share, isPlain: true }];
    }
    const width = column.feeds.shape[1];
    const peak = peakOf(feeds) || 1;
    const before = columns[columns.indexOf(column) - 1];
    const source = before.kind === "dropout" || before.kind === "flatten" ? before.layer : column.source;
    const share = (i) => feeds[row * width + i] / peak;
    return this.places.get(source).map((from, i) => ({ from, share: share(i), isPlain: false }));
  }

  draw() {
    const { board, edges, highlighted, lines } = this;
    this.textColour = getComputedStyle(this.app.root).color;
    sharpContext(highlighted, board.clientWidth, board.clientHeight);
    const context = sharpContext(edges, board.clientWidth, board.clientHeight);
    const style = { least: 0.04, alpha: (share) => 0.08 + 0.62 * share ** 1.5, width: 2.4 };
    for (const thumb of this.thumbs) {
      if (!thumb.column.feeds) continue; // within a stage the row itself is the line
      for (const line of lines.get(thumb)) drawLine(context, line, thumb, this.textColour, style);
    }
  }

  /** Draw the lines from and to a thumbnail and show its tip; null ends that. */
  highlight(thumb) {
    const { app, edges, highlighted, lines } = this;
    const context = highlighted.getContext("2d");
    context.clearRect(0, 0, highlighted.width, highlighted.height);
    edges.classList.toggle("dim", Boolean(thumb));
    if (!thumb) return app.tip(null);
    const style = { least: 0.02, alpha: (share) => 0.45 + 0.55 * share, width: 4.5 };
    for (const end of this.thumbs) {
      for (const line of lines.get(end)) {
        if (end === thumb || line.from === thumb) drawLine(context, line, end, this.textColour, style);
      }
    }
    const source = lines.get(thumb)[0]?.from;
    const isMap = thumb.column.shape.length === 3;
    const texts = tipTexts(app.scene, thumb, source);
    app.tip(thumb.button, `${thumb.column.layer} · ${thumb.channel}`, texts, isMap ? thumb.picture : null);
  }
}

function drawLine(context, line, to, textColour, { least, alpha, width }) {
  const size = Math.abs(line.share);
  if (size < least) return;
  context.strokeStyle = line.isPlain ? textColour : line.share < 0 ? NEGATIVE : POSITIVE;
  context.globalAlpha = alpha(size);
  context.lineWidth = 0.6 + width * size;
  const { from } = line;
  const [x1, y1, x2, y2] = [from.x + from.w, from.y + from.h / 2, to.x, to.y + to.h / 2];
  const bend = Math.max(6, (x2 - x1) / 2);
  context.beginPath();
  context.moveTo(x1, y1);
  context.bezierCurveTo(x1 + bend, y1, x2 - bend, y2, x2, y2);
  context.stroke();
}

const SPAN_TEXTS = { unit: "its layer", layer: "its layer", network: "the whole network" };

/** What the tip says of a channel: its class, its peak, what its colours reach to, and what feeds it. */
function tipTexts({ span }, { column, row, channel, strip }, source) {
  const number = formatNumber;
  const [peak, reach] = [number(column.peaks[row]), number(column.reach[row], 3)];
  const texts = column.labels?.[row] ? [column.labels[row]] : [];
  if (column.shape.length === 3) texts.push(`${column.shape[1]} × ${column.shape[2]}, peak ${peak}`);
  else texts.push(strip ? `the largest of its map's ${strip}: ${peak}` : `value ${peak}`);
  const low = column.signed ? `−${reach}` : 0;
  texts.push(`colours from ${low} to ${reach}, the peak of ${column.own ? "this map" : SPAN_TEXTS[span]}`);
  if (column.feeders.length) {
    const name = (from) => (column.source === "photo" ? COLOURS[from] : `${column.source} · ${from}`);
    const feeders = column.feeders[row].map(([from, strength]) => `${name(from)} (${number(strength, 2)})`);
    texts.push(`fed most by ${feeders.join(", ")}`);
  } else if (column.source) texts.push(`from ${column.source} · ${source?.channel ?? channel}`);
  return texts;
}

const COLOUR_TEXTS = {
  unit: "each map to its own peak; below a column the lowest and the highest of these",
  layer: "each layer to its peak, below its column",
  network: "all layers to the network's peak",
};

function footer(app) {
  const line = (colour) => make("i", { className: "stroke", style: `background:${colour}` });
  const keys =
    "Click a map to take its channel apart, a layer's name for all of its channels. Keys: arrows, Enter, Esc.";
  const thickness = "lowers what it leads to; thick for a large contribution (mean |partial result| of a channel)";
  return make(
    "div",
    { className: "foot" },
    make(
      "span",
      { className: "hint" },
      keys,
      make("span", { className: "swipe" }, " Swipe the drawing for the rest of it."),
    ),
    make("span", { className: "hint" }, `Colour scale: ${COLOUR_TEXTS[app.scene.span]}. ${smoothingText(app)}`),
    make("span", { className: "hint lines" }, line(POSITIVE), "raises ", line(NEGATIVE), thickness),
  );
}
