import * as tf from "@tensorflow/tfjs-core";
import { bestByScore } from "../detector/decode/best.ts";
import { nonMaximumSuppression } from "../detector/decode/nms.ts";
import type { BoxReader } from "../detector/decode/prediction.ts";
import { clipBoxes, rowsOf } from "../tensor/boxes.ts";
import { withoutTape } from "../tensor/stop-gradient.ts";

/** What one detector says of every prior of a batch, level by level. */
export interface DenseSide {
  /** Named in messages. */
  readonly name: string;
  /** [B, H_l, W_l, A·K] class logits. */
  readonly logits: readonly tf.Tensor4D[];
  /** [B, H_l, W_l, A·D] box outputs. */
  readonly boxes: readonly tf.Tensor4D[];
  readonly readBoxes: BoxReader;
}

export interface SelectionOptions {
  /** Candidates of an image that suppress each other. Default 3000. */
  readonly candidates?: number;
  /** IoU above which the candidate of lesser score falls. Default 0.3. */
  readonly nms?: number;
  /** Instances of an image. Default 10. */
  readonly instances?: number;
  /** Sides in pixels must be above it. Default 10. */
  readonly minSide?: number;
}

/** The general instances of one image, by descending score. */
export interface Instances {
  /** [n, 4] xyxy in pixels of the batch image. */
  readonly boxes: Float32Array;
  /** [n] in (0, 1] */
  readonly scores: Float32Array;
}

/**
 * GID's general instances (eq. 1–3): over all levels at once a prior's score is |σ(max_k t) − σ(max_k s)| and its box that of
 * the more confident detector; the best are cut to the image, small ones dropped, the rest thinned by NMS whatever their class.
 * Computed on the host, no gradient.
 * @param perCell A
 * @param sizes of the images' contents in pixels
 * @throws Error naming the detector whose outputs are not finite
 */
export function selectInstances(student: DenseSide, teacher: DenseSide, { perCell, sizes, ...options }: SelectionOptions & { readonly perCell: number; readonly sizes: readonly { readonly width: number; readonly height: number }[] }): Instances[] {
  const counts = student.logits.map(({ shape }) => shape[1] * shape[2] * perCell);
  const total = counts.reduce((sum, n) => sum + n, 0);
  const lead = leads(student, teacher, counts);
  return sizes.map((size, image) => {
    const own = lead.subarray(image * total, (image + 1) * total);
    const scores = own.map(Math.abs);
    const broken = scores.findIndex((score) => !Number.isFinite(score));
    if (broken >= 0) throw new Error(`gid: the class logits of ${student.name} or ${teacher.name} on image ${image} of the batch are not finite (prior ${broken}). Check the teacher's weights; if those are sound the student has diverged: lower the learning rate`);
    const best = bestByScore(scores, options.candidates ?? 3000);
    const boxes = decode(student, teacher, Array.from(best, (prior) => own[prior] > 0), { priors: best, image, counts, perCell });
    return thinned(boxes, rowsOf(scores, best, 1), size, options);
  });
}

/** σ(max_k t) − σ(max_k s) of every prior: [B·N], image by image. */
function leads(student: DenseSide, teacher: DenseSide, counts: readonly number[]): Float32Array {
  const difference = withoutTape(() => {
    const confidence = (map: tf.Tensor4D, l: number) => tf.sigmoid(tf.max(tf.reshape(map, [map.shape[0], counts[l], -1]), 2));
    return tf.concat(counts.map((_, l) => tf.sub(confidence(teacher.logits[l], l), confidence(student.logits[l], l))), 1);
  });
  const values = difference.dataSync<"float32">();
  difference.dispose();
  return values;
}

interface Candidates {
  /** Positions among all of the image's. */
  readonly priors: Int32Array;
  readonly image: number;
  readonly counts: readonly number[];
  readonly perCell: number;
}

/** The boxes [m, 4] of the candidates, from one side or the other. */
function decode(student: DenseSide, teacher: DenseSide, fromTeacher: readonly boolean[], { priors, image, counts, perCell }: Candidates): Float32Array {
  const out = new Float32Array(4 * priors.length);
  let start = 0;
  for (const [level, count] of counts.entries()) {
    for (const side of [student, teacher]) {
      const members = Array.from(priors.keys()).filter((m) => priors[m] >= start && priors[m] < start + count && fromTeacher[m] === (side === teacher));
      if (members.length === 0) continue;
      const own = members.map((m) => priors[m] - start);
      const boxes = side.readBoxes(outputsOf(side.boxes[level], perCell, own.map((prior) => image * count + prior)), own, level);
      if (!boxes.every(Number.isFinite)) throw new Error(`gid: boxes of ${side.name} on image ${image} of the batch are not finite. Check its weights; a student whose boxes are not finite has diverged: lower the learning rate`);
      for (const [i, m] of members.entries()) out.set(boxes.subarray(4 * i, 4 * i + 4), 4 * m);
    }
    start += count;
  }
  return out;
}

/** The box outputs [m, D] of these rows of a level. */
function outputsOf(map: tf.Tensor4D, perCell: number, rows: readonly number[]): Float32Array {
  const chosen = withoutTape(() => tf.gather(tf.reshape(map, [-1, map.shape[3] / perCell]), tf.tensor1d(rows as number[], "int32")));
  const values = chosen.dataSync<"float32">();
  chosen.dispose();
  return values;
}

function thinned(raw: Float32Array, scores: Float32Array, { width, height }: { readonly width: number; readonly height: number }, { nms = 0.3, instances = 10, minSide = 10 }: SelectionOptions): Instances {
  const boxes = Float32Array.from(clipBoxes(raw, width, height));
  const side = (i: number, axis: 0 | 1) => Math.fround(boxes[4 * i + axis + 2] - boxes[4 * i + axis]);
  const large = Array.from(scores.keys()).filter((i) => side(i, 0) > minSide && side(i, 1) > minSide);
  const own = rowsOf(scores, large, 1);
  const kept = nonMaximumSuppression({ boxes: rowsOf(boxes, large), scores: own }, nms, instances);
  return { boxes: rowsOf(boxes, kept.map((k) => large[k])), scores: rowsOf(own, kept, 1) };
}
