import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runPool, type PoolState } from "../../cli/reproduce/pool.ts";
import { poolProgress, stateLine } from "../../cli/reproduce/progress.ts";
import { problemOf } from "../../lib/papers/run-problem.ts";
import { starter, trainsStudent } from "./pool-starter.ts";
import { content } from "../lib/papers/run-content.ts";
import { optionsIn, prepare, studyIn } from "./tiny-pool.ts";

const folder = mkdtempSync(join(tmpdir(), "potstill-pool-"));
const [data, whole] = [join(folder, "data"), join(folder, "whole")];
beforeAll(async () => prepare(data), 300_000);
afterAll(() => { rmSync(folder, { recursive: true }); });

describe("a pool of processes", { timeout: 300_000 }, () => {
  it("trains every run once, teachers before students, and finds everything there the second time", async () => {
    const states: PoolState[] = [];
    const options = { ...(await optionsIn(whole, data)), onState: (state: PoolState) => { states.push(state); } };
    const { problems, worked } = await runPool(options);
    expect([...problems]).toEqual([]);
    expect(worked).toBe(3);
    const ends = states.flatMap(({ ended }) => (ended ? [ended.label] : []));
    expect(ends.indexOf("teacher tiny/teacher, seed 0")).toBeLessThan(ends.indexOf("frs/tiny/method, seed 0"));
    expect(states.at(-1)).toMatchObject({ done: 3, total: 3, running: [] });
    expect(Math.max(...states.map(({ running }) => running.length))).toBe(2); // teacher and student at once
    const results = await (await studyIn(whole, data)).results();
    expect(results.map(({ problem, run }) => [problem, run?.environment.threads])).toEqual([[undefined, 1], [undefined, 1]]);
    expect(results.every(({ metrics }) => metrics!.AP! >= 0)).toBe(true);

    expect((await runPool(options)).worked).toBe(0);
    expect(await (await studyIn(whole, data)).results()).toEqual(results);
  });

  it("tells a run whose process is killed by name, goes on with the others, and ends with the same bytes the next time", async () => {
    const runs = join(folder, "worker-killed");
    let killed: string | undefined;
    const first = await runPool({ ...(await optionsIn(runs, data)), onState: ({ running }) => {
      const one = running.find(({ label, iteration }) => label.startsWith("teacher") && iteration > 0);
      if (killed !== undefined || one === undefined) return;
      killed = one.label;
      process.kill(one.pid!, "SIGKILL");
    } });
    expect(killed).toBe("teacher tiny/teacher, seed 0");
    expect([...first.problems.values()]).toEqual([expect.stringMatching(/^its process was ended by SIGKILL, as systems do when they are out of memory; --jobs 1/), expect.stringMatching(/^it learns from teacher tiny\/teacher, seed 0, of which there is nothing: its process was ended/)]);
    const place = join(runs, "tiny", "teacher");
    expect(problemOf(join(place, readdirSync(place)[0], "seed-0"))).toMatch(/SIGKILL/);
    expect((await (await studyIn(runs, data)).results()).map(({ problem }) => problem)).toEqual([undefined, expect.stringMatching(/SIGKILL/)]);
    expect([...(await runPool(await optionsIn(runs, data))).problems]).toEqual([]);
    expect(content(runs)).toEqual(content(whole));
  });

  it("killed with its starter leaves no process, and the same call ends with the same bytes", async () => {
    const runs = join(folder, "killed");
    const start = starter(folder, runs, data);
    expect(await start(trainsStudent, "SIGKILL")).toEqual({ code: null, sent: true });
    expect((await (await studyIn(runs, data)).results()).some(({ problem }) => problem !== undefined)).toBe(true);
    expect([...(await runPool(await optionsIn(runs, data))).problems]).toEqual([]);
    expect(content(runs)).toEqual(content(whole));
  });
});

describe("a pool's progress", () => {
  const state: PoolState = { total: 40, done: 12, running: [{ label: "frs/table-1/frs, seed 0", pid: 7, phase: "training", iteration: 210, iterations: 300 }, { label: "b", pid: 8, phase: "measuring", iteration: 300, iterations: 300 }], waiting: [], secondsLeft: 360 };

  it("says what runs, how many are done and how long the rest takes", () => {
    expect(stateLine(state)).toBe("12/40 done; 2 run: frs/table-1/frs, seed 0 (210/300), b (scoring); about 6 min left");
    expect(stateLine({ total: 3, done: 3, running: [], waiting: [], secondsLeft: 0 })).toBe("3/3 done");
    const published = { label: "frs/table-3/teacher, seed 0", pid: 7, phase: "training", iteration: 0, iterations: 0 } as const;
    expect(stateLine({ total: 3, done: 0, running: [published], waiting: [] })).toBe("0/3 done; 1 runs: frs/table-3/teacher, seed 0 (scoring)");
    const waiting = [{ label: "a", holder: "process 7 on host" }, { label: "b", holder: "process 9 on host" }, { label: "c", holder: "process 7 on host" }];
    expect(stateLine({ total: 9, done: 3, running: [], waiting })).toBe("3/9 done; waiting for process 7 on host: a, c; waiting for process 9 on host: b");
    expect(stateLine({ ...state, rebuilt: true })).toMatch(/nothing more is started: the program was built anew; about 6 min left$/);
  });

  it("redraws one line on a terminal, and writes one now and then in a log; what fails is told at once", () => {
    const written = (isTTY: boolean) => {
      let [text, now] = ["", 0];
      const progress = poolProgress({ isTTY, columns: 60, write: (part: string) => { text += part; } }, () => now);
      progress.show(state);
      now += 1000;
      progress.show(state);
      progress.show({ ...state, ended: { label: "b", problem: "no memory" } });
      progress.end();
      return text;
    };
    expect(written(false)).toBe(`${stateLine(state)}\nFAILED  b: no memory\n`);
    expect(written(true).split("\r\x1b[K").filter((part) => part !== "")).toEqual([stateLine(state).slice(0, 59), stateLine(state).slice(0, 59), "FAILED  b: no memory\n" + stateLine(state).slice(0, 59)]);
  });
});
