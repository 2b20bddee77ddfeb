/** The looks shared by all pictures. */

/**
 * Colours that people with any colour vision can distinguish (Okabe and Ito, 2008), in the order in which series use
 * them.
 */
export const SERIES_COLOURS: readonly string[] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];

export const INK = "#222222";
export const FAINT_INK = "#5a5a5a";
export const GRID = "#e3e3e3";

export const TITLE_SIZE = 16;
export const LABEL_SIZE = 13;
export const TICK_SIZE = 12;
