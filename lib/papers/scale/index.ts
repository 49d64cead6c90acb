import type { Dataset } from "../../data/dataset.ts";
import type { Transforms } from "../../data/transforms.ts";
import type { Experiment } from "../experiment.ts";
import type { ItemRow, Setting } from "../item.ts";
import type { Profile } from "../sssd.ts";
import type { Difference } from "./compare.ts";
import { paperDifferences, smallDifferences } from "./differences.ts";
import { mini } from "./mini.ts";
import { paperExperiment } from "./paper.ts";
import { publishedRecipe } from "./published.ts";
import { smallExperiment, type SmallScale } from "./small.ts";
import { smoke } from "./smoke.ts";

export type { Difference } from "./compare.ts";
export { openProfileData, type ProfileData } from "./data.ts";
export { checkpointOf, missing } from "./paper.ts";
export { publishedRecipe, type PublishedRecipe } from "./published.ts";

/** Seed of teachers and of LabelEnc's encoders, where no other is asked for: that of the first row's own run, which is then shared. */
export const teacherSeed = 0;

const scales: Readonly<Record<Exclude<Profile, "paper">, SmallScale>> = { smoke, mini };

export interface ExperimentForOptions {
  readonly profile: Profile;
  /** The data it trains on: small profiles choose the pyramid's levels by its images, and detectors of masks need masks in it. */
  readonly train: Dataset;
  /** Folder below the runs. Default what it trains, so that equal trainings of different items share one. */
  readonly name?: string;
  /** Whose the setting is: in the paper profile a teacher's published checkpoint is taken as it is, and not trained. */
  readonly role?: ItemRow["role"];
  /** Of the teacher, and of LabelEnc's first step, where they are trained here. */
  readonly teacherSeed?: number;
  /** Of the papers' 2x in place of the small profile's, the other schedules in proportion: for a look at what a notebook does. */
  readonly iterations?: number;
}

/** The scale with a 2x of so many iterations. */
function shortened(scale: SmallScale, iterations: number): SmallScale {
  const of = (own: number) => Math.max(1, Math.round((own * iterations) / scale.iterations["2x"]));
  const { "1x": once, "2x": twice, "2x-ms": sizes, "180k": long } = scale.iterations;
  const teachers = { ...scale.teachers, iterations: of(scale.teachers.iterations) };
  return { ...scale, teachers, iterations: { "1x": of(once), "2x": of(twice), "2x-ms": of(sizes), "180k": of(long) } };
}

/** @throws RangeError for what is no count of iterations, and in the paper profile, whose schedule is the paper's */
export function checkIterations(profile: Profile, iterations: number | undefined): void {
  if (iterations === undefined) return;
  if (!Number.isSafeInteger(iterations) || iterations < 1) throw new RangeError(`iterations is ${iterations}; it must be a whole number from 1, or left out for the profile's`);
  if (profile === "paper") throw new RangeError("iterations is for the smoke and mini profiles: the paper profile has the paper's schedule. Leave it out");
}

function scaleOf(profile: Exclude<Profile, "paper">, iterations: number | undefined): SmallScale {
  return iterations === undefined ? scales[profile] : shortened(scales[profile], iterations);
}

/**
 * The training that stands for a paper's setting in a profile: plain data, the same for the same setting. Teachers and
 * LabelEnc's encoders are trainings of their own (`run`); in the paper profile a teacher with a published checkpoint is one of 0 iterations.
 * @throws Error for what the origin does not have, for masks that the data lacks, and in the paper profile for weights that the
 *   catalogue lacks, by name
 */
export function experimentFor(setting: Setting, { profile, train, name, role, teacherSeed: seed = teacherSeed, iterations }: ExperimentForOptions): Experiment {
  const options = { ...(name !== undefined && { name }), teacherSeed: seed };
  checkIterations(profile, iterations);
  return profile === "paper" ? paperExperiment(setting, { ...options, ...(role && { role }) }) : smallExperiment(scaleOf(profile, iterations), setting, { ...options, train });
}

/** How images are prepared when a setting's detector is scored in a profile. */
export function testTransforms(setting: Setting, profile: Profile): Transforms {
  if (profile === "paper") return publishedRecipe(setting).input.test;
  const { flip: _, verticalFlip: __, ...transforms } = scales[profile].transforms;
  return transforms;
}

/** In what a profile's training of a setting differs from the paper's; empty is nowhere. @param iterations as of `experimentFor` */
export function differences(setting: Setting, profile: Profile, iterations?: number): readonly Difference[] {
  return profile === "paper" ? paperDifferences(setting) : smallDifferences(scaleOf(profile, iterations), setting);
}
