import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runPool, type PoolOptions, type PoolState } from "../../cli/reproduce/pool.ts";
import { thisProgram, type Program } from "../../cli/reproduce/program.ts";
import { folderOfRun } from "../../lib/papers/perform.ts";
import { problemOf } from "../../lib/papers/run-problem.ts";
import type { CodeFile } from "../../lib/provenance/code-file.ts";
import { claim } from "../../lib/train/atomic.ts";
import { runResult } from "../../lib/train/run.ts";
import { content } from "../lib/papers/run-content.ts";
import { optionsIn, prepare, studyIn } from "./tiny-pool.ts";

const folder = mkdtempSync(join(tmpdir(), "potstill-pool-others-"));
const [data, whole] = [join(folder, "data"), join(folder, "whole")];
const code = { source: "package", why: "a test", sha256: "ab".repeat(32), files: 1 } as const;
const labels = { teacher: "teacher tiny/teacher, seed 0", student: "frs/tiny/student, seed 0", method: "frs/tiny/method, seed 0" };
beforeAll(async () => {
  await prepare(data);
  const options = await optionsIn(whole, data);
  expect([...(await runPool({ ...options, program: { ...(await thisProgram()), code } })).problems]).toEqual([]);
}, 300_000);
afterAll(() => { rmSync(folder, { recursive: true }); });

/** Folder of a run, by its label. */
async function placeOf({ planned, place }: PoolOptions, label: string): Promise<string> {
  return folderOfRun(planned.find((one) => one.label === label)!, place);
}

/** A process that lives until it is killed. */
function sleeper(): { readonly pid: number; kill(): Promise<void> } {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
  const ended = new Promise<void>((done) => { child.on("close", () => { done(); }); });
  return { pid: child.pid!, kill: () => { child.kill("SIGKILL"); return ended; } };
}

describe("a pool beside another command", { timeout: 300_000 }, () => {
  it("waits for runs that other processes train: takes the results of one, and trains what another one that died has left", async () => {
    const runs = join(folder, "held");
    const options = await optionsIn(runs, data);
    const [teacher, student] = [await placeOf(options, labels.teacher), await placeOf(options, labels.student)];
    const own = claim(join(teacher, "lock"));
    const other = sleeper();
    mkdirSync(student, { recursive: true });
    writeFileSync(join(student, "lock"), JSON.stringify({ pid: other.pid, host: hostname(), nonce: "n" }));
    const states: PoolState[] = [];
    const onState = (state: PoolState) => {
      states.push(state);
      if (states.length > 1 || state.waiting.length === 0) return;
      setTimeout(() => { void other.kill(); }, 300);
    };
    const finish = setInterval(() => {
      if (!states.some(({ ended }) => ended?.label === labels.student)) return;
      clearInterval(finish);
      cpSync(teacher.replace(runs, whole), teacher, { recursive: true });
      own.release();
    }, 50);
    const { problems, worked } = await runPool({ ...options, pause: 100, onState });
    expect([...problems]).toEqual([]);
    expect(states.some(({ waiting }) => waiting.length === 2)).toBe(true);
    expect(states.flatMap(({ waiting }) => waiting)).toEqual(expect.arrayContaining([{ label: labels.teacher, holder: `process ${process.pid} on ${hostname()}` }, { label: labels.student, holder: `process ${other.pid} on ${hostname()}` }]));
    expect(states.length).toBeLessThan(600); // it sleeps between two questions
    expect(worked).toBe(2); // the teacher is another's work
    expect(states.at(-1)).toMatchObject({ done: 3, waiting: [] });
    expect(problemOf(teacher)).toBe(undefined);
    expect(content(runs)).toEqual(content(whole));
  });

  it("two on one folder of runs train everything once, and both have it", async () => {
    const runs = join(folder, "both");
    const options = await optionsIn(runs, data);
    const both = await Promise.all([runPool({ ...options, pause: 200 }), runPool({ ...options, pause: 200 })]);
    expect(both.map(({ problems }) => [...problems])).toEqual([[], []]);
    expect(content(runs)).toEqual(content(whole));
  });

  it("ends at once when it is stopped while it waits", async () => {
    const options = await optionsIn(join(folder, "stopped"), data);
    const held = [labels.teacher, labels.student].map(async (label) => claim(join(await placeOf(options, label), "lock")));
    const controller = new AbortController();
    const onState = ({ waiting }: PoolState) => { if (waiting.length === 2) setTimeout(() => { controller.abort(new Error("enough")); }, 50); };
    await Promise.all(held);
    const before = performance.now();
    await expect(runPool({ ...options, pause: 60_000, signal: controller.signal, onState })).rejects.toThrow("enough");
    expect(performance.now() - before).toBeLessThan(20_000);
    for (const one of held) (await one).release();
  });

  it("starts nothing after it was stopped in the middle of a look at what is there", async () => {
    const options = await optionsIn(join(folder, "race"), data);
    const controller = new AbortController();
    const train = { ...options.place.train, get hash() { controller.abort(new Error("enough")); return options.place.train.hash; } };
    const running: number[] = [];
    const onState = (state: PoolState) => { running.push(state.running.length); };
    await expect(runPool({ ...options, place: { ...options.place, train }, signal: controller.signal, onState })).rejects.toThrow("enough");
    expect(running.filter((count) => count > 0)).toEqual([]);
    expect(existsSync(join(folder, "race"))).toBe(false);
  });
});

