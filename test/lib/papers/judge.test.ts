import { describe, expect, it } from "vitest";
import type { Claim } from "../../../lib/papers/item.ts";
import type { ClaimVerdict, Judgement } from "../../../lib/papers/judgement.ts";
import { judge } from "../../../lib/papers/judge.ts";
import type { RowResult } from "../../../lib/papers/row-result.ts";
import { random } from "../../../lib/tensor/random.ts";
import { alone, better, claim, itemOf, published, resultsOf, rows } from "./judge-fixture.ts";

type Values = Readonly<Record<string, readonly (number | undefined)[]>>;

const judged = (claims: readonly Claim[], values: Values, profile: "smoke" | "mini" | "paper" = "mini"): Judgement => {
  const item = itemOf(claims);
  return judge(item, profile, resultsOf(item, values));
};
const verdictOf = (one: Claim, values: Values): ClaimVerdict => judged([one], values).claims[0];
const rowOf = (judgement: Judgement, id: string) => judgement.rows.find(({ row }) => row.id === id)!;

const like = (pattern: RegExp) => expect.stringMatching(pattern) as string;

/** A gain that every seed shows. */
const gained: Values = { teacher: [50], student: [30, 34, 27, 31, 29], frs: [38, 43, 36, 39, 38.5] };
const swap = (values: Values): Values => ({ ...values, student: values.frs, frs: values.student });

describe("a claim of better rows", () => {
  it("is reproduced where the interval of paired differences lies on the claimed side", () => {
    const { verdict, why, comparisons, p, adjusted } = verdictOf(better, gained);
    expect(verdict).toBe("reproduced in direction");
    expect(comparisons).toHaveLength(1);
    expect(comparisons[0].difference.values).toEqual([8, 9, 9, 8, 9.5]);
    expect(comparisons[0].difference.interval![0]).toBeGreaterThan(0);
    expect([p, adjusted]).toEqual([comparisons[0].p, comparisons[0].adjusted]);
    expect(comparisons[0].signFlip).toBe(1 / 16);
    expect(why).toMatch(/^FRS less STUDENT: \+8\.70 AP \[\+7\.\d\d, \+9\.\d\d\] over 5 paired seeds, p.*: on the claimed side\.$/);
  });

  it("is contradicted when better and worse change places, with mirrored differences", () => {
    const values = { ...gained, teacher: [60] };
    const [found, mirrored] = [verdictOf(better, values), verdictOf(better, swap(values))];
    expect(mirrored.verdict).toBe("contradicted");
    expect(mirrored.comparisons[0].difference.mean).toBeCloseTo(-found.comparisons[0].difference.mean, 12);
    expect(mirrored.p).toBeCloseTo(found.p!, 12);
  });

  it("stands as it is when all values are shifted", () => {
    const shifted = Object.fromEntries(Object.entries(gained).map(([id, values]) => [id, values.map((value) => value! + 7)]));
    const [a, b] = [verdictOf(better, gained), verdictOf(better, shifted)];
    expect(b.verdict).toBe(a.verdict);
    expect(b.p).toBeCloseTo(a.p!, 10);
    expect(b.comparisons[0].difference.mean).toBeCloseTo(a.comparisons[0].difference.mean, 10);
  });

  it("is within noise where the seeds do not agree", () => {
    const { verdict, why } = verdictOf(better, { ...gained, frs: [33, 30, 29, 36, 24] });
    expect(verdict).toBe("within noise");
    expect(why).toMatch(/not told apart from noise\.$/);
  });

  it("never sells less than 0.3 AP as a difference, however sure", () => {
    const tiny = (by: number) => ({ ...gained, frs: [30, 34, 27, 31, 29].map((value, seed) => value + by + 0.001 * seed) });
    for (const by of [0.28, -0.29]) {
      const { verdict, why, adjusted } = verdictOf(better, tiny(by));
      expect(adjusted).toBeLessThan(0.001);
      expect([verdict, why]).toEqual(["within noise", like(/less than the 0\.3 AP by which repeated runs differ\.$/)]);
    }
    expect(verdictOf(better, tiny(0.3)).verdict).toBe("reproduced in direction");
    expect(verdictOf(better, tiny(-0.305)).verdict).toBe("contradicted");
  });

  it("pairs the seeds that both rows have", () => {
    const { comparisons } = verdictOf(better, { ...gained, student: [30, undefined, 27, 31, 29, 99], frs: [38, 43, 36, NaN, 38.5] });
    expect(comparisons[0].difference.values).toEqual([8, 9, 9.5]);
  });

  it("knows no noise where all differences are the same: nothing is proved by three", () => {
    expect(verdictOf(better, { teacher: [50], student: [30, 31, 32], frs: [33, 34, 35] }).verdict).toBe("within noise");
    expect(verdictOf(better, { teacher: [50], student: [30, 31, 32], frs: [30, 31, 32] })).toMatchObject({ verdict: "within noise", p: 1 });
  });
});

