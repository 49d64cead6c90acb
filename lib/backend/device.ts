import { spawnSync } from "node:child_process";
import { cpus } from "node:os";
import * as tf from "@tensorflow/tfjs-core";
import type { BackendInfo, Loaded } from "./info.ts";

/** Completes the record of a loaded backend with the names of device, platform and versions. */
export function describeDevice(loaded: Loaded): BackendInfo {
  const { gpu, ...rest } = loaded;
  return {
    ...rest,
    device: gpu ? "cuda" : "cpu",
    deviceName: (gpu ? gpuNames()[0] : undefined) ?? cpuName(),
    tfjsVersion: tf.version_core,
    nodeVersion: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
  };
}

/** The processor's model name. */
export function cpuName(): string {
  return cpus()[0]?.model.trim() || "unknown processor";
}

/** Names of the NVIDIA GPUs that the driver lists; empty without a driver. */
export function gpuNames(): string[] {
  const result = spawnSync("nvidia-smi", ["--query-gpu=name", "--format=csv,noheader"], { encoding: "utf8", timeout: 20_000 });
  return result.status === 0 ? result.stdout.split("\n").map((line) => line.trim()).filter((line) => line !== "") : [];
}
