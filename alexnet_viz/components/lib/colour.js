// Colours with a meaning, the same in every drawing.

export const PLUS = "#d6604d",
  MINUS = "#4393c3"; // of the signed scale, visible on light and dark
