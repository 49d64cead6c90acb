import { describe, expect, it } from "vitest";
import { parseQuery, select } from "../../../../kernel/server/history/query.ts";

/** Sessions 1 and 2 with lines 1 to 3, session 3 (the current one) with lines 1 to 4. */
const entries = [[1, 1, "a"], [1, 2, "b"], [1, 3, "a"], [2, 1, "c"], [2, 2, "a"], [2, 3, "d"], [3, 1, "a b"], [3, 2, "b"], [3, 3, "a"], [3, 4, "e"]]
  .map(([number, line, code]) => ({ session: `s${number}`, number, line, code }) as { session: string; number: number; line: number; code: string });

const ask = (content: Record<string, unknown>) =>
  select(parseQuery({ output: false, raw: true, ...content }), [...entries].reverse(), 3).map(({ number, line }) => `${number}:${line}`).join(" ");

describe("history queries answer as IPython does", () => {
  it.each([
    [{ hist_access_type: "tail", n: 3 }, "3:2 3:3 3:4"],
    [{ hist_access_type: "tail" }, "1:1 1:2 1:3 2:1 2:2 2:3 3:1 3:2 3:3 3:4"],
    [{ hist_access_type: "tail", n: 0 }, ""],
    [{ hist_access_type: "tail", n: 100 }, "1:1 1:2 1:3 2:1 2:2 2:3 3:1 3:2 3:3 3:4"],
    [{ hist_access_type: "range", session: 0 }, "3:1 3:2 3:3 3:4"],
    [{ hist_access_type: "range", session: 0, start: 2, stop: 4 }, "3:2 3:3"],
    [{ hist_access_type: "range", session: 0, start: -2 }, "3:3 3:4"],
    [{ hist_access_type: "range", session: 0, start: 1, stop: -1 }, "3:1 3:2 3:3"],
    [{ hist_access_type: "range", session: -1, start: 2, stop: null }, "2:2 2:3"],
    [{ hist_access_type: "range", session: -2 }, "1:1 1:2 1:3"],
    [{ hist_access_type: "range", session: 1, start: 1, stop: 2 }, "1:1"],
    [{ hist_access_type: "range", session: 9 }, ""],
    [{ hist_access_type: "search", pattern: "a" }, "1:1 1:3 2:2 3:3"],
    [{ hist_access_type: "search", pattern: "a*" }, "1:1 1:3 2:2 3:1 3:3"],
    [{ hist_access_type: "search", pattern: "a*", n: 2 }, "3:1 3:3"],
    [{ hist_access_type: "search", pattern: "a*", unique: true }, "3:1 3:3"],
    [{ hist_access_type: "search", unique: true }, "2:1 2:3 3:1 3:2 3:3 3:4"],
    [{ hist_access_type: "search", unique: true, n: 2 }, "3:3 3:4"],
    [{ hist_access_type: "search", pattern: "?" , n: 1 }, "3:4"],
  ])("%j → %s", (content, expected) => {
    expect(ask(content)).toBe(expected);
  });

  it.each([
    [{}, 'hist_access_type is missing, expected "range", "tail" or "search"'],
    [{ hist_access_type: "all" }, 'hist_access_type is "all"'],
    [{ hist_access_type: "tail", n: "5" }, 'n is "5", expected a whole number'],
    [{ hist_access_type: "search", pattern: 7 }, "pattern is 7, expected a text"],
  ])("refuses %j", (content, message) => {
    expect(() => parseQuery(content)).toThrow(message);
  });
});
