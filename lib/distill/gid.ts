import type * as tf from "@tensorflow/tfjs-core";
import type { Target } from "../data/batch.ts";
import { assignmentOf, priorsOf, type ImageSize } from "../detector/assignment.ts";
import type { Detector, Prediction } from "../detector/detector.ts";
import { joinRois } from "../detector/roi/extract.ts";
import { withoutTape } from "../tensor/stop-gradient.ts";
import { levelAdapters } from "./adapters.ts";
import type { Distiller } from "./distiller.ts";
import { selectInstances, type DenseSide, type Instances, type SelectionOptions } from "./gid-instances.ts";
import { featureTerm, poolInstances, relationTerm, responseTerms } from "./gid-terms.ts";
import type { Conv, ParameterSet } from "./layers.ts";
import { published, type Published } from "./published.ts";
import { pairLevels, taught, type StudentShape, type TaughtOptions } from "./taught.ts";

/** A row of published weights. */
export interface GidPreset extends Published {
  readonly feature: number;
  readonly relation: number;
  readonly class: number;
  readonly box: number;
  readonly beta: number;
}

/** Published weights by kind of detector. */
export const gidPresets: Readonly<Record<"retinanet", GidPreset>> = {
  retinanet: { origin: "daixinghome/Distill_GID_detectron2 9118c54, RetinaNet R101 → R50", feature: 5e-4, relation: 40, class: 0.1, box: 1, beta: 0.1 },
};

/** What the method must know of the student beside its shape: where its priors lie, what they are assigned to, and what its box outputs mean. */
export type GidStudent = StudentShape & Pick<Detector, "assignment" | "readBoxes">;

export interface GidOptions extends TaughtOptions, SelectionOptions {
  readonly student: GidStudent;
  /** Whose weights. Default: the student's kind, else the first. */
  readonly preset?: keyof typeof gidPresets;
  /** Weights of the terms. Default the preset's. */
  readonly feature?: number;
  readonly relation?: number;
  readonly class?: number;
  readonly box?: number;
  /** Where smooth L1 of the box outputs turns from square to straight; 0: L1. Default the preset's. */
  readonly beta?: number;
  /** Rows and columns of bins of an instance's features. Default 10. */
  readonly bins?: number;
  /**
   * 3 × 3 convolutions on the student's maps before instances are cut out: one `shared` by the levels (default, the published
   * configuration), one for each of the `levels`, or `none`: the published code declares them, but its condition is inverted
   * and they never run.
   */
  readonly adapter?: "shared" | "levels" | "none";
  /** Whose distances are compared: all instances of the `batch` (default, the code), or those of one `image`. */
  readonly among?: "batch" | "image";
}

/**
 * GID (Dai et al., CVPR 2021, "General Instance Distillation for Object Detection"): where teacher and student disagree most,
 * labels aside, the student imitates features (`feature`, eq. 4), distances between instances (`relation`, eq. 5–7) and the
 * outputs of the priors that the student's own assignment gives to them (`class` and `box`, eq. 8). `gid-instances.ts` says how
 * instances are found, `gid-terms.ts` and `relation.ts` what is compared.
 *
 * After daixinghome/Distill_GID_detectron2 9118c54 ("reference only" by its author): candidates of all levels are thinned
 * together; `relation` needs three instances; the assignment is the detector's own, with its low-quality matches, and
 * priors it ignores do not count. That code crashes on an image without objects (a mean of integers for logging): here objects
 * play no part. Of two-stage detectors it is the region proposal network that is compared. Adapters are called
 * `distill_adapt_layers.<level>.0`.
 * @throws Error when the student or the teacher does not tell its boxes or assignment, or their levels, priors or outputs differ
 */
export function gid(options: GidOptions): Distiller {
  const { student, among = "batch", adapter = "shared", bins = 10 } = options;
  const teacher = "detector" in options.teacher ? options.teacher.detector : options.teacher;
  const { origin: _, beta, ...weights } = published("gid", gidPresets, options, { feature: options.feature, relation: options.relation, class: options.class, box: options.box, beta: options.beta });
  check(options);
  const strides = pairLevels(student, teacher).map(({ stride }) => stride);
  const [readOwn, readOther] = [readerOf(student), readerOf(teacher)];
  return taught("gid", options, (set) => {
    const adapt = adaptersFor(set, { adapter, student, teacher });
    return {
      hints: ({ pyramid, logits, boxes }) => ({ pyramid, logits, boxes }),
      terms: (prediction, hints, { targets }) => {
        const { height, width } = prediction;
        const other = { ...prediction, ...hints };
        requireEqual(student, teacher, prediction, other);
        const perCell = priorsOf(student as Detector, { height, width })[0].perCell;
        const instances = selectInstances(sideOf(student, prediction, readOwn), sideOf(teacher, other, readOther), { ...options, perCell, sizes: targets });
        const own = poolInstances(prediction.pyramid.map((map, l) => adapt[l](map)), instances, { strides, bins });
        const wanted = withoutTape(() => poolInstances(other.pyramid, instances, { strides, bins }));
        const response = responseTerms(prediction, other, { rows: assignedRows(student, instances, { targets, size: { height, width } }), perCell, beta });
        return {
          feature: { value: featureTerm(own, wanted), weight: weights.feature },
          relation: { value: relationTerm(own, wanted, { images: joinRois(instances).images, among }), weight: weights.relation },
          class: { value: response.class, weight: weights.class },
          box: { value: response.box, weight: weights.box },
        };
      },
    };
  });
}

