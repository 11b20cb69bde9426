// A value: the window on the input with the kernel laid over it, every term, and the sum, beside PyTorch's number.

function valueView(app) {
  const { scene, unit } = app;
  return unit.flatMap ? new MapValue(app).view() : vectorValue(app);
}

// What a value is made of, in words and numbers: rows strongest first, the others summed, the formula.
function tale(scene, part, most) {
  const { terms, read, total, bias } = part;
  const cell = (i) => `row ${part.top + Math.floor(i / part.w)}, column ${part.left + (i % part.w)}`;
  const cut = (entries) => {
    const others = entries.slice(most);
    return { rows: entries.slice(0, most), others: others.length, rest: others.reduce((sum, one) => sum + one.adds, 0) };
  };
  const pick = (values, name) => cut(ranked(values).map((i) => ({ i, name: name(i), adds: values[i] })));
  switch (scene.of) {
    case "conv": {
      const sums = channelSums(part);
      return {
        ...pick(sums, (c) => inputName(scene, c)), sums,
        formula: `Σ ${count(terms.length)} terms + bias = ${number(total - bias)} + (${number(bias)}) = ${number(total)}`,
      };
    }
    case "fc": {
      const order = Array.from(terms.keys()).sort((a, b) => terms[b] - terms[a]);
      const half = Math.ceil(most / 2);
      const kept = terms.length > 2 * half ? [...order.slice(0, half), ...order.slice(-half).reverse()] : order;
      const shown = kept.map((i) => ({ i, name: inputName(scene, i), adds: terms[i] }));
      const rest = terms.reduce((a, b) => a + b, 0) - shown.reduce((sum, one) => sum + one.adds, 0);
      return {
        rows: shown, others: terms.length - shown.length, rest,
        formula: `Σ ${count(terms.length)} terms + bias = ${number(total - bias)} + (${number(bias)}) = ${number(total)}`,
      };
    }
    case "relu":
      return { rows: [{ i: 0, name: inputName(scene, 0), adds: read[0] }], others: 0, formula: `max(0, ${number(read[0])}) = ${number(total)}` };
    case "pool":
      return { ...pick(terms, cell), formula: `the largest of ${terms.length} is ${number(total)}, at ${cell(part.winner)}` };
    case "avgpool": {
      const formula = terms.length === 1 ? `the mean of a single cell: ${number(total)}`
        : `the mean of ${terms.length} cells = Σ / ${terms.length} = ${number(total)}`;
      return { ...pick(terms, cell), formula };
    }
    case "norm": {
      const sum = terms.reduce((a, b) => a + b, 0);
      return {
        ...cut(Array.from(terms.keys(), (i) => ({ i, name: inputName(scene, i), adds: terms[i] }))),
        formula: `a / (k + α Σ a²)^β = ${number(read[part.winner])} / (2 + ${number(sum, 3)})^0.75 = ${number(total)}`,
      };
    }
    case "softmax": {
      const sum = terms.reduce((a, b) => a + b, 0);
      return {
        ...pick(terms, (i) => scene.labels[i]),
        formula: `e^(z − max) / Σ = e^(${number(read[part.winner])} − ${number(part.most)}) / ${number(sum)} = ${number(terms[part.winner])} / ${number(sum)} = ${number(total)}`,
      };
    }
    case "flatten": {
      const { side } = { side: Math.round(Math.sqrt(scene.read(scene.inputs).length)) };
      return {
        rows: [{ i: 0, name: `${inputName(scene, 0)}, row ${part.top}, column ${part.left}`, adds: total }], others: 0,
        formula: `${scene.first} · ${side * side} + ${part.top} · ${side} + ${part.left} = ${count(scene.channel)}: this pixel becomes number ${count(scene.channel)} of ${count(scene.channels)}`,
      };
    }
    default:
      return { rows: [{ i: 0, name: inputName(scene, 0), adds: total }], others: 0, formula: `handed on as it is: ${number(total)}` };
  }
}

const HEADS = {
  conv: ["input channel", "puts in", "sum so far"], fc: ["input", "puts in", "sum so far"], avgpool: ["cell", "its share", "sum so far"],
  norm: ["channel", "α · a²", "sum so far"], softmax: ["class", "e^(z − max)", "sum so far"], pool: ["cell", "value", ""],
};

