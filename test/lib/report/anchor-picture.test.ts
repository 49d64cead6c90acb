import { expect, it } from "vitest";
import { anchorPicture } from "../../../lib/report/anchor-picture.ts";
import { shown, smallLook, telling, twoCells } from "./views.ts";

const anchors = telling("anchors", [twoCells("box", [-1, -1, -1, -1])]);

it("draws the anchors of the cell nearest to a place, with their best overlaps", async () => {
  const { document, text } = await shown(anchorPicture(anchors, smallLook(), { at: [23, 9] }));
  expect(text).toBe("P4, stride 16 px, row 0, column 1: 2 anchors around (24, 8), best IoU 0.21 (2 cell)");
  // 24 × 24 px around (24, 8) and the object (24, 8)–(40, 24): 12 · 12 / (576 + 256 − 144) = 0.209.
  const titles = [...document.querySelectorAll("title")].map(({ textContent }) => textContent);
  expect(titles).toContain("24 × 24 px, IoU 0.21 with 2 cell");
});

it("begins at the first object, and at the image's centre without objects", async () => {
  expect((await shown(anchorPicture(anchors, smallLook()))).text).toContain("column 0");
  const look = smallLook();
  const empty = smallLook({ target: { ...look.target, boxes: new Float32Array(0), labels: new Int32Array(0) } });
  expect((await shown(anchorPicture(anchors, empty))).text).toBe("P4, stride 16 px, row 0, column 1: 2 anchors around (24, 8)");
});

it("shows what lies around the photograph when anchors reach there", async () => {
  const { document } = await shown(anchorPicture(anchors, smallLook(), { at: [0, 0] }));
  expect(document.querySelector("svg")!.getAttribute("viewBox")).toBe("-6 -6 52 36");
  expect(document.body.textContent).toContain("Plain grey lies outside the image");
});

it("draws a point as a point", async () => {
  const { document, text } = await shown(anchorPicture(telling("points", [twoCells("point", [-1, -1])]), smallLook()));
  expect(text).toBe("P4, stride 16 px, row 0, column 0: the point (8, 8)");
  expect(document.querySelector("circle")!.getAttribute("cx")).toBe("8");
  expect(document.body.textContent).not.toContain("Plain grey");
});
