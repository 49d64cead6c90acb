import { JSDOM } from "jsdom";
import { describe, expect, it } from "vitest";
import { mimeBundle } from "../../../kernel/display/index.ts";
import { peerModule } from "../../peers.ts";

const bundle = async (value: unknown) => (await mimeBundle(value)).data;
const dom = (markup: unknown) => new JSDOM(markup as string).window.document.body;
const cells = (markup: unknown, part: "thead" | "tbody") => [...dom(markup).querySelectorAll(`${part} tr`)].map((row) => [...row.children].map((cell) => cell.textContent));
const hostile = "<script>alert(1)</script>";

type Arquero = { table(columns: object): ArqueroTable; desc(name: string): unknown };
type ArqueroTable = { orderby(by: unknown): ArqueroTable; filter(by: (row: { a: number }) => boolean): ArqueroTable; groupby(name: string): ArqueroTable };

describe("arquero's tables", () => {
  it("show their rows as ordered and filtered, without the rest", async (context) => {
    const aq = await peerModule<Arquero>("arquero");
    if (aq === undefined) return context.skip();
    const table = aq.table({ a: [1, 3, 2, 9], [hostile]: ["x", hostile, null, "z"] }).filter((row) => row.a < 5).orderby(aq.desc("a"));
    const shown = await bundle(table);
    expect(cells(shown["text/html"], "thead")).toEqual([["a", hostile]]);
    expect(cells(shown["text/html"], "tbody")).toEqual([["3", hostile], ["2", "null"], ["1", "x"]]);
    expect(dom(shown["text/html"]).querySelector("script")).toBeNull();
    expect(shown["text/plain"]).toContain("[3 rows × 2 columns]");
    expect((await bundle(aq.table({ a: [1, 1] }).groupby("a")))["text/plain"]).toContain("[2 rows × 1 column]");
  });

  it("of a million rows show both ends", async (context) => {
    const aq = await peerModule<Arquero>("arquero");
    if (aq === undefined) return context.skip();
    const shown = await bundle(aq.table({ i: Int32Array.from({ length: 1_000_000 }, (_, i) => i) }));
    expect(cells(shown["text/html"], "tbody")).toHaveLength(61);
    expect(shown["text/plain"]).toMatch(/29\n… 999940 rows not shown …\n999970\n[^]*999999\n\[1000000 rows × 1 column\]$/);
  });
});

type Polars = {
  DataFrame(columns: object): PolarsFrame;
  Series(name: string, values: unknown[]): unknown;
  col(name: string): { gt(value: number): unknown };
};
type PolarsFrame = { lazy(): { filter(by: unknown): object }; getColumn(name: string): unknown };

describe("nodejs-polars", () => {
  it("frames show types, 64-bit integers, dates and missing values (its own display throws for the integers)", async (context) => {
    const pl = await peerModule<Polars>("nodejs-polars");
    if (pl === undefined) return context.skip();
    const shown = await bundle(pl.DataFrame({ n: [1.5, 2, null], big: [1n, 2n, 3n], text: ["x", hostile, null], day: [new Date(0), new Date(86_400_000), null] }));
    expect(cells(shown["text/html"], "thead")).toEqual([["nFloat64", "bigUInt64", "textString", "dayDatetime"]]);
    expect(cells(shown["text/html"], "tbody")[1]).toEqual(["2.0", "2", hostile, "1970-01-02T00:00:00.000Z"]);
    expect(dom(shown["text/html"]).querySelector("script")).toBeNull();
    expect(Object.keys(shown).sort()).toEqual(["text/html", "text/plain"]);
    expect((shown["text/plain"] as string).split("\n").slice(0, 2)).toEqual(["      n     big  text                       day", "Float64  UInt64  String                     Datetime"]);
  });

  it("frames and series of many rows show both ends", async (context) => {
    const pl = await peerModule<Polars>("nodejs-polars");
    if (pl === undefined) return context.skip();
    const frame = pl.DataFrame({ i: Array.from({ length: 1000 }, (_, i) => i) });
    for (const value of [frame, frame.getColumn("i")]) {
      const rows = cells((await bundle(value))["text/html"], "tbody").map(([cell]) => cell);
      expect([rows[29], rows[30], rows[31], rows.at(-1)]).toEqual(["29", "… 940 rows not shown …", "970", "999"]);
    }
  });

  it("lazy frames show their plan and are not computed", async (context) => {
    const pl = await peerModule<Polars>("nodejs-polars");
    if (pl === undefined) return context.skip();
    const lazy = pl.DataFrame({ a: [1, 2] }).lazy().filter(pl.col("a").gt(1));
    const computed = () => { throw new Error("computed"); };
    for (const name of ["collect", "collectSync"]) Object.defineProperty(lazy, name, { value: computed });
    const shown = await bundle(lazy);
    expect(shown["text/plain"]).toMatch(/^LazyFrame, not computed \(collect\(\) does that\)\n[^]*FILTER/);
    expect(Object.keys(shown)).toEqual(["text/plain"]);
  });
});

type Arrow = { tableFromArrays(columns: object): { getChild(name: string): unknown }; vectorFromArray(values: unknown[]): unknown };

describe("Apache Arrow", () => {
  it("tables show columns, types and values", async (context) => {
    const arrow = await peerModule<Arrow>("apache-arrow");
    if (arrow === undefined) return context.skip();
    const shown = await bundle(arrow.tableFromArrays({ x: Float64Array.from([1.25, 2]), name: ["a", hostile] }));
    expect(cells(shown["text/html"], "thead")).toEqual([["xFloat64", "nameDictionary<Int32, Utf8>"]]);
    expect(cells(shown["text/html"], "tbody")).toEqual([["1.25", "a"], ["2.00", hostile]]);
  });

  it("vectors show their first values and how many there are", async (context) => {
    const arrow = await peerModule<Arrow>("apache-arrow");
    if (arrow === undefined) return context.skip();
    const { getChild } = { getChild: (length: number) => arrow.tableFromArrays({ x: Float64Array.from({ length }, (_, i) => i) }).getChild("x") };
    expect((await bundle(getChild(3)))["text/plain"]).toBe("Vector Float64 [3]\n[ 0, 1, 2 ]");
    expect((await bundle(getChild(5000)))["text/plain"]).toMatch(/^Vector Float64 \[5000\][^]*\.\.\. 4900 more items\n\]$/);
  });

  it("tables of flechette, which arquero gives, are shown too", async (context) => {
    const flechette = await peerModule<Arrow>("@uwdata/flechette");
    if (flechette === undefined) return context.skip();
    expect(cells((await bundle(flechette.tableFromArrays({ a: [1, 2], b: ["x", "y"] })))["text/html"], "tbody")).toEqual([["1", "x"], ["2", "y"]]);
  });
});
