// Marks on a canvas that can be seen on any ground.

// The frame around a cell of a map that is drawn cell pixels wide, visible on any colour.
export function cursor(context, { y, x }, cell) {
  const [left, top, edge] = [x * cell, y * cell, Math.max(cell, 5)];
  context.lineWidth = 4;
  context.strokeStyle = "#000";
  context.strokeRect(left - 1, top - 1, edge + 2, edge + 2);
  context.lineWidth = 2;
  context.strokeStyle = "#fff";
  context.strokeRect(left - 1, top - 1, edge + 2, edge + 2);
}

export function box(context, left, top, width, height) {
  context.lineWidth = 4;
  context.strokeStyle = "#000";
  context.strokeRect(left, top, width, height);
  context.lineWidth = 2;
  context.strokeStyle = "#fff";
  context.strokeRect(left, top, width, height);
}

// Padding: zeros that are no part of the picture.
export function hatch(context, left, top, width, height, ink) {
  context.save();
  context.beginPath();
  context.rect(left, top, width, height);
  context.clip();
  context.strokeStyle = ink;
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

export function fill(context, table, colour, x, y, edge) {
  context.fillStyle = `rgb(${table[3 * colour]} ${table[3 * colour + 1]} ${table[3 * colour + 2]})`;
  context.fillRect(x, y, edge, edge);
}

// A number in a cell, dark or light as its ground asks for.
export function write(context, text, x, y, cell, table, colour) {
  const [r, g, b] = [0, 1, 2].map((i) => (table[3 * colour + i] / 255) ** 2.2);
  context.fillStyle = 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.18 ? "#1c1917" : "#ffffff";
  context.font = `600 ${Math.min(17, cell / Math.max(2.6, text.length * 0.62))}px sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(text, x, y);
}
