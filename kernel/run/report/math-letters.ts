/** Where each mathematical alphabet begins in Unicode: capital A, small a, digit 0 (0: it has none). */
const alphabets: Record<string, readonly [number, number, number]> = {
  bold: [0x1d400, 0x1d41a, 0x1d7ce],
  italic: [0x1d434, 0x1d44e, 0],
  "bold-italic": [0x1d468, 0x1d482, 0],
  script: [0x1d49c, 0x1d4b6, 0],
  "bold-script": [0x1d4d0, 0x1d4ea, 0],
  fraktur: [0x1d504, 0x1d51e, 0],
  "bold-fraktur": [0x1d56c, 0x1d586, 0],
  "double-struck": [0x1d538, 0x1d552, 0x1d7d8],
  "sans-serif": [0x1d5a0, 0x1d5ba, 0x1d7e2],
  monospace: [0x1d670, 0x1d68a, 0x1d7f6],
};

/** Letters that Unicode had before the alphabets were added; their places there are empty. */
const older: Record<number, string> = {
  0x1d455: "ℎ", 0x1d49d: "ℬ", 0x1d4a0: "ℰ", 0x1d4a1: "ℱ", 0x1d4a3: "ℋ", 0x1d4a4: "ℐ", 0x1d4a7: "ℒ", 0x1d4a8: "ℳ", 0x1d4ad: "ℛ", 0x1d4ba: "ℯ", 0x1d4bc: "ℊ", 0x1d4c4: "ℴ",
  0x1d506: "ℭ", 0x1d50b: "ℌ", 0x1d50c: "ℑ", 0x1d515: "ℜ", 0x1d51d: "ℨ", 0x1d53a: "ℂ", 0x1d53f: "ℍ", 0x1d545: "ℕ", 0x1d547: "ℙ", 0x1d548: "ℚ", 0x1d549: "ℝ", 0x1d551: "ℤ",
};

function letter(character: string, [capital, small, digit]: readonly [number, number, number]): string {
  const code = character.charCodeAt(0);
  const moved = /[A-Z]/.test(character) ? capital + code - 65 : /[a-z]/.test(character) ? small + code - 97 : /\d/.test(character) && digit > 0 ? digit + code - 48 : code;
  return older[moved] ?? String.fromCodePoint(moved);
}

/** Browsers (MathML Core) know no `mathvariant` but normal: the letters themselves must come from the right alphabet. */
export function mathLetters(mathml: string): string {
  return mathml.replace(/<(m[ino]|mtext) mathvariant="([a-z-]+)">([^<&]*)</g, (whole, element: string, variant: string, text: string) => {
    const alphabet = Object.hasOwn(alphabets, variant) ? alphabets[variant] : undefined;
    return alphabet === undefined ? whole : `<${element} mathvariant="normal">${Array.from(text, (character) => letter(character, alphabet)).join("")}<`;
  });
}
