import { describe, expect, it } from "vitest";
import type { Claim } from "../../../lib/papers/item.ts";
import type { Judgement } from "../../../lib/papers/judgement.ts";
import { claimsFigure, hasTestedClaims } from "../../../lib/report/claims-figure.ts";
import { judgement } from "./site/fixture.ts";

const [gain, time] = judgement.claims;
const best: Claim = { id: "best", text: "Both terms are better than <either> of them, whatever else is said about them in a text that is long", source: "here", metric: "AP", test: { kind: "best", row: "both", others: ["student", "teacher"] } };
const step = (values: readonly number[], adjusted = 0.8, worse = "student") => ({ better: "both", worse, difference: { values, mean: 1, interval: [-2, 4] as const }, p: 0.4, adjusted });
const more: Judgement = { ...judgement, claims: [gain, { claim: best, verdict: "within noise", why: "", comparisons: [step([1, 1]), step([0, 2], 0.8, "teacher")], p: 0.4, adjusted: 0.8 }, time] };

describe("claimsFigure", () => {
  const { data, layout } = claimsFigure([more, { ...judgement, claims: [time] }]);
  const trace = (name: string) => data.find((one) => one.name === name) as { x: number[]; y: number[]; error_x?: { array: number[]; arrayminus: number[] }; text: string[] };

  it("has a point with its interval for every step of every tested claim about AP, by verdict, and the seeds beneath", () => {
    expect(data.map(({ name }) => name)).toEqual(["reproduced in direction", "within noise", "single seeds"]); // the contradicted claim is about hours
    expect(trace("reproduced in direction").x).toEqual([9.25]);
    expect(trace("within noise")).toMatchObject({ x: [1, 1], error_x: { array: [3, 3], arrayminus: [3, 3] } });
    expect(trace("single seeds").x).toEqual([8, 10.5, 1, 1, 0, 2]);
    expect(trace("within noise").text[0]).toMatch(/\+1\.00 points over 2 seeds, p = 0\.8 \(corrected\)<br>within noise$/);
  });

  it("names a claim once, beside its steps, with nothing in it taken for markup, and each item that has one", () => {
    const { tickvals, ticktext } = layout.yaxis as { tickvals: number[]; ticktext: string[] };
    expect(ticktext).toEqual([gain.claim.text, expect.stringMatching(/^Both terms are better than &lt;either&gt; of them,<br>/)]);
    expect(ticktext[1].split("<br>").every((line) => line.length <= 60)).toBe(true);
    const steps = trace("within noise").y;
    expect(tickvals[1]).toBeCloseTo((steps[0] + steps[1]) / 2);
    const label = (id: string) => judgement.item.rows.find((row) => row.id === id)!.label;
    expect((layout.annotations as { text: string }[]).map(({ text }) => text)).toEqual([`<b>${judgement.item.title}</b>`, `than ${label("student")}`, `than ${label("teacher")}`]);
  });

  it("gives a claim's verdict to the steps that decide it, and to all where none does by itself", () => {
    const drawn = (...adjusted: readonly [number, number]) => {
      const claim = { claim: best, verdict: "contradicted" as const, why: "", comparisons: [step([1, 1], adjusted[0]), step([0, 2], adjusted[1], "teacher")], p: 0.01, adjusted: 0.01 };
      return claimsFigure([{ ...judgement, claims: [claim] }]).data.map(({ name, y }) => [name, (y as number[]).length]);
    };
    expect(drawn(0.01, 0.6)).toEqual([["within noise", 1], ["contradicted", 1], ["single seeds", 4]]);
    expect(drawn(0.06, 0.6)).toEqual([["contradicted", 2], ["single seeds", 4]]);
  });

  it("knows when there is nothing to draw", () => {
    expect([hasTestedClaims([judgement]), hasTestedClaims([{ ...judgement, claims: [time] }]), hasTestedClaims([])]).toEqual([true, false, false]);
    expect(hasTestedClaims([{ ...judgement, claims: [{ ...gain, verdict: "not testable at this profile" }] }])).toBe(false);
  });
});
