import * as tf from "@tensorflow/tfjs-core";
import type { Pixels } from "../data/dataset.ts";
import { random } from "../tensor/random.ts";
import { checkEntropy, histogramEntropy, natsPer, sampleHistogram, type EntropyOptions } from "./entropy.ts";
import { regionNames, type Region, type RegionLevel } from "./regions.ts";

/**
 * What "richness" of a region may mean; the paper does not say. `pixels`: histogram of 256 grey levels of the image's pixels
 * under the cells. `channels`: mean over the cells of the entropy of a softmax over the teacher's channels. `activations`:
 * histogram of the teacher's activations in bins common to all regions. The entropy of class scores is none of them: scores
 * define the regions.
 */
export type EntropyMeasure = "pixels" | "channels" | "activations";

export const entropyMeasures = ["pixels", "channels", "activations"] as const satisfies readonly EntropyMeasure[];

/** The bins of `activations`. */
export interface ActivationBins {
  /** Default 500, as in the first author's code (duzhixing/mmdetection 839517c, `distilling_tp_tn.py`). */
  readonly bins?: number;
  /** From – to; activations outside are not counted. Default [−5, 5], as there. */
  readonly range?: readonly [number, number];
}

/** One image, or several of a batch. */
export interface RegionSample {
  readonly regions: readonly RegionLevel[];
  /** Without padding, as the detector saw them, one per image; without them `pixels` is not measured. */
  readonly photos?: readonly Pixels[];
  /** The teacher's pyramid on the levels of `regions`: [B, H_l, W_l, C]. They stay the caller's. */
  readonly features: readonly tf.Tensor4D[];
}

export interface RegionEntropyOptions extends EntropyOptions {
  /** A level's position; default all together. */
  readonly level?: number;
  /**
   * Compares histograms of equally many samples: of each region as many as the smallest has, drawn without putting back.
   * Default false.
   */
  readonly equalise?: boolean;
  /** Of the draws. Default 0. */
  readonly seed?: number | string;
}

export interface RegionEntropy {
  readonly measure: EntropyMeasure;
  readonly region: Region;
  /** NaN for a region without samples. */
  readonly entropy: number;
  /** Pixels, cells or activations that it is computed from. */
  readonly samples: number;
}

/** Gathers the entropies of the four regions over any number of images. */
export interface RegionEntropies {
  /** @throws RangeError for sizes that do not fit each other */
  add(sample: RegionSample): void;
  /** One line per measure and region. */
  results(options?: RegionEntropyOptions): RegionEntropy[];
}

/** What is counted of one region of one level. */
interface Tally {
  readonly pixels: Float64Array;
  readonly activations: Float64Array;
  /** Sum in nats, and number, of the cells' own entropies. */
  cellEntropy: number;
  cells: number;
}

/** Starts to gather; nothing to dispose. */
export function regionEntropies({ bins = 500, range = [-5, 5] }: ActivationBins = {}): RegionEntropies {
  if (!(Number.isInteger(bins) && bins > 0)) throw new RangeError(`bins is ${bins}; it must be a whole number from 1`);
  if (!(range[0] < range[1] && Number.isFinite(range[1] - range[0]))) throw new RangeError(`the range of activations is ${range[0]} to ${range[1]}; it must rise`);
  const levels: Tally[][] = [];
  return {
    add: ({ regions, photos, features }) => {
      checkSample({ regions, features, ...(photos && { photos }) });
      regions.forEach((level, l) => {
        levels[l] ??= regionNames.map(() => ({ pixels: new Float64Array(256), activations: new Float64Array(bins), cellEntropy: 0, cells: 0 }));
        if (photos) countPixels(levels[l], level, photos);
        countActivations(levels[l], level, features[l], range);
        sumCellEntropies(levels[l], level, features[l]);
      });
    },
    results: (options = {}) => entropyMeasures.flatMap((measure) => measured(measure, levels, options)),
  };
}

function checkSample({ regions, photos, features }: RegionSample): void {
  if (regions.length !== features.length) throw new RangeError(`${regions.length} levels of regions and ${features.length} maps; there must be one map per level`);
  regions.forEach(({ stride, height, width, cells }, l) => {
    const [batch, rows, columns] = features[l].shape;
    if (rows !== height || columns !== width || cells.length !== batch * height * width) throw new RangeError(`the regions of stride ${stride} are of ${height} × ${width} cells, the map of shape [${features[l].shape.join(", ")}]`);
    if (photos && photos.length !== batch) throw new RangeError(`${photos.length} photographs for ${batch} images`);
  });
}

