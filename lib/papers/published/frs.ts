import type { Published } from "../item.ts";
import { derived, lost, picture, row, six } from "./cells.ts";
import { sixMetrics } from "../metrics.ts";

// Du et al., "Distilling Object Detectors with Feature Richness", NeurIPS 2021, arXiv 2111.00674. Every number as printed there.

type Six = readonly [number, number, number, number, number, number];

interface Block {
  readonly teacher: Six;
  readonly student: Six;
  readonly frs: Six;
  /** The gains as printed. */
  readonly gain: Six;
}

/** Teacher, student, student under FRS and the printed gain of one detector. */
function block(id: string, [name, teacherMode, mode]: readonly [string, string, string], { teacher, student, frs, gain }: Block): Published["rows"] {
  return {
    [`${id}-teacher`]: six(`${name} R-101, teacher, ${teacherMode}`, teacher),
    [`${id}-student`]: six(`${name} R-50, student, ${mode}`, student),
    [`${id}-frs`]: six(`${name} R-50, FRS, ${mode}`, frs),
    [`${id}-gain`]: six(`${name}, gain, ${mode}`, gain.map((value, i) => derived(value, `${frs[i].toFixed(1)} − ${student[i].toFixed(1)}: FRS less the student`))),
  };
}

const gflTeacher: Six = [44.9, 63.1, 49.0, 28.0, 49.1, 57.2];

const table1: Published = {
  id: "frs-table-1",
  title: "FRS Table 1",
  caption: "FRS on five pairs of detectors, ResNet-101 teaching ResNet-50; 1x is 12 epochs, 2x 24",
  metrics: sixMetrics,
  rows: {
    ...block("retinanet", ["RetinaNet", "2x", "2x"], {
      teacher: [38.9, 58.0, 41.5, 21.0, 42.8, 52.4],
      student: [37.4, 56.7, 39.6, 20.0, 40.7, 49.7],
      frs: [39.7, 58.6, 42.4, 21.8, 43.5, 52.4],
      gain: [2.3, 1.9, 2.8, 1.8, 2.8, 2.7],
    }),
    ...block("gfl-1x", ["GFL", "2x", "1x"], {
      teacher: gflTeacher,
      student: [40.2, 58.4, 43.3, 23.3, 44.0, 52.2],
      frs: [43.6, 61.9, 47.5, 25.9, 47.7, 56.4],
      gain: [3.4, 3.5, 4.2, 2.6, 3.7, 4.2],
    }),
    ...block("gfl-2x", ["GFL", "2x", "2x"], {
      teacher: gflTeacher,
      student: [42.9, 61.2, 46.5, 27.3, 46.9, 53.3],
      frs: [44.7, 63.0, 48.4, 28.7, 49.0, 56.7],
      gain: [1.8, 1.8, 1.9, 1.4, 2.1, 3.4],
    }),
    ...block("faster-rcnn", ["Faster R-CNN", "1x", "1x"], {
      teacher: [39.4, 60.1, 43.1, 22.4, 43.7, 51.1],
      student: [37.4, 58.1, 40.4, 21.2, 41.0, 48.1],
      frs: [39.5, 60.1, 43.3, 22.3, 43.6, 51.7],
      gain: [2.1, 2.0, 2.9, 1.1, 2.6, 3.6],
    }),
    ...block("fcos", ["FCOS", "2x", "2x"], {
      teacher: [40.8, 60.0, 44.0, 24.2, 44.3, 52.4],
      student: [38.5, 57.7, 41.0, 21.9, 42.8, 48.6],
      frs: [40.9, 60.3, 43.6, 25.7, 45.2, 51.2],
      gain: [2.4, 2.6, 2.6, 3.8, 2.4, 2.6],
    }),
  },
  notes: [
    "The text gives Faster R-CNN a gain of 2.4 AP; the table has 2.1, and 2.4 for FCOS.",
    "α and β are not in the paper; they are those of the released configurations.",
    "The released configurations differ from the table: RetinaNet's teacher is the 1x checkpoint (38.5 in mmdetection's zoo), Faster R-CNN's teacher and student are 2x, and of GFL only the 1x student is there.",
    "GFL's 2x student of 42.9 and FCOS's students and teachers are trained at several image sizes, as the zoo's of these APs are.",
    "mmdetection's zoo lists 44.7 for GFL's teacher.",
    "The authors' second issue reports low APs from the released RetinaNet configuration, run twice; the third asks why GFL's feature weight is 20 times RetinaNet's, and has no answer.",
  ],
};

