// The scales of a chart's two axes and the numbers beside them.

const [LEFT, RIGHT, TOP, BOTTOM] = [52, 10, 8, 44]; // around the curves, in CSS pixels

/** Round numbers from low to high, about `count` of them. */
export function ticks(low, high, count) {
  const raw = (high - low) / count || 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= raw * 0.999);
  const values = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) values.push(i * step);
  return values;
}

/** Powers of ten from low to high; with twice and five times each where they are few. */
export function logTicks(low, high) {
  const factors = Math.log10(high / low) > 2.5 ? [1] : [1, 2, 5];
  const values = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
    values.push(...factors.map((factor) => factor * 10 ** power));
  }
  return values.filter((value) => value >= low * 0.999 && value <= high * 1.001);
}

/** The lowest and highest value of the vertical axis, and the values that are marked on it. */
export function verticalRange(values, { log, percent }) {
  if (log) {
    const [low, high] = values.length ? [Math.min(...values) * 0.9, Math.max(...values) * 1.1] : [0.1, 1];
    return { low, high, marks: logTicks(low, high) };
  }
  let high = percent ? 1 : Math.max(1e-9, ...values);
  const marks = ticks(0, high, 4);
  const isAbove = () => high > marks.at(-1) * 1.001;
  if (!percent) high = Math.max(high, marks.at(-1) + (isAbove() ? marks[1] - marks[0] : 0));
  if (isAbove()) marks.push(high);
  return { low: 0, high, marks };
}

/** The axes of a chart that is drawn width × height. */
export function axesOf(chart, width, height) {
  const points = chart.lines.flatMap((line) => line.x.map((x, i) => [x, line.y[i]]));
  const xs = points.map(([x]) => x);
  const end = chart.until || Math.max(1, ...xs);
  const { low, high, marks } = verticalRange(
    points.map(([, y]) => y),
    chart,
  );
  const [across, down] = [width - LEFT - RIGHT, height - TOP - BOTTOM];
  const scale = chart.log ? Math.log : (value) => value;
  return {
    xs,
    xMarks: ticks(0, end, width > 400 ? 6 : 3),
    yMarks: marks,
    left: LEFT,
    right: width - RIGHT,
    top: TOP,
    bottom: height - BOTTOM,
    toX: (x) => LEFT + (across * x) / end,
    toY: (y) => TOP + down * (1 - (scale(y) - scale(low)) / (scale(high) - scale(low) || 1)),
    fromX: (pixels) => ((pixels - LEFT) / across) * end,
  };
}