describe("teachers of several seeds", () => {
  const above = claim({ kind: "order", rows: ["frs", "teacher"] });
  const values: Values = { teacher: [60, 50, 51, 49, 50], student: [30, 34, 27, 31, 29], frs: [56, 56.5, 55.5, 56, 56.2] };
  /** The students' runs name the teacher of a seed. */
  const judgedUnder = (seed: number, own: Values = values) => {
    const item = itemOf([above, better]);
    const results = resultsOf(item, own).map(({ row, ...rest }) => ({ row, ...rest, run: { folder: `${row.id}/seed-${rest.seed}`, ...(row.id === "frs" && { teacher: `teacher/seed-${seed}` }) } }));
    return judge(item, "mini", results);
  };

  it("are one teacher to those that it taught: at every seed they are compared with the run that taught them", () => {
    const { claims } = judgedUnder(0);
    expect(claims[0]).toMatchObject({ verdict: "contradicted", comparisons: [{ difference: { values: [-4, -3.5, -4.5, -4, expect.closeTo(-3.8)] } }] });
    expect(judgedUnder(1).claims[0].verdict).toBe("reproduced in direction"); // 50 AP
    expect(rowOf(judgedUnder(0), "teacher").difference!.values).toEqual([30, 16, 24, 18, 21]); // themselves they are compared seed by seed
  });

  it("are idle by the one that taught", () => {
    const weak = { ...values, teacher: [29, 60, 60, 60, 60] };
    expect(judgedUnder(0, weak).claims[1]).toMatchObject({ verdict: "not testable at this profile", why: like(/teacher TEACHER \(29\.0 AP\) is not better/) });
  });
});

describe("a claim about entropies", () => {
  const order = (differences: readonly number[]) => judge(itemOf([claim({ kind: "order", rows: ["frs", "student"] }, "entropy")], { metrics: ["entropy"] }), "mini", resultsOf(itemOf([], { metrics: ["entropy"] }), { student: [6, 6.2, 6.1], frs: [6, 6.2, 6.1].map((value, i) => value + differences[i]) }, "entropy")).claims[0];
  it("takes less than 0.1 bits for nothing, however sure", () => {
    expect(order([0.05, 0.051, 0.049])).toMatchObject({ verdict: "within noise", why: like(/less than the 0\.1 bits below which nothing is told apart\.$/) });
    expect(order([0.2, 0.21, 0.19]).verdict).toBe("reproduced in direction");
    expect(order([-0.2, -0.21, -0.19]).verdict).toBe("contradicted");
  });
});

describe("a row whose AP the paper lost", () => {
  it("is judged by the first metric in which the paper can be compared", () => {
    const cells = { student: { AP: 37.4, AP50: 56.7 }, frs: { AP: { lost: "gone" }, AP50: 58.6 } };
    const item = { ...itemOf([]), published: [{ ...published, rows: Object.fromEntries(Object.entries(cells).map(([label, own]) => [label, { label, cells: own }])) }], rows: rows.filter(({ id }) => id in cells) };
    const metrics = (AP: number) => ({ AP, AP50: AP + 30 });
    const results = [30, 34, 27].flatMap((AP, seed) => [{ row: item.rows[0], seed, metrics: metrics(AP) }, { row: item.rows[1], seed, metrics: metrics(AP + 8 + 0.1 * seed) }]);
    expect(rowOf(judge(item, "mini", results), "frs")).toMatchObject({ metric: "AP50", verdict: "reproduced in direction", paperDifference: [expect.closeTo(1.9), expect.closeTo(1.9)] });
    expect(rowOf(judge(item, "mini", results), "student").metric).toBe("AP");
  });
});

