import type { PlannedSearch } from "../papers/dry-run.ts";
import type { Item } from "../papers/item.ts";
import { calibrationExperiment, calibrationInterval, calibrationSetting, type CalibrationProbe, type Profile } from "../papers/sssd.ts";
import { searchLambda } from "./search.ts";
import { secantLambda } from "./secant.ts";

export interface SearchPlanOptions {
  readonly profile: Profile;
  /** Pixels of the longest image side as stored: the small profiles' pyramids follow from it. */
  readonly longEdge: number;
  readonly seeds?: number;
  /** Of a probe. Default, and where 0, the profile's. */
  readonly iterations?: number;
  /** How close a share must come to its target. Default 0.005. */
  readonly tolerance?: number;
  readonly interval?: readonly [low: number, high: number];
  /** It draws its scenes itself. Default false. */
  readonly drawn?: boolean;
}

/** Whether an item's rows are what a search tries, and not a plan's trainings. */
export const isSearched = ({ rows }: Item): boolean => rows.some(({ probe }) => probe !== undefined);

/** What the calibration's notebook would train. */
export async function plannedSearch({ id, rows }: Item, { profile, longEdge, seeds = 1, iterations, tolerance = 0.005, interval = calibrationInterval, drawn = false }: SearchPlanOptions): Promise<PlannedSearch> {
  const setting = calibrationSetting(profile, longEdge);
  const { channelCounts, weights } = setting;
  const [bisected, more] = [await bisectedAtMost(interval), await steppedAtMost(interval)];
  const probe = (one: CalibrationProbe, atMost: number) => ({ experiment: calibrationExperiment(setting, { ...one, ...(iterations && { iterations }) }), atMost });
  const probes = [
    probe({ method: "lgd", lambda: 1, observe: true }, seeds),
    probe({ method: "sssd", lambda: interval[0] }, seeds * (bisected + more)),
    ...channelCounts.map((channels) => probe({ method: "lgd", lambda: 1, channels, observe: true }, 1)),
  ];
  const each = 1 + bisected + more;
  const text = [
    ...(drawn ? ["on drawn scenes of its own"] : []),
    `a seed trains LGD at λ = 1 once, and SSSD at ${interval.join(" and ")} and in the middle of what is left until its share is within ${tolerance} of LGD's or the bracket within 2 % of its lower end (${bisected} at most)`,
    `the secant's steps from λ = 1 that are not there yet (${more} at most); what was found is read again`,
    `the first seed LGD at ${channelCounts.join(", ").replace(/, (\d+)$/, " and $1")} channels, too`,
    ...(seeds > 1 ? [`at most ${each + channelCounts.length} trainings for the first seed and ${each} for each other`] : []),
  ].join("; ");
  const steps = probes.reduce((sum, { experiment, atMost }) => sum + atMost * experiment.training.iterations, 0);
  return { item: id, rows: rows.map((row) => `${id}/${row.id}`), text, probes, steps, weights: weights === undefined ? [] : [weights] };
}

/** Trainings of a bisection at most: its brackets end relative to their lower ends, so that the lowest answer takes longest. */
async function bisectedAtMost(interval: readonly [number, number]): Promise<number> {
  const share = (lambda: number) => lambda / (2 * interval[1]);
  const target = share(interval[0]) * (1 + 1e-9);
  let probes = 0;
  for await (const state of searchLambda({ interval, target, tolerance: 0, probe: async (lambda) => share(lambda) })) probes = state.probes.length;
  return probes;
}

/** Trainings of a secant at most, where its share is never close enough, without those at the interval's ends: the bisection's. */
async function steppedAtMost(interval: readonly [number, number]): Promise<number> {
  const probed: number[] = [];
  try {
    for await (const { lambda } of secantLambda({ target: 0.5, probe: async () => 0.4 })) probed.push(lambda);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // it gives up
  }
  return probed.filter((lambda) => !interval.includes(lambda)).length;
}
