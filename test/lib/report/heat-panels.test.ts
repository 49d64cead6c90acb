import sharp from "sharp";
import { expect, it } from "vitest";
import { diverging, heat } from "../../../lib/report/heat.ts";
import { heatPanels } from "../../../lib/report/heat-panels.ts";
import { shown, smallLook } from "./views.ts";

const look = smallLook();
const [level] = look.pyramid;
const coarse = { stride: 16, height: 2, width: 3, values: Float32Array.of(20, 21, 22, 23, 24, 25) };

/** The colours of a panel's cells, in their order. */
async function colours(document: Document, panel: number) {
  const uri = [...document.querySelectorAll("figure")][panel].querySelectorAll("image")[1].getAttribute("href")!;
  const data = await sharp(Buffer.from(uri.split(",")[1], "base64")).raw().toBuffer();
  return (cell: number) => [...data.subarray(4 * cell, 4 * cell + 3)];
}

it("paints a panel per map under its group's heading, each in its own range", async () => {
  const { document, text } = await shown(heatPanels(look, { "a < b": [level, coarse], other: [{ ...level, name: "channel 3" }] }));
  expect([...document.querySelectorAll("section > div:first-child")].map(({ textContent }) => textContent)).toEqual(["a < b", "other"]);
  expect(document.querySelectorAll("figure")).toHaveLength(3);
  // Column 5 and row 3 of the finer map are padding: its highest value in the photograph is 16.
  expect((await colours(document, 0))(16)).toEqual(heat(1));
  expect((await colours(document, 0))(8)).toEqual(heat(0.5));
  // Of the coarse one, all cells begin in the photograph.
  expect((await colours(document, 1))(5)).toEqual(heat(1));
  expect(text.split("\n")).toEqual(["a < b, P3: 6 × 4 cells, from 0 to 16", "a < b, P4: 3 × 2 cells, from 20 to 25", "other, channel 3: 6 × 4 cells, from 0 to 16"]);
});

it("takes one range for a group, or a given one", async () => {
  const group = await shown(heatPanels(look, { maps: [level, coarse] }, { range: "group" }));
  expect((await colours(group.document, 0))(15)).toEqual(heat(15 / 25));
  const given = await shown(heatPanels(look, { maps: [coarse] }, { range: [-5, 45] }));
  expect((await colours(given.document, 0))(0)).toEqual(heat(0.5));
  expect(given.text).toBe("maps, P4: 3 × 2 cells, from −5 to 45");
});

it("tells the sign in a range around 0", async () => {
  const { document, text } = await shown(heatPanels(look, { z: [{ ...coarse, values: Float32Array.of(-3, 0, 1.5, 3, 9, 0) }] }, { range: [-3, 3] }));
  const colour = await colours(document, 0);
  expect([0, 1, 2, 4].map(colour)).toEqual([-1, 0, 0.5, 1].map(diverging));
  expect(text).toContain("from −3 to 3");
});

it("outlines the objects unless told not to", async () => {
  const rectangles = async (objects: boolean) => (await shown(heatPanels(look, { maps: [coarse] }, { objects }))).document.querySelectorAll("svg rect[stroke='#fff']");
  expect([...await rectangles(true)].map((rect) => [rect.getAttribute("x"), rect.getAttribute("width")])).toEqual([["4", "16"], ["24", "16"]]);
  expect(await rectangles(false)).toHaveLength(0);
});

it("refuses values that do not fit the cells, and empty groups", () => {
  expect(() => heatPanels(look, { maps: [{ ...coarse, values: new Float32Array(5) }] })).toThrow(/"maps", P4: 5 values are given for 2 × 3 cells/);
  expect(() => heatPanels(look, { nothing: [] })).toThrow(/"nothing" has no maps/);
});
