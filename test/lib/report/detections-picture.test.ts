import { expect, it } from "vitest";
import { detectionsPicture } from "../../../lib/report/detections-picture.ts";
import { shown, smallLook } from "./views.ts";

it("puts detections beside the ground truth, with a slider for the score", async () => {
  const { document, text } = await shown(detectionsPicture({ first: [smallLook()], second: [smallLook()] }, { threshold: 0.5 }));
  expect(document.querySelectorAll("figure")).toHaveLength(3);
  expect([...document.querySelectorAll("figure > div:first-child")].map(({ textContent }) => textContent)).toEqual(["ground truth", "first", "second"]);
  expect(document.querySelectorAll("input[type=range]")).toHaveLength(1);
  expect(text).toBe("ground truth: image 40 × 24 (a&b.png): 2 annotated\nfirst: image 40 × 24: 1 detected\nsecond: image 40 × 24: 1 detected");
  expect([...document.querySelectorAll("[data-score]")].map((element) => element.getAttribute("style"))).toContain("display:none");
});

it("calls a single detector by its name, and refuses columns of different images", async () => {
  expect((await shown(detectionsPicture([smallLook()]))).text).toContain("probe: image");
  expect(() => detectionsPicture({ a: [smallLook()], b: [smallLook({ name: "other.png" })] })).toThrow(/column "b" shows other images than the first: other.png/);
});
