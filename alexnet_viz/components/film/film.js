// The film of learning. The newest frame comes by itself, the others when somebody wants to see them; all stay here,
// and playing them asks nothing of the server.

import { classRow } from "../lib/answer.js";
import { make, prefersReducedMotion } from "../lib/dom.js";
import { Lifetime, renewLifetime } from "../lib/lifetime.js";
import { formatCount } from "../lib/numbers.js";
import { fetchBody, poll } from "../lib/polling.js";
import { readFrames } from "./frames.js";
import { drawTiles } from "./tiles.js";

const FRAME_DELAY = 110; // milliseconds between two pictures
const CALM_FRAME_DELAY = 600;
const RETRY_DELAY = 2000; // until frames that did not come are asked for again

/**
 * @typedef {object} Data what Python sends
 * @property {string} run
 * @property {string} source the address of the frames
 * @property {number} every so many seconds new frames are asked for; 0 is never
 */

class Film {
  constructor(parentElement) {
    this.view = parentElement.querySelector(".film");
    this.coming = parentElement.querySelector(".coming");
    this.unreachable = parentElement.querySelector(".unreachable");
    this.slider = this.find(".slider");
    this.layer = "relu1";
    this.look = ""; // of the filters: "learned", "filters", or the server's choice
    this.lifetime = new Lifetime();
    this.stopTimer = null;
    this.reset("");
    this.handleControls();
  }

  find(selector) {
    return this.view.querySelector(selector);
  }

  reset(run) {
    this.run = run;
    this.frames = [];
    this.index = 0; // of the frame that is shown
    this.summary = null; // steps, shapes and the photo, as the server sent them last
    this.drawn = ""; // what the picture was drawn from
    this.hasAskedForAll = false;
    this.pause();
  }

  handleControls() {
    for (const button of this.find(".looks").children) {
      button.onclick = () => {
        this.look = button.dataset.look;
        this.show();
      };
    }
    this.find(".play").onclick = () => {
      if (this.isPlaying) this.pause();
      else this.play();
      this.show();
    };
    this.slider.oninput = () => {
      this.pause();
      this.index = Number(this.slider.value);
      this.show();
    };
    this.slider.onkeydown = (event) => {
      if (event.key !== " ") return;
      event.preventDefault();
      this.find(".play").click();
    };
  }

  // --- frames ---

  /** @param {Data} data @param {Lifetime} lifetime of the call */
  receive(data, lifetime) {
    if (this.run !== data.run) this.reset(data.run);
    this.source = data.source;
    this.isLive = Boolean(data.every);
    poll(
      lifetime,
      () => this.addressOfNews(),
      data.every,
      (body, problem) => this.takeFrames(body, problem),
    );
    if (!this.summary) {
      this.view.hidden = true;
      this.coming.hidden = true;
    }
    this.fetchFrames(this.addressOfNews()); // at once too: a run takes its last picture after the last question
  }

  addressOfNews() {
    return this.frames.length ? `${this.source}?first=${this.frames.length}` : this.source;
  }

  /** Returns whether an answer came. */
  async fetchFrames(address) {
    const { run } = this;
    const { body, problem } = await fetchBody(address);
    if (run === this.run) this.takeFrames(body, problem);
    return Boolean(body);
  }

  /** Ask for all frames as soon as one is missed. */
  async fetchAll() {
    if (this.hasAskedForAll) return;
    this.hasAskedForAll = true;
    if (await this.fetchFrames(`${this.source}?first=0`)) return;
    this.lifetime.timeout(() => {
      this.hasAskedForAll = false;
    }, RETRY_DELAY);
  }

  takeFrames(body, problem = "") {
    this.unreachable.textContent = problem;
    if (!body) return;
    const { summary, frames } = readFrames(body);
    if (!summary.steps.length) {
      this.coming.hidden = !this.isLive;
      return;
    }
    const showsNewest = this.index >= this.frames.length - 1;
    const isOvertaken = this.summary?.steps.length > summary.steps.length; // by the answer to a later question
    if (!isOvertaken) this.summary = { ...this.summary, ...summary };
    frames.forEach((frame, i) => {
      this.frames[summary.first + i] = frame;
    });
    if (showsNewest && !this.isPlaying) this.index = this.frames.length - 1; // who sees the newest goes on to
    this.showSummary();
    this.show();
  }

  // --- drawing ---

