import type { Item, ItemRow, Setting } from "../item.ts";
import type { MethodSpec } from "../method.ts";
import { frsPublished } from "../published/frs.ts";
import { sixMetrics } from "../metrics.ts";
import { above, at, atLeast, best, mmdet, noise, taughtBy, type Places } from "./settings.ts";

const { table1, table2, table3, table4, figure3, figure4, figure5, figure6 } = frsPublished;

/** With the released configuration's α and β of its detector, which are the method's presets. */
const frs: MethodSpec = { name: "frs" };

const [r101, r50] = [mmdet("retinanet", "resnet-101", "2x"), mmdet("retinanet", "resnet-50", "2x")];
const x101 = mmdet("retinanet", "resnext-101-64x4d", "2x");

const weights = "Another α or β: the paper states none, and how large they must be depends on the teacher's features.";

/** A student of Table 1, alone and taught. */
interface Pair {
  readonly id: string;
  readonly label: string;
  readonly teacher: string;
  readonly student: Setting;
  readonly by: Setting;
  /** The table has FRS above the teacher. */
  readonly exceeds?: string;
  /** Further rows of tables and figures that student and FRS stand for. */
  readonly also?: Readonly<Record<"student" | "frs", Places>>;
}

const gflTeacher = mmdet("gfl", "resnet-101", "2x-ms");

/** GFL's 2x and FCOS draw image sizes, as the checkpoints of their APs did. */
const pairs: readonly Pair[] = [
  { id: "retinanet", label: "RetinaNet", teacher: "retinanet-teacher", student: r50, by: r101, exceeds: "FRS abstract and section 4.1: 39.7 against 38.9", also: { student: at("student", figure4), frs: at("frs", figure4) } },
  { id: "gfl-1x", label: "GFL 1x", teacher: "gfl-teacher", student: mmdet("gfl", "resnet-50", "1x"), by: gflTeacher },
  { id: "gfl-2x", label: "GFL 2x", teacher: "gfl-teacher", student: mmdet("gfl", "resnet-50", "2x-ms"), by: gflTeacher },
  { id: "faster-rcnn", label: "Faster R-CNN", teacher: "faster-rcnn-teacher", student: mmdet("fasterRcnn", "resnet-50", "1x"), by: mmdet("fasterRcnn", "resnet-101", "1x"), exceeds: "FRS Table 1: 39.5 against 39.4" },
  { id: "fcos", label: "FCOS", teacher: "fcos-teacher", student: mmdet("fcos", "resnet-50", "2x-ms"), by: mmdet("fcos", "resnet-101", "2x-ms"), exceeds: "FRS section 4.1: 40.9 against 40.8" },
];

/** GFL's teacher is printed twice, and trained once. */
function table1Rows({ id, label, teacher, student, by, also }: Pair): ItemRow[] {
  const group = label;
  const teaches = id === "gfl-1x" ? [...at("gfl-1x-teacher", table1), ...at("gfl-2x-teacher", table1)] : at(`${id}-teacher`, table1);
  return [
    ...(id === "gfl-2x" ? [] : [{ id: teacher, label: `${label.replace(" 1x", "")} R-101, teacher`, role: "teacher", published: teaches, setting: by, against: `${id}-student`, group } as const]),
    { id: `${id}-student`, label: `${label} R-50 alone`, role: "student", published: [...at(`${id}-student`, table1), ...(also?.student ?? [])], setting: student, group },
    { id: `${id}-frs`, label: `${label} R-50, FRS`, role: "method", published: [...at(`${id}-frs`, table1), ...(also?.frs ?? [])], setting: taughtBy(student, by, frs), against: `${id}-student`, group },
  ];
}

const first: Item = {
  id: "frs/table-1",
  paper: "frs",
  title: "FRS Table 1: five pairs of detectors",
  claim: "FRS raises every student's AP, for RetinaNet, Faster R-CNN and FCOS above its teacher's",
  notebook: "notebooks/frs-table-1.ipynb",
  published: [table1, figure4],
  metrics: sixMetrics,
  rows: pairs.flatMap(table1Rows),
  claims: [
    ...pairs.map(({ id, label }) => above(`${id}-frs`, `${id}-student`, { id: `${id}-gain`, text: `${label}: under FRS the student has a higher AP than alone`, source: "FRS section 4.1 and Table 1" })),
    ...pairs.flatMap(({ id, label, teacher, exceeds }) => (exceeds === undefined ? [] : [above(`${id}-frs`, teacher, { id: `${id}-teacher`, text: `${label}: under FRS the student has a higher AP than its teacher`, source: exceeds })])),
  ],
  changes: [noise, weights, "A teacher that is not better than its student: what is above it then says nothing of FRS.", "The released configurations' schedules: a 1x teacher for RetinaNet, 2x for Faster R-CNN."],
};

const under = (student: Setting, teacher: Setting, name: "fkd" | "fitNets" | "gid" | "frs") => taughtBy(student, teacher, { name });