function countPixels(tallies: readonly Tally[], { stride, height, width, cells }: RegionLevel, photos: readonly Pixels[]): void {
  photos.forEach(({ data, width: columns, height: rows }, image) => {
    for (let y = 0, i = 0; y < rows; y++) {
      const row = image * height * width + Math.min(height - 1, Math.floor(y / stride)) * width;
      for (let x = 0; x < columns; x++, i += 3) tallies[cells[row + Math.min(width - 1, Math.floor(x / stride))]].pixels[grey(data, i)]++;
    }
  });
}

/** ITU-R BT.601's luma, rounded to 0 … 255. */
function grey(data: ArrayLike<number>, i: number): number {
  return Math.floor((299 * data[i] + 587 * data[i + 1] + 114 * data[i + 2] + 500) / 1000);
}

function countActivations(tallies: readonly Tally[], { cells }: RegionLevel, map: tf.Tensor4D, [low, high]: readonly [number, number]): void {
  const channels = map.shape[3];
  const bins = tallies[0].activations.length;
  map.dataSync<"float32">().forEach((value, i) => {
    if (!(value >= low && value <= high)) return;
    tallies[cells[Math.floor(i / channels)]].activations[Math.min(bins - 1, Math.floor(((value - low) / (high - low)) * bins))]++;
  });
}

/** H = ln Σ e^(x − m) + m − Σ p·x of a softmax p over the channels x. */
function sumCellEntropies(tallies: readonly Tally[], { cells }: RegionLevel, map: tf.Tensor4D): void {
  const entropies = tf.tidy(() => tf.sub(tf.logSumExp(map, 3), tf.sum(tf.mul(tf.softmax(map, 3), map), 3)));
  entropies.dataSync<"float32">().forEach((entropy, cell) => {
    const tally = tallies[cells[cell]];
    tally.cellEntropy += entropy;
    tally.cells++;
  });
  entropies.dispose();
}

function measured(measure: EntropyMeasure, levels: readonly (readonly Tally[])[], options: RegionEntropyOptions): RegionEntropy[] {
  checkEntropy(options);
  const { level, logBase = 2 } = options;
  if (level !== undefined && !(level in levels)) throw new RangeError(`level ${level} is asked for; there are ${levels.length}, counted from 0`);
  const chosen = level === undefined ? levels : [levels[level]];
  if (measure !== "channels") return fromHistograms(measure, chosen, options);
  return regionNames.map((region, r) => {
    const samples = total(chosen.map((tallies) => tallies[r].cells));
    return { measure, region, entropy: total(chosen.map((tallies) => tallies[r].cellEntropy)) / samples / natsPer(logBase), samples };
  });
}

function fromHistograms(measure: "pixels" | "activations", levels: readonly (readonly Tally[])[], options: RegionEntropyOptions): RegionEntropy[] {
  const { equalise = false, seed = 0 } = options;
  const histograms = regionNames.map((_, r) => added(levels.map((tallies) => tallies[r][measure])));
  const sizes = histograms.map(total);
  const least = Math.min(...sizes.filter((size) => size > 0));
  return regionNames.map((region, r) => {
    const fewer = equalise && sizes[r] > least;
    const own = fewer ? sampleHistogram(histograms[r], least, random(seed, "region entropy", measure, region)) : histograms[r];
    return { measure, region, entropy: histogramEntropy(own, options), samples: fewer ? least : sizes[r] };
  });
}

const total = (numbers: ArrayLike<number>) => Array.from(numbers).reduce((a, b) => a + b, 0);

function added(histograms: readonly Float64Array[]): Float64Array {
  return histograms.slice(1).reduce((sum, histogram) => sum.map((count, bin) => count + histogram[bin]), histograms[0] ?? new Float64Array(0));
}

/** Whether the entropies of a measure have the order that the paper claims: TP > FP > FN and TN. Undefined where a region is empty. */
export function claimedOrder(results: readonly RegionEntropy[], measure: EntropyMeasure): boolean | undefined {
  const of = (region: Region) => results.find((one) => one.measure === measure && one.region === region)?.entropy ?? NaN;
  const [tp, fp, fn, tn] = regionNames.map(of);
  if ([tp, fp, fn, tn].some(Number.isNaN)) return undefined;
  return tp > fp && fp > fn && fp > tn;
}
