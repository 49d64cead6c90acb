/** A cell with a cursor in it (UTF-16 offset). */
export type Typing = { readonly code: string; readonly cursor: number };

const word = /(?<![\p{ID_Continue}$#@\\])[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

/**
 * The same cell as it was when the first character of the name at the cursor had been typed. The completions there are
 * the same for every further character, so that TypeScript has to think once for a name and not at every key.
 */
export function atFirstCharacter({ code, cursor }: Typing): Typing {
  const name = word.exec(code.slice(0, cursor))?.[0];
  if (name === undefined) return { code, cursor };
  const first = String.fromCodePoint(name.codePointAt(0)!);
  const kept = cursor - name.length + first.length;
  return { code: code.slice(0, kept) + code.slice(cursor), cursor: kept };
}
