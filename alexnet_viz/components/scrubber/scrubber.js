// A run's weights along the way: one slider moves all pictures and the answer; playing asks nothing of the server.

import { classRow } from "../lib/answer.js";
import { make, prefersReducedMotion } from "../lib/dom.js";
import { Lifetime } from "../lib/lifetime.js";
import { formatCount } from "../lib/numbers.js";

const DELAY = 700; // milliseconds between two moments
const CALM_DELAY = 1500;

/**
 * @typedef {object} Data what Python sends
 * @property {string} about names what is shown
 * @property {number[]} steps
 * @property {Strip[]} strips
 * @property {[string, number][][]} top each step's strongest classes
 * @property {string} truth the photo's class, or ""
 */

/**
 * @typedef {object} Strip
 * @property {string} title
 * @property {string} alt
 * @property {string[]} pictures a data URI a step
 */

class Scrubber {
  constructor(parentElement) {
    this.view = parentElement.querySelector(".scrubber");
    this.slider = this.find(".slider");
    this.playButton = this.find(".play");
    this.lifetime = new Lifetime();
    this.stopTimer = null;
    this.about = "";
    this.playButton.onclick = () => (this.stopTimer ? this.pause() : this.play());
    this.slider.oninput = () => {
      this.pause();
      this.show();
    };
    this.slider.onkeydown = (event) => {
      if (event.key !== " ") return;
      event.preventDefault();
      this.playButton.click();
    };
    this.pause();
  }

  find(selector) {
    return this.view.querySelector(selector);
  }

  /** @param {Data} data */
  receive(data) {
    this.data = data;
    const showsLast = this.slider.value === this.slider.max && !this.stopTimer; // who sees the last goes on to
    const last = data.steps.length - 1;
    this.slider.max = last;
    if (this.about !== data.about || showsLast) this.slider.value = last;
    this.about = data.about;
    this.pictures = data.strips.map(() => make("img"));
    const figures = data.strips.map(({ title }, i) =>
      make("figure", {}, make("figcaption", {}, title), this.pictures[i]),
    );
    this.find(".strips").replaceChildren(...figures, this.find(".answer"));
    this.show();
  }

  show() {
    const { steps, strips, top, truth } = this.data;
    const index = Number(this.slider.value);
    const step = `step ${formatCount(steps[index])}`;
    this.find(".step").textContent = step;
    this.slider.setAttribute("aria-valuetext", `${step}, moment ${index + 1} of ${steps.length}`);
    this.pictures.forEach((picture, i) => {
      picture.src = strips[i].pictures[index];
      picture.alt = `${strips[i].alt}, after ${step}`;
    });
    this.find(".top").replaceChildren(...top[index].map((entry) => classRow(entry, truth)));
  }

  pause() {
    this.stopTimer?.();
    this.stopTimer = null;
    this.playButton.textContent = "▶";
    this.playButton.setAttribute("aria-label", "Play the training");
  }

  play() {
    const last = this.data.steps.length - 1;
    if (Number(this.slider.value) === last) this.slider.value = 0;
    this.show();
    this.playButton.textContent = "❚❚";
    this.playButton.setAttribute("aria-label", "Pause");
    const next = () => {
      this.slider.value = Number(this.slider.value) + 1;
      this.show();
      if (Number(this.slider.value) === last) this.pause();
    };
    this.stopTimer = this.lifetime.interval(next, prefersReducedMotion() ? CALM_DELAY : DELAY);
  }
}

/** @param {{ parentElement: any, data: Data }} component */
export default function scrubber({ parentElement, data }) {
  parentElement.scrubber ??= new Scrubber(parentElement); // its moment stays while the data change
  const shown = parentElement.scrubber;
  shown.receive(data);
  shown.call = data;
  return () => {
    if (shown.call !== data) return; // a later call's work goes on
    shown.pause();
    shown.lifetime.end();
  };
}