describe("a claim that cannot be tested", () => {
  it.each([
    ["one seed", { ...gained, student: [30], frs: [38] }, /FRS; STUDENT have 1 seed in common; a test needs at least 3 paired seeds/],
    ["no common seeds", { ...gained, student: [30, 31, 32, undefined, undefined, undefined], frs: [undefined, undefined, undefined, 38, 39, 40] }, /have 0 seeds in common/],
    ["a baseline that has not learnt", { ...gained, student: [1, 2, 1.5, 3, 2] }, /STUDENT has not learnt: 1\.9 AP, less than 5/],
    ["a saturated baseline", { ...gained, student: [94, 95, 96, 95, 95] }, /STUDENT leaves no room: 95\.0 AP, more than 90/],
    ["an idle teacher", { ...gained, teacher: [29] }, /teacher TEACHER \(29\.0 AP\) is not better than STUDENT \(30\.2 AP\)/],
  ] as const)("says why: %s", (_name, values, why) => {
    expect(verdictOf(better, values)).toMatchObject({ verdict: "not testable at this profile", why: like(why), comparisons: [] });
  });

  it.each([["as COCO has it", -1], ["left out, as scores are kept", undefined]])("says that there is no object of a size, and shows no number for it: %s", (_name, APs) => {
    const item = itemOf([claim({ kind: "order", rows: ["frs", "student"] }, "APs")], { metrics: ["AP", "APs"] });
    const results = ["student", "frs"].flatMap((id) => [0, 1, 2].map((seed) => ({ row: item.rows.find((row) => row.id === id)!, seed, metrics: { AP: 30 + seed, ...(APs !== undefined && { APs }) } })));
    const { claims, rows: found } = judge(item, "smoke", results);
    expect(claims[0]).toMatchObject({ verdict: "not testable at this profile", why: like(/no object of this size/) });
    expect(found[1].here.APs).toBeUndefined();
  });

  it("is not run where a row failed, was left out or is not trained here", () => {
    expect(verdictOf(better, { ...gained, frs: [undefined, undefined, undefined] })).toMatchObject({ verdict: "not run", why: "FRS has no AP: seed 0: out of memory." });
    expect(verdictOf(better, { ...gained, frs: [NaN] })).toMatchObject({ verdict: "not run", why: "FRS has no AP: seed 0: AP is NaN." });
    expect(verdictOf(better, { student: [30, 31, 32] })).toMatchObject({ verdict: "not run", why: "FRS has no AP: it was not run." });
    expect(verdictOf(claim({ kind: "order", rows: ["frs", "lost"] }), gained)).toMatchObject({ verdict: "not run", why: "LOST is not trained here: its weights are not public." });
  });

  it("never becomes testable by more seeds of the other rows", () => {
    for (const seeds of [1, 3, 10]) {
      const values = Array.from({ length: seeds }, (_, i) => 30 + i);
      expect(verdictOf(better, { student: values, teacher: values }).verdict).toBe("not run");
    }
  });

  it("holds absolute numbers against the paper's on COCO alone", () => {
    const within = claim({ kind: "within", row: "student", interval: [36, 39] });
    const values = { student: [37.2, 37.5, 37.4] };
    expect(judged([within], values).claims[0].verdict).toBe("not testable at this profile");
    expect(judged([within], values, "paper").claims[0].verdict).toBe("reproduced in direction");
    expect(judged([within], { student: [33.2, 33.5, 33.4] }, "paper").claims[0].verdict).toBe("contradicted");
    expect(judged([within], { student: [36.2, 40.5, 38.4] }, "paper").claims[0].verdict).toBe("within noise");
    const item = itemOf([within]);
    expect(judge(item, "paper", resultsOf(item, values), { coco: false }).claims[0].verdict).toBe("not testable at this profile");
  });
});

