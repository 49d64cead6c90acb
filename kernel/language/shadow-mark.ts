/** Ends the names of cells' own bindings that are named as a global. It cannot be seen (ZERO WIDTH NON-JOINER). */
export const shadowMark = "\u200c";
