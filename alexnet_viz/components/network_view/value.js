// A value: the window on the input with the kernel laid over it, every term, and the sum, beside PyTorch's number.

function valueView(app) {
  const { scene, unit } = app;
  return unit.flatMap ? new MapValue(app).view() : vectorValue(app);
}

// --- a value of a map ---------------------------------------------------------------------------

class MapValue {
  constructor(app) {
    Object.assign(this, { app, scene: app.scene, unit: app.unit, picked: null, timer: null });
    const { scene, unit } = this;
    this.at = this.pinned();
    this.inPeak = peakOf(unit.inputs);
    this.inSigned = hasNegative(unit.inputs);
    this.outPeak = peakOf(unit.output);
    this.outSigned = hasNegative(unit.output);
    this.weightPeak = unit.weights ? peakOf(unit.weights) : 0;
    this.bases = new Map(); // the input maps as pictures, made when first looked at
    const fromPhoto = scene.below === "photo";
    if (fromPhoto) this.photo = paintPhoto(make("canvas"), scene.read(scene.photo), scene.photo.shape[0]);
    if (unit.isMap) this.base = mapPicture(scene, unit.output, unit.out, unit.out, this.outPeak, this.outSigned);
    this.windowed = ["conv", "pool", "avgpool"].includes(scene.of);

    this.input = make("canvas");
    this.zoom = make("canvas", { className: "zoom" });
    this.output = make("canvas", { className: "out", tabIndex: 0 });
    this.output.setAttribute("role", "application");
    for (const canvas of [this.input, this.zoom]) canvas.setAttribute("role", "img");
    this.under = make("p", { className: "reading" });
    this.zoomed = make("p", { className: "reading" });
    this.reading = make("p", { className: "reading" });
    this.open = make("button", { type: "button", className: "open", hidden: fromPhoto });
    this.open.onclick = () => app.go({ depth: "unit", layer: scene.below, channel: scene.first + this.channel });
    this.products = make("input", { type: "checkbox" });
    this.products.onchange = () => this.show();
    this.ledger = ledger(app, { most: scene.of === "conv" ? 7 : 9, onpick: scene.of === "conv" ? (entry) => this.pick(entry.i) : null });
    this.formula = make("p", { className: "formula" });
    this.every = everyTerm(app, () => takeApart(unit, ...this.pinnedPair()));
    this.path = pathPanel(app);
    if (scene.of === "flatten") {
      this.input.style.cursor = "crosshair";
      this.input.onclick = (event) => {
        const frame = this.input.getBoundingClientRect();
        const [x, y] = [(event.clientX - frame.left) / frame.width, (event.clientY - frame.top) / frame.height].map((share) => Math.floor(share * unit.side));
        app.go({ depth: "value", layer: scene.layer, channel: (scene.first * unit.side + y) * unit.side + x }, false);
      };
    }
    this.zoom.onpointermove = (event) => this.read(event);
    this.zoom.onpointerleave = () => this.read(null);
  }

  pinned() { return { y: this.app.view.y ?? 0, x: this.app.view.x ?? 0 }; }
  pinnedPair() { const { y, x } = this.pinned(); return [y, x]; }
  pick(channel) { this.picked = this.picked === channel ? null : channel; this.show(); }

  view() {
    const { app, scene, unit } = this;
    const figure = (canvas, ...captions) => make("figure", {}, canvas, make("figcaption", {}, ...captions));
    const products = scene.of === "conv" ? [make("label", { title: "Show input × weight in each cell instead of the two laid over each other" }, this.products, " products")] : [];
    const stage = make("div", { className: "stage" },
      figure(this.input, this.under, this.open),
      ...(this.windowed ? [figure(this.zoom, this.zoomed, ...products)] : []),
      ...(unit.isMap ? [figure(this.output, this.reading, this.player())] : []),
      make("div", {}, this.ledger.table));
    const scales = [
      legend(scene, this.inPeak, this.inSigned, scene.below === "photo" ? "input" : scene.below),
      ...(unit.weights ? [legend(scene, this.weightPeak, true, "kernel")] : []),
      ...(unit.isMap ? [legend(scene, this.outPeak, this.outSigned, scene.layer)] : []),
    ];
    if (scene.below === "photo") scales.shift(); // the photo is in its own colours
    app.host.replaceChildren(stage, this.formula, make("div", { className: "foot" }, ...scales), this.path.element, this.every.details);
    const stop = unit.isMap ? followMap(this.output, unit.out, {
      over: (place) => { this.at = place ?? this.pinned(); this.show(); },
      pick: (place) => { this.stop(false); this.settle(place); },
    }) : () => {};
    const watch = new ResizeObserver(() => this.show());
    watch.observe(stage);
    this.show();
    this.every.build();
    this.path.fill();
    return {
      key: (event) => this.key(event),
      update: () => { this.at = this.pinned(); this.show(); this.every.build(); this.path.fill(); },
      focus: () => (unit.isMap ? this.output : this.open).focus({ preventScroll: true }),
      close: () => { this.stop(false); watch.disconnect(); stop(); },
    };
  }

