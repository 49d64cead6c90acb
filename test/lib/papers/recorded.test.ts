import { describe, expect, it } from "vitest";
import { itemOf } from "../../../lib/papers/items/index.ts";
import { judge } from "../../../lib/papers/judge.ts";
import { judgementsOf, type ResultsRecord } from "../../../lib/papers/recorded.ts";
import { resultsPicture } from "../../../lib/report/results-picture.ts";

const AP: Readonly<Record<string, readonly (number | null)[]>> = { student: [36, 38, 37.5, null], fpn: [40.1, 41.9, 42, 39], head: [37, 37.2, 39, 38], both: [41, 43.2, 42.9, 40] };
const record: ResultsRecord = {
  format: 1, profile: "mini", coco: false, data: { name: "cells", validation: { name: "val.json" } },
  items: [{ id: "frs/table-3", verdict: "anything", rows: Object.entries(AP).map(([id, values]) => ({ id, seeds: [0, 1, 2, 3], here: { AP: values }, runs: values.map((_, seed) => `${id}/seed-${seed}`) })) }],
};

describe("judgementsOf", () => {
  it("judges a record's numbers as the runs' own", () => {
    const item = itemOf("frs/table-3");
    const results = Object.entries(AP).flatMap(([id, values]) => values.map((value, seed) => ({ row: item.rows.find((row) => row.id === id)!, seed, metrics: value === null ? {} : { AP: value }, run: { folder: `${id}/seed-${seed}` } })));
    const [judgement, ...more] = judgementsOf(record);
    expect(more).toEqual([]);
    expect(judgement).toEqual(judge(item, "mini", results, { data: "val.json" }));
    expect(judgement.claims.some(({ verdict }) => verdict === "reproduced in direction")).toBe(true);
    expect(judgement.rows.find(({ row }) => row.id === "fpn")!.difference!.values).toHaveLength(3); // paired by seed
  });

  it("reads whom a student learnt from, and what failed", () => {
    const fpn = record.items[0].rows.find(({ id }) => id === "fpn")!;
    const taught = (teachers: readonly (string | null)[]) => judgementsOf({ ...record, items: [{ id: "frs/table-3", rows: [
      ...record.items[0].rows.filter(({ id }) => id !== "fpn"), { ...fpn, teachers }, { id: "teacher", seeds: [0, 1, 2, 3], here: { AP: [50, 30, 30, 30] }, runs: [0, 1, 2, 3].map((seed) => `teacher/seed-${seed}`) },
    ] }] })[0].rows.find(({ row }) => row.id === "fpn")!;
    expect(taught(Array<string>(4).fill("teacher/seed-0"))).toMatchObject({ teacherAP: 50, verdict: "reproduced in direction" });
    expect(taught(Array<string>(4).fill("teacher/seed-1"))).toMatchObject({ teacherAP: 30, verdict: "not testable at this profile" });
    const failed = { ...record, items: [{ id: "frs/table-3", rows: record.items[0].rows.map((row) => (row.id === "fpn" ? { ...row, problems: [null, "out of memory", null, null] } : row)) }] };
    expect(judgementsOf(failed)[0].rows.find(({ row }) => row.id === "fpn")).toMatchObject({ problem: "seed 1: out of memory", seeds: [0, 2, 3] });
  });

  it("refuses other formats, profiles, items and rows by name", () => {
    expect(() => judgementsOf({ ...record, format: 2 as 1 })).toThrow(/format 2 and profile "mini"; this version reads format 1 of smoke, mini, paper/);
    expect(() => judgementsOf({ ...record, items: [{ id: "frs/table-9", rows: [] }] })).toThrow(/frs\/table-9/);
    expect(() => judgementsOf({ ...record, items: [{ id: "frs/table-3", rows: [{ id: "nobody", seeds: [], here: {}, runs: [] }] }] })).toThrow(/frs\/table-3 has no row "nobody"; it has teacher, /);
  });

  it("becomes a picture that says what it is of", () => {
    const { figure, width, height } = resultsPicture(record);
    expect((figure.layout.title as { text: string }).text).toBe("What held, and what did not: mini profile, cells, 4 paired seeds");
    expect([width, height > 200]).toEqual([960, true]);
  });
});