const second: Item = {
  id: "frs/table-2",
  paper: "frs",
  title: "FRS Table 2: against earlier methods",
  claim: "FRS has a higher AP than overhaul distillation and FKD under a ResNeXt-101 teacher, and than FitNets and GID under a ResNet-101 teacher",
  notebook: "notebooks/frs-table-2.ipynb",
  published: [table2],
  metrics: sixMetrics,
  rows: [
    { id: "a-teacher", label: "A: RetinaNet X-101, teacher", role: "teacher", published: at("a-teacher", table2), setting: x101, against: "a-student", group: "A" },
    { id: "a-student", label: "A: RetinaNet R-50 alone", role: "student", published: at("a-student", table2), setting: r50, group: "A" },
    { id: "a-overhaul", label: "A: Overhaul of feature distillation", role: "method", published: at("a-overhaul", table2), notRun: "overhaul distillation (Heo et al., ICCV 2019) is not among the kit's methods; how it was carried to a pyramid is not said", against: "a-student", group: "A" },
    { id: "a-fkd", label: "A: FKD", role: "method", published: at("a-fkd", table2), setting: under(r50, x101, "fkd"), against: "a-student", group: "A" },
    { id: "a-frs", label: "A: FRS", role: "method", published: at("a-frs", table2), setting: under(r50, x101, "frs"), against: "a-student", group: "A" },
    { id: "b-teacher", label: "B: RetinaNet R-101, teacher", role: "teacher", published: at("b-teacher", table2), setting: r101, against: "b-student", group: "B" },
    { id: "b-student", label: "B: RetinaNet R-50 alone", role: "student", published: at("b-student", table2), setting: r50, group: "B" },
    { id: "b-fitnets", label: "B: FitNets", role: "method", published: at("b-fitnets", table2), setting: under(r50, r101, "fitNets"), against: "b-student", group: "B" },
    { id: "b-gid", label: "B: GID", role: "method", published: at("b-gid", table2), setting: under(r50, r101, "gid"), against: "b-student", group: "B" },
    { id: "b-frs", label: "B: FRS", role: "method", published: at("b-frs", table2), setting: under(r50, r101, "frs"), against: "b-student", group: "B" },
  ],
  claims: [
    above("a-frs", "a-overhaul", { id: "a-overhaul", text: "Under ResNeXt-101, FRS has a higher AP than overhaul distillation", source: "FRS section 4.2 and Table 2" }),
    above("a-frs", "a-fkd", { id: "a-fkd", text: "Under ResNeXt-101, FRS has a higher AP than FKD", source: "FRS section 4.2: 40.1 against 39.6" }),
    above("b-frs", "b-fitnets", { id: "b-fitnets", text: "Under ResNet-101, FRS has a higher AP than FitNets", source: "FRS section 4.2 and Table 2" }),
    above("b-frs", "b-gid", { id: "b-gid", text: "Under ResNet-101, FRS has a higher AP than GID", source: "FRS section 4.2: 39.3 against 39.1" }),
  ],
  changes: [
    noise,
    "Weights tuned for each method alike: FitNets has no published weight for detectors, and FKD's for one-stage detectors are not in public code.",
    "mmdetection 1.2, whose weaker student block B has; here both blocks train mmdetection 2's.",
  ],
};

const part = (options: NonNullable<Extract<MethodSpec, { name: "frs" }>["options"]>) => taughtBy(r50, r101, { name: "frs", options });

const third: Item = {
  id: "frs/table-3",
  paper: "frs",
  title: "FRS Table 3: which terms are distilled",
  claim: "Each of the two terms improves the student, and both together improve it most",
  notebook: "notebooks/frs-table-3.ipynb",
  published: [table3],
  metrics: ["AP"],
  rows: [
    { id: "teacher", label: "RetinaNet R-101, teacher", role: "teacher", published: at("teacher", table3), setting: r101, against: "student" },
    { id: "student", label: "RetinaNet R-50 alone", role: "student", published: at("student", table3), setting: r50 },
    { id: "fpn", label: "FPN term alone", role: "method", published: at("fpn", table3), setting: part({ head: 0 }), against: "student" },
    { id: "head", label: "head term alone", role: "method", published: at("head", table3), setting: part({ feature: 0 }), against: "student" },
    { id: "both", label: "both terms", role: "method", published: at("both", table3), setting: taughtBy(r50, r101, frs), against: "student" },
  ],
  claims: [
    above("fpn", "student", { id: "fpn", text: "The FPN term alone improves the student", source: "FRS section 4.3.1: +2.0" }),
    above("head", "student", { id: "head", text: "The head term alone improves the student", source: "FRS section 4.3.1: +1.0" }),
    best("both", ["fpn", "head"], { id: "both", text: "Both terms together are better than either", source: "FRS section 4.3.1 and Table 3: 39.7 against 39.4 and 38.4" }),
  ],
  changes: [noise, weights],
};

const regions = [["tp", "TP"], ["tp-fp", "TP+FP"], ["tp-fn", "TP+FN"], ["tp-tn", "TP+TN"]] as const;
const kept = { "tp": ["TP"], "tp-fp": ["TP", "FP"], "tp-fn": ["TP", "FN"], "tp-tn": ["TP", "TN"] } as const;
const names = ["TP", "FP", "FN", "TN"] as const;

