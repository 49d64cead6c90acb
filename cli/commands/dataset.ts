import { relative } from "node:path";
import { InvalidArgumentError } from "commander";
import type { Command } from "commander";
import { writeSyntheticFolder } from "../../data-scripts/synthetic.ts";
import { openCocoFolder } from "../../lib/data/coco-folder.ts";
import type { CocoDataset } from "../../lib/data/coco.ts";
import { checkPixels, survey } from "../../lib/data/survey.ts";
import { croissantOfScenes, writeCroissant } from "../../lib/provenance/croissant-folder.ts";
import { openData } from "../data.ts";
import { writeAtomic } from "../../lib/train/atomic.ts";
import { UsageError } from "../errors.ts";
import { wholeNumber } from "../options.ts";

interface SyntheticFlags {
  readonly images: number;
  readonly val: number;
  readonly size: { readonly width: number; readonly height: number };
  readonly seed: number;
  readonly classes: number;
  readonly empty: number;
}

interface CroissantFlags {
  readonly out?: string;
  readonly name?: string;
  readonly license?: string;
  readonly url?: string;
  readonly cite?: string;
  readonly date?: string;
}

interface CheckFlags {
  readonly images?: string;
  readonly drop?: boolean;
  readonly pixels: boolean;
}

/** `potstill dataset synthetic OUT`, `check FOLDER` and `croissant FOLDER`. */
export function register(program: Command): void {
  const dataset = program.command("dataset").description("make and check datasets in COCO format");
  dataset
    .command("synthetic")
    .description("write seeded scenes of coloured shapes with unlabelled look-alikes as a COCO folder")
    .argument("<out>", "folder to make; it must not exist or be empty")
    .option("--images <n>", "training images", wholeNumber(1), 800)
    .option("--val <n>", "validation images; 0 writes one annotations.json without splits", wholeNumber(0), 200)
    .option("--size <pixels>", "side of the images, or WIDTHxHEIGHT", parseSize, { width: 96, height: 96 })
    .option("--seed <n>", "seed of the formula", wholeNumber(0), 0)
    .option("--classes <n>", "number of classes, 1 to 6", wholeNumber(1), 6)
    .option("--empty <share>", "share of images without labelled objects, 0 to 1", share, 0.05)
    .action(synthetic);
  dataset
    .command("check")
    .description("read a COCO folder, decode every image, and say what is in it")
    .argument("<folder>", "folder in COCO format, or one annotation file")
    .option("--images <folder>", "image folder, when it is not found beside the annotations")
    .option("--drop", "leave broken annotations out and count them, instead of stopping at the first")
    .option("--no-pixels", "do not decode the images")
    .action(check);
  dataset
    .command("croissant")
    .description("describe a dataset in Croissant 1.0 (JSON-LD): its files with SHA-256, and records of images, boxes, masks and categories; prints the files that it writes")
    .argument("<folder>", "folder in COCO format, one annotation file, or synthetic")
    .option("--out <file>", "file to write; what it names is relative to its folder (default: croissant.json in the folder). Beside it goes the list of all images' hashes")
    .option("--name <name>", "the dataset's name (default: the folder's)")
    .option("--license <address>", "its terms: an address, or an SPDX name")
    .option("--url <address>", "its home page")
    .option("--cite <text>", "how to cite it")
    .option("--date <date>", "when it was published: YYYY-MM-DD", parseDate)
    .addHelpText("after", "\nIts terms, home page and citation are not in COCO's files: what is not given here is left out.")
    .action(describeAsCroissant);
}

function share(text: string): number {
  const value = text.trim() === "" ? NaN : Number(text);
  if (!(value >= 0 && value <= 1)) throw new InvalidArgumentError("It must be a number from 0 to 1.");
  return value;
}

function parseDate(text: string): string {
  if (!/^\d{4}-\d\d-\d\d$/.test(text) || Number.isNaN(Date.parse(text))) throw new InvalidArgumentError("It must be a date such as 2017-09-01.");
  return text;
}

function parseSize(text: string): SyntheticFlags["size"] {
  const match = /^(\d+)(?:x(\d+))?$/.exec(text);
  if (match === null) throw new InvalidArgumentError("It must be a number of pixels, or WIDTHxHEIGHT such as 320x240.");
  return { width: Number(match[1]), height: Number(match[2] ?? match[1]) };
}

/** Rewrites one line on a terminal; silent elsewhere. */
function progressLine(label: string): (done: number, total: number) => void {
  return (done, total) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${label} ${done}/${total}${done === total ? "\n" : ""}`);
  };
}

async function synthetic(out: string, { images, val, size, seed, classes, empty }: SyntheticFlags): Promise<void> {
  try {
    await writeSyntheticFolder(out, { images, validation: val, size, seed, classes, empty }, { onProgress: progressLine("scene") });
  } catch (error) {
    throw error instanceof RangeError ? new UsageError(error.message) : error;
  }
  process.stdout.write(`${out}: ${images} training and ${val} validation scenes of ${size.width}×${size.height} pixels, seed ${seed}\n`);
}

async function check(folder: string, flags: CheckFlags): Promise<void> {
  const opened = await openCocoFolder(folder, { onInvalid: flags.drop ? "drop" : "refuse", ...(flags.images === undefined ? {} : { images: flags.images }) });
  for (const [split, dataset] of Object.entries(opened)) {
    if (flags.pixels) await checkPixels(dataset, progressLine(`${split}: image`));
    process.stdout.write(`${describe(split, dataset)}\n`);
  }
}

/** A path below the current folder from there, another as it is. */
function shown(path: string): string {
  const near = relative(".", path);
  return near.startsWith("..") ? path : near;
}

async function describeAsCroissant(folder: string, { out, ...about }: CroissantFlags): Promise<void> {
  if (folder === "synthetic") {
    const text = croissantOfScenes(await openData(folder), about);
    if (out === undefined) process.stdout.write(text);
    else {
      writeAtomic(out, text);
      process.stdout.write(`${out}\n`);
    }
    return;
  }
  for (const path of await writeCroissant(folder, { about, onProgress: progressLine("image"), ...(out !== undefined && { out }) })) process.stdout.write(`${shown(path)}\n`);
}

function describe(split: string, dataset: CocoDataset): string {
  const s = survey(dataset);
  const lines = [
    `${split}: ${dataset.name}`,
    `  ${s.images} images (${s.emptyImages} without objects), ${s.annotations} annotations (${s.crowds} crowd regions, ${s.masks} with masks)`,
    `  objects: ${s.small} small, ${s.medium} medium, ${s.large} large`,
    `  ${s.perCategory.length} categories: ${s.perCategory.slice(0, 12).map(({ name, objects }) => `${name} ${objects}`).join(", ")}${s.perCategory.length > 12 ? ", …" : ""}`,
    ...remarks(dataset),
  ];
  return lines.join("\n");
}

function remarks({ report }: CocoDataset): string[] {
  const dropped = Object.entries(report.dropped).map(([field, count]) => `${count} for their ${field}`);
  return [
    ...(report.overhanging > 0 ? [`  ${report.overhanging} boxes leave their image by up to 2 pixels (kept; clipped in training)`] : []),
    ...(report.degenerate > 0 ? [`  ${report.degenerate} boxes of width or height 0 left out`] : []),
    ...(dropped.length > 0 ? [`  left out: ${dropped.join(", ")}`] : []),
  ];
}
