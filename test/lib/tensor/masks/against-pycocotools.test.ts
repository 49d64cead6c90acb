import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { compressCounts } from "../../../../lib/tensor/masks/counts.ts";
import { maskIou } from "../../../../lib/tensor/masks/iou.ts";
import { intersectionOf, unionOf } from "../../../../lib/tensor/masks/merge.ts";
import { areaOfRle, boxOfRle, encodeRle } from "../../../../lib/tensor/masks/rle.ts";
import type { Rle } from "../../../../lib/tensor/masks/rle.ts";
import { rleBox, rleFrom } from "../../../../lib/tensor/masks/segmentation.ts";
import { testPython } from "../../../python.ts";
import { seeded } from "../../evaluate/random-case.ts";

const python = testPython(["pycocotools"]);

interface Described { readonly counts: string; readonly area: number; readonly box: number[] }
interface Pair { readonly iou: number; readonly crowd: number; readonly union: Described; readonly intersection: Described }

/** Answers in the order of the questions. */
function ask<Answer>(questions: readonly object[]): Answer[] {
  const { status, stdout, stderr } = spawnSync(python!, [join(import.meta.dirname, "reference.py")], { input: JSON.stringify(questions), encoding: "utf8", maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Answer[];
}

const described = (mask: Rle): Described => ({ counts: compressCounts(mask.counts), area: areaOfRle(mask), box: boxOfRle(mask) });

type Random = () => number;
const below = (random: Random, n: number) => Math.floor(random() * n);

/** Coordinates of many kinds: anywhere, on the fine grid, on halves, far outside, repeated. */
function randomPolygon(random: Random, [height, width]: readonly number[]): number[] {
  const kind = below(random, 7);
  const points = 3 + below(random, kind === 6 ? 40 : 9);
  const along = (side: number) => {
    if (kind === 0) return random() * side;
    if (kind === 1) return below(random, side * 5 + 1) / 5;
    if (kind === 2) return below(random, side * 2 + 1) / 2;
    if (kind === 3) return (random() * 4 - 1.5) * side;
    if (kind === 4) return below(random, side + 3) - 1;
    if (kind === 5) return (random() * 2 - 1) * 20_000;
    return side / 2 + (random() - 0.5) * 3;
  };
  const xy = Array.from({ length: 2 * points }, (_, i) => along(i % 2 === 0 ? width : height));
  if (random() < 0.2) xy.push(...xy.slice(0, 2));
  if (random() < 0.1) xy.push(...xy.slice(-2));
  return xy;
}

const randomSize = (random: Random): [number, number] => [1 + below(random, 60), 1 + below(random, 60)];

describe.skipIf(python === undefined)("masks, bit for bit as pycocotools", () => {
  const polygons = Array.from({ length: 3000 }, (_, seed) => {
    const random = seeded(seed);
    const size = randomSize(random);
    return { size, polygons: Array.from({ length: 1 + below(random, 3) }, () => randomPolygon(random, size)) };
  });
  const boxes = Array.from({ length: 500 }, (_, seed) => {
    const random = seeded(10_000 + seed);
    const size = randomSize(random);
    return { size, box: Array.from({ length: 4 }, (_v, i) => (i < 2 ? random() * 50 - 10 : random() * 40)).map((v) => (random() < 0.3 ? Math.round(v) : v)) };
  });
  const pairs = Array.from({ length: 500 }, (_, seed) => {
    const random = seeded(20_000 + seed);
    const [height, width] = randomSize(random);
    const noise = (density: number) => encodeRle(Array.from({ length: height * width }, () => random() < density), { height, width });
    const drawn = () => rleFrom([randomPolygon(random, [height, width])], { height, width });
    const one = () => (random() < 0.5 ? drawn() : noise(random() < 0.2 ? Math.round(random()) : random()));
    const both = [one(), one()];
    if (random() < 0.1) both[1] = both[0];
    return { size: [height, width], both };
  });
  let answers: { readonly polygons: Described[]; readonly boxes: Described[]; readonly pairs: Pair[] };
  beforeAll(() => {
    answers = { polygons: ask(polygons), boxes: ask(boxes), pairs: ask(pairs.map(({ size, both }) => ({ size, pair: both.map(({ counts }) => compressCounts(counts)) }))) };
  }, 60_000);

  it("draws polygons", () => {
    polygons.forEach(({ size: [height, width], polygons: xy }, i) => expect(described(rleFrom(xy, { height, width })), `case ${i}: ${JSON.stringify({ height, width, xy })}`).toEqual(answers.polygons[i]));
    expect(answers.polygons.filter(({ area }) => area > 0).length).toBeGreaterThan(1500);
    expect(answers.polygons.filter(({ area }) => area === 0).length).toBeGreaterThan(100);
  });

  it("draws boxes", () => {
    boxes.forEach(({ size: [height, width], box }, i) => expect(described(rleBox(box, { height, width })), `case ${i}: ${JSON.stringify({ height, width, box })}`).toEqual(answers.boxes[i]));
  });

  it("unites, intersects and compares", () => {
    pairs.forEach(({ both: [a, b] }, i) => {
      const { iou, crowd, union, intersection } = answers.pairs[i];
      expect([maskIou([a], [b])[0], maskIou([a], [b], [1])[0]], `case ${i}`).toEqual([iou, crowd]);
      expect(described(unionOf([a, b])), `case ${i}`).toEqual(union);
      expect(described(intersectionOf([a, b])), `case ${i}`).toEqual(intersection);
    });
  });
});
