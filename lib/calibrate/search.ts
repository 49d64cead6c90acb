/** One evaluation of the share at a λ. */
export interface Probe {
  readonly lambda: number;
  readonly share: number;
}

export interface SearchOptions {
  /** Evaluates the mean share at a λ: usually a cached training run. */
  readonly probe: (lambda: number) => Promise<number>;
  /** The share to match, in (0, 1): the paper's 0.45, or LGD's own at λ = 1. */
  readonly target: number;
  /** Where λ is looked for; default the paper's [1, 100]. */
  readonly interval?: readonly [number, number];
  /** The search ends when a probe's share is this close to the target; default 0.005. */
  readonly tolerance?: number;
  /** The search ends when the bracket is this narrow, relative to its lower end; default 0.02. */
  readonly resolution?: number;
  /** Where a bracket is cut: in the middle of λ (the paper's binary search) or of log λ. Default `arithmetic`. */
  readonly midpoint?: "arithmetic" | "geometric";
  /** By how much a share may fall while λ rises before the search is refused; default 0 (same seed, same data). */
  readonly slack?: number;
}

/** The state after a probe. */
export interface SearchState {
  readonly probe: Probe;
  /** Absent after the first probe: a bracket has two ends. */
  readonly bracket?: readonly [Probe, Probe];
  readonly probes: readonly Probe[];
  /** Set when the search is over. */
  readonly result?: SearchResult;
}

export interface SearchResult {
  /** The probed λ whose share is closest to the target. */
  readonly lambda: number;
  readonly share: number;
  readonly bracket: readonly [Probe, Probe];
  readonly probes: readonly Probe[];
  /** Why it ended: the share is within the tolerance, or the bracket within the resolution. */
  readonly reason: "tolerance" | "resolution";
}

/** The target is not attained inside the interval. */
export class TargetOutsideError extends Error {
  override name = "TargetOutsideError";
}

/** The share fell while λ rose: a bisection's answer would depend on where it looked. */
export class NonMonotoneError extends Error {
  override name = "NonMonotoneError";
}

/**
 * Binary search for the λ whose share equals the target (SSSD section 3.2: λ ∈ [1, 100], share ≈ 0.45). Both ends of the
 * interval are probed first. Yields after every probe; the last state carries the result.
 * @throws TargetOutsideError when the target lies outside the shares at the interval's ends
 * @throws NonMonotoneError when a probe lies outside the shares of its bracket
 */
export async function* searchLambda(options: SearchOptions): AsyncGenerator<SearchState, void> {
  const { target, interval = [1, 100], midpoint = "arithmetic" } = options;
  assertOptions(options, interval);
  const probes: Probe[] = [];
  const look = async (lambda: number): Promise<Probe> => {
    const found = { lambda, share: await options.probe(lambda) };
    if (!(found.share >= 0 && found.share <= 1)) throw new RangeError(`the probe at λ = ${lambda} gave the share ${found.share}; a share lies in [0, 1]`);
    probes.push(found);
    return found;
  };
  let low = await look(interval[0]);
  yield { probe: low, probes: [low] };
  let high = await look(interval[1]);
  assertInside(low, high, target, options.slack ?? 0);
  let latest = high;
  for (;;) {
    const result = finished(options, [low, high], probes);
    yield { probe: latest, bracket: [low, high], probes: [...probes], ...(result && { result }) };
    if (result) return;
    const cut = midpoint === "geometric" ? Math.sqrt(low.lambda * high.lambda) : (low.lambda + high.lambda) / 2;
    latest = await look(cut);
    assertBetween(low, latest, high, options.slack ?? 0);
    if (latest.share < target) low = latest;
    else high = latest;
  }
}

function closest(probes: readonly Probe[], target: number): Probe {
  return probes.reduce((best, probe) => (Math.abs(probe.share - target) < Math.abs(best.share - target) ? probe : best));
}

function finished({ target, tolerance = 0.005, resolution = 0.02 }: SearchOptions, bracket: readonly [Probe, Probe], probes: readonly Probe[]): SearchResult | undefined {
  const best = closest(probes, target);
  const within = Math.abs(best.share - target) <= tolerance;
  if (!within && bracket[1].lambda - bracket[0].lambda > resolution * bracket[0].lambda) return undefined;
  return { ...best, bracket, probes: [...probes], reason: within ? "tolerance" : "resolution" };
}

function assertOptions({ target, tolerance = 0.005, resolution = 0.02 }: SearchOptions, [from, to]: readonly [number, number]): void {
  if (!(target > 0 && target < 1)) throw new RangeError(`the target share must lie strictly between 0 and 1, received ${target}`);
  if (!(from > 0 && to > from && Number.isFinite(to))) throw new RangeError(`the interval needs 0 < low < high, received [${from}, ${to}]`);
  if (!(tolerance >= 0 && resolution > 0)) throw new RangeError(`the tolerance must be ≥ 0 and the resolution > 0, received ${tolerance} and ${resolution}`);
}

function describe({ lambda, share }: Probe): string {
  return `λ = ${Number(lambda.toPrecision(6))} gives ${share.toFixed(4)}`;
}

function assertInside(low: Probe, high: Probe, target: number, slack: number): void {
  if (low.share > high.share + slack) throw new NonMonotoneError(`the share falls from one end of the interval to the other (${describe(low)}, ${describe(high)}); no single λ answers. Use more iterations or another interval`);
  if (target >= low.share && target <= high.share) return;
  const side = target < low.share ? "below" : "above";
  throw new TargetOutsideError(`the target share ${target.toFixed(4)} lies ${side} the interval: ${describe(low)}, ${describe(high)}. Widen the interval ${side === "below" ? "downwards" : "upwards"}`);
}

function assertBetween(low: Probe, middle: Probe, high: Probe, slack: number): void {
  if (middle.share >= low.share - slack && middle.share <= high.share + slack) return;
  throw new NonMonotoneError(`the share is not monotone in λ: ${[low, middle, high].map(describe).join("; ")}. Use more iterations, more repetitions, or allow a slack`);
}