describe("claims of several rows", () => {
  const order = claim({ kind: "order", rows: ["frs", "fitnets", "student"] });
  const best = claim({ kind: "best", row: "frs", others: ["fitnets", "student"] });
  const student = [30, 34, 27, 31, 29], fitnets = [33, 37.5, 30, 34.2, 32.4], frs = [38, 43, 36, 39, 38.5];

  it("holds an order when each step holds", () => {
    expect(verdictOf(order, { student, fitnets, frs }).verdict).toBe("reproduced in direction");
    expect(verdictOf(order, { student, fitnets: student, frs }).verdict).toBe("within noise");
    expect(verdictOf(order, { student, fitnets: frs, frs: fitnets }).verdict).toBe("contradicted");
  });

  it("does not ask for an order among the others of the best", () => {
    for (const values of [{ student, fitnets, frs }, { student: fitnets, fitnets: student, frs }]) expect(verdictOf(best, values).verdict).toBe("reproduced in direction");
    expect(verdictOf(best, { student: frs, fitnets: student, frs: fitnets }).verdict).toBe("contradicted");
  });

  it("is contradicted when one step is reversed, though the others hold", () => {
    const { verdict, comparisons } = verdictOf(order, { student, fitnets: frs, frs: fitnets });
    expect([verdict, comparisons.map(({ difference }) => Math.sign(difference.mean))]).toEqual(["contradicted", [-1, 1]]);
  });

  it("needs more for a contradiction the more steps could have brought it", () => {
    const below = [-0.2, -2.2, -0.7, -1.7, -1.2]; // mean −1.2, p = 0.027
    const values = { student, fitnets, frs: fitnets.map((value, seed) => value + below[seed]) };
    const alone = verdictOf(claim({ kind: "order", rows: ["frs", "fitnets"] }), values);
    expect(alone).toMatchObject({ verdict: "contradicted", p: expect.closeTo(0.027, 3) as number });
    expect(verdictOf(order, values)).toMatchObject({ verdict: "within noise", p: expect.closeTo(2 * alone.p!, 10) as number });
  });

  it("counts every tested claim", () => {
    const one = judged([better], gained), two = judged([better, claim({ kind: "order", rows: ["teacher", "student"] })], gained);
    expect(two.claims[0].adjusted).toBeGreaterThanOrEqual(one.claims[0].adjusted!);
    expect(two.claims.map(({ adjusted, p }) => adjusted! / p!).sort()).toEqual([expect.closeTo(1, 9), expect.closeTo(2, 9)]);
    expect(two.claims[0].why).toContain("after Holm's correction over 2 tested claims");
    expect(two.note).toContain("Holm's correction over 2 tested of 2 claims");
  });
});

describe("“at least as good”", () => {
  const atLeast = claim({ kind: "atLeast", better: "frs", worse: "student" });
  const student = [30, 34, 27, 31, 29];
  const by = (difference: number, spread: number) => ({ student, frs: student.map((value, i) => value + difference + spread * [0.3, -1, 0, 1, -0.3][i]) });

  it("is reproduced when not below, and surely not by more than repeated runs differ", () => {
    expect(verdictOf(atLeast, by(0.05, 0.05)).verdict).toBe("reproduced in direction");
    expect(verdictOf(atLeast, by(4, 0.5)).verdict).toBe("reproduced in direction");
  });

  it("is within noise where it is worse by less, or by nobody knows how much", () => {
    expect(verdictOf(atLeast, by(-0.1, 0.02)).verdict).toBe("within noise");
    expect(verdictOf(atLeast, by(-1, 3)).verdict).toBe("within noise");
    expect(verdictOf(atLeast, by(1, 3)).verdict).toBe("within noise");
  });

  it("is contradicted when surely worse by more", () => {
    expect(verdictOf(atLeast, by(-1, 0.1)).verdict).toBe("contradicted");
  });
});

