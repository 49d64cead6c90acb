import sharp from "sharp";
import { expect, it } from "vitest";
import { diverging, heat } from "../../../lib/report/heat.ts";
import { pyramidPicture } from "../../../lib/report/pyramid-picture.ts";
import { shown, smallLook } from "./views.ts";

async function pixels(uri: string) {
  return sharp(Buffer.from(uri.split(",")[1], "base64")).raw().toBuffer({ resolveWithObject: true });
}

it("colours every cell by its value, where it lies over the photograph", async () => {
  const { document, text } = await shown(pyramidPicture(smallLook()));
  const [photo, map] = [...document.querySelectorAll("image")];
  expect(photo.getAttribute("href")).toMatch(/^data:image\/jpeg;base64,/);
  expect([map.getAttribute("width"), map.getAttribute("height")]).toEqual(["48", "32"]);
  const { data, info } = await pixels(map.getAttribute("href")!);
  expect([info.width, info.height, info.channels]).toEqual([6, 4, 4]);
  // The photograph ends after column 5 and row 3 of the map: the highest value in it is 16, of row 2, column 4.
  expect([...data.subarray(4 * 16, 4 * 16 + 3)]).toEqual(heat(1));
  expect([...data.subarray(0, 3)]).toEqual(heat(0));
  expect([...data.subarray(4 * 8, 4 * 8 + 3)]).toEqual(heat(0.5));
  expect(text).toBe("P3: stride 8 px, 6 × 4 cells, mean |x| from 0 to 16");
});

it("shows one panel per level, and takes a range for all of them", async () => {
  const level = smallLook().pyramid[0];
  const look = smallLook({ pyramid: [level, { stride: 16, height: 2, width: 3, values: new Float32Array(6).fill(-2) }] });
  const { document, text } = await shown(pyramidPicture(look, { range: [-5, 5], quantity: "channel 3" }));
  expect(document.querySelectorAll("figure")).toHaveLength(2);
  expect(text.split("\n")[1]).toBe("P4: stride 16 px, 3 × 2 cells, channel 3 from −5 to 5");
  const { data } = await pixels([...document.querySelectorAll("image")][3].getAttribute("href")!);
  expect([...data.subarray(0, 3)]).toEqual(diverging(-0.4));
});

it("sets 0 in the middle where there are negative values, and not where the sign is said to be nothing", async () => {
  const look = smallLook({ pyramid: [{ stride: 8, height: 4, width: 6, values: Float32Array.from({ length: 24 }, (_, i) => i - 4) }] });
  const { document, text } = await shown(pyramidPicture(look));
  expect(text).toContain("from −12 to 12");
  const { data } = await pixels([...document.querySelectorAll("image")][1].getAttribute("href")!);
  expect([...data.subarray(4 * 4, 4 * 4 + 3)]).toEqual(diverging(0));
  expect([...data.subarray(0, 3)]).toEqual(diverging(-4 / 12));
  expect((await shown(pyramidPicture(look, { signed: false }))).text).toContain("from −4 to 12");
});

it("refuses values that do not fit the cells", () => {
  const pyramid = [{ stride: 8, height: 4, width: 6, values: new Float32Array(23) }];
  expect(() => pyramidPicture(smallLook({ pyramid }))).toThrow(/stride 8 has 23 values for 4 × 6 cells/);
});
