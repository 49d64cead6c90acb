import type { Claim, Item, ItemRow, Metric, Setting } from "../item.ts";
import type { MethodSpec } from "../method.ts";
import { sharedKdPublished } from "../published/shared-kd.ts";
import { sixMetrics } from "../metrics.ts";
import { above, at, best, mmdet, noise, taughtBy } from "./settings.ts";

const { table1, table2, table3, table4, table5, figure3, figure4 } = sharedKdPublished;

const equations = "The paper's equations: alignment, pairs, direction, dense teacher, site and reduction are inferred from its prose, and each is an option of sharedKd.";

const own: MethodSpec = { name: "sharedKd" };

/** A kind of detector of Table 1. */
interface Group {
  readonly id: "two-stage" | "one-stage" | "anchor-free";
  readonly label: string;
  readonly teacher: Setting;
  readonly student: Setting;
}

/** FCOS draws image sizes, as the checkpoint of the quoted student did. */
const twoStage: Group = { id: "two-stage", label: "Faster R-CNN", teacher: mmdet("fasterRcnn", "resnet-101", "2x"), student: mmdet("fasterRcnn", "resnet-50", "2x") };
const oneStage: Group = { id: "one-stage", label: "RetinaNet", teacher: mmdet("retinanet", "resnet-101", "2x"), student: mmdet("retinanet", "resnet-50", "2x") };
const anchorFree: Group = { id: "anchor-free", label: "FCOS", teacher: mmdet("fcos", "resnet-101", "2x-ms"), student: mmdet("fcos", "resnet-50", "2x-ms") };
const groups = [twoStage, oneStage, anchorFree];

const competitors = [["fitnets", "FitNets", "fitNets"], ["gid", "GID", "gid"], ["frs", "FRS", "frs"], ["fgd", "FGD", "fgd"]] as const;

/** Figure 4 shows three of the one-stage rows. */
const pictured: readonly string[] = ["student", "fgd", "shared-kd"];

function table1Rows({ id, label: group, teacher, student }: Group): ItemRow[] {
  const places = (name: string) => [...at(`${id}-${name}`, table1, figure3), ...(id === "one-stage" && pictured.includes(name) ? at(name, figure4) : [])];
  const line = (name: string, label: string, method: MethodSpec): ItemRow => ({ id: `${id}-${name}`, label: `${group}, ${label}`, role: "method", published: places(name), setting: taughtBy(student, teacher, method), against: `${id}-student`, group });
  return [
    { id: `${id}-teacher`, label: `${group} R-101, teacher`, role: "teacher", published: at(`${id}-teacher`, table1), setting: teacher, against: `${id}-student`, group },
    { id: `${id}-student`, label: `${group} R-50 alone`, role: "student", published: places("student"), setting: student, group },
    ...competitors.map(([name, label, method]) => line(name, label, { name: method })),
    line("shared-kd", "Shared-KD", own),
  ];
}

/** Of the one-stage detectors the paper does not compare with FGD. */
function table1Claims({ id, label }: Group): Claim[] {
  const named = competitors.filter(([name]) => id !== "one-stage" || name !== "fgd");
  const source = "Shared-KD section 4.1 and Table 1";
  return [
    above(`${id}-shared-kd`, `${id}-student`, { id: `${id}-gain`, text: `${label}: Shared-KD has a higher AP than the student alone`, source }),
    best(`${id}-shared-kd`, named.map(([name]) => `${id}-${name}`), { id: `${id}-best`, text: `${label}: Shared-KD has a higher AP than ${named.map(([, name]) => name).join(", ")}`, source }),
  ];
}

const first: Item = {
  id: "shared-kd/table-1",
  paper: "shared-kd",
  title: "Shared-KD Table 1, Figures 3 and 4: against other methods",
  claim: "On three kinds of detector Shared-KD has a higher AP than the student alone and than every method it is compared with",
  notebook: "notebooks/shared-kd-table-1.ipynb",
  published: [table1, figure3, figure4],
  metrics: sixMetrics,
  label: "reconstructed",
  rows: groups.flatMap(table1Rows),
  claims: groups.flatMap(table1Claims),
  changes: [noise, equations, "FGD with the teacher's neck and head taken over, as its own configurations have it.", "FCOS with centre sampling, normalised distances and GIoU, as FGD's configurations have it."],
};

