import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll } from "vitest";
import { beginRecord } from "../../../lib/provenance/record.ts";

/** A folder that goes when the file's tests are over. */
export function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), "potstill-provenance-"));
  afterAll(() => { rmSync(folder, { recursive: true, force: true }); });
  return folder;
}

export function write(folder: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}

const identity = ["-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"];

/** Runs git in a folder, as nobody in particular. */
export function git(folder: string, ...args: string[]): string {
  return execFileSync("git", [...identity, ...args], { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

/** A checkout with one commit. */
export function checkout(folder: string, files: Readonly<Record<string, string | Uint8Array>>): string {
  mkdirSync(folder, { recursive: true });
  git(folder, "init", "-q");
  write(folder, files);
  git(folder, "add", "-A");
  git(folder, "commit", "-q", "-m", "first");
  return folder;
}

/** What a tiny training leaves behind, without its minutes: as `runSteps` writes it. */
export const runFiles = {
  "config.json": JSON.stringify({
    fingerprint: "0123456789abcdef/3",
    config: {
      name: "test/tiny", detector: { kind: "retinanet", preset: "tiny", backbone: { name: "tiny-4" } }, method: { name: "sssd", lambda: [[0, 5]] },
      data: { name: "synthetic train (12 × 64×64, seed 5)", hash: "a".repeat(64), batchSize: 2, classes: ["disk", "square"], transforms: { flip: 0.5 } },
      training: { iterations: 14, learningRate: { base: 0.01 } }, seed: 3,
    },
    started: { weights: { name: "detectron2/MSRA/R-50", sha256: "b".repeat(64), part: "backbone", parameters: 1 } },
  }),
  "result.json": JSON.stringify({
    status: "finished", iterations: 14, seconds: 1.5, imagesPerSecond: 18, ended: "2026-01-02T03:04:06.789+00:00", peakMemoryBytes: 5e8,
    environment: { name: "tensorflow", device: "cpu", deviceName: "a processor", tensorflowVersion: "2.21.0", tfjsVersion: "4.22.0", nodeVersion: "20.20.2", platform: "linux-x64", threads: 2, oneDnn: true, deterministic: false },
  }),
  "metrics.jsonl": '{"iteration":0}\n',
  "weights.safetensors": "not really",
  "checkpoint/state.safetensors": "nor this",
} as const;

/** A run's folder as a finished training leaves it. */
export async function runFolder(folder: string, files: Readonly<Record<string, string>> = runFiles): Promise<string> {
  write(folder, files);
  await beginRecord(folder, { POTSTILL_THREADS: "2" });
  return folder;
}
