// Elements and their texts.

const SVG = "http://www.w3.org/2000/svg";

/**
 * An HTML element: attributes that are properties of it are set as such (className, onclick, tabIndex, …).
 * @param {string} tag
 * @param {Record<string, any>} [attributes] undefined leaves an attribute out
 * @param {...(Node | string | number)} children
 * @returns {any}
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name in element && name !== "style") element[name] = value;
    else if (value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.map((child) => (child instanceof Node ? child : String(child))));
  return element;
}

/**
 * An SVG element.
 * @param {string} tag
 * @param {Record<string, string | number>} [attributes]
 * @param {...(Node | string)} children
 */
export function makeSvg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

/** Set a text that follows the pointer: written only when it changes, so that nothing is laid out for nothing. */
export function setText(element, text) {
  if (element.firstChild?.data !== text) element.textContent = text;
}

/** Make a canvas or another element a picture with a text for screen readers; returns it. */
export function asImage(element, label) {
  element.setAttribute("role", "img");
  element.setAttribute("aria-label", label);
  return element;
}

/** Whether the visitor asked the system for little motion. */
export const prefersReducedMotion = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

/** How much larger than usual the document's type is: 1.5 in large type. */
export const typeScale = () => Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