  // --- moving ---

  // A place that stays: into the address, and the path down to the photo follows.
  settle(place) {
    this.at = place;
    this.app.pin(place);
    this.show();
    this.every.build();
    this.app.say(`${this.reading.textContent}. ${this.formula.textContent}`);
  }

  key(event) {
    const focus = this.app.focused();
    if (focus !== this.output || !this.unit.isMap) return;
    if (event.key === " ") this.timer ? this.stop() : this.play();
    else {
      const to = walkMap(event, this.at, this.unit.out);
      if (!to) return;
      this.stop(false);
      this.at = to;
      this.show();
      this.output.onkeyup = () => { this.output.onkeyup = null; this.settle(this.at); }; // once, when the key is let go
    }
    event.preventDefault();
  }

  player() {
    const button = (label, title, onclick) => make("button", { type: "button", title, ariaLabel: title, onclick }, label);
    this.playing = button("▶", "Play: the window slides over the whole map", () => (this.timer ? this.stop() : this.play()));
    return make("span", { className: "player", role: "group" },
      button("|◀", "From the beginning", () => { this.stop(false); this.settle({ y: 0, x: 0 }); }),
      button("◀", "One step back", () => this.step(-1, true)),
      this.playing,
      button("▶|", "One step on", () => this.step(1, true)));
  }
  play() {
    const { out } = this.unit;
    if (this.at.y === out - 1 && this.at.x === out - 1) this.at = { y: 0, x: 0 };
    this.timer = setInterval(() => { if (!this.step(1, false)) this.stop(); }, this.app.calm() ? 1200 : 350);
    this.playing.textContent = "⏸";
    this.playing.title = this.playing.ariaLabel = "Pause";
  }
  stop(settle = true) {
    if (!this.timer) return;
    clearInterval(this.timer);
    this.timer = null;
    this.playing.textContent = "▶";
    this.playing.title = this.playing.ariaLabel = "Play: the window slides over the whole map";
    if (settle) this.settle(this.at);
  }
  // On to the next cell in reading order; false at the end.
  step(by, settle) {
    const { out } = this.unit;
    const next = this.at.y * out + this.at.x + by;
    if (next < 0 || next >= out * out) return false;
    if (settle) this.stop(false);
    this.at = { y: Math.floor(next / out), x: next % out };
    if (settle) this.settle(this.at);
    else this.show();
    return true;
  }

  // --- drawing ---

  show() {
    const { scene, unit, at } = this;
    const part = this.part = takeApart(unit, at.y, at.x);
    const told = tale(scene, part, scene.of === "conv" ? 7 : 9);
    this.channel = this.picked ?? (scene.of === "conv" ? told.rows[0].i : scene.of === "norm" ? part.winner : 0);
    this.ledger.fill(told, part, scene.of === "conv" ? this.channel : null);
    this.formula.textContent = told.formula;
    const name = inputName(scene, this.channel);
    this.open.textContent = `Open ${name} ↓`;
    this.drawInput(part, name);
    if (this.windowed) this.drawZoom(part, name);
    if (unit.isMap) this.drawOutput(part);
  }

  // The picture under the window: the photo, or the map of the channel that is looked at.
  ground() {
    if (this.photo) return this.photo;
    const { unit, scene, channel } = this;
    if (!this.bases.has(channel)) {
      const size = unit.side ** 2;
      this.bases.set(channel, mapPicture(scene, unit.inputs.subarray(channel * size, (channel + 1) * size), unit.side, unit.side, this.inPeak, this.inSigned));
    }
    return this.bases.get(channel);
  }

