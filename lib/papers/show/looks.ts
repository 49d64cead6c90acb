import { fgd } from "../../distill/fgd.ts";
import { fkd } from "../../distill/fkd.ts";
import { frs } from "../../distill/frs.ts";
import { sharedKd, sharedKdLabel } from "../../distill/shared-kd.ts";
import type { Distiller } from "../../distill/distiller.ts";
import type { Detector, Prediction } from "../../detector/detector.ts";
import { cellMaps } from "../../report/cell-maps.ts";
import { heatPanels, type HeatGroup } from "../../report/heat-panels.ts";
import type { Displayable } from "../../report/html.ts";
import { activations, type LevelMap, type View } from "../../report/look.ts";
import { lookThrough, type MethodSight } from "../../report/method-look.ts";
import { openRow, openTeacher } from "../open-rows.ts";
import type { RowResult } from "../row-result.ts";
import { note } from "./note.ts";
import { taughtResult } from "./regions.ts";
import type { Study } from "../study.ts";

interface Look {
  readonly method: (parts: { readonly teacher: Detector; readonly student: Detector }) => Distiller;
  readonly read: (sight: MethodSight, strides: readonly number[]) => Readonly<Record<string, HeatGroup>>;
}

const everywhere = (maps: Prediction["pyramid"], strides: readonly number[]): LevelMap[] =>
  maps.map(({ shape: [, height, width] }, l) => ({ stride: strides[l], height, width, values: new Float32Array(height * width).fill(1) }));

/** What a method looks at, as numbers per cell: its own hints, those of a training step. */
const looks = {
  fitNets: { method: frs, read: ({ student }, strides) => ({ "FitNets: every cell alike": everywhere(student.pyramid, strides) }) },
  frs: { method: frs, read: ({ hints }, strides) => ({ "FRS: the teacher's score, S / N": cellMaps(hints.weights, strides) }) },
  fkd: { method: fkd, read: ({ hints }, strides) => ({ "FKD: the teacher's attention": cellMaps(hints.mask, strides) }) },
  fgd: { method: fgd, read: ({ hints }, strides) => ({ "FGD: foreground": cellMaps(hints.foreground, strides), "FGD: background": cellMaps(hints.background, strides) }) },
  sharedKd: {
    method: sharedKd,
    read: ({ hints, student, teacher }, strides) => ({
      "the student's maps": activations(student.pyramid, strides),
      "the teacher's own maps": activations(teacher!.pyramid, strides),
      [`${sharedKdLabel}: the teacher's maps with all finer ones`]: activations(hints.teacher as Prediction["pyramid"], strides),
    }),
  },
} as const satisfies Readonly<Record<string, Look>>;

export type MethodLookName = keyof typeof looks;

export interface LooksOptions {
  /** Whose student and teacher, by the row's id. Default the first row that was trained under a teacher. */
  readonly row?: string;
  /** In the order of the panels. */
  readonly methods: readonly MethodLookName[];
  /** Position of the validation image. Default 0. */
  readonly image?: number;
}

/** Where methods look, over one validation image, between a row's trained student and its teacher. */
export async function showLooks(study: Pick<Study, "validation" | "runs" | "experimentOf">, results: readonly RowResult[], { row, methods, image = 0 }: LooksOptions): Promise<Displayable> {
  const result = taughtResult(study, results, row);
  if (result === undefined) return note("No picture: no row was trained under a teacher here.");
  const { detector: teacher } = await openTeacher(study, result);
  try {
    const { detector: student, transforms } = await openRow(study, result);
    try {
      const groups: Record<string, HeatGroup> = {};
      let view: View | undefined;
      for (const name of methods) {
        const seen = await through(looks[name], { teacher, student }, { dataset: study.validation, image, transforms });
        view = seen;
        Object.assign(groups, seen.seen);
      }
      return heatPanels(view!, groups);
    } finally {
      student.dispose();
    }
  } finally {
    teacher.dispose();
  }
}

async function through({ method, read }: Look, parts: { readonly teacher: Detector; readonly student: Detector }, place: Omit<Parameters<typeof lookThrough>[1], "student">) {
  const distiller = method(parts);
  try {
    return await lookThrough(distiller, { ...place, student: parts.student }, (sight) => read(sight, parts.student.strides));
  } finally {
    distiller.dispose();
  }
}
