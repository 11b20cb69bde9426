// A mask as one bit a pixel in base64, row by row, the first pixel in the highest bit.

/** An image that is opaque where the mask is set. */
export function unpackBits(text, size) {
  const packed = atob(text);
  const image = new ImageData(size, size);
  for (let i = 0; i < size * size; i++) {
    if (packed.charCodeAt(i >> 3) & (128 >> (i & 7))) image.data[i * 4 + 3] = 255;
  }
  return image;
}

/** The bits of an image: set where it is more than half opaque. */
export function packBits({ data, width, height }) {
  const packed = new Uint8Array(Math.ceil((width * height) / 8));
  for (let i = 0; i < width * height; i++) if (data[i * 4 + 3] > 127) packed[i >> 3] |= 128 >> (i & 7);
  let text = "";
  for (const byte of packed) text += String.fromCharCode(byte);
  return btoa(text);
}
