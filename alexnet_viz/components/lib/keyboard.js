// Keys that move over a map.

// Where an arrow key leads on a map; undefined for other keys.
export function walkMap(event, { y, x }, out) {
  const to = {
    ArrowLeft: [y, x - 1],
    ArrowRight: [y, x + 1],
    ArrowUp: [y - 1, x],
    ArrowDown: [y + 1, x],
    Home: [y, 0],
    End: [y, out - 1],
    PageUp: [0, x],
    PageDown: [out - 1, x],
  }[event.key];
  const inside = (i) => Math.max(0, Math.min(out - 1, i));
  return to && { y: inside(to[0]), x: inside(to[1]) };
}