// The list of what a value is made of; its rows stay, their texts follow the place.
function ledger(app, { most, onpick }) {
  const { scene } = app;
  const heads = HEADS[scene.of] ?? ["input", "value", ""];
  const adding = ["conv", "fc", "avgpool", "norm", "softmax"].includes(scene.of);
  const body = make("tbody");
  const table = make("table", { className: "ledger" }, make("thead", {}, make("tr", {}, make("th", { scope: "col" }, heads[0]), make("th", { scope: "col", colSpan: 2 }, heads[1]), make("th", { scope: "col" }, heads[2]))), body);
  const rows = Array.from({ length: most }, () => {
    const name = make("button", { type: "button", className: "pick" });
    const bar = make("i", { className: "bar" });
    const adds = make("td");
    const sum = make("td");
    const row = make("tr", {}, make("th", { scope: "row" }, name), make("td", { className: "bars" }, bar), adds, sum);
    body.append(row);
    name.disabled = !onpick;
    name.onclick = () => onpick?.(row.entry);
    return { row, name, bar, adds, sum };
  });
  const plain = (label, className) => {
    const value = make("td", { colSpan: 3 });
    const row = make("tr", { className }, make("th", { scope: "row" }, label), value);
    body.append(row);
    return { row, value, label: row.firstChild };
  };
  const rest = plain("", "others"), bias = plain(scene.of === "norm" ? "k" : "bias", "bias"), total = plain("=", "total"), torch = plain("PyTorch", "torch");
  bias.row.hidden = !["conv", "fc", "norm"].includes(scene.of);
  return {
    table,
    fill(told, part, picked) {
      const large = Math.max(1e-30, ...told.rows.map((one) => Math.abs(one.adds)));
      let sum = 0;
      rows.forEach((line, r) => {
        const entry = told.rows[r];
        line.row.hidden = !entry;
        if (!entry) return;
        line.row.entry = entry;
        sum += entry.adds;
        if (line.name.textContent !== entry.name) line.name.textContent = entry.name;
        line.name.title = entry.name;
        line.adds.textContent = `${adding && entry.adds > 0 ? "+" : ""}${number(entry.adds, 3)}`;
        line.sum.textContent = adding ? number(sum, 3) : entry.i === part.winner ? "◀ wins" : "";
        line.bar.style.width = `${(100 * Math.abs(entry.adds)) / large}%`;
        line.bar.className = entry.adds < 0 ? "bar minus" : "bar";
        line.row.classList.toggle("picked", entry.i === picked);
        if (onpick) line.name.setAttribute("aria-pressed", String(entry.i === picked));
      });
      rest.row.hidden = !told.others;
      rest.label.textContent = `and ${count(told.others)} other${told.others > 1 ? "s" : ""}`;
      rest.value.textContent = adding ? `${told.rest > 0 ? "+" : ""}${number(told.rest, 3)}` : "";
      bias.value.textContent = number(part.bias);
      total.value.textContent = number(part.total, 7);
      torch.value.textContent = number(part.torch, 7);
      const off = Math.abs(part.total - part.torch);
      torch.value.title = off ? `differs by ${number(off, 2)}: float32 rounding` : "the same to the last bit";
      torch.value.append(make("small", {}, off ? ` differs by ${number(off, 1)}` : " equal"));
    },
  };
}

// Every single term of a value in a table, on request: strongest first, with the running sum.
function everyTerm(app, current) {
  const { scene } = app;
  const holder = make("div", { className: "all" });
  const label = make("summary");
  const details = make("details", { className: "every" }, label, holder);
  let whole = false;
  const build = () => {
    const part = current();
    label.textContent = `Every term: all ${count(part.terms.length)} of them`;
    if (!details.open) return holder.replaceChildren();
    const order = ranked(part.terms);
    const shown = whole ? order : order.slice(0, 400);
    let sum = 0;
    const text = shown.map((i, rank) => {
      sum += part.terms[i];
      const c = Math.floor(i / (part.h * part.w)), p = i % (part.h * part.w);
      const [row, column] = [part.top + Math.floor(p / part.w), part.left + (p % part.w)];
      const outside = app.unit.flatMap && (row < 0 || column < 0 || row >= app.unit.side || column >= app.unit.side);
      const weight = app.unit.weights ? `<td>${app.unit.weights[i]}</td>` : "";
      const where = app.unit.flatMap ? `<td>${row}, ${column}${outside ? " (padding)" : ""}</td>` : "";
      const name = scene.of === "softmax" ? escaped(scene.labels[i]) : inputName(scene, c);
      return `<tr><td>${rank + 1}</td><td>${name}</td>${where}<td>${part.read[i]}</td>${weight}<td class="term" data-term="${part.terms[i]}">${number(part.terms[i], 6)}</td><td>${number(sum, 6)}</td></tr>`;
    });
    const heads = ["", "input", ...(app.unit.flatMap ? ["row, column"] : []), "value", ...(app.unit.weights ? ["weight"] : []), "term", "sum so far"];
    holder.innerHTML = `<table><thead><tr>${heads.map((head) => `<th scope="col">${head}</th>`).join("")}</tr></thead><tbody>${text.join("")}</tbody></table>`;
    const rest = order.length - shown.length;
    if (rest > 0) {
      const others = order.slice(shown.length).reduce((all, i) => all + part.terms[i], 0);
      const all = make("button", { type: "button", onclick: () => { whole = true; build(); } }, "Show all");
      holder.append(make("p", {}, `and ${count(rest)} others, in sum ${number(others, 6)} `, all));
    }
    const biased = ["conv", "fc"].includes(scene.of) ? ` bias ${part.bias};` : "";
    holder.append(make("p", { className: "end" }, `Σ ${number(part.terms.reduce((a, b) => a + b, 0), 8)};${biased} total ${part.total}; PyTorch ${part.torch}`));
  };
  details.ontoggle = build;
  return { details, build };
}

