import type { JsonObject } from "../../protocol/messages.ts";
import { globMatcher } from "./glob.ts";
import type { HistoryEntry } from "./record.ts";

/** A `history_request`, parsed. Its `raw` makes no difference: what is run is what was typed. */
export type HistoryQuery = { readonly output: boolean } & (
  | { readonly type: "range"; readonly session: number; readonly start: number; readonly stop: number | undefined }
  | { readonly type: "tail"; readonly n: number }
  | { readonly type: "search"; readonly pattern: string; readonly n: number | undefined; readonly unique: boolean }
);

/** Reads the content of a `history_request`; throws an Error that names the field, what it holds and what it may hold. */
export function parseQuery(content: JsonObject): HistoryQuery {
  const type = content.hist_access_type;
  const output = content.output === true;
  const n = whole(content, "n");
  switch (type) {
    case "range": return { type, output, session: whole(content, "session") ?? 0, start: whole(content, "start") ?? 1, stop: whole(content, "stop") };
    case "tail": return { type, output, n: n ?? 10 };
    case "search": return { type, output, pattern: pattern(content), n, unique: content.unique === true };
    default: throw new TypeError(`history_request: hist_access_type is ${JSON.stringify(type) ?? "missing"}, expected "range", "tail" or "search".`);
  }
}

/** The entries that a query asks for, by session and line. `current` is the number of the session that asks. */
export function select(query: HistoryQuery, stored: readonly HistoryEntry[], current: number): readonly HistoryEntry[] {
  const entries = [...stored].sort((a, b) => a.number - b.number || a.line - b.line);
  switch (query.type) {
    case "range": return range(query, entries, current);
    case "tail": return newest(entries, query.n);
    case "search": {
      const matches = globMatcher(query.pattern);
      const found = entries.filter(({ code }) => matches(code));
      return newest(query.unique ? unique(found) : found, query.n);
    }
  }
}

/** Sessions up to 0 count back from the current one; in that one lines may count back from its end, as in Python. */
function range({ session, start, stop }: Extract<HistoryQuery, { type: "range" }>, entries: readonly HistoryEntry[], current: number): readonly HistoryEntry[] {
  const wanted = session <= 0 ? session + current : session;
  const own = entries.filter(({ number }) => number === wanted);
  const end = wanted === current ? (own.at(-1)?.line ?? 0) + 1 : 0;
  const [from, to] = [start, stop || undefined].map((line) => (line !== undefined && line < 0 ? line + end : line));
  return own.filter(({ line }) => line >= from! && (to === undefined || line < to));
}

function newest(entries: readonly HistoryEntry[], n: number | undefined): readonly HistoryEntry[] {
  return n === undefined || n < 0 ? entries : entries.slice(Math.max(0, entries.length - n));
}

/** The newest entry of each code. */
function unique(entries: readonly HistoryEntry[]): readonly HistoryEntry[] {
  const last = new Map(entries.map((entry) => [entry.code, entry]));
  return entries.filter((entry) => last.get(entry.code) === entry);
}

function pattern({ pattern: value = "*" }: JsonObject): string {
  if (value === null) return "*";
  if (typeof value === "string") return value;
  throw new TypeError(`history_request: pattern is ${JSON.stringify(value)}, expected a text with * and ?.`);
}

function whole(content: JsonObject, field: string): number | undefined {
  const value = content[field] ?? undefined;
  if (value === undefined || Number.isSafeInteger(value)) return value as number | undefined;
  throw new TypeError(`history_request: ${field} is ${JSON.stringify(value)}, expected a whole number.`);
}