  drawInput(part, name) {
    const { unit, scene } = this;
    const width = this.input.parentElement.clientWidth;
    const pad = scene.padding;
    const cells = unit.side + 2 * pad; // the padding's zeros are drawn as what they are, a rim
    const cell = width / cells;
    this.input.style.width = this.input.style.height = `${width}px`;
    const context = sharp(this.input, width, width);
    context.imageSmoothingEnabled = false;
    if (pad) hatch(context, 0, 0, width, width, this.app);
    context.drawImage(this.ground(), pad * cell, pad * cell, unit.side * cell, unit.side * cell);
    const corner = [(part.left + pad) * cell, (part.top + pad) * cell];
    if (unit.weights) this.overlay(context, ...corner, cell, 0.75);
    if (scene.of === "conv" || scene.of === "pool") {
      context.setLineDash([4, 3]);
      context.lineWidth = 1.5;
      context.strokeStyle = this.app.accent();
      for (const [dy, dx] of this.neighbours()) {
        context.strokeRect(corner[0] + dx * scene.stride * cell, corner[1] + dy * scene.stride * cell, part.w * cell, part.h * cell);
      }
      context.setLineDash([]);
    }
    box(context, ...corner, Math.max(part.w * cell, 5), Math.max(part.h * cell, 5));
    this.under.textContent = `${this.photo ? `photo (${name})` : name}, ${unit.side} × ${unit.side}`;
    this.input.setAttribute("aria-label", `${this.under.textContent}; the window covers rows ${part.top} to ${part.top + part.h - 1}, columns ${part.left} to ${part.left + part.w - 1}`);
  }

  // The windows of the next places, right of and below this one, overlapping as they do.
  neighbours() {
    const { out } = this.unit;
    return [[0, 1], [1, 0]].filter(([dy, dx]) => this.at.y + dy < out && this.at.x + dx < out);
  }

  overlay(context, left, top, cell, alpha) {
    const { scene, unit, channel } = this;
    const k = scene.kernel;
    const kernel = mapPicture(scene, unit.weights.subarray(channel * k * k, (channel + 1) * k * k), k, k, this.weightPeak, true);
    context.globalAlpha = alpha;
    context.drawImage(kernel, left, top, k * cell, k * cell);
    context.globalAlpha = 1;
  }

  drawZoom(part, name) {
    const { scene, unit, channel } = this;
    const width = this.zoom.parentElement.clientWidth;
    const rim = scene.of === "conv" || scene.of === "pool" ? scene.stride : 1;
    const cells = Math.max(part.h, part.w) + 2 * rim;
    const cell = this.cell = width / cells;
    this.rim = rim;
    this.zoom.style.width = this.zoom.style.height = `${width}px`;
    const context = sharp(this.zoom, width, width);
    context.imageSmoothingEnabled = false;
    hatch(context, 0, 0, width, width, this.app);
    const [top, left] = [part.top - rim, part.left - rim];
    context.drawImage(this.ground(), -left * cell, -top * cell, unit.side * cell, unit.side * cell);
    if (rim) { // what lies around the window is paler
      context.save();
      context.globalAlpha = 0.45;
      context.fillStyle = theme(this.app.root);
      context.beginPath();
      context.rect(0, 0, width, width);
      context.rect(rim * cell, rim * cell, part.w * cell, part.h * cell);
      context.fill("evenodd");
      context.restore();
    }
    const size = part.h * part.w;
    const peak = peakOf(part.terms);
    const table = scene.read(scene.scales.signed);
    for (let i = 0; i < size; i++) {
      const [x, y] = [(rim + (i % part.w)) * cell, (rim + Math.floor(i / part.w)) * cell];
      const [value, term] = [part.read[channel * size + i], part.terms[channel * size + i]];
      if (unit.weights && this.products.checked) {
        fill(context, table, level(term, peak, true), x, y, cell);
        if (cell > 38) write(context, number(term, 2), x + cell / 2, y + cell / 2, cell, table, level(term, peak, true));
      } else if (unit.weights) {
        const weight = unit.weights[channel * size + i];
        const inset = cell * 0.22;
        fill(context, table, level(weight, this.weightPeak, true), x + inset, y + inset, cell - 2 * inset);
        if (cell > 52) write(context, number(weight, 2), x + cell / 2, y + cell / 2, cell, table, level(weight, this.weightPeak, true));
      } else if (cell > 30) {
        const own = scene.read(this.inSigned ? scene.scales.signed : scene.scales.positive);
        write(context, number(value, 2), x + cell / 2, y + cell / 2, cell, own, level(value, this.inPeak, this.inSigned));
      }
    }
    if (scene.of === "conv" || scene.of === "pool") {
      context.setLineDash([6, 4]);
      context.lineWidth = 2;
      context.strokeStyle = this.app.accent();
      for (const [dy, dx] of this.neighbours()) {
        context.strokeRect((rim + dx * scene.stride) * cell, (rim + dy * scene.stride) * cell, part.w * cell, part.h * cell);
      }
      context.setLineDash([]);
    }
    box(context, rim * cell, rim * cell, part.w * cell, part.h * cell);
    if (part.winner !== null && scene.of === "pool") {
      context.lineWidth = 4;
      context.strokeStyle = this.app.accent();
      context.strokeRect((rim + (part.winner % part.w)) * cell + 2, (rim + Math.floor(part.winner / part.w)) * cell + 2, cell - 4, cell - 4);
    }
    this.zoomText = scene.of === "conv"
      ? `window ${part.h} × ${part.w}, weights inside; dashed: the next, ${scene.stride} on`
      : `window ${part.h} × ${part.w}${scene.of === "pool" ? "; dashed: the next, 2 on" : ""}`;
    if (scene.of === "conv" && this.products.checked) this.zoomText = "input × weight in each cell";
    this.zoomed.textContent = this.zoomText;
    this.zoom.setAttribute("aria-label", `${name}: ${this.zoomText}`);
  }

