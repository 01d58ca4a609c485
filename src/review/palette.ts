import picocolors from "picocolors";

/** Styles for a terminal; each gives its text back as it is where colour is off. */
export interface Palette {
  readonly bold: Style;
  readonly dim: Style;
  readonly inverse: Style;
  readonly red: Style;
  readonly green: Style;
  readonly yellow: Style;
  readonly cyan: Style;
}

type Style = (text: string) => string;

/** The styles, or none of them. Whether colour is wanted (`NO_COLOR`, a terminal) is the caller's to say. */
export function toPalette(colour: boolean): Palette {
  return picocolors.createColors(colour);
}
