import { asObject } from "../../protocol/messages.ts";

/** A cell as one line of the file: `session` is its kernel's own random id, `line` its execution count there. */
export interface StoredCell {
  readonly session: string;
  readonly line: number;
  readonly code: string;
}

/** A cell with the number of its session: 1 for the first that the file ever held. */
export interface HistoryEntry extends StoredCell {
  readonly number: number;
}

/** What a history file holds. */
export interface HistoryContent {
  /** Each cell once, in the order of the file: with several kernels at work that is not the order of the sessions. */
  readonly entries: readonly HistoryEntry[];
  /** Session id → number. */
  readonly numbers: ReadonlyMap<string, number>;
}

/**
 * Reads a history file. Lines that are torn, foreign or repeated do no harm. Sessions are numbered in the order in which
 * they appear, so that all kernels that append to one file agree; a line `{"session": id, "number": n}` keeps a number
 * when the lines before it are dropped.
 */
export function parseHistory(text: string): HistoryContent {
  const numbers = new Map<string, number>();
  const cells = new Map<string, HistoryEntry>();
  let highest = 0;
  for (const line of text.split("\n")) {
    const record = parseLine(line);
    if (record === undefined) continue;
    const { session } = record;
    const number = numbers.get(session) ?? Math.max(highest + 1, record.number ?? 0);
    highest = Math.max(highest, number);
    numbers.set(session, number);
    if (record.cell) cells.set(`${record.cell.line} ${session}`, { ...record.cell, number });
  }
  return { entries: [...cells.values()], numbers };
}

export function formatCell({ session, line, code }: StoredCell): string {
  return `${JSON.stringify({ session, line, code })}\n`;
}

/**
 * The newest cells whose lines fit into a number of bytes, with their sessions' numbers. Lines that arrived while the
 * file was replaced stand out of order; still no older cell of a session stays when a newer one goes.
 */
export function formatNewest({ entries }: HistoryContent, bytes: number): string {
  let left = bytes;
  const from = entries.findLastIndex((entry) => (left -= Buffer.byteLength(formatCell(entry))) < 0) + 1;
  const gone = new Map<string, number>();
  for (const { session, line } of entries.slice(0, from)) gone.set(session, Math.max(line, gone.get(session) ?? line));
  const kept = entries.slice(from).filter(({ session, line }) => line > (gone.get(session) ?? -Infinity));
  const numbers = new Map(kept.map(({ session, number }) => [session, number]));
  const heads = [...numbers].map(([session, number]) => `${JSON.stringify({ session, number })}\n`);
  return [...heads, ...kept.map(formatCell)].join("");
}

function parseLine(line: string): { session: string; number?: number; cell?: StoredCell } | undefined {
  if (!line.startsWith("{")) return undefined;
  let record;
  try {
    record = asObject(JSON.parse(line)) ?? {};
  } catch {
    return undefined; // torn
  }
  const { session, line: count, code, number } = record;
  if (typeof session !== "string") return undefined;
  if (Number.isSafeInteger(count) && typeof code === "string") return { session, cell: { session, line: count as number, code } };
  return Number.isSafeInteger(number) && (number as number) > 0 ? { session, number: number as number } : undefined;
}