const escaped = (text) => make("span", {}, text).innerHTML;

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

  input_() {
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
    context.drawImage(this.input_(), pad * cell, pad * cell, unit.side * cell, unit.side * cell);
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
    context.drawImage(this.input_(), -left * cell, -top * cell, unit.side * cell, unit.side * cell);
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

// --- a value without a map ----------------------------------------------------------------------

function vectorValue(app) {
  const { scene, unit } = app;
  const part = takeApart(unit, 0, 0);
  const told = tale(scene, part, 12);
  const list = ledger(app, { most: 12, onpick: ["relu", "dropout"].includes(scene.of) || scene.of === "fc" || scene.of === "softmax" ? (entry) => open(entry.i) : null });
  const open = (i) => {
    const channel = scene.first + i;
    app.go({ depth: "value", layer: scene.below, channel });
  };
  list.fill(told, part, null);
  const many = part.terms.length;
  const voices = make("canvas", { className: "voices" });
  voices.setAttribute("role", "img");
  voices.setAttribute("aria-label", `All ${count(many)} terms as colours, in the order of the inputs; the list beside names the strongest`);
  const peak = peakOf(part.terms), signed = hasNegative(part.terms);
  const columns = many > 1 ? Math.ceil(Math.sqrt(many)) : 1;
  const rows = Math.ceil(many / columns);
  const said = make("p", { className: "reading" });
  const rest = { fc: `each square one input: what it puts in (${columns} in a row)`, softmax: "each square one class: e^(z − max)" }[scene.of] ?? "";
  said.textContent = rest;
  if (many > 1) mapPicture(scene, Float32Array.from({ length: columns * rows }, (_, i) => part.terms[i] ?? 0), columns, rows, peak, signed, voices);
  const under = (event) => {
    const frame = voices.getBoundingClientRect();
    const i = Math.floor(((event.clientY - frame.top) / frame.height) * rows) * columns + Math.floor(((event.clientX - frame.left) / frame.width) * columns);
    return i >= 0 && i < many ? i : null;
  };
  voices.onpointermove = (event) => {
    const i = under(event);
    if (i === null) return;
    const name = scene.of === "softmax" ? scene.labels[i] : inputName(scene, i);
    said.textContent = unit.weights ? `${name}: ${number(part.read[i], 3)} × ${number(unit.weights[i], 3)} = ${number(part.terms[i], 3)}` : `${name}: z = ${number(part.read[i])}, e^(z − max) = ${number(part.terms[i], 3)}`;
  };
  voices.onpointerleave = () => { said.textContent = rest; };
  voices.onclick = (event) => { const i = under(event); if (i !== null) open(i); };
  const path = pathPanel(app);
  const every = everyTerm(app, () => part);
  const picture = many > 1 ? [make("figure", {}, voices, make("figcaption", {}, said, legend(scene, peak, signed, scene.of === "fc" ? "input × weight" : "e^(z − max)")))] : [];
  const what = { fc: `The strongest voices for and against ${scene.label || `unit ${scene.channel}`}`, softmax: `The share of ${scene.label}` }[scene.of];
  const formula = make("p", { className: "formula", tabIndex: -1 }, told.formula);
  app.host.replaceChildren(...(what ? [make("h3", {}, what)] : []), make("div", { className: "stage vector" }, ...picture, make("div", {}, list.table)), formula, path.element, every.details);
  every.build();
  path.fill();
  return { key: () => {}, update: () => path.fill(), focus: () => formula.focus({ preventScroll: true }), close: () => {} };
}
