/**
 * Weights in and out: `fetchCheckpoint` brings published files into the cache, `loadWeights` sets a detector's parameters
 * from a file (safetensors, PyTorch's `.pth` in both its forms, Detectron's and detectron2's `.pkl`), `saveWeights` writes
 * safetensors, `readWeights` gives a file's arrays.
 *
 * A file is data here: pickles are read by a machine that knows the opcodes and the few globals that checkpoints need, and
 * refuses every other by name; what a file may claim in memory is bounded by its size. Arrays keep PyTorch's layouts (OIHW,
 * [out, in]) until they become parameters. A load that leaves a parameter unset or an entry unused fails with the list; parts
 * are asked for by name.
 */
export { checkpoints, findCheckpoint } from "./catalogue.ts";
export type { Checkpoint, PixelConvention, PublishedHash } from "./catalogue.ts";
export { checkpointPath, fetchCheckpoint, verifyCheckpoint, weightsFolder } from "./fetch.ts";
export type { Fetched, FetchOptions, Verified } from "./fetch.ts";
export { loadWeights } from "./load.ts";
export type { LoadReport, LoadWeightsOptions } from "./load.ts";
export { readWeights, withWeights } from "./read.ts";
export type { ReadWeights, ReadWeightsOptions, WeightFile, WeightFormat } from "./read.ts";
export { readSafetensors, writeSafetensors } from "./safetensors.ts";
export { convertWeights, saveWeights } from "./save.ts";
export { WeightFileError } from "./source.ts";
export type { WeightTensor } from "./tensor.ts";
