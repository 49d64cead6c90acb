import { JSDOM } from "jsdom";
import { describe, expect, it } from "vitest";
import { displaySymbol } from "../../../kernel/display/mime.ts";
import { tableOf } from "../../../kernel/display/table-of.ts";
import type { TableOptions } from "../../../kernel/display/table-of.ts";

const bundle = (value: unknown, options?: TableOptions) => tableOf(value, options)[displaySymbol]();
const dom = (value: unknown, options?: TableOptions) => new JSDOM(bundle(value, options)["text/html"] as string).window.document.body;
const cells = (value: unknown, options?: TableOptions) => [...dom(value, options).querySelectorAll("tr")].map((row) => [...row.children].map((cell) => cell.textContent));

describe("table", () => {
  it.each([
    ["objects", [{ a: 1, b: "x" }, { a: 2, c: true }], [["a", "b", "c"], ["1", "x", ""], ["2", "", "true"]]],
    ["instances of classes", [new (class Run { name = "r"; })()], [["name"], ["r"]]],
    ["arrays", [[1, 2], [3]], [["0", "1"], ["1", "2"], ["3", ""]]],
    ["single values", ["x", "y"], [["value"], ["x"], ["y"]]],
    ["columns", { i: new Int16Array([1, 2]), name: ["a", "b"] }, [["i", "name"], ["1", "a"], ["2", "b"]]],
    ["a Map", new Map([["k", 1]]), [["key", "value"], ["k", "1"]]],
    ["no rows", [], [[]]],
  ])("shows %s", (_, value, expected) => expect(cells(value)).toEqual(expected));

  it("shows a data frame with its labels", () => {
    const frame = { columns: ["a"], index: ["r1", "r2"], dtypes: ["int32"], shape: [2, 1], values: [[1], [2]], head: () => undefined };
    expect(cells(frame)).toEqual([["", "a"], ["r1", "1"], ["r2", "2"]]);
  });

  it("chooses and orders columns, adds units and a caption", () => {
    const rows = [{ name: "a", time: 1.5, seed: 1 }];
    const options = { columns: ["time", "name"], units: { time: "ms" }, caption: "Runs <1>" };
    expect(cells(rows, options)).toEqual([["time (ms)", "name"], ["1.5", "a"]]);
    expect(dom(rows, options).querySelector("caption")!.textContent).toBe("Runs <1>");
    expect(bundle(rows, options)["text/plain"]).toBe("Runs <1>\ntime (ms)  name\n      1.5  a\n[1 row × 2 columns]");
    expect(cells([[1, 2]], { columns: ["x", "y"] })[0]).toEqual(["x", "y"]);
  });

  it("shows as many rows and columns as asked, and counts the others", () => {
    const rows = Array.from({ length: 10 }, (_, i) => ({ a: i, b: i, c: i }));
    expect(bundle(rows, { maxRows: 3, maxColumns: 2 })["text/plain"]).toBe("a  c\n0  0\n1  1\n… 7 rows not shown …\n9  9\n[10 rows × 3 columns (1 column not shown)]");
    expect(dom(Array.from({ length: 300 }, (_, i) => ({ i })), { maxRows: 1000 }).querySelectorAll("tbody tr")).toHaveLength(300);
  });

  it("lets no value become markup", () => {
    const hostile = "<img src=x onerror=alert(1)>";
    const body = dom([{ [hostile]: hostile }], { units: { [hostile]: hostile }, caption: hostile });
    expect(body.querySelector("img")).toBeNull();
    expect(body.textContent).toContain(`${hostile} (${hostile})`);
  });

  it.each([
    [5, {}, "table needs an array of objects or of arrays, an object of columns, a Map or a data frame, received number."],
    [{ a: 1 }, {}, /received Object/],
    [[{ a: 1 }], { columns: ["b"] }, 'table has no column "b". Its columns are "a".'],
    [[{ a: 1 }], { units: { b: "s" } }, 'table has no column "b" to give a unit. Its columns are "a".'],
    [[{ a: 1 }], { rows: 5 }, 'table has no option "rows". Its options are columns, units, caption, maxRows, maxColumns.'],
    [[{ a: 1 }], { maxRows: 0 }, "table's maxRows must be a whole number > 0, received 0."],
    [[{ a: 1 }], 5, "table's options must be an object, received number."],
  ])("refuses %o with %o", (value, options, message) => expect(() => tableOf(value, options as TableOptions)).toThrow(message));
});
