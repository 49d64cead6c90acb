import { JSDOM } from "jsdom";
import sharp from "sharp";
import { expect, it } from "vitest";
import { displaySymbol } from "../../../lib/report/html.ts";
import { overlay } from "../../../lib/report/overlay.ts";
import type { OverlayImage, OverlayOptions } from "../../../lib/report/overlay.ts";
import { classColour } from "../../../lib/report/palette.ts";
import { emptyRle, encodeRle } from "../../../lib/tensor/masks/rle.ts";

const names = ["cell", "<plate>"];
const image: OverlayImage = {
  pixels: new Uint8Array(40 * 20 * 3).map((_, i) => (i % 3 === 0 ? 200 : 30)),
  width: 40,
  height: 20,
  caption: "a & b",
  groundTruth: { boxes: [1, 2, 11, 8], labels: [0] },
  detections: { boxes: Float32Array.of(2, 2, 12, 9, 30, 10, 40, 20), labels: [1, 0], scores: [0.875, 0.2] },
};

async function shown(images: OverlayImage | OverlayImage[], options: Partial<OverlayOptions> = {}) {
  const bundle = await overlay(images, { names, ...options })[displaySymbol]();
  return { bundle, document: new JSDOM(bundle["text/html"] as string).window.document };
}

it("draws ground truth solid and detections dashed, with tooltips", async () => {
  const { document } = await shown(image);
  expect([...document.querySelectorAll("title")].map(({ textContent }) => textContent)).toEqual(["cell: ground truth, 10 × 6 px", "<plate>: detection, score 0.875, 10 × 7 px", "cell: detection, score 0.200, 10 × 10 px"]);
  const coloured = [...document.querySelectorAll("rect[stroke-width='2.2']")];
  expect(coloured.map((rect) => rect.hasAttribute("stroke-dasharray"))).toEqual([false, true, true]);
  expect(["x", "y", "width", "height"].map((name) => coloured[0].getAttribute(name))).toEqual(["1", "2", "10", "6"]);
  expect([...document.querySelectorAll("text")].map(({ textContent }) => textContent)).toEqual(["cell 0.20", "<plate> 0.88", "cell"]);
  expect(document.querySelector("figcaption")?.textContent).toBe("a & b");
});

it("carries the picture inline, no larger than asked", async () => {
  const { document } = await shown(image, { maxSide: 10 });
  const source = document.querySelector("image")!.getAttribute("href")!;
  expect(source).toMatch(/^data:image\/jpeg;base64,/);
  const { data, info } = await sharp(Buffer.from(source.split(",")[1], "base64")).raw().toBuffer({ resolveWithObject: true });
  expect([info.width, info.height]).toEqual([10, 5]);
  [200, 30, 30].forEach((value, channel) => expect(Math.abs(data[channel] - value)).toBeLessThan(6));
});

it("leaves out low scores, and says so in text", async () => {
  const { bundle, document } = await shown(image, { minScore: 0.5 });
  expect(document.querySelectorAll("title")).toHaveLength(2);
  expect(bundle["text/plain"]).toBe("image 40 × 20 (a & b): 1 annotated, 1 detected");
});

it("keeps labels inside the image, and names off crowded ones", async () => {
  const corner = { ...image, detections: undefined, groundTruth: { boxes: [38, 0, 40, 4], labels: [0] } };
  const { document } = await shown(corner);
  const [x, y] = /translate\(([\d.]+) ([\d.]+)\)/.exec(document.querySelector("g[transform]")!.getAttribute("transform")!)!.slice(1).map(Number);
  const width = Number(document.querySelector("g[transform] rect")!.getAttribute("width"));
  expect(x + width).toBeLessThanOrEqual(40.01);
  expect(y).toBeGreaterThanOrEqual(0);
  const crowd = { ...image, groundTruth: { boxes: Array.from({ length: 48 }, (_, i) => i % 20), labels: Array<number>(12).fill(0) } };
  expect([...(await shown(crowd)).document.querySelectorAll("text")].map(({ textContent }) => textContent)).toEqual(["0.20", "0.88"]);
});

it("shows several images and the classes that occur", async () => {
  const { document } = await shown([image, { ...image, groundTruth: undefined, detections: undefined }]);
  expect(document.querySelectorAll("figure")).toHaveLength(2);
  expect(document.body.textContent).toMatch(/ground truthdetection, with its scorecell<plate>$/);
});

it("says of dashed boxes what it is told", async () => {
  const { document } = await shown(image, { detectionWords: "instance, with Δ" });
  expect(document.body.textContent).toContain("ground truthinstance, with Δcell");
  const titles = async (options?: object) => [...(await shown(image, options)).document.querySelectorAll("title")].map(({ textContent }) => textContent);
  expect(await titles({ detectionWords: "instance, with Δ" })).toContainEqual(expect.stringMatching(/^<plate>: instance, 0\.875, /));
  expect(await titles()).toContainEqual(expect.stringMatching(/^<plate>: detection, score 0\.875, /));
});

