import { expect, it } from "vitest";
import { toCocoGroundTruth } from "../../../lib/data/ground-truth.ts";
import { syntheticScenes } from "../../../lib/data/synthetic.ts";
import { moveTargets } from "../../../lib/data/transforms.ts";
import { DetectionBuffer, evaluateBoxes, evaluateMasks, groundTruthFrom, inOriginal } from "../../../lib/evaluate/index.ts";

const scenes = syntheticScenes({ images: 8, size: { width: 96, height: 72 }, seed: 5 });
const groundTruth = groundTruthFrom(toCocoGroundTruth(scenes), { masks: true });
const labels = new Map(scenes.categories.map(({ id }, i) => [id, i]));

it.each([[1, false], [1, true], [2, false], [2, true]])("finds everything again: targets at scale %i, flipped %s, taken back", (scale, flipX) => {
  const buffer = new DetectionBuffer(groundTruth);
  scenes.images.forEach(({ id, width, height }, index) => {
    const target = moveTargets(scenes, index, { width: width * scale, height: height * scale, flipX, flipY: false }, { labels, masks: "polygon" });
    buffer.add(id, inOriginal({ ...target, scores: Float32Array.from(target.labels, () => 1) }, target, scenes.categories));
  });
  const detections = buffer.detections();
  expect(evaluateBoxes({ groundTruth, detections }).stats[0]).toBeCloseTo(1, 12);
  expect(evaluateMasks({ groundTruth, detections }).stats[0]).toBeCloseTo(1, 12);
});

it("keeps boxes alone when there are no masks", () => {
  expect(() => inOriginal({ boxes: [], scores: [], labels: [] }, { width: 1, height: 1, scaleX: 1, scaleY: 1, flipped: false, crop: { x: 0, y: 0 } }, [])).toThrow(/cut out for training/);
  const taken = inOriginal({ boxes: [10, 20, 30, 40], scores: [0.5], labels: [1] }, { width: 100, height: 50, scaleX: 2, scaleY: 4, flipped: true }, [{ id: 7 }, { id: 9 }]);
  expect(taken).toEqual({ boxes: Float64Array.of(35, 5, 45, 10), scores: [0.5], categoryIds: [9] });
});