describe("a trend", () => {
  const rises = claim({ kind: "trend", rows: ["student", "fitnets", "frs"], direction: "rises" });
  const falls = claim({ kind: "trend", rows: ["student", "fitnets", "frs"], direction: "falls" });
  const values = { student: [30, 34, 27], fitnets: [33, 37, 30], frs: [38, 43, 36] };

  it("is found along the rows, and contradicts its opposite", () => {
    expect(verdictOf(rises, values)).toMatchObject({ verdict: "reproduced in direction", why: like(/^From STUDENT to FRS the mean rank correlation is 1\.00 over 3 seeds, and AP goes from 30\.3 to 39\.0; p = 0\.0093, exact: on the claimed side\.$/) });
    expect(verdictOf(falls, values).verdict).toBe("contradicted");
    expect(verdictOf(falls, values).comparisons[0]).toMatchObject({ better: "student", worse: "frs" });
  });

  it("along students asks for teachers that rise", () => {
    const sizes = ["1", "2", "3"];
    const under = (size: string) => ({ ...alone, backbone: `regnet-x-${size}gf` as const });
    const taught = sizes.flatMap((size) => [
      { id: `t${size}`, label: `T${size}`, role: "teacher", published: [], setting: under(size) } as const,
      { id: `s${size}`, label: `S${size}`, role: "method", published: [], setting: { ...alone, method: { name: "frs" }, teacher: under(size) } } as const,
    ]);
    const item = itemOf([claim({ kind: "trend", rows: ["s1", "s2", "s3"], direction: "rises" })], { rows: taught });
    const students = { s1: [30, 34, 27], s2: [33, 37, 30], s3: [38, 43, 36] };
    const of = (t1: number, t2: number, t3: number) => judge(item, "mini", resultsOf(item, { ...students, t1: [t1], t2: [t2], t3: [t3] })).claims[0];
    expect(of(40, 41, 42).verdict).toBe("reproduced in direction");
    expect(of(40, 42, 41)).toMatchObject({ verdict: "not testable at this profile", why: "The teachers' own APs do not rise from row to row: T1 40.0, T2 42.0, T3 41.0." });
    expect(judge(item, "mini", resultsOf(item, { ...students, t1: [1], t2: [2] })).claims[0]).toMatchObject({ verdict: "not run", why: "T3 has no AP: it was not run." });
  });

  it("along students looks at the teachers that taught them", () => {
    const under = (size: string) => ({ ...alone, backbone: `regnet-x-${size}gf` as const });
    const taught = ["1", "2"].flatMap((size) => [
      { id: `t${size}`, label: `T${size}`, role: "teacher", published: [], setting: under(size) } as const,
      { id: `s${size}`, label: `S${size}`, role: "method", published: [], setting: { ...alone, method: { name: "frs" }, teacher: under(size) } } as const,
    ]);
    const item = itemOf([claim({ kind: "trend", rows: ["s1", "s2"], direction: "rises" })], { rows: taught });
    const results = resultsOf(item, { s1: [30, 34, 27], s2: [33, 37, 30], t1: [41, 50, 50], t2: [42, 30, 30] }).map((result) => {
      const taughtIn = result.row.role === "method" ? { teacher: `${result.row.id.replace("s", "t")}/seed-0` } : {};
      return { ...result, run: { folder: `${result.row.id}/seed-${result.seed}`, ...taughtIn } as RowResult["run"] };
    });
    const judgement = judge(item, "mini", results);
    expect(judgement.claims[0].p).toBeDefined();
    expect(judgement.rows.map(({ teacherAP }) => teacherAP)).toEqual([undefined, 41, undefined, 42]);
  });

  it("is within noise where ranks disagree, or the ends differ by less than repeated runs", () => {
    expect(verdictOf(rises, { ...values, frs: [38, 30, 25] }).verdict).toBe("within noise");
    expect(verdictOf(rises, { student: [30, 34, 27], fitnets: [30.1, 34.1, 27.1], frs: [30.2, 34.2, 27.2] })).toMatchObject({ verdict: "within noise", why: like(/less than the 0\.3 AP/) });
  });
});

describe("metrics of which less is better", () => {
  const faster = claim({ kind: "order", rows: ["frs", "fitnets"] }, "hours");

  it("turn the claimed side round", () => {
    const item = itemOf([faster], { metrics: ["AP", "hours"] });
    const of = (frs: number[], fitnets: number[]) => judge(item, "mini", [...resultsOf(item, { frs, fitnets }, "hours")]).claims[0];
    expect(of([1, 1.1, 1.2], [2, 2.2, 2.1])).toMatchObject({ verdict: "reproduced in direction", why: like(/−1 h/) });
    expect(of([2, 2.2, 2.1], [1, 1.1, 1.2]).verdict).toBe("contradicted");
  });
});

