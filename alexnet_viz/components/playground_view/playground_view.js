// A window sliding over a small matrix. Numbers are typed into the cells; everything but PyTorch's output is done here.

function createPlay(root) {
  const parts = Object.fromEntries(["in", "kernel", "out"].map((name) => [name, root.querySelector(`.${name}`)]));
  const cellsOf = (part) => part.querySelector(".cells");
  const formula = root.querySelector(".formula"),
    where = root.querySelector(".where");
  const buttons = Object.fromEntries([...root.querySelectorAll("button")].map((one) => [one.dataset.do, one]));
  const play = { data: null, at: 0, timer: null, report: (_typed) => {} };
  const text = (value) =>
    (Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)))).replace("-", "−");

  // Blue for what is below zero, red for what is above; the paper for zero.
  const tint = (cell, value, peak) => {
    const share = Math.round(Math.min(1, Math.abs(value) / (peak || 1)) * 70);
    cell.style.setProperty(
      "--ground",
      `color-mix(in srgb, ${value < 0 ? "#4393c3" : "#d6604d"} ${share}%, var(--st-secondary-background-color))`,
    );
  };
  const peakOf = (values) => Math.max(1e-9, ...values.map(Math.abs));

  const typing = (holder, values, name, width) => (input, i) => {
    input.setAttribute("aria-label", `${name}, row ${Math.floor(i / width)}, column ${i % width}`);
    input.inputMode = "decimal";
    input.value = text(values[i]).replace("−", "-");
    input.onfocus = () => input.select();
    input.onchange = () => {
      const value = Number(input.value.replace(",", "."));
      if (!Number.isFinite(value) || input.value.trim() === "") {
        input.value = text(values[i]);
        return;
      }
      values[i] = Math.max(-999, Math.min(999, value));
      play.report({ inputs: play.data.inputs, kernel: play.data.kernel });
    };
    input.onkeydown = (event) => {
      // arrow keys walk over the matrix as in a table
      const step = { ArrowUp: -width, ArrowDown: width, Enter: width }[event.key];
      if (step === undefined) return;
      const next = holder.querySelectorAll("input")[i + step];
      if (next) {
        next.focus();
        event.preventDefault();
      }
    };
  };
  const typed = (cell, fill, i) => {
    const input = document.createElement("input");
    fill(input, i);
    cell.append(input);
  };
  const grid = (holder, side, cell) => {
    holder.style.gridTemplateColumns = `repeat(${side}, var(--cell))`;
    holder.replaceChildren(
      ...Array.from({ length: side * side }, (_, i) => {
        const one = document.createElement("div");
        one.className = "cell";
        one.setAttribute("role", "gridcell");
        cell(one, i);
        return one;
      }),
    );
  };

  const build = () => {
    const { inputs, kernel, output, window: w, hidden } = play.data;
    const padded = w.size + 2 * w.padding;
    const room = Math.min(root.clientWidth || 900, 1100);
    const wide = room > 620;
    const total = wide ? padded + (w.mode === "conv" ? w.kernel : 0) + Math.max(w.side, 2) + 3 : padded + 1;
    root.style.setProperty("--cell", `${Math.max(21, Math.min(44, Math.floor(room / total) - 3))}px`);
    const peak = peakOf(inputs);
    const fillInput = typing(cellsOf(parts.in), inputs, "input", w.size);
    const reach = w.dilation * (w.kernel - 1) + 1 + (w.side - 1) * w.stride; // what windows read, from the rim on
    grid(cellsOf(parts.in), padded, (cell, i) => {
      const [r, c] = [Math.floor(i / padded) - w.padding, (i % padded) - w.padding];
      if (r < 0 || c < 0 || r >= w.size || c >= w.size) {
        cell.classList.add("pad");
        cell.textContent = w.mode === "pool" ? "−∞" : "0";
        return;
      }
      tint(cell, inputs[r * w.size + c], peak);
      typed(cell, fillInput, r * w.size + c);
      if (w.side && !hidden && (r + w.padding >= reach || c + w.padding >= reach)) cell.classList.add("unread");
    });
    parts.in.querySelector("h3").textContent =
      `Input ${w.size} × ${w.size}${w.padding ? `, padding ${w.padding}` : ""}`;
    parts.kernel.hidden = w.mode === "pool";
    if (w.mode === "conv") {
      const high = peakOf(kernel);
      const fillKernel = typing(cellsOf(parts.kernel), kernel, "kernel", w.kernel);
      grid(cellsOf(parts.kernel), w.kernel, (cell, i) => {
        tint(cell, kernel[i], high);
        typed(cell, fillKernel, i);
      });
      parts.kernel.querySelector("h3").textContent = `Kernel ${w.kernel} × ${w.kernel}`;
    }
    const known = w.side > 0 && !hidden && output;
    parts.out.querySelector("h3").textContent = hidden
      ? "Output ? × ?"
      : known
        ? `Output ${w.side} × ${w.side}`
        : "No output";
    const most = known ? peakOf(output) : 1;
    grid(cellsOf(parts.out), known ? w.side : 0, (cell, i) => {
      tint(cell, output[i], most);
      cell.textContent = text(output[i]);
      cell.onpointerenter = () => go(i);
      cell.onclick = () => {
        stop();
        go(i);
      };
    });
    cellsOf(parts.out).setAttribute("aria-label", "Output; arrow keys move the window, Space plays");
    for (const button of Object.values(buttons)) button.disabled = !known;
    play.at = Math.min(play.at, known ? output.length - 1 : 0);
    show();
  };

  const show = () => {
    const { inputs, kernel, output, window: w, hidden } = play.data;
    const padded = w.size + 2 * w.padding;
    const cells = cellsOf(parts.in).children;
    for (const cell of cells) cell.classList.remove("read", "span", "wins");
    for (const cell of cellsOf(parts.out).children) cell.classList.remove("now");
    if (hidden || !output || !w.side) {
      formula.textContent = hidden ? "Type your guess first: the output stays hidden until then." : "";
      where.textContent = "";
      return;
    }
    const [y, x] = [Math.floor(play.at / w.side), play.at % w.side];
    const span = w.dilation * (w.kernel - 1) + 1;
    for (let r = 0; r < span; r++)
      for (let c = 0; c < span; c++) cells[(y * w.stride + r) * padded + x * w.stride + c].classList.add("span");
    const terms = [];
    let total = w.mode === "pool" ? -Infinity : 0,
      winner = null;
    for (let r = 0; r < w.kernel; r++) {
      for (let c = 0; c < w.kernel; c++) {
        const place = (y * w.stride + r * w.dilation) * padded + x * w.stride + c * w.dilation;
        const [row, column] = [Math.floor(place / padded) - w.padding, (place % padded) - w.padding];
        const inside = row >= 0 && column >= 0 && row < w.size && column < w.size;
        cells[place].classList.add("read");
        const value = inside ? inputs[row * w.size + column] : w.mode === "pool" ? -Infinity : 0;
        if (w.mode === "pool") {
          if (value > total) [total, winner] = [value, place];
          if (inside) terms.push(text(value));
        } else {
          const weight = kernel[r * w.kernel + c];
          total += value * weight;
          terms.push(`${text(value)}·${weight < 0 ? `(${text(weight)})` : text(weight)}`);
        }
      }
    }
    if (winner !== null) cells[winner].classList.add("wins");
    cellsOf(parts.out).children[play.at].classList.add("now");
    where.textContent = `row ${y}, column ${x} of the output, window ${play.at + 1} of ${output.length}`;
    const shown = terms.length > 30 ? [...terms.slice(0, 27), `… ${terms.length - 27} more`] : terms;
    const sum = w.mode === "pool" ? `max(${shown.join(", ")}) = ` : `${shown.join(" + ")} = `;
    const result = document.createElement("b");
    result.textContent = text(total);
    const off = Math.abs(total - output[play.at]) > 1e-4 * (1 + Math.abs(total));
    formula.replaceChildren(sum, result, off ? ` (PyTorch: ${text(output[play.at])})` : " (PyTorch says the same)");
  };

  const go = (to) => {
    const many = play.data.output?.length ?? 0;
    if (!many || to < 0 || to >= many) return false;
    play.at = to;
    show();
    return true;
  };
  const stop = () => {
    clearInterval(play.timer);
    play.timer = null;
    buttons.play.textContent = "▶";
    buttons.play.title = buttons.play.ariaLabel = "Play";
  };
  const start = () => {
    if (!play.data.output) return;
    if (play.at === play.data.output.length - 1) go(0);
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    play.timer = setInterval(
      () => {
        if (!go(play.at + 1)) stop();
      },
      calm ? 1500 : 600,
    );
    buttons.play.textContent = "⏸";
    buttons.play.title = buttons.play.ariaLabel = "Pause";
  };
  buttons.first.onclick = () => {
    stop();
    go(0);
  };
  buttons.back.onclick = () => {
    stop();
    go(play.at - 1);
  };
  buttons.on.onclick = () => {
    stop();
    go(play.at + 1);
  };
  buttons.play.onclick = () => (play.timer ? stop() : start());
  cellsOf(parts.out).onkeydown = (event) => {
    const side = play.data.window.side;
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -side, ArrowDown: side }[event.key];
    if (step !== undefined) {
      stop();
      go(play.at + step);
    } else if (event.key === " ") buttons.play.click();
    else if (event.key === "Home") go(0);
    else return;
    event.preventDefault();
  };
  const watch = new ResizeObserver(() => {
    if (play.data && play.width !== root.clientWidth && !root.contains(root.getRootNode().activeElement)) build();
    play.width = root.clientWidth;
  });
  watch.observe(root);
  play.receive = (data) => {
    const same = JSON.stringify(data) === JSON.stringify(play.data);
    const focus = root.getRootNode().activeElement?.getAttribute?.("aria-label");
    play.data = structuredClone(data);
    if (same) return;
    stop();
    build();
    if (focus) [...root.querySelectorAll("input")].find((one) => one.getAttribute("aria-label") === focus)?.focus();
  };
  play.close = () => {
    stop();
    watch.disconnect();
  };
  return play;
}

export default function ({ parentElement, data, setTriggerValue }) {
  const play = (parentElement.play ??= createPlay(parentElement.querySelector(".play")));
  play.report = (typed) => setTriggerValue("typed", typed);
  const call = {};
  play.call = call;
  play.receive(data);
  return () => {
    if (play.call === call) play.close();
  };
}
