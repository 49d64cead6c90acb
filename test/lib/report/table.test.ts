import { JSDOM } from "jsdom";
import { expect, it } from "vitest";
import { displaySymbol } from "../../../lib/report/html.ts";
import type { MimeBundle } from "../../../lib/report/html.ts";
import { table } from "../../../lib/report/table.ts";
import type { Cell } from "../../../lib/report/table.ts";

interface Row {
  readonly name: string;
  readonly here: Cell;
}

const rows: Row[] = [{ name: "λ", here: { mean: 18.24, low: 15.1, high: 22.9 } }, { name: "AP <b>", here: { unknown: "needs COCO" } }, { name: "loss", here: -1.25 }];
const made = table<Row>([{ heading: "quantity", value: ({ name }) => name }, { heading: "here", unit: "%", decimals: 1, value: ({ here }) => here }], rows, { caption: "Paper & here", note: "smoke" });

it("aligns plain text, numbers right, with a true minus", () => {
  expect(String(made).split("\n")).toEqual([
    "Paper & here",
    "",
    "quantity           here [%]",
    "────────  ─────────────────",
    "λ         18.2 [15.1, 22.9]",
    "AP <b>       – (needs COCO)",
    "loss                   −1.3",
    "",
    "smoke",
  ]);
});

it("shows itself as HTML whose text is escaped", () => {
  const bundle = made[displaySymbol]() as MimeBundle;
  const { document } = new JSDOM(bundle["text/html"] as string).window;
  const cells = [...document.querySelectorAll("td")].map(({ textContent }) => textContent);
  expect(cells).toEqual(["λ", "18.2 [15.1, 22.9]", "AP <b>", "– (needs COCO)", "loss", "−1.3"]);
  expect(document.querySelector("caption")?.textContent).toBe("Paper & here");
  expect(bundle["text/plain"]).toBe(String(made));
});

it("gives records with the values themselves", () => {
  expect(made.toRecords()).toEqual(rows.map(({ name, here }) => ({ quantity: name, here })));
});

it("writes three significant digits without decimals, and takes a format", () => {
  const lines = String(table<number>([{ heading: "a", value: (n) => n }, { heading: "b", value: (n) => n, format: (n) => `×${n as number}` }, { heading: "c", value: () => null }, { heading: "d", value: (n) => n > 1 }], [0.123456, 1234.5, Infinity])).split("\n");
  expect(lines.slice(2).map((line) => line.trim().split(/\s+/))).toEqual([["0.123", "×0.123456", "–", "no"], ["1230", "×1234.5", "–", "yes"], ["Infinity", "×Infinity", "–", "yes"]]);
});

it("refuses equal headings", () => {
  expect(() => table([{ heading: "a", value: () => 1 }, { heading: "a", value: () => 2 }], [])).toThrow(/two columns are called "a"/);
});