const regionStudy: Item = {
  id: "frs/regions",
  paper: "frs",
  title: "FRS Table 4, Figures 3 and 5: where features are worth distilling",
  claim: "What the teacher takes for objects outside the boxes (FP) helps beside TP, what it misses inside them (FN) harms, and the entropy of the regions falls in the order TP, FP, then FN and TN",
  notebook: "notebooks/frs-regions.ipynb",
  published: [table4, figure3, figure5, table3],
  metrics: [...sixMetrics, "entropy"],
  rows: [
    { id: "teacher", label: "RetinaNet R-101, teacher", role: "teacher", published: [...at("teacher", table3), ...at("masks", figure3)], setting: r101, against: "student", group: "Table 4" },
    { id: "student", label: "RetinaNet R-50 alone", role: "student", published: at("student", table3), setting: r50, group: "Table 4" },
    ...regions.map(([id, label]): ItemRow => ({ id, label, role: "method", published: at(id, table4), setting: part({ head: 0, regions: kept[id] }), against: "student", group: "Table 4" })),
    ...names.map((region): ItemRow => ({
      id: `entropy-${region.toLowerCase()}`, label: `entropy of ${region}`, role: "teacher", published: at(region.toLowerCase(), figure5), setting: r101, measure: { kind: "regionEntropy", region }, group: "Figure 5",
    })),
  ],
  claims: [
    best("tp-fp", ["tp", "tp-fn", "tp-tn"], { id: "fp-helps", text: "TP+FP has the highest AP", source: "FRS section 4.4.3 and Table 4" }),
    above("tp", "tp-fn", { id: "fn-harms", text: "TP+FN has a lower AP than TP alone", source: "FRS section 4.4.3" }),
    atLeast("tp", "tp-tn", { id: "tn-useless", text: "TP+TN has no higher AP than TP alone", source: "FRS section 4.4.3" }),
    best("entropy-tp", ["entropy-fp", "entropy-fn", "entropy-tn"], { id: "entropy-tp", text: "TP has the highest entropy (of the image's grey levels)", source: "FRS section 4.4.3 and Figure 5", metric: "entropy" }),
    best("entropy-fp", ["entropy-fn", "entropy-tn"], { id: "entropy-fp", text: "FP has a higher entropy (of the image's grey levels) than FN and TN", source: "FRS section 4.4.3 and Figure 5", metric: "entropy" }),
  ],
  changes: [
    noise,
    "Another division: cells by assigned anchors, a threshold of 0.1 and every cell counting 1, as the first author's fork of mmdetection has it, instead of cells in any box, 0.05 and the teacher's score.",
    "Scenes without look-alikes of the classes: if FP helps there too, it is the number of cells that helps, not what they show.",
    "More teachers: at the paper profile the regions are of one published teacher, so that their entropies are one number each, and the claims about them have no seeds to be tested over.",
    "Another entropy (pixels, channels of a cell, activations), or regions cut to equal numbers of samples.",
  ],
};

const regNets = ["800mf", "1.6gf", "3.2gf"] as const;
const regNet = (size: string) => mmdet("retinanet", `regnet-x-${size}`, "1x");
const rowOf = (size: string) => size.replace(".", "-");

const teachers: Item = {
  id: "frs/teachers",
  paper: "frs",
  title: "FRS Figure 6: teachers of different strength",
  claim: "The better the teacher's AP, the better its student's",
  notebook: "notebooks/frs-teachers.ipynb",
  published: [figure6],
  metrics: ["AP"],
  rows: [
    ...regNets.map((size): ItemRow => ({ id: `teacher-${rowOf(size)}`, label: `RegNetX-${size.toUpperCase()}, teacher`, role: "teacher", published: at("teachers", figure6), setting: regNet(size), against: "student", group: "teachers" })),
    { id: "student", label: "RegNetX-400MF alone", role: "student", published: [], setting: regNet("400mf"), group: "students" },
    ...regNets.map((size): ItemRow => ({
      id: `under-${rowOf(size)}`, label: `RegNetX-400MF under ${size.toUpperCase()}`, role: "method", published: at("students", figure6), setting: taughtBy(regNet("400mf"), regNet(size), frs), against: "student", group: "students",
    })),
  ],
  claims: [
    { id: "teachers", text: "The teachers are of rising AP: without that the next claim cannot be looked at", source: "FRS Figure 6, its horizontal axis", metric: "AP", test: { kind: "trend", rows: regNets.map((size) => `teacher-${rowOf(size)}`), direction: "rises" } },
    { id: "students", text: "The students' AP rises with their teachers'", source: "FRS section 4.3.2 and Figure 6", metric: "AP", test: { kind: "trend", rows: regNets.map((size) => `under-${rowOf(size)}`), direction: "rises" } },
  ],
  changes: [noise, "Other RegNets: the paper names none of those in its figure.", "Teachers whose APs lie closer together, or in another order, than their size suggests."],
};

/** FRS's items. */
export const frsItems: readonly Item[] = [first, second, third, regionStudy, teachers];
