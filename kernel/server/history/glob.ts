/** One place of a pattern: any text, any character, or one of some characters. */
type Token = "any" | ((char: string) => boolean);

/**
 * Whether a whole text matches a pattern of SQLite's GLOB, which IPython's history uses: `*` is any text, `?` any
 * character, `[abc]`, `[a-z]` and `[^a-z]` one of some. Takes time proportional to text × pattern at most.
 */
export function globMatcher(pattern: string): (text: string) => boolean {
  const tokens = [...parse([...pattern])];
  return (text) => matches(tokens, [...text]);
}

function matches(tokens: readonly Token[], text: readonly string[]): boolean {
  let [token, at, star, starAt] = [0, 0, -1, 0];
  while (at < text.length) {
    const expected = tokens[token];
    if (expected === "any") [star, starAt] = [token++, at];
    else if (expected?.(text[at])) [token, at] = [token + 1, at + 1];
    else if (star < 0) return false;
    else [token, at] = [star + 1, ++starAt]; // the last star takes one character more
  }
  return tokens.slice(token).every((rest) => rest === "any");
}

function* parse(pattern: readonly string[]): Generator<Token> {
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at];
    const end = char === "[" ? classEnd(pattern, at) : -1;
    if (char === "*") yield "any";
    else if (char === "?") yield () => true;
    else if (end < 0) yield (other) => other === char;
    else {
      yield charClass(pattern.slice(at + 1, end));
      at = end;
    }
  }
}

/** Where the bracket that closes a class stands; -1 without one: then `[` means itself. A bracket that comes first is a member. */
function classEnd(pattern: readonly string[], start: number): number {
  const first = pattern[start + 1] === "^" ? start + 2 : start + 1;
  return pattern.indexOf("]", first + 1);
}

function charClass(inner: readonly string[]): (char: string) => boolean {
  const negated = inner[0] === "^";
  const ranges = [...classRanges(negated ? inner.slice(1) : inner)];
  return (char) => ranges.some(([low, high]) => low <= char && char <= high) !== negated;
}

function* classRanges(members: readonly string[]): Generator<readonly [string, string]> {
  for (let at = 0; at < members.length; at++) {
    const isRange = members[at + 1] === "-" && at + 2 < members.length;
    yield isRange ? [members[at], members[at + 2]] : [members[at], members[at]];
    if (isRange) at += 2;
  }
}
