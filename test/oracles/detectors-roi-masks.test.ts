import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../lib/backend/load.ts";
import type { Target } from "../../lib/data/batch.ts";
import { loadParameters } from "../../lib/detector/load.ts";
import { parameterStore } from "../../lib/detector/parameters.ts";
import { roiHead } from "../../lib/detector/roi/roi-head.ts";
import { allCases, casesOf, checkKeys, expectLive, expectRelative, nchw, nhwc, sumOfSquares, tensorOf, weights, type Expected, type Formula, type Whole } from "./detectors-oracle.ts";
import { ellipses, expectMaskDetections, mmdetRoiHead, ourTerm, type FoundMasks, type MmRoiHead, type MmRoiTest } from "./detectors-mmdet-roi.ts";

interface Params { readonly head: MmRoiHead; readonly test: MmRoiTest; readonly image: [number, number]; readonly seed_prefix: string }
interface Inputs { readonly features: Formula[]; readonly proposals: Whole[]; readonly gt: { boxes: Whole; labels: number[] }[] }
interface RoiExpected { readonly losses: Record<string, number>; readonly gradient_sumsq: Record<string, number>; readonly dfeatures: Expected[]; readonly detections: FoundMasks[] }
interface Tolerance { readonly losses_rel: number; readonly gradient_sumsq_rel: number; readonly boxes: number; readonly scores: number }

const floats = (whole: Whole) => Float32Array.from(whole.data, Number);

/** Values, then gradients of their sum; inputs that nothing depends on have a gradient of zeros. */
function slopes(terms: (inputs: tf.Tensor[]) => Readonly<Record<string, tf.Scalar>>, inputs: tf.Tensor[]): { values: Record<string, number>; grads: tf.Tensor[] } {
  const values: Record<string, number> = {};
  const grads = tf.grads((...xs: tf.Tensor[]) => {
    const all = Object.entries(terms(xs));
    for (const [name, value] of all) values[name] = value.dataSync()[0];
    return [...all.map(([, value]) => value), ...xs.map((x) => tf.mul(tf.sum(x), 0))].reduce((a, b) => tf.add(a, b));
  })(inputs);
  return { values, grads };
}

describe.skipIf(allCases.length === 0)("oracles: mask and cascade RoI heads", () => {
  it("reads the oracle folder, which need not hold cases for each test", () => { expect(allCases.length).toBeGreaterThan(0); });

  beforeAll(async () => { await loadBackend(); });

  const cases = [
    ...casesOf<Params, Inputs, RoiExpected>("mmdet CascadeRoIHead"),
    ...casesOf<Params, Inputs, RoiExpected>("mmdet StandardRoIHead").filter(([, { params }]) => "mask_head" in params.head),
  ];

  it.each(cases)("%s", (_, one) => {
    const { params, inputs, expected } = one;
    checkKeys("params", params, ["head", "test", "image", "seed_prefix"]);
    checkKeys("expected", expected, ["losses", "gradient_sumsq", "dfeatures", "detections"]);
    const tolerance = one.tolerance as Tolerance;
    const [height, width] = params.image;
    const store = parameterStore(0);
    const head = roiHead(store, mmdetRoiHead(params.head, params.test, ""));
    loadParameters({ parameters: () => store.list() }, weights(one, params.seed_prefix), { layout: "pytorch" });
    const targets = inputs.gt.map(({ boxes, labels }, image): Target => ({
      image, imageId: image, boxes: floats(boxes), labels: Int32Array.from(labels), masks: ellipses(floats(boxes), { height, width }), width, height, scaleX: 1, scaleY: 1, flipped: false,
    }));
    const proposals = inputs.proposals.map((boxes) => ({ boxes: floats(boxes) }));
    tf.tidy(() => {
      const pyramid = inputs.features.map((formula) => nhwc(tensorOf(formula)));
      const batch = { targets, size: { height, width }, moment: { iteration: 0 } };
      const { values, grads } = slopes((xs) => head.loss(xs.slice(0, pyramid.length) as tf.Tensor4D[], proposals, batch), [...pyramid, ...store.list().map(({ variable }) => variable as tf.Tensor)]);
      const compared = Object.entries(expected.losses).filter(([name]) => !name.endsWith("acc"));
      expect(Object.keys(values).sort()).toEqual(compared.map(([name]) => ourTerm(name)).sort());
      for (const [name, value] of compared) expectRelative(name, values[ourTerm(name)], value, tolerance.losses_rel);
      for (const [l, wanted] of expected.dfeatures.entries()) expectLive(`gradient of level ${l}`, nchw(grads[l]), wanted, 1e-3 * (wanted as { std: number }).std);
      for (const [group, wanted] of Object.entries(expected.gradient_sumsq)) {
        const sum = store.list().reduce((total, { name }, i) => (name.startsWith(`${group}.`) ? total + sumOfSquares(grads[pyramid.length + i]) : total), 0);
        expectRelative(`gradients of ${group}`, sum, wanted, tolerance.gradient_sumsq_rel);
      }
      for (const [i, found] of head.decode(pyramid, proposals, targets).entries()) expectMaskDetections(`image ${i}`, found, expected.detections[i], tolerance);
    });
    store.dispose();
  });
});