const maskTeacher: Setting = mmdet("cascadeRcnn", "resnext-101-32x4d-dcn", "1x");
const maskStudent: Setting = mmdet("maskRcnn", "resnet-50", "2x");
const masked = (id: string, label: string, name: "fkd" | "fgd" | "mgd" | "sharedKd"): ItemRow => ({ id, label, role: "method", published: at(id, table2), setting: taughtBy(maskStudent, maskTeacher, { name }), against: "student" });

const second: Item = {
  id: "shared-kd/table-2",
  paper: "shared-kd",
  title: "Shared-KD Table 2: instance segmentation",
  claim: "For masks, Shared-KD has a higher AP than the student alone, FKD, FGD and MGD",
  notebook: "notebooks/shared-kd-table-2.ipynb",
  published: [table2],
  metrics: table2.metrics,
  masks: true,
  label: "reconstructed",
  rows: [
    { id: "teacher", label: "Cascade Mask R-CNN X-101, teacher", role: "teacher", published: at("teacher", table2), setting: maskTeacher, against: "student" },
    { id: "student", label: "Mask R-CNN R-50 alone", role: "student", published: at("student", table2), setting: maskStudent },
    masked("fkd", "FKD", "fkd"),
    masked("fgd", "FGD", "fgd"),
    masked("mgd", "MGD", "mgd"),
    masked("shared-kd", "Shared-KD", "sharedKd"),
  ],
  claims: [
    above("shared-kd", "student", { id: "gain", text: "Shared-KD has a higher AP than the student alone", source: "Shared-KD section 4.2: 41.3 against 35.4" }),
    best("shared-kd", ["fkd", "fgd", "mgd"], { id: "best", text: "Shared-KD has a higher AP than FKD, FGD and MGD", source: "Shared-KD section 4.2 and Table 2" }),
    best("shared-kd", ["student", "fkd", "fgd", "mgd"], { id: "small", text: "Shared-KD is best on small objects", source: "Shared-KD section 4.2", metric: "APs" }),
    best("shared-kd", ["student", "fkd", "fgd", "mgd"], { id: "medium", text: "Shared-KD is best on medium objects", source: "Shared-KD section 4.2", metric: "APm" }),
    above("shared-kd", "student", { id: "large", text: "On large objects Shared-KD is better than the student alone", source: "Shared-KD section 4.2", metric: "APl" }),
    above("fgd", "shared-kd", { id: "large-fgd", text: "On large objects FGD is better than Shared-KD", source: "Shared-KD section 4.2", metric: "APl" }),
    above("mgd", "shared-kd", { id: "large-mgd", text: "On large objects MGD is better than Shared-KD", source: "Shared-KD section 4.2", metric: "APl" }),
  ],
  changes: [noise, equations, "Published APs that are of masks beyond doubt: 41.3 is above the teacher's own.", "One evaluator for all rows' small, medium and large objects."],
};

const taughtTwoStage = (options?: NonNullable<Extract<MethodSpec, { name: "sharedKd" }>["options"]>) => taughtBy(twoStage.student, twoStage.teacher, options ? { name: "sharedKd", options } : own);

/** What the prose says decreases without a step. */
const decreases = { "no-identical": ["AP", "AP50", "APs", "APl"], "no-cross": ["AP", "AP75", "APs", "APm"] } as const satisfies Readonly<Record<string, readonly Metric[]>>;
const steps = { "no-identical": "identical-layer", "no-cross": "cross-layer" } as const;