describe("rows", () => {
  const judgement = judged([better], { ...gained, fitnets: [30.2, 33.5, 27.7, 30.8, 29.4] });

  it("have the direction of their difference beside the paper's", () => {
    expect(rowOf(judgement, "frs")).toMatchObject({ verdict: "reproduced in direction", paperDifference: [2.3, 2.3], why: like(/\+2\.30 in the paper: the same direction\.$/) });
    expect(rowOf(judged([], { ...swap(gained), teacher: [60] }), "frs")).toMatchObject({ verdict: "contradicted", why: like(/the other direction\.$/) });
  });

  it("hold a teacher that was trained once against every seed", () => {
    expect(rowOf(judgement, "teacher")).toMatchObject({ verdict: "reproduced in direction", seeds: [0] });
    expect(rowOf(judgement, "teacher").difference!.values).toEqual([20, 16, 23, 19, 21]);
    expect(judgement.seeds).toEqual([0, 1, 2, 3, 4]);
  });

  it("find agreement where neither the paper nor the runs show a difference", () => {
    expect(rowOf(judgement, "fitnets")).toMatchObject({ verdict: "within noise", why: like(/no difference beyond noise in either\.$/) });
    expect(rowOf(judged([], { ...gained, fitnets: [40, 44.5, 37, 41, 39] }), "fitnets").verdict).toBe("reproduced in direction");
    expect(rowOf(judged([], { ...gained, fitnets: [20, 24.5, 17, 21, 19] }), "fitnets")).toMatchObject({ verdict: "contradicted", why: like(/a difference where the paper has none/) });
  });

  it("are no difference below 0.3 AP, and not testable under an idle teacher", () => {
    const tiny = judged([], { teacher: [50], student: [30, 34, 27, 31, 29], frs: [30.2, 34.21, 27.2, 31.2, 29.2] });
    expect(rowOf(tiny, "frs")).toMatchObject({ verdict: "within noise", why: like(/in the paper: less than repeated runs differ by\.$/) });
    expect(rowOf(judged([], { ...gained, teacher: [29] }), "frs")).toMatchObject({ verdict: "not testable at this profile", why: like(/is not better than STUDENT/) });
  });

  it("leave a student's own AP to COCO", () => {
    expect(rowOf(judgement, "student")).toMatchObject({ verdict: "not testable at this profile", why: like(/on COCO at the paper profile alone; here it is 30\.2/) });
    const of = (student: number[]) => rowOf(judged([], { student }, "paper"), "student").verdict;
    expect([of([37.4, 37.5, 37.6]), of([36.4, 38.2, 37.1]), of([35.4, 35.5, 35.6]), of([37.4])]).toEqual(["reproduced in direction", "reproduced in direction", "contradicted", "not testable at this profile"]);
    expect(of([35.4, 38.2, 37.1])).toBe("within noise");
  });

  it("say what is lost, not trained, or failed", () => {
    expect(rowOf(judgement, "lost")).toMatchObject({ verdict: "not run", why: "LOST is not trained here: its weights are not public." });
    const item = itemOf([], { rows: rows.map((row) => (row.id === "lost" ? { ...row, notRun: undefined!, setting: alone } : row)) });
    expect(rowOf(judge(item, "mini", resultsOf(item, { ...gained, lost: [30, 31, 32] })), "lost")).toMatchObject({ verdict: "not testable at this profile", why: like(/difference is lost/) });
    expect(rowOf(judged([], { ...gained, frs: [38, 43, undefined, 39, 38.5] }), "frs")).toMatchObject({ verdict: "reproduced in direction", problem: "seed 2: out of memory" });
  });

  it("correct over each other", () => {
    const tested = judgement.rows.filter(({ p }) => p !== undefined);
    expect(tested.map(({ row }) => row.id)).toEqual(["teacher", "frs", "fitnets"]);
    const [first, second, third] = tested.sort((a, b) => a.p! - b.p!);
    expect([first.adjusted, second.adjusted, third.adjusted]).toEqual([3 * first.p!, 2 * second.p!, third.p]);
  });
});

