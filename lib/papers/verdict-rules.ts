import { metricFacts } from "./metrics.ts";

/** What verdicts rest on. */
export const verdictLevels = {
  /** Of a false difference anywhere in an item. */
  alpha: 0.05,
  /** Paired seeds below which nothing is tested. */
  leastSeeds: 3,
  /** Repeated runs on COCO differ by up to about so many AP points (mmdetection's maintainers: under 0.3); less is never a difference. */
  repeatNoise: 0.3,
  /** A baseline below so many AP points has not learnt: what a method adds to it says nothing. */
  learnt: 5,
  /** A baseline above so many leaves no room. */
  saturated: 90,
} as const;

const { alpha, leastSeeds, repeatNoise, learnt, saturated } = verdictLevels;
const percent = `${100 * (1 - alpha)} %`;

/** How verdicts are reached, in sentences that notebooks and the site show. */
export const verdictRules: readonly string[] = [
  `Rows are compared seed by seed: a seed that failed for one of two rows is left out for both. The students of all seeds learn from one teacher, so that what is said of them holds for that teacher, with which they are compared where the paper compares them with their teacher.`,
  `Reproduced in direction: the ${percent} Student interval of the paired differences lies on the claimed side, also after Holm's correction over the item's claims, and the mean difference is at least ${repeatNoise} AP. Contradicted: the same on the other side. Otherwise within noise.`,
  `Student's interval assumes normal differences, and covers with few seeds. A bootstrap never leaves the range of its values and covers 75 % at most with three seeds; it is shown, but decides nothing. The exact sign-flip test assumes symmetry alone, but with n pairs cannot go below p = 2^(1−n) two-sided: at the ${100 * alpha} % level it needs six.`,
  `An order is reproduced when each of its steps is, and contradicted when any step is significantly reversed (Bonferroni within the claim). A trend is tested by the exact permutation distribution of Spearman's rank correlation, summed over the seeds (Page's test).`,
  `“At least as good” is reproduced when the mean is not below, and the interval lies above −${repeatNoise} AP; it is contradicted only when the interval lies below −${repeatNoise} AP.`,
  `Less than ${repeatNoise} AP, by which repeated runs on COCO differ, is never a difference, at any profile; of entropies, less than ${metricFacts.entropy.noise} bits is none: other teachers divide the same images nearly alike, and other images were not looked at.`,
  `Not testable at this profile: fewer than ${leastSeeds} paired seeds; a baseline below ${learnt} AP, which has not learnt, or above ${saturated} AP, which leaves no room; a teacher that is not better than its student; a paper's cell that is lost; rows of detectors that were published once, which have no seeds; an AP on the way, where trainings looked at a part of the images; an absolute AP anywhere but on COCO at the paper profile.`,
  `Not run: a row that is not trained here, was not asked for, or failed at every seed.`,
];