const ablation: Item = {
  id: "shared-kd/ablation",
  paper: "shared-kd",
  title: "Shared-KD Table 3: without one of the two steps",
  claim: "Without the identical-layer or the cross-layer step AP is lower",
  notebook: "notebooks/shared-kd-ablation.ipynb",
  published: [table3],
  metrics: sixMetrics,
  label: "reconstructed",
  rows: [
    { id: "full", label: "both steps", role: "method", published: at("full", table3), setting: taughtTwoStage() },
    { id: "no-identical", label: "without the identical-layer step", role: "method", published: at("no-identical", table3), setting: taughtTwoStage({ identical: false }), against: "full" },
    { id: "no-cross", label: "without the cross-layer step", role: "method", published: at("no-cross", table3), setting: taughtTwoStage({ cross: false }), against: "full" },
  ],
  claims: (["no-identical", "no-cross"] as const).flatMap((id) => decreases[id].map((metric) => above("full", id, { id: `${id}-${metric.toLowerCase()}`, text: `${metric} is lower without the ${steps[id]} step`, source: "Shared-KD section 4.3 and Table 3", metric }))),
  changes: [noise, equations, "The pair of the paper's ablation, which it does not name.", "The student alone beside them: without it a step that harms less than another cannot be told from one that helps more."],
};

const taughtOneStage = (method: MethodSpec) => taughtBy(oneStage.student, oneStage.teacher, method);

const cost: Item = {
  id: "shared-kd/cost",
  paper: "shared-kd",
  title: "Shared-KD Table 4: beside SemCKD, with what it costs",
  claim: "Shared-KD has a higher AP50 and APl than SemCKD in fewer hours and less memory",
  notebook: "notebooks/shared-kd-cost.ipynb",
  published: [table4],
  metrics: table4.metrics,
  label: "reconstructed",
  rows: [
    { id: "semckd", label: "SemCKD", role: "method", published: at("semckd", table4), setting: taughtOneStage({ name: "semckd" }) },
    { id: "shared-kd", label: "Shared-KD", role: "method", published: at("shared-kd", table4), setting: taughtOneStage(own), against: "semckd" },
  ],
  claims: [
    above("shared-kd", "semckd", { id: "ap50", text: "Shared-KD has a higher AP50 than SemCKD", source: "Shared-KD section 4.3: 59.0 against 58.5", metric: "AP50" }),
    above("shared-kd", "semckd", { id: "large", text: "Shared-KD is better on large objects than SemCKD", source: "Shared-KD section 4.3: 54.0 against 52.0", metric: "APl" }),
    above("shared-kd", "semckd", { id: "hours", text: "Shared-KD trains in fewer hours than SemCKD", source: "Shared-KD section 4.3: 10.5 against 13.8", metric: "hours" }),
    above("shared-kd", "semckd", { id: "memory", text: "Shared-KD needs less memory than SemCKD", source: "Shared-KD section 4.3: 3.8 GB against 4.5 GB", metric: "memory" }),
  ],
  changes: [noise, equations, "SemCKD as the authors carried it to detection, which they do not describe.", "Hours and memory on one machine that does nothing else; the paper does not say on which it measured."],
};

const weightsOf = [2, 5, 10, 20] as const;

/** w = 2 is the method's own. */
const weighed = (w: number) => taughtOneStage(w === 2 ? own : { name: "sharedKd", options: { featureWeight: w } });

const weight: Item = {
  id: "shared-kd/weight",
  paper: "shared-kd",
  title: "Shared-KD Table 5: the loss's weight",
  claim: "A weight of 2 is best, and AP falls as the weight rises to 20",
  notebook: "notebooks/shared-kd-weight.ipynb",
  published: [table5],
  metrics: ["AP"],
  label: "reconstructed",
  rows: weightsOf.map((w): ItemRow => ({ id: `w-${w}`, label: `w = ${w}`, role: "method", published: at(`w-${w}`, table5), setting: weighed(w), ...(w !== 2 && { against: "w-2" }) })),
  claims: [
    { id: "falls", text: "AP falls as the weight rises", source: "Shared-KD section 4.3 and Table 5", metric: "AP", test: { kind: "trend", rows: weightsOf.map((w) => `w-${w}`), direction: "falls" } },
    best("w-2", ["w-5", "w-10", "w-20"], { id: "best", text: "A weight of 2 is the best of the four", source: "Shared-KD section 4.3 and Table 5" }),
  ],
  changes: [noise, equations, "A teacher with ResNeXt-101, which the caption names and the numbers do not suggest.", "Weights below 2: the smallest tried is the best."],
};

/** Shared-KD's items. */
export const sharedKdItems: readonly Item[] = [first, second, ablation, cost, weight];
