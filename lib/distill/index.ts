import { crossKd } from "./crosskd.ts";
import { cwd } from "./cwd.ts";
import { fgd } from "./fgd.ts";
import { fitNets } from "./fitnets.ts";
import { fkd } from "./fkd.ts";
import { frs } from "./frs.ts";
import { gid } from "./gid.ts";
import { labelEnc } from "./labelenc.ts";
import { ld } from "./ld.ts";
import { lgd } from "./lgd.ts";
import { mgd } from "./mgd.ts";
import { pkd } from "./pkd.ts";
import { semckd } from "./semckd.ts";
import { sharedKd } from "./shared-kd.ts";
import { sssd } from "./sssd.ts";
import { tfFd } from "./tf-fd.ts";

export { crossKd, crossKdPresets, kdQualityFocal, type BoxLoss, type CrossKdOptions, type KdQualityFocalOptions } from "./crosskd.ts";
export { cachedTeacher, type CachedTeacher, type CachedTeacherOptions } from "./cached-teacher.ts";
export type { Distiller, Hints, Schedule, WeightedTerm } from "./distiller.ts";
export { attentionDistance, channelAttention, spatialAttention, type Attention } from "./attention.ts";
export { boxMasks, type BoxMaskOptions, type BoxMasks } from "./box-masks.ts";
export { fgd, fgdPresets, type FgdOptions } from "./fgd.ts";
export { cellNumbers, keptCells, mgd, mgdPresets, type MgdOptions } from "./mgd.ts";
export { pkd, pkdPresets, standardisedChannels, type PkdOptions } from "./pkd.ts";
export { channelDistributions, cwd, cwdPresets, type CwdOptions } from "./cwd.ts";
export { inherit, type Inherited, type InheritOptions } from "./inherit.ts";
export { fitNets, fitNetsPresets, type FitNetsOptions, type HintPair } from "./fitnets.ts";
export { fkd, fkdPresets, type FkdOptions } from "./fkd.ts";
export { frs, frsFeature, frsHead, frsPresets, type FrsHints, type FrsOptions } from "./frs.ts";
export { gid, gidPresets, type GidOptions, type GidStudent } from "./gid.ts";
export { selectInstances, type DenseSide, type Instances, type SelectionOptions } from "./gid-instances.ts";
export { jsDistance, klDivergence, meanSquaredError, type Distribution, type JsDistanceOptions, type KlOptions, type MseOptions } from "./js-distance.ts";
export { labelEnc, labelEncPresets, startStep2, type LabelEnc, type LabelEncOptions, type StepTwoStart } from "./labelenc.ts";
export { labelEncodingFunction, type Encodings, type LabelEncodingFunction, type LabelEncodingOptions, type LabelEncodingWidths } from "./label-encoding.ts";
export { labelMaps, presentClasses, type LabelMapOptions } from "./label-maps.ts";
export { ld, ldDivergence, ldPresets, type LdDivergenceOptions, type LdOptions } from "./ld.ts";
export { lgd, type LabelGuided, type LabelGuidedOptions, type NormalisedMaps } from "./lgd.ts";
export { normalisedScores, scoreMask, type MaskArithmetic } from "./score-mask.ts";
export { cellsIn, countRegions, firstAuthorsRegions, partition, regionNames, type PartitionOptions, type Region, type RegionLevel, type ScoreLevel } from "./regions.ts";
export { regionsOf, type RegionContext, type RegionSelection } from "./region-weights.ts";
export { histogramEntropy, type EntropyOptions } from "./entropy.ts";
export { claimedOrder, regionEntropies, type EntropyMeasure, type RegionEntropies, type RegionEntropy, type RegionEntropyOptions } from "./region-entropy.ts";
export { divergenceStatistics, readings, type LevelStatistics } from "./readings.ts";
export { presetOf } from "./preset.ts";
export { semckd, semckdPresets, type Semckd, type SemckdOptions, type Similarity } from "./semckd.ts";
export { pairLevels, taught, teacherOf, type LevelPair, type Method, type MethodTerms, type Reads, type StudentShape, type TaughtOptions, type Teacher } from "./taught.ts";
export { align, type AlignOptions } from "./align.ts";
export { sharedKd, sharedKdLabel, sharedKdNotice, sharedKdPresets, sharedTeacher, type SharedKdChoices, type SharedKdOptions } from "./shared-kd.ts";
export type { FeatureSite } from "./sites.ts";
export { sssd, type Distance, type SssdOptions } from "./sssd.ts";
export { salientHalves, tfFd, type TfFdOptions } from "./tf-fd.ts";

/** The methods by name: options → `Distiller`. */
export const distillers = {
  crossKd,
  cwd,
  fgd,
  fitNets,
  fkd,
  frs,
  gid,
  labelEnc,
  ld,
  lgd,
  mgd,
  pkd,
  semckd,
  sharedKd,
  sssd,
  tfFd,
};

export type DistillerName = keyof typeof distillers;