it("draws masks under their boxes, in their classes' colours, wherever their size stretches them", async () => {
  const left = encodeRle(Uint8Array.from({ length: 50 }, (_, i) => (i % 10 < 5 ? 1 : 0)), { height: 5, width: 10 });
  const none = emptyRle({ height: 20, width: 40 });
  const masked: OverlayImage = { ...image, groundTruth: { ...image.groundTruth!, masks: [left] }, detections: { ...image.detections!, masks: [none, left] } };
  const { document } = await shown(masked);
  const paths = [...document.querySelectorAll("path")];
  expect(paths).toHaveLength(4);
  expect(paths.map((path) => path.getAttribute("d"))).toEqual(Array(4).fill(paths[0].getAttribute("d")));
  expect(paths[0].getAttribute("d")).toBe("M0 0l20 0 0 20-20 0z");
  expect(paths.map((path) => path.getAttribute("fill"))).toEqual([classColour(0), "none", classColour(0), "none"]);
  expect([paths[1].hasAttribute("stroke-dasharray"), paths[3].hasAttribute("stroke-dasharray")]).toEqual([false, true]);
  expect(paths[3].compareDocumentPosition(document.querySelector("rect")!) & 4).toBe(4);
  expect(document.querySelector("title")?.textContent).toBe("cell: ground truth, 10 × 6 px, mask 25 px");
  expect((await shown(masked, { minScore: 0.5 })).document.querySelectorAll("path")).toHaveLength(2);
});

it("hides masks below the slider's score with their boxes", async () => {
  const full = encodeRle(new Uint8Array(800).fill(1), { height: 20, width: 40 });
  const { document } = await shown({ ...image, detections: { ...image.detections!, masks: [full, full] } }, { threshold: 0.5 });
  const groups = [...document.querySelectorAll("path")].map((path) => path.parentElement!);
  expect(groups.map((group) => [group.getAttribute("data-score"), group.getAttribute("style")])).toEqual([["0.8750", null], ["0.8750", null], ["0.2000", "display:none"], ["0.2000", "display:none"]]);
});

it("draws no two labels over one another where there is room", async () => {
  const boxes = Float32Array.from([60, 40, 140, 120, 60, 40, 140, 120, 62, 42, 138, 118, 58, 38, 142, 122]);
  const crowd: OverlayImage = { pixels: new Uint8Array(200 * 160 * 3), width: 200, height: 160, detections: { boxes, labels: [0, 1, 0, 1], scores: [0.9, 0.8, 0.7, 0.6] } };
  const { document } = await shown(crowd);
  const places = [...document.querySelectorAll("g[transform]")].map((chip) => {
    const [x, y] = /translate\(([\d.]+) ([\d.]+)\)/.exec(chip.getAttribute("transform")!)!.slice(1).map(Number);
    const [width, height] = ["width", "height"].map((side) => Number(chip.querySelector("rect")!.getAttribute(side)));
    return { x, y, right: x + width, bottom: y + height };
  });
  expect(places).toHaveLength(4);
  places.forEach((a, i) => places.slice(i + 1).forEach((b) => expect(Math.min(a.right, b.right) - Math.max(a.x, b.x) < 0.02 || Math.min(a.bottom, b.bottom) - Math.max(a.y, b.y) < 0.02).toBe(true)));
});

it("lists the classes that are shown, the others as the slider lets them through, and says where nothing is", async () => {
  const { document, bundle } = await shown({ ...image, groundTruth: undefined }, { threshold: 0.5 });
  const entry = (name: string) => [...document.querySelectorAll("span")].find((span) => span.textContent === name)!;
  expect([entry("cell"), entry("<plate>")].map((span) => [span.getAttribute("data-score"), span.getAttribute("style")])).toEqual([["0.2000", "display:none"], ["0.8750", null]]);
  expect(document.querySelector("[data-best]")!.getAttribute("style")).toBe("display:none");
  expect(bundle["text/plain"]).toContain("1 detected");
  const strict = await shown({ ...image, groundTruth: undefined }, { threshold: 0.9 });
  expect(strict.document.querySelector("figcaption [data-best]")!.textContent).toBe("none ≥ 0.90; best 0.87");
  expect(strict.document.querySelector("[data-best]")!.hasAttribute("style")).toBe(false);
  expect(strict.bundle["text/plain"]).toContain("0 detected, the best at 0.88");
  expect((await shown({ ...image, detections: { boxes: [], labels: [], scores: [] } }, { threshold: 0.9 })).document.body.textContent).toContain("none at any score");
});

it("refuses what does not fit", () => {
  expect(() => overlay({ ...image, width: 41 }, { names })).toThrow(/the image is 41 × 20 and has 2400 bytes/);
  expect(() => overlay([image, { ...image, groundTruth: { boxes: [1, 2, 3], labels: [0] } }], { names })).toThrow(/image 1: groundTruth has 1 labels, 3 box numbers/);
  expect(() => overlay({ ...image, groundTruth: { boxes: [1, 2, 3, 4], labels: [2] } }, { names })).toThrow(/label 2; there are names for 0 … 1/);
  expect(() => overlay({ ...image, groundTruth: { boxes: [1, 2, 3, 4], labels: [0], masks: [] } }, { names })).toThrow(/groundTruth has 1 labels and 0 masks/);
});
