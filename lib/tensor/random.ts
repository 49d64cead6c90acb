/**
 * Seeded random numbers: the only source of randomness in Potstill.
 *
 * The generator is sfc32 (a chaotic counter generator, 128 bits of state, passes PractRand) seeded by hashing a list of
 * names and numbers, so that every consumer has a stream of its own and adding one changes no other. Its state can be
 * saved and restored, and every method's result is the same on every platform.
 */
export interface Random {
  /** Uniform in [0, 1) with 32 bits of resolution. */
  readonly next: () => number;
  /** Uniform in [low, high). */
  readonly uniform: (low: number, high: number) => number;
  /** Integer uniform in [0, n). Throws RangeError unless 1 ≤ n ≤ 2³². */
  readonly integer: (n: number) => number;
  /** Normal with mean 0 and standard deviation 1 (Box–Muller, one value per two draws, no cached second value). */
  readonly normal: () => number;
  /** A new array with the items in random order (Fisher–Yates). */
  readonly shuffle: <T>(items: readonly T[]) => T[];
  /** The four 32-bit words of the state. */
  readonly state: () => readonly [number, number, number, number];
}

type Words = [number, number, number, number];

/** FNV-1a with a final avalanche: spreads names and numbers over 32 bits. */
function hash(text: string, basis: number): number {
  let h = basis >>> 0;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

function draw(s: Words): number {
  const t = (((s[0] + s[1]) | 0) + s[3]) | 0;
  s[3] = (s[3] + 1) | 0;
  s[0] = s[1] ^ (s[1] >>> 9);
  s[1] = (s[2] + (s[2] << 3)) | 0;
  s[2] = ((s[2] << 21) | (s[2] >>> 11)) + t | 0;
  return t >>> 0;
}

function generator(s: Words): Random {
  const next = () => draw(s) / 4294967296;
  const integer = (n: number) => {
    if (!Number.isInteger(n) || n < 1 || n > 4294967296) throw new RangeError(`random integer needs a bound of 1 to 2^32, received ${n}`);
    return Math.floor(next() * n);
  };
  return {
    next,
    integer,
    uniform: (low, high) => low + (high - low) * next(),
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    shuffle: (items) => {
      const out = [...items];
      for (let i = out.length - 1; i > 0; i--) {
        const j = integer(i + 1);
        [out[i], out[j]] = [out[j], out[i]];
      }
      return out;
    },
    state: () => [s[0] >>> 0, s[1] >>> 0, s[2] >>> 0, s[3] >>> 0],
  };
}

/**
 * The stream that belongs to these names and numbers, for example `random(seed, "flip", epoch, imageId)`.
 * @param key at least one part; numbers are taken by their decimal form
 */
export function random(...key: readonly [string | number, ...(string | number)[]]): Random {
  const text = JSON.stringify(key);
  const s: Words = [hash(text, 0x811c9dc5), hash(text, 0x9e3779b9), hash(text, 0x7f4a7c15), 1];
  for (let i = 0; i < 12; i++) draw(s);
  return generator(s);
}

/** The stream that continues from a saved `state()`. */
export function resumeRandom(state: readonly [number, number, number, number]): Random {
  return generator([state[0] | 0, state[1] | 0, state[2] | 0, state[3] | 0]);
}
