/**
 * Blocks per stage and channels of the first stage: He et al. 2016, table 1; `tiny` is our own, for tests and machines
 * without a GPU.
 */
export const resNetStructures = {
  18: { block: "basic", blocks: [2, 2, 2, 2], base: 64 },
  34: { block: "basic", blocks: [3, 4, 6, 3], base: 64 },
  50: { block: "bottleneck", blocks: [3, 4, 6, 3], base: 64 },
  101: { block: "bottleneck", blocks: [3, 4, 23, 3], base: 64 },
  152: { block: "bottleneck", blocks: [3, 8, 36, 3], base: 64 },
  tiny: { block: "bottleneck", blocks: [1, 1, 1, 1], base: 8 },
} as const;

/** Number of layers. */
export type ResNetDepth = keyof typeof resNetStructures;
export const resNetDepths = [18, 34, 50, 101, 152, "tiny"] as const satisfies readonly ResNetDepth[];
