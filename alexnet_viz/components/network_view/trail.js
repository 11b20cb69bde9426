// The line above a view: the way back, where the view lies, and what leads beside it.

import { make } from "../lib/dom.js";
import { channelNoun, hasUnitView } from "./scene.js";

export class Trail {
  constructor(app, element) {
    this.app = app;
    this.element = element;
    this.actions = make("span", { className: "actions" });
    this.fullScreen = fullScreenButton(app);
  }

  draw() {
    const { app, actions } = this;
    const { view, scene } = app;
    const noun = channelNoun(app.unit?.isMap);
    const back = make("button", { type: "button", className: "back", title: "Back (Esc)" }, "‹ Back");
    back.onclick = () => app.back();
    back.disabled = view.depth === "overview" && !app.history.length;
    const crumbs = make("span", { className: "crumbs" });
    this.crumbs().forEach((crumb, i) => {
      if (i) crumbs.append(make("span", { className: "gt", ariaHidden: "true" }, "›"));
      crumbs.append(crumb);
    });
    crumbs.lastElementChild.setAttribute("aria-current", "page");
    this.element.replaceChildren(back, crumbs, actions);
    const isUnit = scene.kind === "unit" && ["unit", "value"].includes(view.depth);
    actions.replaceChildren(
      ...(isUnit ? [this.neighbourButton(-1, `‹ ${noun}`), this.neighbourButton(1, `${noun} ›`)] : []),
      ...(document.fullscreenEnabled ? [this.fullScreen] : []),
    );
  }

  crumbs() {
    const { app } = this;
    const { view, scene, unit } = app;
    const crumb = (label, to, title) => {
      const onclick = () => app.go(to);
      return make("button", { type: "button", title, onclick }, label);
    };
    const crumbs = [crumb("Network", { ...view, depth: "overview" }, "The whole network")];
    if (view.depth !== "overview") {
      crumbs.push(crumb(view.layer, { ...view, depth: "layer" }, "All channels of the layer"));
    }
    const hasView = unit && hasUnitView(unit);
    if (view.depth === "unit" || view.depth === "value") {
      const label = `${channelNoun(unit?.isMap)} ${view.channel}${scene.label ? `, ${scene.label}` : ""}`;
      const depth = hasView ? "unit" : "value";
      crumbs.push(crumb(label, { ...view, depth }, "Its inputs and the contribution of each"));
    }
    if (view.depth === "value" && hasView && view.y !== null) {
      const label = unit.isMap ? `row ${view.y}, column ${view.x}` : "every term";
      crumbs.push(crumb(label, view, "This value"));
    }
    return crumbs;
  }

  neighbourButton(step, label) {
    const { app } = this;
    const channel = app.view.channel + step;
    const title = `${app.view.layer}, ${channelNoun(app.unit?.isMap)} ${channel}`;
    const button = make("button", { type: "button", className: "neighbour", title }, label);
    button.disabled = channel < 0 || channel >= app.scene.channels;
    button.onclick = () => app.go({ ...app.view, channel }, false);
    return button;
  }
}

/** The drawing alone on the whole screen; Esc is then the browser's own way out. */
function fullScreenButton({ root, focusView }) {
  const button = make("button", { type: "button" });
  button.onclick = async () => {
    await (root.matches(":fullscreen") ? document.exitFullscreen() : root.requestFullscreen());
    focusView(); // Space is the view's next, not the button's
  };
  root.onfullscreenchange = () => {
    const isFull = root.matches(":fullscreen"); // not the page, which may be large, too
    button.textContent = isFull ? "Leave full screen" : "Full screen";
    button.title = isFull ? "Back to the page (Esc)" : "The drawing alone, on the whole screen";
  };
  root.onfullscreenchange();
  return button;
}
