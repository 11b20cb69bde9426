// A drawing that keeps to the room of an element of the page. It draws at once and whenever the element's size changes,
// but never while there is no room: while the element is hidden, taken off the page or not laid out yet. Returns the
// function that draws anew if there is room; its `stop` ends it all.
export const whenLaidOut = (element, draw) => {
  const redraw = () => {
    if (element.clientWidth) draw();
  };
  const watch = new ResizeObserver(redraw);
  redraw.stop = () => watch.disconnect();
  watch.observe(element);
  redraw();
  return redraw;
};