  showSummary() {
    this.view.hidden = false;
    this.coming.hidden = true;
    const { photo, truth, maps } = this.summary;
    const picture = this.find(".photo img");
    if (photo && picture.getAttribute("src") !== photo) picture.src = photo;
    picture.alt = `The fixed photo${truth ? `: ${truth}` : ""}`;
    this.find(".photo figcaption").textContent = truth;
    const layers = Object.keys(maps);
    if (this.find(".layers").childElementCount === layers.length) return;
    const buttons = layers.map((layer) => {
      const onclick = () => {
        this.layer = layer;
        this.show();
      };
      return make("button", { type: "button", title: `The photo's maps after ${layer}`, onclick }, layer);
    });
    this.find(".layers").replaceChildren(...buttons);
  }

  show() {
    const { summary, frames, index, slider, layer } = this;
    if (!summary) return;
    const frame = frames[index];
    const step = formatCount(summary.steps[index]);
    slider.max = Math.max(0, frames.length - 1);
    slider.value = index;
    this.find(".step").textContent = `step ${step}`;
    if (!frame) return this.fetchAll();
    slider.setAttribute("aria-valuetext", `step ${step}, picture ${index + 1} of ${frames.length}`);
    const look = this.look || summary.look;
    const drawn = [this.run, index, layer, look].join();
    if (this.drawn === drawn) return; // the page looks more often than there is a new picture
    this.drawn = drawn;
    this.drawFilters(frame, look, step);
    this.drawMaps(frame, step);
    for (const button of this.view.querySelectorAll(".choice button")) {
      const isPressed = [layer, look].includes(button.dataset.look ?? button.textContent);
      button.setAttribute("aria-pressed", String(isPressed));
    }
    this.find(".top").replaceChildren(...frame.top.map((entry) => classRow(entry, summary.truth)));
    const [count, height, width] = summary.maps[layer];
    this.find(".note").textContent =
      `Above: ${filtersTitle(summary, look)}, each on its own scale, 0 is grey. Below: the ` +
      ` photo's first ${count} maps after ${layer} (${height} × ${width}), 0 is black. The truth is green.`;
  }

  drawFilters(frame, look, step) {
    const { summary } = this;
    const pixels = look === "learned" ? frame.learned : frame.filters;
    const canvas = this.find(".filters");
    drawTiles(canvas, summary.filters, summary.filters[0] > 64 ? 12 : 8, (i) => pixels.subarray(3 * i, 3 * i + 3));
    canvas.setAttribute("aria-label", `Colour tiles: ${filtersTitle(summary, look)}, after ${step} steps`);
  }

  drawMaps(frame, step) {
    const { layer, summary } = this;
    const canvas = this.find(".maps");
    const pixels = frame.maps[layer];
    if (pixels) drawTiles(canvas, summary.maps[layer], 4, (i) => [pixels[i], pixels[i], pixels[i]]);
    canvas.setAttribute("aria-label", `The photo's first maps after ${layer}, after ${step} steps`);
  }

  // --- playing ---

  get isPlaying() {
    return this.stopTimer !== null;
  }

  pause() {
    this.stopTimer?.();
    this.stopTimer = null;
    this.find(".play").textContent = "▶";
    this.find(".play").setAttribute("aria-label", "Play the film of learning");
  }

  play() {
    if (this.index >= this.frames.length - 1) this.index = 0;
    this.find(".play").textContent = "❚❚";
    this.find(".play").setAttribute("aria-label", "Pause the film");
    const next = () => {
      const isLast = this.index >= this.frames.length - 1;
      if (!isLast && !this.frames[this.index + 1]) return this.fetchAll(); // it is on its way
      if (!isLast) this.index += 1;
      this.show();
      if (this.index >= this.frames.length - 1) this.pause();
    };
    this.stopTimer = this.lifetime.interval(next, prefersReducedMotion() ? CALM_FRAME_DELAY : FRAME_DELAY);
  }
}

const filtersTitle = ({ filters: [count] }, look) =>
  look === "learned" ? `what training added to conv1's ${count} filters` : `conv1's ${count} filters`;

/** @param {{ parentElement: any, data: Data }} component */
export default function film({ parentElement, data }) {
  parentElement.film ??= new Film(parentElement); // the frames stay while the data change
  const shown = parentElement.film;
  const lifetime = renewLifetime(parentElement);
  shown.receive(data, lifetime);
  return () => {
    const isLatest = parentElement.lifetime === lifetime;
    lifetime.end();
    if (!isLatest) return; // a later call's work goes on
    shown.pause();
    shown.lifetime.end();
  };
}
