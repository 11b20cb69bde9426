// The forward pass in the browser. Python is told where the visitor went, never where the mouse is.
//
// A view is { depth, layer, channel, y, x }; a scene is what the server sent for it: plain numbers, and arrays by their
// place in one block of bytes. Each view is a function of its own that fills app.host and returns { key, focus, close,
// update }.

import { whenLaidOut } from "../lib/laid_out.js";
import { readUnit } from "./arithmetic.js";
import { layer } from "./layer.js";
import { overview } from "./overview.js";
import { make } from "./pictures.js";
import { hasUnitView, reader, theme } from "./scene.js";
import { unitView } from "./unit.js";
import { valueView } from "./value.js";
import { voicesView } from "./voices.js";

function createApp(root) {
  const app = {
    root,
    host: root.querySelector(".view"),
    scene: null,
    unit: null,
    view: null,
    path: [],
    turn: null,
    shown: null, // the view that is drawn, with its own key, focus and close
    been: [], // where Back leads
    report: (_move) => {}, // gives a move to Python
  };
  const tip = root.querySelector(".tip");
  const said = root.querySelector(".said");
  const trail = root.querySelector(".trail");

  app.say = (text) => {
    said.textContent = text;
  };
  app.focused = () => root.getRootNode().activeElement;
  app.accent = () => getComputedStyle(root).getPropertyValue("--st-primary-color").trim();
  app.colour = (kind) => app.scene.colours[kind] ?? "var(--st-text-color)";
  app.calm = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

  app.tip = (element, title = "", lines = [], picture = null) => {
    tip.hidden = !element;
    if (!element) return;
    tip.replaceChildren(make("b", {}, title), ...lines.map((line) => make("div", {}, line)));
    if (picture) {
      const large = make("canvas", { width: picture.width, height: picture.height });
      large.getContext("2d").drawImage(picture, 0, 0);
      tip.prepend(large);
    }
    const [box, at] = [root.getBoundingClientRect(), element.getBoundingClientRect()];
    const left = at.right - box.left + 12;
    tip.style.left = `${left + tip.offsetWidth > box.width ? Math.max(0, at.left - box.left - tip.offsetWidth - 12) : left}px`;
    tip.style.top = `${Math.max(0, Math.min(at.top - box.top, box.height - tip.offsetHeight))}px`;
  };

  // The drawing alone on the whole screen; Esc is then the browser's own way out.
  const besides = make("span", { className: "besides" });
  const full = make("button", { type: "button" });
  full.onclick = () => (document.fullscreenElement ? document.exitFullscreen() : root.requestFullscreen());
  root.onfullscreenchange = () => {
    full.textContent = document.fullscreenElement ? "Leave full screen" : "Full screen";
    full.title = document.fullscreenElement ? "Back to the page (Esc)" : "The drawing alone, on the whole screen";
  };
  root.onfullscreenchange();

  // How much room there is, in widths of the letter m: the type may be large, or the window small.
  const fit = () => {
    const room = root.clientWidth / parseFloat(getComputedStyle(root).fontSize);
    root.dataset.room = room < 34 ? "tight" : room < 52 ? "narrow" : "wide";
  };
  let fitting = null;

  const covers = (view) => {
    const { scene } = app;
    if (view.depth === "overview") return scene.kind === "overview";
    if (view.depth === "layer") return scene.kind === "layer" && scene.layer === view.layer;
    return scene.kind === "unit" && scene.layer === view.layer && scene.channel === view.channel;
  };

  // Tell Python; what it answers comes back through receive.
  app.pin = (view) => {
    app.view = { ...app.view, ...view };
    app.turn += 1;
    app.report({ ...app.view, y: app.view.y ?? null, x: app.view.x ?? null, turn: app.turn, has: app.scene.id });
    where();
  };
  app.go = (view, remember = true) => {
    if (remember) app.been.push(app.view);
    app.tip(null);
    app.view = { y: null, x: null, ...view };
    app.wanted = true; // the focus goes along with a move that was made here
    app.pin({});
    if (covers(app.view)) draw();
    else root.setAttribute("aria-busy", "true");
  };
  app.back = () => {
    const last = app.been.pop();
    if (last) return app.go(last, false);
    const up = { value: app.unit && hasUnitView(app.unit) ? "unit" : "overview", unit: "overview", layer: "overview" }[
      app.view.depth
    ];
    if (up) app.go({ ...app.view, depth: up }, false);
  };

  const where = () => {
    const { view, scene } = app;
    const crumb = (label, to, title) => make("button", { type: "button", title, onclick: () => app.go(to) }, label);
    const parts = [crumb("Network", { ...view, depth: "overview" }, "The whole network")];
    if (view.depth !== "overview")
      parts.push(crumb(view.layer, { ...view, depth: "layer" }, "All channels of the layer"));
    const inside = view.depth === "unit" || view.depth === "value";
    const own = app.unit && hasUnitView(app.unit);
    if (inside) {
      const label = `unit ${view.channel}${scene.label ? `, ${scene.label}` : ""}`;
      parts.push(crumb(label, { ...view, depth: own ? "unit" : "value" }, "Its inputs and what each puts in"));
    }
    if (view.depth === "value" && own && view.y !== null)
      parts.push(crumb(app.unit.isMap ? `row ${view.y}, column ${view.x}` : "every term", view, "This value"));
    parts.at(-1).setAttribute("aria-current", "page");
    const crumbs = make("span", { className: "crumbs" });
    parts.forEach((part, i) =>
      crumbs.append(...(i ? [make("span", { className: "gt", ariaHidden: "true" }, "›")] : []), part),
    );
    const back = make(
      "button",
      { type: "button", className: "back", title: "Back (Esc)", onclick: app.back },
      "‹ Back",
    );
    back.disabled = view.depth === "overview" && !app.been.length;
    trail.replaceChildren(back, crumbs, besides);
    besides.replaceChildren();
    if (document.fullscreenEnabled) besides.append(full);
    if (!inside || scene.kind !== "unit") return;
    const beside = (step, label) => {
      const channel = view.channel + step;
      const button = make(
        "button",
        { type: "button", className: "beside", title: `Unit ${channel} of ${view.layer}` },
        label,
      );
      button.disabled = channel < 0 || channel >= scene.channels;
      button.onclick = () => app.go({ ...view, channel }, false);
      return button;
    };
    besides.prepend(beside(-1, "‹ unit"), beside(1, "unit ›"));
  };

  const draw = () => {
    const views = { overview, layer, unit: app.unit?.isMap ? unitView : voicesView, value: valueView };
    const inside = root.contains(app.focused()); // a view that is drawn anew gives the focus on
    app.shown?.close();
    app.tip(null);
    root.dataset.depth = app.view.depth;
    root.removeAttribute("aria-busy");
    app.shown = views[app.view.depth](app);
    where();
    if (app.wanted || inside) app.shown.focus();
    app.wanted = false;
  };

  app.receive = (data) => {
    root.classList.toggle("large", data.large);
    fitting?.stop();
    fitting = whenLaidOut(root, fit);
    app.turn ??= data.turn;
    if (data.turn < app.turn) return; // the answer to a move before the last
    const known = app.scene?.id === data.scene.id;
    if (!known && !data.px) return app.report({ ...data.view, turn: ++app.turn, has: "" }); // the block is needed after all
    if (!known) {
      app.scene = { ...data.scene, read: reader(data.px.getChildAt(0).toArray()) };
      app.unit = app.scene.kind === "unit" ? readUnit(app.scene) : null;
    }
    const look = [data.scene.id, theme(root), data.rows, data.large].join();
    const same = app.look === look;
    app.look = look;
    app.path = data.path;
    app.rows = data.rows;
    const moved = app.view?.depth !== data.view.depth;
    if (moved || app.view.layer !== data.view.layer) app.been = []; // the page's own controls led here
    app.view = data.view;
    if (same && !moved && app.shown?.update) {
      where();
      app.shown.update();
    } else draw();
  };
  app.close = () => {
    app.shown?.close();
    app.shown = null;
    fitting?.stop();
  };

  root.onkeydown = (event) => {
    if (event.key === "Escape") {
      app.back();
      event.preventDefault();
    } else app.shown?.key(event);
  };
  return app;
}

export default function ({ parentElement, data, setTriggerValue }) {
  const app = (parentElement.app ??= createApp(parentElement.querySelector(".network")));
  app.report = (went) => setTriggerValue("went", went);
  const call = {};
  app.call = call;
  app.receive(data);
  return () => {
    if (app.call === call) app.close();
  };
}