function check({ adapter = "shared", among = "batch", bins = 10, instances = 10, candidates = 3000, nms = 0.3, minSide = 10 }: GidOptions): void {
  if (!["shared", "levels", "none"].includes(adapter)) throw new RangeError(`gid: adapter is ${JSON.stringify(adapter)}; allowed: "shared", "levels", "none"`);
  if (!["batch", "image"].includes(among)) throw new RangeError(`gid: among is ${JSON.stringify(among)}; allowed: "batch", "image"`);
  for (const [name, value] of Object.entries({ bins, instances, candidates })) if (!(Number.isInteger(value) && value > 0)) throw new RangeError(`gid: ${name} is ${value}; allowed: a whole number from 1`);
  for (const [name, value] of Object.entries({ nms, minSide })) if (!(value >= 0 && value < Infinity)) throw new RangeError(`gid: ${name} is ${value}; allowed: a finite number from 0`);
}

type Reader = NonNullable<Detector["readBoxes"]>;

function readerOf({ name, readBoxes, assignment }: Pick<Detector, "name" | "readBoxes" | "assignment">): Reader {
  if (readBoxes === undefined || assignment === undefined) throw new Error(`gid: ${name} does not tell the boxes and the assignment of its priors (readBoxes, assignment); detectors with a dense head or a region proposal network do. Give the detector itself as student and teacher`);
  return readBoxes;
}

const sideOf = ({ name }: Pick<Detector, "name">, prediction: Prediction, reader: Reader): DenseSide =>
  ({ name, logits: prediction.logits, boxes: prediction.boxes, readBoxes: reader(prediction) });

interface AdapterParts {
  readonly adapter: "shared" | "levels" | "none";
  readonly student: StudentShape;
  readonly teacher: StudentShape;
}

/** One function for each of the student's levels. */
function adaptersFor(set: ParameterSet, { adapter, student, teacher }: AdapterParts): readonly Conv[] {
  const [from, to, levels] = [student.channels, teacher.channels, student.strides.length];
  if (adapter !== "none") {
    const made = levelAdapters(set, { kind: "conv3x3", name: (level) => `distill_adapt_layers.${level}.0`, from, to, levels: adapter === "shared" ? 1 : levels });
    return student.strides.map((_, level) => made[adapter === "shared" ? 0 : level]);
  }
  if (from !== to) throw new Error(`gid: the student ${student.name} has ${from} channels, the teacher ${teacher.name} ${to}: without an adapter they must be equal. Take adapter "shared" or "levels"`);
  return student.strides.map(() => (map: tf.Tensor4D) => map);
}

/** Outputs are compared prior by prior. */
function requireEqual(student: StudentShape, teacher: StudentShape, own: Prediction, other: Prediction): void {
  for (const part of ["logits", "boxes"] as const) {
    const level = own[part].findIndex(({ shape }, l) => shape.join() !== other[part][l].shape.join());
    if (level >= 0) throw new Error(`gid: ${part} of ${student.name} on level ${level} are [${own[part][level].shape.join(", ")}], those of ${teacher.name} [${other[part][level].shape.join(", ")}]: the same classes, anchors and box outputs are needed, and images of one size`);
  }
}

/** Rows, level by level, of the priors that the student's training would assign to the instances. */
function assignedRows(student: GidStudent, instances: readonly Instances[], { targets, size }: { readonly targets: readonly Target[]; readonly size: ImageSize }): number[][] {
  const rows = student.strides.map((): number[] => []);
  for (const [image, { boxes, scores }] of instances.entries()) {
    const { masks: _, ...target } = targets[image];
    const levels = assignmentOf(student as Detector, { ...target, boxes, labels: new Int32Array(scores.length) }, size);
    for (const [l, { objects }] of levels.entries()) {
      for (let prior = 0; prior < objects.length; prior++) if (objects[prior] >= 0) rows[l].push(image * objects.length + prior);
    }
  }
  return rows;
}
