// Where tiles lie on a sheet, in CSS pixels. A sheet may have equal parts below each other, with titles above them.

const HIGHEST = 420; // of a sheet
const HEADING = 26; // above a part that has a title

/** The fewest tiles in a row that let all rows fit into the height: so tiles come out as large as possible, but no row
 * ends early because its tiles may not be any larger. */
export function columnsFor(width, count, aspect, gap, largest) {
  const fitting = Math.max(1, Math.floor((width + gap) / (largest + gap)));
  for (let columns = fitting; columns < count; columns++) {
    const side = (width + gap) / columns - gap;
    if (Math.ceil(count / columns) * (side * aspect + gap) - gap <= HIGHEST) return columns;
  }
  return count;
}

export class GridLayout {
  /** @param {{ count: number, height: number, width: number, gap: number, largest: number, parts: string[] }} meta */
  constructor({ count, height, width, gap, largest, parts }, space) {
    this.gap = gap;
    this.space = space;
    this.columns = columnsFor(space, count, height / width, gap, largest);
    this.side = Math.min((space + gap) / this.columns - gap, largest); // a tile's width
    this.tall = (this.side * height) / width; // its height
    this.parts = parts.length || 1;
    this.each = count / this.parts; // tiles in a part
    this.heading = parts.length ? HEADING : 0;
    this.block = this.heading + Math.ceil(this.each / this.columns) * (this.tall + gap); // a part's height
    this.height = this.parts * this.block - gap;
  }

  facts() {
    const { columns, side, gap, heading, block, each } = this;
    return { columns, side, gap, heading, block, each };
  }

  /** A tile's left and top edge, width and height. @returns {[number, number, number, number]} */
  tile(place) {
    const part = Math.floor(place / this.each);
    const index = place - part * this.each;
    const row = Math.floor(index / this.columns);
    const x = (index % this.columns) * (this.side + this.gap);
    return [x, part * this.block + this.heading + row * (this.tall + this.gap), this.side, this.tall];
  }

  /** The place under the pointer, −1 for none. */
  placeUnder(event, canvas) {
    const box = canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const part = Math.floor(y / this.block);
    const column = Math.floor(x / (this.side + this.gap));
    const index = Math.floor((y - part * this.block - this.heading) / (this.tall + this.gap)) * this.columns + column;
    const isInRow = column >= 0 && column < this.columns;
    const isInPart = index >= 0 && index < this.each && part >= 0 && part < this.parts;
    return isInRow && isInPart ? part * this.each + index : -1;
  }
}
