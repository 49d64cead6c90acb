import { isDeepStrictEqual } from "node:util";
import { mean } from "../statistics/mean.ts";
import type { ItemRow, Metric, Verdict } from "./item.ts";
import type { Measurements } from "./measurements.ts";
import { metricFacts, metricText } from "./metrics.ts";
import { verdictLevels } from "./verdict-rules.ts";

/** A verdict with its reason. */
export interface Reasoned {
  readonly verdict: Verdict;
  readonly why: string;
}

const notRun = (why: string): Reasoned => ({ verdict: "not run", why });
export const notTestable = (why: string): Reasoned => ({ verdict: "not testable at this profile", why });

/** Why a row has no numbers of a metric; undefined where it has some. */
export function missing(measured: Measurements, id: string, metric: Metric): Reasoned | undefined {
  const row = measured.row(id);
  if (row.notRun !== undefined) return notRun(`${row.label} is not trained here: ${row.notRun.replace(/\.$/, "")}.`);
  if (measured.values(id, metric).size > 0) return undefined;
  if (measured.empty(id, metric)) return notTestable(`${row.label}: the validation images have no object of this size, so that there is no ${metricFacts[metric].name}.`);
  if (metric === "lateAP" && measured.values(id, "AP").size > 0) return notTestable(`${row.label}: its training looked at a part of the validation images on its way, which tells too little.`);
  return notRun(`${row.label} has no ${metricFacts[metric].name}: ${measured.problem(id) ?? "it was not run"}.`);
}

/** Why nothing can be tested among some rows: one of them is missing, has too few seeds in common with the others, or a baseline says nothing. */
export function obstacle(measured: Measurements, ids: readonly string[], metric: Metric): Reasoned | undefined {
  for (const id of ids) {
    const gone = missing(measured, id, metric);
    if (gone) return gone;
  }
  return tooFewSeeds(measured, ids, metric) ?? uninformative(measured, ids, metric);
}

function tooFewSeeds(measured: Measurements, ids: readonly string[], metric: Metric): Reasoned | undefined {
  const { seeds } = measured.paired(ids, metric);
  const { leastSeeds } = verdictLevels;
  if (seeds.length >= leastSeeds) return undefined;
  const labels = ids.map((id) => measured.row(id).label).join("; ");
  if (ids.every(measured.published)) return notTestable(`${labels}: of detectors that were published once, so that there are no seeds to test over.`);
  const have = seeds.length === 1 ? "1 seed" : `${seeds.length} seeds`;
  return notTestable(ids.length === 1 ? `${labels} has ${have}; a test needs at least ${leastSeeds}.` : `${labels} have ${have} in common; a test needs at least ${leastSeeds} paired seeds.`);
}

/** A baseline that has not learnt anything, or has nothing left to learn. */
function uninformative(measured: Measurements, ids: readonly string[], metric: Metric): Reasoned | undefined {
  if (!metricFacts[metric].precision && metric !== "share") return undefined;
  const { learnt, saturated } = verdictLevels;
  for (const id of baselines(measured, ids)) {
    const AP = meanAP(measured, id);
    if (AP === undefined) continue;
    const { label } = measured.row(id);
    if (AP < learnt) return notTestable(`${label} has not learnt: ${metricText("AP", AP)} AP, less than ${learnt}.`);
    if (AP > saturated) return notTestable(`${label} leaves no room: ${metricText("AP", AP)} AP, more than ${saturated}.`);
  }
  return undefined;
}

/** The students among the rows and those that they are compared with; the rows themselves where there is none. */
function baselines(measured: Measurements, ids: readonly string[]): readonly string[] {
  const rows = ids.map(measured.row);
  const all = [...ids, ...rows.flatMap(({ against }) => against ?? [])];
  const students = [...new Set(all)].filter((id) => measured.row(id).role === "student");
  return students.length > 0 ? students : ids;
}

function meanAP(measured: Measurements, id: string): number | undefined {
  const values = [...measured.values(id, "AP").values()];
  return values.length === 0 ? undefined : mean(values);
}

/** The row of a row's teacher: of the same setting. */
export function teacherRow(rows: readonly ItemRow[], { setting }: ItemRow): ItemRow | undefined {
  const teacher = setting?.teacher;
  return teacher && rows.find((row) => row.role === "teacher" && isDeepStrictEqual(row.setting, teacher));
}

/** A teacher that is not better than its student has nothing to teach: what its method gains or loses is not the paper's claim. */
export function idleTeacher(measured: Measurements, ids: readonly string[]): Reasoned | undefined {
  for (const id of ids) {
    const row = measured.row(id);
    const teacher = teacherRow(measured.item.rows, row);
    if (teacher === undefined || row.against === undefined || row.role !== "method") continue;
    const [taught, alone] = [measured.teacherAP(id, teacher.id), meanAP(measured, row.against)];
    if (taught === undefined || alone === undefined || taught > alone) continue;
    return notTestable(`The teacher ${teacher.label} (${metricText("AP", taught)} AP) is not better than ${measured.row(row.against).label} (${metricText("AP", alone)} AP).`);
  }
  return undefined;
}

/** A trend along rows that different teachers taught is one along the teachers' AP, which must rise from row to row for it. */
export function unorderedTeachers(measured: Measurements, ids: readonly string[]): Reasoned | undefined {
  const teachers = ids.flatMap((id) => teacherRow(measured.item.rows, measured.row(id)) ?? []);
  if (teachers.length < ids.length || new Set(teachers).size < teachers.length) return undefined;
  const gone = teachers.map(({ id }) => missing(measured, id, "AP")).find((reason) => reason !== undefined);
  if (gone) return gone;
  const APs = teachers.map((teacher, i) => measured.teacherAP(ids[i], teacher.id)!);
  if (APs.every((AP, i) => i === 0 || AP > APs[i - 1])) return undefined;
  return notTestable(`The teachers' own APs do not rise from row to row: ${teachers.map(({ label }, i) => `${label} ${metricText("AP", APs[i])}`).join(", ")}.`);
}