  // The cell of the enlarged window under the mouse, in numbers.
  read(event) {
    const { part, unit, scene } = this;
    this.zoomed.textContent = this.zoomText;
    if (!event) return;
    const frame = this.zoom.getBoundingClientRect();
    const [c, r] = [(event.clientX - frame.left) / this.cell - this.rim, (event.clientY - frame.top) / this.cell - this.rim].map(Math.floor);
    if (c < 0 || r < 0 || c >= part.w || r >= part.h) return;
    const i = this.channel * part.h * part.w + r * part.w + c;
    const value = number(part.read[i], 3);
    const weight = unit.weights && number(unit.weights[i], 3);
    const outside = part.top + r < 0 || part.left + c < 0 || part.top + r >= unit.side || part.left + c >= unit.side;
    this.zoomed.textContent = `row ${part.top + r}, column ${part.left + c}${outside ? " (padding)" : ""}: ${weight ? `${value} × ${weight} = ${number(part.terms[i], 3)}` : value}`;
    if (scene.of === "pool" && i === part.winner) this.zoomed.textContent += ", the largest";
  }

  drawOutput(part) {
    const { unit, scene, at } = this;
    const width = this.output.parentElement.clientWidth;
    this.output.style.width = this.output.style.height = `${width}px`;
    const context = sharp(this.output, width, width);
    context.imageSmoothingEnabled = false;
    context.drawImage(this.base, 0, 0, width, width);
    cursor(context, this.app, at, width / unit.out);
    this.reading.textContent = `row ${at.y}, column ${at.x}: ${number(part.total)}`;
    this.output.setAttribute("aria-label", `Output map of ${scene.layer}, unit ${scene.channel}, ${unit.out} by ${unit.out}. ${this.reading.textContent}. Arrow keys move the window, Space plays.`);
  }
}

function box(context, left, top, width, height) {
  context.lineWidth = 4;
  context.strokeStyle = "#000";
  context.strokeRect(left, top, width, height);
  context.lineWidth = 2;
  context.strokeStyle = "#fff";
  context.strokeRect(left, top, width, height);
}

// Padding: zeros that are no part of the picture.
function hatch(context, left, top, width, height, app) {
  context.save();
  context.beginPath();
  context.rect(left, top, width, height);
  context.clip();
  context.strokeStyle = getComputedStyle(app.root).color;
  context.globalAlpha = 0.25;
  context.lineWidth = 1;
  context.beginPath();
  for (let at = left - height; at < left + width; at += 7) {
    context.moveTo(at, top + height);
    context.lineTo(at + height, top);
  }
  context.stroke();
  context.restore();
}

function fill(context, table, colour, x, y, edge) {
  context.fillStyle = `rgb(${table[3 * colour]} ${table[3 * colour + 1]} ${table[3 * colour + 2]})`;
  context.fillRect(x, y, edge, edge);
}

// A number in a cell, dark or light as its ground asks for.
function write(context, text, x, y, cell, table, colour) {
  const [r, g, b] = [0, 1, 2].map((i) => (table[3 * colour + i] / 255) ** 2.2);
  context.fillStyle = 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.18 ? "#1c1917" : "#ffffff";
  context.font = `600 ${Math.min(17, cell / Math.max(2.6, text.length * 0.62))}px sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(text, x, y);
}
