// A value of a map: the window on the input with the kernel laid over it, every term, and the sum, beside PyTorch's
// number.

import { make, setText } from "../lib/dom.js";
import { walkMap } from "../lib/keyboard.js";
import { followMap } from "../lib/pointer.js";
import { inputName, takeApart } from "./arithmetic.js";
import { explain } from "./explanation.js";
import { InputPicture } from "./input_picture.js";
import { OutputPicture } from "./output_picture.js";
import { pathPanel } from "./path.js";
import { legend } from "./pictures.js";
import { Player } from "./player.js";
import { sumTable } from "./sum_table.js";
import { termTable } from "./term_table.js";
import { ValueContext } from "./value_context.js";
import { WindowPicture } from "./window_picture.js";

export const mapValueView = (app) => new MapValueView(app);

class MapValueView {
  constructor(app) {
    const { scene, unit } = app;
    this.app = app;
    this.isConv = scene.of === "conv";
    this.most = this.isConv ? 7 : 9; // rows of the explanation
    this.picked = null; // the input channel that the visitor chose to look at
    this.cursor = this.pinned();
    this.context = new ValueContext(app);
    this.input = new InputPicture(this.context);
    this.window = WindowPicture.suits(scene) ? new WindowPicture(this.context, () => this.show()) : null;
    this.output = unit.isMap ? new OutputPicture(this.context) : null;
    this.open = make("button", { type: "button", className: "open", hidden: scene.below === "photo" });
    this.open.onclick = () => {
      app.go({ depth: "unit", layer: scene.below, channel: scene.first + this.context.channel });
    };
    this.table = sumTable(scene, { most: this.most, onPick: this.isConv ? (row) => this.pick(row.i) : null });
    this.formula = make("p", { className: "formula" });
    this.player = new Player(app.viewLifetime, app.isCalm() ? 1200 : 350, {
      move: (step) => this.moveBy(step),
      moveTo: (cell) => {
        this.cursor = cell;
      },
      settle: () => this.settle(this.cursor),
      isAtEnd: () => this.cursor.y === unit.out - 1 && this.cursor.x === unit.out - 1,
    });
    this.terms = termTable(app, () => takeApart(unit, this.pinned().y, this.pinned().x));
    this.path = pathPanel(app);
    this.build();
  }

  build() {
    const { app, context } = this;
    const { scene, unit } = app;
    const figure = (canvas, ...captions) => make("figure", {}, canvas, make("figcaption", {}, ...captions));
    const { input, window, output } = this;
    const stage = make(
      "div",
      { className: "stage" },
      figure(input.canvas, input.reading, this.open),
      ...(window ? [figure(window.canvas, window.reading, ...window.controls)] : []),
      ...(output ? [figure(output.canvas, output.reading, this.player.element)] : []),
      make("div", {}, this.table.table),
    );
    const { inputs, outputs, weightPeak } = context;
    const scales = [
      ...(scene.below === "photo" ? [] : [legend(scene, inputs.peak, inputs.signed, scene.below)]),
      ...(unit.weights ? [legend(scene, weightPeak, true, "kernel")] : []),
      ...(unit.isMap ? [legend(scene, outputs.peak, outputs.signed, scene.layer)] : []),
    ];
    const foot = make("div", { className: "foot" }, ...scales);
    app.host.replaceChildren(stage, this.formula, foot, this.path.element, this.terms.details);
    this.showSoon = app.viewLifetime.onceAFrame(() => this.show());
    if (output) this.followPointer(output.canvas);
    app.viewLifetime.whenLaidOut(stage, () => {
      context.measure();
      this.input.measure();
      window?.measure();
      output?.measure();
      this.show();
    });
    this.terms.build();
    this.path.fill();
  }

  followPointer(canvas) {
    followMap(canvas, this.app.unit.out, {
      hover: (cell) => {
        this.cursor = cell ?? this.pinned();
        this.showSoon();
      },
      pick: (cell) => {
        this.player.stop(false);
        this.settle(cell);
      },
    });
  }

  update() {
    if (!this.player.isPlaying) this.cursor = this.pinned(); // a late answer does not take a playing window back
    this.show();
    this.terms.build();
    this.path.fill();
  }

  focus() {
    (this.output?.canvas ?? this.open).focus({ preventScroll: true });
  }

  // --- moving ---

  pinned() {
    return { y: this.app.view.y ?? 0, x: this.app.view.x ?? 0 };
  }

  pick(channel) {
    this.picked = this.picked === channel ? null : channel;
    this.show();
  }

  /** Pin a place: it goes into the address, and the path down to the photo follows. */
  settle(cell) {
    this.cursor = cell;
    this.app.pin(cell);
    this.show();
    this.terms.build();
    this.app.announce(`${this.output.reading.textContent}. ${this.formula.textContent}`);
  }

  /** Move on by some cells in reading order; false at the end. */
  moveBy(step) {
    const { out } = this.app.unit;
    const next = this.cursor.y * out + this.cursor.x + step;
    if (next < 0 || next >= out * out) return false;
    this.cursor = { y: Math.floor(next / out), x: next % out };
    this.show();
    return true;
  }

  key(event) {
    const canvas = this.output?.canvas;
    const focused = this.app.focused();
    if (!canvas || (focused !== canvas && focused !== this.app.root)) return;
    const cell = walkMap(event, this.cursor, this.app.unit.out);
    if (event.key === " ") this.player.toggle();
    else if (cell) {
      this.player.stop(false);
      this.cursor = cell;
      this.show();
      canvas.onkeyup = () => {
        canvas.onkeyup = null; // once, when the key is let go
        this.settle(this.cursor);
      };
    } else return;
    event.preventDefault();
  }

  // --- drawing ---

  show() {
    this.showSoon.cancel();
    const { app, context, cursor } = this;
    if (!context.colours) return; // it will be shown as soon as it has room
    const { scene, unit } = app;
    const parts = takeApart(unit, cursor.y, cursor.x);
    const explanation = explain(scene, parts, this.most);
    const strongest = this.isConv ? explanation.rows[0].i : scene.of === "norm" ? parts.winner : 0;
    context.look(cursor, parts, this.picked ?? strongest);
    this.table.fill(explanation, parts, this.isConv ? context.channel : null);
    setText(this.formula, explanation.formula);
    setText(this.open, `Open ${inputName(scene, context.channel)} ↓`);
    this.input.draw();
    this.window?.draw();
    this.output?.draw();
    const { y, x } = this.pinned();
    const isPinned = cursor.y === y && cursor.x === x;
    if (isPinned || app.focused() === (this.output?.canvas ?? null)) this.describe();
  }

  /** Write the pictures' texts for screen readers, for a place that stays. */
  describe() {
    this.input.describe();
    this.window?.describe();
    this.output?.describe();
  }
}
