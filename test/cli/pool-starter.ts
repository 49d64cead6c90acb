import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect } from "vitest";
import type { PoolState } from "../../cli/reproduce/pool.ts";
import { alive } from "../alive.ts";
import { root } from "../potstill.ts";
import { optionsIn } from "./tiny-pool.ts";

interface Stopped {
  readonly code: number | null;
  /** The signal was sent in time. */
  readonly sent: boolean;
}

/** Whether a student, whose teacher is done, is in the middle of its training. */
export const trainsStudent = ({ running }: PoolState): boolean => running.some(({ label, iteration }) => label.startsWith("frs/tiny/") && iteration > 0);

/** The pool in a process of its own, as the command has it; it tells its state line by line. */
export function starter(folder: string, runs: string, data: string): (until: (state: PoolState) => boolean, signal: NodeJS.Signals) => Promise<Stopped> {
  const job = join(folder, "starter.mjs");
  writeFileSync(job, `
    import { readFileSync } from "node:fs";
    const load = (path) => import(${JSON.stringify(pathToFileURL(join(root, "dist")).href)} + "/" + path);
    const { runPool } = await load("cli/reproduce/pool.js");
    const { interruptible } = await load("cli/interruptible.js");
    const { openProfileData } = await load("lib/papers/scale/index.js");
    const { planned, program, site } = JSON.parse(readFileSync(process.argv[2], "utf8"));
    const { train, validation } = await openProfileData(site.profile, site.data);
    const onState = (state) => process.stdout.write(JSON.stringify(state) + "\\n");
    const { exitCode } = await interruptible((signal) => runPool({ planned, program, site, place: { ...site, train, validation }, jobs: 2, memory: Infinity, failFast: false, signal, onState }).catch(() => undefined));
    process.exitCode = exitCode ?? 0;
  `);
  return async (until: (state: PoolState) => boolean, signal: NodeJS.Signals) => {
    const { planned, program, site } = await optionsIn(runs, data);
    const told = join(folder, "job.json");
    writeFileSync(told, JSON.stringify({ planned, program, site }));
    const child = spawn(process.execPath, [job, told], { stdio: ["ignore", "pipe", "inherit"] });
    const ended = new Promise<number | null>((done) => { child.on("close", done); });
    const pids = new Set<number>();
    let [text, sent] = ["", false];
    child.stdout.on("data", (part) => {
      text += String(part);
      const lines = text.split("\n");
      text = lines.pop()!;
      for (const state of lines.map((line) => JSON.parse(line) as PoolState)) {
        for (const { pid } of state.running) pids.add(pid!);
        if (!sent && until(state)) sent = child.kill(signal);
      }
    });
    const code = await ended;
    for (let i = 0; i < 300 && [...pids].some(alive); i++) await new Promise((done) => { setTimeout(done, 100); });
    expect([...pids].filter(alive), "processes that are left").toEqual([]);
    return { code, sent };
  };
}
