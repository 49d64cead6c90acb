import type { Silence } from "./silence.ts";

/** Shared-KD (Electronics 13(8):1595, 2024). Its section 3 and the bodies of its tables are lost, and no code is public. */
export const sharedKdSilences: readonly Silence[] = [
  {
    id: "equations", paper: "shared-kd", kind: "lost", topic: "The equations",
    says: "Section 3 is not public in the text at hand. The prose pins down two steps (the teacher's level to the same level of the student; across levels within the student), simple distances, pooling and channel cropping without parameters, and one weight.",
    here: "Reconstructed, and labelled so beside every number. Alignment, pairs and direction are those of Tf-FD (lliai/Teacher-free-Distillation), which the paper cites.",
  },
  {
    id: "dense", paper: "shared-kd", kind: "lost", topic: "The densely connected teacher",
    says: "The teacher is augmented by its lower-level features.",
    here: "Level l of the teacher is the mean of all its levels up to l, aligned.",
    otherwise: 'method.options.dense: "sum", "previous" or "off"',
  },
  {
    id: "direction", paper: "shared-kd", kind: "lost", topic: "Who teaches whom in the student",
    says: "“Mutual learning” of the student's levels.",
    here: "Deep levels teach shallow ones, and are detached, as in Tf-FD.",
    otherwise: 'method.options.direction: "shallow" or "mutual"',
  },
  {
    id: "pairs", paper: "shared-kd", kind: "lost", topic: "Which levels are paired",
    says: "Nothing that is left.",
    here: "All pairs, as in Tf-FD.",
    otherwise: 'method.options.pairs: "adjacent"',
  },
  {
    id: "reduction", paper: "shared-kd", kind: "lost", topic: "Mean or sum",
    says: "w = 2 is best and 20 harms.",
    here: "Means: that scale of w fits a mean, not a sum over entries.",
    otherwise: 'method.options.reduction: "sum"',
  },
  {
    id: "site", paper: "shared-kd", kind: "lost", topic: "Which maps",
    says: "Layers.",
    here: "The pyramid's maps, which have equal channels, so that nothing is cropped.",
    otherwise: 'method.options.site: "stages"',
  },
  {
    id: "alignment", paper: "shared-kd", kind: "lost", topic: "Pooling and cropping",
    says: "Spatial pooling and channel cropping.",
    here: "Average over evenly divided bins, the first channels.",
    otherwise: "method.options.pool, method.options.crop, method.options.target",
  },
  {
    id: "weight", paper: "shared-kd", kind: "lost", topic: "The weight of other detectors",
    says: "A sweep of w on one detector: 39.4, 38.6, 37.8, 37.2 AP at 2, 5, 10, 20.",
    here: "2 for every detector.",
    otherwise: "method.options.featureWeight",
  },
  {
    id: "tables", paper: "shared-kd", kind: "lost", topic: "The tables' bodies",
    says: "Cells survive only where the prose repeats them.",
    here: "Those are the targets; what follows from a stated difference is marked as derived, everything else as lost.",
  },
  {
    id: "mask-ap", paper: "shared-kd", kind: "contradiction", topic: "Table 2's mask AP",
    says: "41.3 for the student, above the 41.1 that mmdetection's zoo lists for the mask AP of its teacher: perhaps a box AP.",
    here: "41.3 is kept as the target, with this doubt.",
  },
  {
    id: "mask-sizes", paper: "shared-kd", kind: "contradiction", topic: "Mask AP by size",
    says: "Rows mix values from before and after a change of the evaluator, which once took a detection's size from its box and now takes it from its mask.",
    here: "The mask's own area, as pycocotools and current codes.",
  },
  {
    id: "one-stage", paper: "shared-kd", kind: "contradiction", topic: "Table 1's one-stage rows",
    says: "FitNets 37.4, GID 39.1 and FRS 39.3 are those of FRS's Table 2, whose student has 36.2, not 37.4. FRS's number for a student of 37.4 is 39.7, above Shared-KD's 39.4.",
    here: "All methods are trained from one student; the claim that Shared-KD is best is tested on that.",
  },
  {
    id: "fcos-student", paper: "shared-kd", kind: "contradiction", topic: "FCOS's gain of 3.7",
    says: "Beside a plain FCOS of 38.5.",
    code: "FGD's configuration, which the paper follows, trains the student with centre sampling, normalised boxes and GIoU: part of the gain may be the student's.",
    here: "Student and method have one configuration.",
  },
  {
    id: "table-3", paper: "shared-kd", kind: "contradiction", topic: "Table 3's detector",
    says: "40.1 without one of the parts is above the 39.4 of the whole on RetinaNet R-101 → R-50; an AP50 of 57.0 beside it is implausibly low.",
    here: "The ablation runs on Faster R-CNN, whose whole has 40.6 in Table 1; the order of its rows is what is tested.",
  },
  {
    id: "table-5", paper: "shared-kd", kind: "contradiction", topic: "Table 5's teacher",
    says: "The caption names an X-101 teacher; the AP at w = 2 equals the result with R-101.",
    here: "R-101, which the numbers suggest.",
  },
  {
    id: "memory", paper: "shared-kd", kind: "contradiction", topic: "3.8 GB",
    says: "Training with Shared-KD takes as much memory as mmdetection's zoo lists for the student alone, although a teacher is in memory, too.",
    here: "Peak memory of the process, teacher included, is measured in every run.",
  },
  {
    id: "semckd", paper: "shared-kd", kind: "silent", topic: "SemCKD for detectors",
    says: "A row for SemCKD, whose attention has layers as wide as the batch and needs four images at least; how it was carried over is not said.",
    code: "SemCKD is published for classification alone.",
    here: "With batches below four, attention compares each image's own averaged maps.",
    otherwise: 'method.options.similarity: "gram"',
  },
  {
    id: "gid", paper: "shared-kd", kind: "code", topic: "GID's adapters",
    says: "A row for GID.",
    code: "The first author's re-creation, for reference only, declares a shared 3 × 3 adapter, which an inverted condition leaves unused.",
    here: "The adapter is used, as declared.",
    otherwise: 'method.options.adapter: "none"',
  },
  {
    id: "fgd", paper: "shared-kd", kind: "code", topic: "FGD's boxes on padded maps",
    says: "Rows for FGD.",
    code: "Boxes are divided by the image's size without padding although the maps cover it, and a box at the border counts cells outside the map.",
    here: "By the padded size, and cells inside the map.",
    otherwise: 'method.options: { "scaleBy": "content", "area": "whole" }',
  },
  {
    id: "fkd", paper: "shared-kd", kind: "code", topic: "FKD's weights and channel attention",
    says: "Rows for FKD.",
    code: "The authors' code is not public; mmrazor's port computes a channel attention that it never uses. Weights for one-stage detectors have no public configuration.",
    here: "mmrazor's port without what is unused; one-stage weights as recalled, about six times the two-stage ones.",
    otherwise: "method.options.feature, channel, spatial, nonLocal",
  },
];
