import { expect, it } from "vitest";
import { fgdPresets } from "../../../lib/distill/index.ts";
import { displaySymbol } from "../../../lib/report/html.ts";
import { presetTable } from "../../../lib/report/preset-table.ts";

it("shows every kind's published numbers as they are, and marks the used row", () => {
  const records = presetTable(fgdPresets, { used: "gfl" }).toRecords();
  expect(records.map((row) => row["published for"])).toEqual(["retinanet", "gfl (here)", "fcos", "reppoints", "fasterRcnn", "maskRcnn"]);
  expect(records[0]).toEqual({ "published for": "retinanet", alpha: "0.001", beta: "0.0005", gamma: "0.0005", lambda: "5e-6", temperature: "0.5", levels: "–" });
  expect(records[4].levels).toBe("4");
});

it("says why another detector's row is used", async () => {
  const text = async (student: string, used: string) => String((await presetTable(fgdPresets, { used, student })[displaySymbol]())["text/html"]);
  expect(await text("gfl-tiny-tiny-8", "retinanet")).toContain("No weights are published for gfl-tiny-tiny-8: those for retinanet stand in.");
  expect(await text("gfl-tiny-tiny-8", "gfl")).not.toContain("stand in");
  expect(await text("faster-rcnn-mmdet-resnet-50", "fasterRcnn")).not.toContain("stand in");
});

it("leaves out the columns that it is told to", () => {
  const presets = { one: { a: 1, note: "from here" }, two: { b: 2 } };
  expect(presetTable(presets, { without: ["note"] }).toRecords()).toEqual([{ "published for": "one", a: "1", b: "–" }, { "published for": "two", a: "–", b: "2" }]);
  expect(Object.keys(presetTable(presets).toRecords()[0])).toContain("note");
});