const table2: Published = {
  id: "frs-table-2",
  title: "FRS Table 2",
  caption: "FRS beside earlier methods, RetinaNet R-50 student: A under a ResNeXt-101 teacher, B under ResNet-101 with mmdetection 1.2, all 2x",
  metrics: sixMetrics,
  rows: {
    "a-teacher": six("A: RetinaNet X-101, teacher", [40.8, 60.5, 43.7, 22.9, 44.5, 54.6]),
    "a-student": six("A: RetinaNet R-50, student", [37.4, 56.7, 39.6, 20.0, 40.7, 49.7]),
    "a-overhaul": six("A: overhaul of feature distillation, reference [10]", [37.8, 58.3, 41.1, 21.6, 41.2, 48.3]),
    "a-fkd": six("A: FKD, reference [32]", [39.6, 58.8, 42.1, 22.7, 43.3, 52.5]),
    "a-frs": six("A: FRS", [40.1, 59.5, 42.5, 21.9, 43.7, 54.3]),
    "b-teacher": six("B: RetinaNet R-101, teacher", [38.1, 58.3, 40.9, 21.2, 42.3, 51.1]),
    "b-student": six("B: RetinaNet R-50, student", [36.2, 55.8, 38.8, 20.7, 39.5, 48.7]),
    "b-fitnets": six("B: FitNet", [37.4, 57.1, 40.0, 20.8, 40.8, 50.9]),
    "b-gid": six("B: General Instance (GID)", [39.1, 59.0, 42.3, 22.8, 43.1, 52.3]),
    "b-frs": six("B: FRS", [39.3, 58.8, 42.0, 21.5, 43.3, 52.6]),
  },
  notes: [
    "Block B is trained with mmdetection 1.2, whose student has 36.2; later papers quote its numbers beside a student of 37.4.",
    "The teacher of 40.8 in block A is the AP of mmdetection's ResNeXt-101 64×4d at 2x.",
  ],
};

const table3: Published = {
  id: "frs-table-3",
  title: "FRS Table 3",
  caption: "Which terms are distilled, RetinaNet R-101 → R-50, 2x",
  metrics: ["AP"],
  rows: {
    student: row(["AP"], "R-50 alone", [37.4]),
    teacher: row(["AP"], "R-101 alone", [38.9]),
    fpn: row(["AP"], "FPN layers", [39.4]),
    head: row(["AP"], "classification head", [38.4]),
    both: row(["AP"], "both", [39.7]),
  },
  notes: ["The public text has scrambled the table's ticks; the columns here follow its prose: +2.0 by the FPN, +1.0 by the head, +2.3 by both."],
};

const gone = lost("the cell is empty in the public text");

const table4: Published = {
  id: "frs-table-4",
  title: "FRS Table 4",
  caption: "Distilling some regions only (FPN term alone), RetinaNet R-101 → R-50",
  metrics: sixMetrics,
  rows: {
    tp: six("TP", [lost("the cell is empty in the public text; the prose puts it above TP+FN (39.0) and below TP+FP (39.4)", [39.1, 39.3]), gone, gone, 21.3, 43.0, 51.7]),
    "tp-fp": six("TP+FP", [39.4, 58.4, 42.1, 21.6, 43.7, 52.1]),
    "tp-fn": six("TP+FN", [39.0, gone, 41.9, gone, 43.1, 51.9]),
    "tp-tn": six("TP+TN", [38.7, 57.8, 41.2, 20.6, 42.3, 52.3]),
  },
  notes: [
    "TP+FP has the AP of Table 3's FPN row (39.4): it is probably FRS with its soft mask, not a run with a threshold.",
    "TP+TN has the lowest AP and the highest APl (52.3).",
    "Not said: the threshold of a high score, which boxes make a cell foreground on which level, whether the score still weighs a cell, and what the sum is divided by.",
  ],
};

const figure3: Published = {
  id: "frs-figure-3",
  title: "FRS Figure 3",
  caption: "The teacher's mask on each level of the pyramid",
  metrics: [],
  rows: { masks: picture("masks, finest level to coarsest") },
  notes: ["Pictures: the text sees fine levels on small objects and coarse ones on large objects."],
};

const figure4: Published = {
  id: "frs-figure-4",
  title: "FRS Figure 4",
  caption: "Detections of the student alone and under FRS, RetinaNet R-50",
  metrics: [],
  rows: { student: picture("RetinaNet R-50 alone"), frs: picture("RetinaNet R-50, FRS") },
  notes: ["Chosen examples: nothing in them can be counted."],
};

const bar = row(["entropy"], "", [lost("drawn as a bar, without a number")]);

const figure5: Published = {
  id: "frs-figure-5",
  title: "FRS Figure 5",
  caption: "Information entropy of the four regions",
  metrics: ["entropy"],
  rows: { tp: { ...bar, label: "TP" }, fp: { ...bar, label: "FP" }, fn: { ...bar, label: "FN" }, tn: { ...bar, label: "TN" } },
  notes: [
    "The text calls it Table 5, and states the order alone: TP highest, FP also high, FN and TN lowest.",
    "Of what the entropy is taken (pixels, features, scores), over how many images and in which bins is not said. Scores would be circular: they define the regions.",
  ],
};

const point = lost("drawn as points, without numbers; how many, and which RegNets, is not said");

const figure6: Published = {
  id: "frs-figure-6",
  title: "FRS Figure 6",
  caption: "AP of teachers and of the students they teach, RetinaNet with RegNet backbones",
  metrics: ["AP"],
  rows: { teachers: row(["AP"], "teachers", [point]), students: row(["AP"], "students under FRS", [point]) },
  notes: [
    "Which RegNets, and which schedule, is not said. Taken here: the three with a RetinaNet in mmdetection's zoo as teachers (RegNetX 800MF, 1.6GF and 3.2GF, 1x: 35.6, 37.3 and 39.1 AP there), and the next smaller one, 400MF, as the student.",
  ],
};

/** FRS's tables and figures; Figures 1 and 2 show the method. */
export const frsPublished = { table1, table2, table3, table4, figure3, figure4, figure5, figure6 } as const;
