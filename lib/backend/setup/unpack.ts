import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { childError, runChild } from "./child.ts";
import { packageRoot } from "./folders.ts";
import type { Wheel } from "./pins.ts";
import type { Reporter } from "./progress.ts";
import { findPython } from "./tools.ts";

/**
 * Unpacks the wanted members of wheels side by side into a folder, as site-packages would hold them; Python's zipfile
 * streams them and checks their CRC. Throws when a wheel is not a readable archive or the disk is full.
 */
export async function unpackWheels(wheels: readonly { wheel: Wheel; path: string }[], folder: string, options: { reporter: Reporter; signal?: AbortSignal }): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const plan = `${folder}.plan.json`;
  writeFileSync(plan, JSON.stringify(wheels.map(({ wheel, path }) => ({ path, take: wheel.take, skip: wheel.skip ?? [] }))));
  let total: number | undefined;
  const onLine = (line: string) => {
    const [word, count] = line.split(" ");
    if (word === "total") total = Number(count);
    else if (word === "done") options.reporter.bytes("Unpacking", Number(count), total);
  };
  const script = join(packageRoot(), "lib", "backend", "native", "unpack.py");
  const ended = await runChild(findPython().command, [script, plan, folder], { onLine, ...(options.signal ? { signal: options.signal } : {}) });
  options.reporter.end();
  if (ended.code !== 0) throw childError(`unpacking ${wheels.map(({ path }) => path).join(", ")}`, ended, folder, "Run `potstill setup --force` to fetch the files anew");
}
