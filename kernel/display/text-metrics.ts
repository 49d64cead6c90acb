import { bold, regular } from "./font-widths.ts";

const tables = { regular: tableOf(regular), bold: tableOf(bold) };

/** Characters outside the tables: ideographs and emoji are square, the rest is as wide as a digit. */
const square = 1000;
const digit = 636;

function tableOf(runs: typeof regular): Map<number, number> {
  return new Map(runs.flatMap(([first, widths]) => widths.split(" ").map((width, i): [number, number] => [first + i, Number(width)])));
}

const isWide = (code: number): boolean => (code >= 0x2e80 && code <= 0xd7ff) || (code >= 0xf900 && code <= 0xfaff) || code >= 0x1f000;

/** Width of one line of text in px, set in DejaVu Sans (Verdana's widths are nearly the same) at `size` px. */
export function textWidth(text: string, size: number, { isBold = false }: { isBold?: boolean } = {}): number {
  const table = isBold ? tables.bold : tables.regular;
  let width = 0;
  for (const character of text) {
    const code = character.codePointAt(0)!;
    if (code >= 0x300 && code <= 0x36f) continue; // combining marks take no room
    width += table.get(code) || (isWide(code) ? square : digit);
  }
  return (width * size) / 1000;
}
