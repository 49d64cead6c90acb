/** A position in source code, 0-based, as V8 and source maps count. */
export interface Spot {
  readonly line: number;
  readonly column: number;
}

interface Segment {
  readonly generated: Spot;
  readonly original: Spot;
}

const digits = new Map([..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"].map((letter, index) => [letter, index]));

/** Leads between the JavaScript that V8 runs and the TypeScript it was compiled from, by a source map (revision 3) of one source. */
export class LineMap {
  /** In the order of the generated code. */
  readonly #segments: readonly Segment[];
  /** Original line → the first generated position of that line. */
  readonly #firsts = new Map<number, Spot>();

  /** @param map the source map as JSON; an empty string maps nothing */
  constructor(map: string) {
    const { mappings } = map === "" ? { mappings: "" } : (JSON.parse(map) as { mappings: string });
    this.#segments = [...decode(mappings)];
    for (const { original, generated } of this.#segments) {
      if (!this.#firsts.has(original.line)) this.#firsts.set(original.line, generated);
    }
  }

  /** Where a generated position comes from; undefined for code that the compiler added at the start of a line. */
  original({ line, column }: Spot): Spot | undefined {
    const after = this.#segments.findIndex(({ generated }) => generated.line > line || (generated.line === line && generated.column > column));
    const found = this.#segments.at(after < 0 ? -1 : after - 1);
    return after !== 0 && found?.generated.line === line ? found.original : undefined;
  }

  /** Where the first line of the original begins that left any code. */
  first(): Spot | undefined {
    return this.#firsts.get(Math.min(...this.#firsts.keys()));
  }

  /** Where the code of an original line begins; undefined when nothing was generated for it. */
  generated(line: number): Spot | undefined {
    return this.#firsts.get(line);
  }
}

/** Code that was not compiled: every position stays itself. */
export const plainLines = {
  original: (spot: Spot): Spot => spot,
  generated: (line: number): Spot => ({ line, column: 0 }),
  first: (): Spot => ({ line: 0, column: 0 }),
};

function* decode(mappings: string): Generator<Segment> {
  // All fields but the generated column go on counting from the segment before.
  let [line, column] = [0, 0];
  for (const [generatedLine, text] of mappings.split(";").entries()) {
    let generatedColumn = 0;
    for (const segment of text.split(",")) {
      const fields = numbers(segment);
      generatedColumn += fields[0] ?? 0;
      if (fields.length < 4) continue;
      line += fields[2];
      column += fields[3];
      yield { generated: { line: generatedLine, column: generatedColumn }, original: { line, column } };
    }
  }
}

/** Decodes base64 variable-length quantities. */
function numbers(text: string): number[] {
  const result: number[] = [];
  let [value, shift] = [0, 0];
  for (const letter of text) {
    const digit = digits.get(letter) ?? 0;
    value |= (digit & 31) << shift;
    shift += 5;
    if (digit & 32) continue;
    result.push(value & 1 ? -(value >>> 1) : value >>> 1);
    [value, shift] = [0, 0];
  }
  return result;
}
