// Buttons that let the window slide over the whole map, by itself or step by step.

import { make } from "../lib/dom.js";

const PLAY = "Play: the window slides over the whole map";

export class Player {
  /**
   * @param {import("../lib/lifetime.js").Lifetime} lifetime of the view, which ends the playing
   * @param {number} delay between two steps, in milliseconds
   * @param {{ move: (step: number) => boolean, moveTo: (cell: { y: number, x: number }) => void, settle: () => void,
   *   isAtEnd: () => boolean }} window what is moved; `move` returns false at the end, `settle` pins where it is
   */
  constructor(lifetime, delay, window) {
    this.lifetime = lifetime;
    this.delay = delay;
    this.window = window;
    this.stopTimer = null;
    const button = (label, title, onclick) => {
      return make("button", { type: "button", title, ariaLabel: title, onclick }, label);
    };
    this.toggleButton = button("▶", PLAY, () => this.toggle());
    const toStart = () => {
      this.stop(false);
      window.moveTo({ y: 0, x: 0 });
      window.settle();
    };
    this.element = make(
      "span",
      { className: "player", role: "group" },
      button("|◀", "From the beginning", toStart),
      button("◀", "One step back", () => this.step(-1)),
      this.toggleButton,
      button("▶|", "One step on", () => this.step(1)),
    );
  }

  get isPlaying() {
    return this.stopTimer !== null;
  }

  toggle() {
    if (this.isPlaying) this.stop();
    else this.play();
  }

  play() {
    if (this.window.isAtEnd()) this.window.moveTo({ y: 0, x: 0 });
    this.stopTimer = this.lifetime.interval(() => {
      if (!this.window.move(1)) this.stop();
    }, this.delay);
    this.setButton("⏸", "Pause");
  }

  stop(settles = true) {
    if (!this.isPlaying) return;
    this.stopTimer();
    this.stopTimer = null;
    this.setButton("▶", PLAY);
    if (settles) this.window.settle();
  }

  step(by) {
    if (!this.window.move(by)) return;
    this.stop(false);
    this.window.settle();
  }

  setButton(label, title) {
    this.toggleButton.textContent = label;
    this.toggleButton.title = title;
    this.toggleButton.ariaLabel = title;
  }
}
