// Mouse and finger over a map.

// Mouse and finger over a map of out × out: over(place or null) while it moves, pick(place) on a click or a lifted finger.
export function followMap(canvas, out, { over, pick }) {
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    const at = (offset, length) => Math.max(0, Math.min(out - 1, Math.floor((offset / length) * out)));
    return { y: at(event.clientY - box.top, box.height), x: at(event.clientX - box.left, box.width) };
  };
  canvas.style.touchAction = "none"; // a finger reads values here instead of scrolling
  canvas.onpointermove = (event) => over(place(event));
  canvas.onpointerleave = () => over(null);
  canvas.onpointerdown = (event) => {
    if (event.pointerType !== "mouse") over(place(event));
  };
  canvas.onclick = (event) => pick(place(event));
  return () => {
    canvas.onpointermove = canvas.onpointerleave = canvas.onpointerdown = canvas.onclick = null;
  };
}