describe("a pool that finds broken files", { timeout: 300_000 }, () => {
  it("tells a truncated result by run and file, what learns from it, and goes on with the others", async () => {
    const runs = join(folder, "broken");
    cpSync(whole, runs, { recursive: true });
    const options = await optionsIn(runs, data);
    truncateSync(join(await placeOf(options, labels.student), "result.json"), 20);
    const { problems, worked } = await runPool(options);
    expect([...problems.values()]).toEqual([expect.stringMatching(/student|plain/)]);
    expect([...problems.values()][0]).toMatch(/result\.json is not JSON\. Remove the run's folder to train it again/);
    expect(worked).toBe(0);
    expect((await (await studyIn(runs, data)).results()).map(({ problem }) => problem)).toEqual([expect.stringMatching(/result\.json is not JSON/), undefined]);
  });

  it("tells a row whose curve is broken, and the other rows' numbers", async () => {
    const runs = join(folder, "curve");
    cpSync(whole, runs, { recursive: true });
    writeFileSync(join(await placeOf(await optionsIn(runs, data), labels.student), "validation.jsonl"), "{\n");
    const [student, method] = await (await studyIn(runs, data)).results();
    expect([student.problem, student.run]).toEqual([expect.stringMatching(/validation\.jsonl, line 1/), undefined]);
    expect([method.problem, method.metrics!.AP]).toEqual([undefined, expect.any(Number)]);
  });

  it("fails a run by name when why its process died cannot be kept", async () => {
    const runs = join(folder, "full");
    const options = await optionsIn(runs, data);
    mkdirSync(join(await placeOf(options, labels.teacher), "problem.json"), { recursive: true }); // nothing can be written there
    let killed = false;
    const { problems } = await runPool({ ...options, onState: ({ running }) => {
      const one = running.find(({ label }) => label === labels.teacher);
      if (!killed && one !== undefined) killed = process.kill(one.pid!, "SIGKILL");
    } });
    expect([...problems.values()]).toEqual([expect.stringMatching(/^its process was ended by SIGKILL.*could not be kept in its folder: cannot write .*problem\.json/), expect.stringMatching(/^it learns from teacher tiny/)]);
    expect(runResult(await placeOf(options, labels.student))).toMatchObject({ status: "finished" });
  });
});

describe("the program of a pool's processes", { timeout: 300_000 }, () => {
  it("is recorded as the one who started them knows it", () => {
    const files = readdirSync(whole, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith("code.json"));
    expect(files.length).toBe(3);
    for (const name of files) expect((JSON.parse(readFileSync(join(whole, name), "utf8")) as CodeFile).code).toEqual(code);
  });

  /** A program whose stamp lies where a test may change it. */
  const stamped = async (name: string): Promise<Program> => {
    const stampFile = join(folder, name);
    writeFileSync(stampFile, "first");
    return { ...(await thisProgram()), stampFile, stamp: "first" };
  };
  const rebuild = ({ stampFile }: Program) => { writeFileSync(stampFile, "second"); };

  it("ends what would be mixed of two: what runs is finished, nothing more is started, and the same call goes on", async () => {
    const runs = join(folder, "rebuilt");
    const [options, program] = [await optionsIn(runs, data), await stamped("stamp")];
    const last: PoolState[] = [];
    const onState = (state: PoolState) => {
      if (state.running.some(({ iteration }) => iteration > 0)) rebuild(program);
      last[0] = state;
    };
    await expect(runPool({ ...options, jobs: 1, program, onState })).rejects.toThrow(/the program was built anew while this command ran.*Run the same command again: what is finished is kept/s);
    expect(last[0]).toMatchObject({ done: 1, running: [], rebuilt: true });
    expect(runResult(await placeOf(options, options.planned[0].label))).toMatchObject({ status: "finished" });
    expect([...(await runPool(options)).problems]).toEqual([]);
    expect(content(runs)).toEqual(content(whole));
  });

  it("is looked at by each process once it has loaded it: one of another program does nothing", async () => {
    const runs = join(folder, "loading");
    const [options, program] = [await optionsIn(runs, data), await stamped("stamp-loading")];
    await expect(runPool({ ...options, program, onState: ({ running }) => { if (running.length > 0) rebuild(program); } })).rejects.toThrow(/built anew/);
    expect(existsSync(runs)).toBe(false);
  });
});
