// The drawing as a file, made in the browser.

import { make } from "../lib/dom.js";

function save(blob, name) {
  const link = make("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000); // the address is needed until the download has begun
}

/** The drawing with the size and the background that the page gives it here. */
function standalone({ svg, background }, drawing) {
  const { width, height } = drawing.querySelector("svg").viewBox.baseVal;
  const text = svg
    .replace("<svg ", `<svg width="${width}" height="${height}" `)
    .replace(">", `><rect width="100%" height="100%" fill="${background}"/>`);
  return { text, width, height };
}

export function downloadSvg(data, drawing) {
  save(new Blob([standalone(data, drawing).text], { type: "image/svg+xml" }), `${data.name}.svg`);
}

export function downloadHtml({ svg, name, background }) {
  const page = [
    `<!doctype html><html lang="en"><meta charset="utf-8"><title>${name}</title>`,
    "<style>body{margin:2rem}svg{display:block;width:100%;max-height:94vh}</style>",
    `<body style="background:${background}">${svg}</body></html>`,
  ];
  save(new Blob([page.join("")], { type: "text/html" }), `${name}.html`);
}

/** Twice the drawing's own size. */
export function downloadPng(data, drawing) {
  const { text, width, height } = standalone(data, drawing);
  const picture = new Image();
  picture.onload = () => {
    const canvas = make("canvas", { width: width * 2, height: height * 2 });
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    canvas.toBlob((blob) => save(blob, `${data.name}.png`), "image/png");
  };
  picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
}