describe("the note", () => {
  it("names profile, seeds, data, multiplicity and what few seeds cannot show", () => {
    const item = itemOf([better]);
    expect(judge(item, "smoke", resultsOf(item, gained), { data: "drawn scenes" }).note).toBe("Smoke profile: it proves the pipeline, and reproduces no number of the paper. Data: drawn scenes. Paired seeds: 0, 1, 2, 3, 4. In brackets: 95 % Student intervals over seeds. Holm's correction over 1 tested of 1 claim, and over 2 tested of 5 rows. With 5 paired seeds an exact sign-flip test cannot go below p = 0.0625, so that a verdict rests on normal differences.");
    expect(judge(item, "mini", []).note).toMatch(/Nothing was run\./);
    expect(judge(item, "mini", resultsOf(item, { student: [30] })).note).toMatch(/One seed \(0\): no interval, nothing is tested\./);
  });
});

it("judges every row and claim even without results", () => {
  const { rows: found, claims } = judged([better, claim({ kind: "trend", rows: ["student", "frs"], direction: "rises" })], {});
  expect(new Set([...found, ...claims].map(({ verdict }) => verdict))).toEqual(new Set(["not run"]));
  expect([...found, ...claims].every(({ why }) => /^[A-Z“].*\.$/.test(why))).toBe(true);
});

it("refuses results that belong to no row, or twice to one", () => {
  const item = itemOf([better]);
  const [first] = resultsOf(item, { student: [30] });
  expect(() => judge(item, "mini", [{ ...first, row: { ...first.row, id: "other" } }])).toThrow(/row "other"; frs\/table-1 has teacher, student/);
  expect(() => judge(item, "mini", [first, first])).toThrow(/"student" has two results of seed 0/);
  expect(() => judged([claim({ kind: "order", rows: ["frs", "nobody"] })], gained)).toThrow(/no row "nobody"/);
  const broken = { ...item, rows: [{ ...rows[0], published: [{ table: published.id, row: "gone" }] }], claims: [] };
  expect(() => judge(broken, "mini", [])).toThrow(/table has no row "gone"/);
});

describe("simulated runs", () => {
  const claims = [better, claim({ kind: "order", rows: ["fitnets", "student"] }), claim({ kind: "order", rows: ["frs", "fitnets"] }), claim({ kind: "trend", rows: ["student", "fitnets", "frs"], direction: "rises" })];
  type Noise = (stream: ReturnType<typeof random>) => number;
  const normally: Noise = ({ normal }) => normal();
  const draw = (seeds: number, gain: number, stream: ReturnType<typeof random>, noise: Noise = normally): Values => {
    const shared = Array.from({ length: seeds }, () => 30 + 5 * stream.normal());
    const run = (by: number) => shared.map((value) => value + by + noise(stream));
    return { student: run(0), fitnets: run(gain / 2), frs: run(gain) };
  };
  const share = (draws: number, of: (stream: ReturnType<typeof random>) => boolean) => {
    const stream = random(11, "simulated runs");
    return Array.from({ length: draws }, () => of(stream)).filter(Boolean).length / draws;
  };

  const kinds: Readonly<Record<string, Noise>> = {
    "normal": normally,
    "uniform": ({ uniform }) => uniform(-2, 2),
    "heavy-tailed": ({ normal, uniform }) => normal() / Math.sqrt(uniform(0.01, 1)),
    "sometimes failing": ({ normal, next }) => normal() - (next() < 0.1 ? 8 : 0),
  };
  it.each(Object.keys(kinds).flatMap((kind) => [3, 5].map((seeds) => [kind, seeds] as const)))("call nothing in more than one draw in twenty without an effect, over all claims: %s, %i seeds", (kind, seeds) => {
    const draws = 300;
    const called = share(draws, (stream) => judged(claims, draw(seeds, 0, stream, kinds[kind])).claims.some(({ verdict }) => verdict === "reproduced in direction" || verdict === "contradicted"));
    expect(called).toBeLessThan(0.05 + 3 * Math.sqrt((0.05 * 0.95) / draws));
  });

  it("find an effect that is there", () => {
    expect(share(100, (stream) => judged([better], draw(5, 5, stream)).claims[0].verdict === "reproduced in direction")).toBeGreaterThan(0.9);
    expect(share(100, (stream) => judged([better], draw(5, -5, stream)).claims[0].verdict === "contradicted")).toBeGreaterThan(0.9);
  });
});
