import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runPool } from "../../cli/reproduce/pool.ts";
import { starter, trainsStudent } from "./pool-starter.ts";
import { content } from "../lib/papers/run-content.ts";
import { failing, optionsIn, prepare, studyIn } from "./tiny-pool.ts";

const folder = mkdtempSync(join(tmpdir(), "potstill-pool-"));
const data = join(folder, "data");
beforeAll(async () => prepare(data), 300_000);
afterAll(() => { rmSync(folder, { recursive: true }); });

describe("a pool of processes", { timeout: 300_000 }, () => {
  it("records a failure and goes on, or stops at it", async () => {
    const [on, off] = [join(folder, "failing"), join(folder, "fast")];
    const both = await runPool({ ...(await optionsIn(on, data, failing)), jobs: 1 });
    expect([...both.problems.values()]).toEqual([expect.stringMatching(/non-finite loss/)]);
    expect((await (await studyIn(on, data, failing)).results()).map(({ problem }) => problem)).toEqual([expect.stringMatching(/non-finite loss/), undefined]);
    const fast = await runPool({ ...(await optionsIn(off, data, failing)), jobs: 1, failFast: true });
    expect(fast.problems.size).toBe(1);
    expect(existsSync(join(off, "tiny", "plain"))).toBe(false);
  });

  it("runs one process at a time where memory is short", async () => {
    let most = 0;
    await runPool({ ...(await optionsIn(join(folder, "short"), data)), memory: 1, onState: ({ running }) => { most = Math.max(most, running.length); } });
    expect(most).toBe(1);
  });

  it.each(["SIGINT", "SIGTERM"] as const)("stopped by %s leaves no process, and the same call ends with the same bytes", async (signal) => {
    const runs = join(folder, signal);
    const start = starter(folder, runs, data);
    expect(await start(trainsStudent, signal)).toEqual({ code: signal === "SIGINT" ? 130 : 143, sent: true });
    expect((await (await studyIn(runs, data)).results()).some(({ problem }) => problem !== undefined)).toBe(true);
    expect(await start(() => false, "SIGTERM")).toEqual({ code: 0, sent: false });
    expect(content(runs)).toEqual(content(join(folder, "short")));
  });
});
