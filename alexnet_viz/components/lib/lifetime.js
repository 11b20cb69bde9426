// The one owner of what a view must release when it closes: timers, frames, listeners, observers.

export class Lifetime {
  #ends = new Set();

  /** Have `end` called when the lifetime ends. Returns what calls it earlier, once. */
  onEnd(end) {
    const once = () => {
      if (this.#ends.delete(once)) end();
    };
    this.#ends.add(once);
    return once;
  }

  /** Returns what stops it. */
  interval(work, milliseconds) {
    const timer = setInterval(work, milliseconds);
    return this.onEnd(() => clearInterval(timer));
  }

  /** Returns what stops it. */
  timeout(work, milliseconds) {
    const timer = setTimeout(() => {
      release();
      work();
    }, milliseconds);
    const release = this.onEnd(() => clearTimeout(timer));
    return release;
  }

  /** Listen to what outlives the view: the document, the window, the element that Streamlit keeps. */
  listen(target, type, handler) {
    target.addEventListener(type, handler);
    return this.onEnd(() => target.removeEventListener(type, handler));
  }

  /** Call `work` whenever the element's size changes, and once at the start. */
  observeSize(element, work) {
    const observer = new ResizeObserver(work);
    observer.observe(element);
    return this.onEnd(() => observer.disconnect());
  }

  /**
   * Draw at once and whenever the element's size changes, but never while it has none: while it is hidden, taken off
   * the page or not laid out yet. Returns the function that draws anew if there is room.
   */
  whenLaidOut(element, draw) {
    const redraw = () => {
      if (element.clientWidth) draw();
    };
    this.observeSize(element, redraw);
    redraw();
    return redraw;
  }

  /**
   * Work that is done once a frame, however many moves of the pointer ask for it. Returns what asks for it; its
   * `cancel` takes back what was asked for.
   */
  onceAFrame(work) {
    let frame = null;
    const request = () => {
      frame ??= requestAnimationFrame(() => {
        frame = null;
        work();
      });
    };
    const cancel = () => {
      cancelAnimationFrame(frame);
      frame = null;
    };
    this.onEnd(cancel);
    return Object.assign(request, { cancel });
  }

  /** Release everything that has begun. */
  end() {
    for (const end of [...this.#ends]) end();
  }
}

/**
 * The lifetime of one call of a component's function. Streamlit calls it again whenever its data change and may end an
 * overtaken call late: what the call before began ends here, and a call ends its own work alone.
 */
export function renewLifetime(parentElement) {
  parentElement.lifetime?.end();
  parentElement.lifetime = new Lifetime();
  return /** @type {Lifetime} */ (parentElement.lifetime);
}
