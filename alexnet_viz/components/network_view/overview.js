// The whole network: a column a layer, its strongest channels as thumbnails, and lines to what feeds them.

const SLIM = new Set(["relu", "norm", "dropout", "flatten", "avgpool", "softmax"]);

function overview(app) {
  const { scene } = app;
  const rows = Math.max(...scene.columns.map((column) => column.shown.length));
  const board = make("div", { className: "board" });
  const edges = make("canvas", { className: "edges" });
  edges.setAttribute("aria-hidden", "true");
  const box = make("div", { className: "scroller" }, board);
  const foot = make("div", { className: "foot" });
  app.host.replaceChildren(box, foot);
  board.append(edges);

  const photo = paintPhoto(make("canvas", { className: "photo" }), scene.read(scene.photo), scene.photo.shape[0]);
  photo.setAttribute("role", "img");
  photo.setAttribute("aria-label", "What the network sees of the photo");
  board.append(photo);

  const thumbs = []; // a list a column, of {button, column, row, x, y, w, h}
  const heads = scene.columns.map((column) => {
    const slim = SLIM.has(column.kind);
    const head = make("button", { type: "button", className: slim ? "head slim" : "head" }, make("span", {}, column.layer));
    head.style.setProperty("--kind", app.colour(column.kind));
    head.title = `${column.layer}: ${column.shape.join(" × ")}. Opens all of its channels.`;
    head.setAttribute("aria-label", `${column.layer}, all ${count(column.shape[0])} channels`);
    head.onclick = () => app.go({ depth: "layer", layer: column.layer, channel: app.view.channel });
    head.onfocus = head.onpointerenter = () => { app.tip(null); };
    board.append(head);
    return head;
  });
  scene.columns.forEach((column, c) => {
    const levels = scene.read(column.maps);
    const side = column.maps.shape[1] ?? 1;
    const table = scene.read(column.signed ? scene.scales.signed : scene.scales.positive);
    thumbs.push(column.shown.map((channel, row) => {
      const from = row * side * side;
      const picture = paint(make("canvas"), side, side, table, (i) => levels[from + i]);
      const button = make("button", { type: "button", className: "thumb", tabIndex: -1 }, picture);
      const name = column.labels?.[row] ? `${channel}, ${column.labels[row]}` : channel;
      button.setAttribute("aria-label", `${column.layer}, unit ${name}, peak ${number(column.peaks[row])}`);
      button.dataset.layer = column.layer;
      button.dataset.channel = channel;
      button.classList.toggle("chosen", column.layer === app.view.layer && channel === app.view.channel);
      const thumb = { button, picture, column, c, row, channel };
      button.onclick = () => app.go({ depth: column.shape.length === 3 ? "unit" : "value", layer: column.layer, channel });
      button.onpointerenter = button.onfocus = () => light(thumb);
      button.onpointerleave = button.onblur = () => light(null);
      board.append(button);
      return thumb;
    }));
  });
  const more = scene.columns.map((column) => {
    const rest = column.shape[0] - column.shown.length;
    const button = make("button", { type: "button", className: "more", tabIndex: -1 }, rest > 0 ? `+${count(rest)}` : "");
    button.hidden = rest <= 0;
    button.title = `${count(rest)} more in ${column.layer}`;
    button.setAttribute("aria-label", button.title);
    button.onclick = () => app.go({ depth: "layer", layer: column.layer, channel: app.view.channel });
    board.append(button);
    return button;
  });
  const classes = scene.classes.slice(0, rows).map((one) => {
    const bar = make("span", { className: "bar" });
    bar.style.width = `${Math.max(1, 100 * one.share)}%`;
    const line = make("div", { className: "class" }, make("span", { className: "label", title: one.label }, one.label),
      make("span", { className: "track" }, bar), make("b", {}, `${(100 * one.share).toFixed(1)}%`));
    board.append(line);
    return line;
  });

  // One stop for the Tab key; the arrow keys walk over rows and columns, the empty ones passed over.
  const first = thumbs.flat().find((thumb) => thumb.button.classList.contains("chosen")) ?? thumbs.flat()[0];
  first.button.tabIndex = 0;
  const walk = (event) => {
    const all = thumbs.flat();
    const now = all.find((thumb) => thumb.button === app.focused());
    if (!now) return;
    const filled = thumbs.filter((column) => column.length);
    const at = filled.findIndex((column) => column.includes(now));
    const to = {
      ArrowLeft: filled[Math.max(0, at - 1)], ArrowRight: filled[Math.min(filled.length - 1, at + 1)],
      Home: filled[0], End: filled.at(-1), ArrowUp: filled[at], ArrowDown: filled[at],
    }[event.key];
    if (!to) return;
    const row = now.row + ({ ArrowUp: -1, ArrowDown: 1 }[event.key] ?? 0);
    const next = to[Math.max(0, Math.min(to.length - 1, row))];
    all.forEach((thumb) => { thumb.button.tabIndex = thumb === next ? 0 : -1; });
    next.button.focus();
    event.preventDefault();
  };

  let places = {}; // the columns' thumbnails by layer
  const lay = () => {
    const em = parseFloat(getComputedStyle(app.root).fontSize);
    const width = (column, t) => (SLIM.has(column.kind) ? Math.max(14, 0.36 * t) : column.kind === "fc" ? 0.6 * t : t);
    const gap = (column, t) => (column.feeds ? 0.6 * t : 3);
    const whole = (t) => scene.columns.reduce((sum, column) => sum + gap(column, t) + width(column, t), 1.5 * t) + 9 * em;
    let t = 72; // a thumbnail's side: as large as the row has room for
    while (t > 28 && whole(t) > box.clientWidth) t -= 0.5;
    const pitch = t + 6;
    const top = 4.6 * em;
    const height = top + rows * pitch + 1.7 * em;
    let x = 0;
    const put = (element, left, y, w, h) => {
      Object.assign(element.style, { left: `${left}px`, top: `${y}px`, width: `${w}px`, height: `${h}px` });
    };
    put(photo, x, top + (rows * pitch - 1.5 * t) / 2, 1.5 * t, 1.5 * t);
    places = { photo: [{ x, y: top + (rows * pitch - 1.5 * t) / 2, w: 1.5 * t, h: 1.5 * t }] };
    x += 1.5 * t;
    scene.columns.forEach((column, c) => {
      const w = width(column, t);
      x += gap(column, t);
      put(heads[c], x, 0, w, top - 6);
      thumbs[c].forEach((thumb) => {
        Object.assign(thumb, { x, y: top + thumb.row * pitch + (t - w) / 2, w, h: w });
        put(thumb.button, thumb.x, thumb.y, w, w);
      });
      put(more[c], x, top + rows * pitch, w, 1.5 * em);
      more[c].classList.toggle("slim", w < 1.8 * em);
      places[column.layer] = thumbs[c];
      x += w;
    });
    classes.forEach((line, row) => put(line, x + 8, top + row * pitch, 9 * em - 8, t));
    board.style.width = `${x + 9 * em}px`;
    board.style.height = `${height}px`;
    draw();
  };

  const link = (context, from, to) => {
    const [x1, y1, x2, y2] = [from.x + from.w, from.y + from.h / 2, to.x, to.y + to.h / 2];
    const bend = Math.max(6, (x2 - x1) / 2);
    context.beginPath();
    context.moveTo(x1, y1);
    context.bezierCurveTo(x1 + bend, y1, x2 - bend, y2, x2, y2);
    context.stroke();
  };
  // Every line into a thumbnail, with its share (0–1) of the strongest line of that column.
  const into = (thumb) => {
    const { column, row } = thumb;
    if (!column.feeds) {
      const from = places[column.source]?.find((one) => one.channel === thumb.channel);
      return from ? [{ from, share: 1, strength: null }] : [];
    }
    const feeds = scene.read(column.feeds);
    const width = column.feeds.shape[1];
    const most = peakOf(feeds) || 1;
    if (column.source === "photo") {
      const sums = column.shown.map((_, r) => feeds[3 * r] + feeds[3 * r + 1] + feeds[3 * r + 2]);
      return [{ from: places.photo[0], share: sums[row] / (Math.max(...sums) || 1), strength: sums[row] }];
    }
    return places[column.source].map((from, i) => ({
      from, share: feeds[row * width + i] / most, strength: feeds[row * width + i],
    }));
  };
  const draw = (lit = null) => {
    const style = getComputedStyle(app.root);
    const context = sharp(edges, board.clientWidth, board.clientHeight);
    context.strokeStyle = style.color;
    for (const thumb of thumbs.flat()) {
      for (const line of into(thumb)) {
        if (line.share < 0.04) continue;
        context.globalAlpha = (lit ? 0.3 : 1) * (0.05 + 0.5 * line.share ** 2);
        context.lineWidth = 0.6 + 1.4 * line.share;
        link(context, line.from, thumb);
      }
    }
    if (!lit) return;
    context.globalAlpha = 1;
    context.strokeStyle = style.getPropertyValue("--st-primary-color");
    for (const thumb of thumbs.flat()) {
      for (const line of into(thumb)) {
        if ((thumb !== lit && line.from !== lit) || line.share < 0.02) continue;
        context.globalAlpha = 0.35 + 0.65 * line.share;
        context.lineWidth = 0.8 + 3 * line.share;
        link(context, line.from, thumb);
      }
    }
  };

  const light = (thumb) => {
    draw(thumb);
    if (!thumb) return app.tip(null);
    const { column, row, channel } = thumb;
    const lines = [];
    if (column.labels?.[row]) lines.push(column.labels[row]);
    const [, side] = column.shape;
    lines.push(column.shape.length === 3 ? `${side} × ${side}, peak ${number(column.peaks[row])}` : `value ${number(column.peaks[row])}`);
    lines.push(`colours from ${column.signed ? number(-column.peak, 3) : 0} to ${number(column.peak, 3)}, its layer's peak`);
    if (column.feeders.length) {
      const told = column.feeders[row].map(([from, strength]) => `${column.source} · ${from} (${number(strength, 2)})`);
      lines.push(`fed most by ${column.source === "photo" ? colours(column.feeders[row]) : told.join(", ")}`);
    } else if (column.source) lines.push(`from ${column.source} · ${channel}`);
    app.tip(thumb.button, `${column.layer} · ${channel}`, lines, column.shape.length === 3 ? thumb.picture : null);
  };
  const colours = (three) => three.map(([c, strength]) => `${COLOURS[c]} (${number(strength, 2)})`).join(", ");

  const chosen = scene.columns.find((column) => column.layer === app.view.layer) ?? scene.columns[0];
  foot.append(
    make("span", { className: "hint" }, "Click a map to open its unit, a layer's name for all of its channels. Lines: the mean size of " +
      "what a channel puts into the next, thick for much. Each layer has its own scale. Keys: arrows, Enter, Esc."),
    legend(scene, chosen.peak, chosen.signed, chosen.layer),
  );
  const watch = new ResizeObserver(lay);
  watch.observe(box);
  lay();
  return { key: walk, focus: () => first.button.focus({ preventScroll: true }), close: () => watch.disconnect() };
}
