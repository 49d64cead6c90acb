/** A place where a paper's setting and the one here differ. */
export interface Difference {
  readonly what: string;
  readonly paper: string;
  readonly here: string;
}

type Leaves = ReadonlyMap<string, unknown>;

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === "object" && value !== null && !Array.isArray(value);

/** The values of plain data by path; lists are values. */
function leaves(value: unknown, path = ""): Leaves {
  if (value === undefined) return new Map();
  if (!isRecord(value)) return new Map([[path, value]]);
  return new Map(Object.entries(value).flatMap(([key, part]) => [...leaves(part, path === "" ? key : `${path}.${key}`)]));
}

const number = (value: number) => (Number.isInteger(value) && Math.abs(value) >= 10_000 ? value.toLocaleString("en-US") : String(Number(value.toPrecision(4))));

/** Plain data as a table's cell has it. */
export function shown(value: unknown): string {
  if (value === undefined) return "–";
  if (typeof value === "number") return number(value);
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (Array.isArray(value)) return `[${value.map(shown).join(", ")}]`;
  if (isRecord(value)) return Object.entries(value).map(([key, part]) => `${key} ${shown(part)}`).join(", ");
  return typeof value === "string" ? value : JSON.stringify(value);
}

const same = (a: unknown, b: unknown) => shown(a) === shown(b);

function part(all: Leaves, paths: readonly string[]): string {
  if (paths.length === 1 && paths[0] === "") return shown(all.get(""));
  return paths.map((path) => `${path} ${shown(all.get(path))}`).join("; ");
}

/** One entry where two pieces of plain data differ, with all their values that do; none where they agree. */
export function compare(what: string, paper: unknown, here: unknown): Difference[] {
  const [theirs, ours] = [leaves(paper), leaves(here)];
  const differing = [...new Set([...theirs.keys(), ...ours.keys()])].filter((path) => !same(theirs.get(path), ours.get(path)));
  if (differing.length === 0) return [];
  return [{ what, paper: theirs.size === 0 ? "none" : part(theirs, differing), here: ours.size === 0 ? "none" : part(ours, differing) }];
}

/** `compare` for each entry of two records, in order; `title` says what an entry is called. */
export function compareEach(paper: object, here: object, title: (key: string) => string): Difference[] {
  const [theirs, ours] = [paper, here] as Readonly<Record<string, unknown>>[];
  return [...new Set([...Object.keys(theirs), ...Object.keys(ours)])].flatMap((key) => compare(title(key), theirs[key], ours[key]));
}
