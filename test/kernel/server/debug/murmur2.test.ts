import { expect, it } from "vitest";
import { murmur2 } from "../../../../kernel/server/debug/murmur2.ts";

// Computed by both JupyterLab 4.6 (@jupyterlab/debugger, hash.ts) and ipykernel 7.4 (compiler.py, murmur2_x86), which agree.
const reference: readonly [text: string, kernelSeed: number, seed17: number][] = [
  ["", 3990065800, 418427652],
  ["a", 2167009006, 834694889],
  ["ab", 2805137849, 778022373],
  ["abc", 3350977461, 2128317430],
  ["abcd", 804720481, 2547506279],
  ["let x = 1;\nx", 1598947636, 715587722],
  ["const s = 'é€😀';", 4141465766, 4068965838],
  ["f(1)".repeat(1000), 1031758817, 1086608899],
  ["\u0000\uffff", 4208933525, 3079345977],
];

it("names cells as JupyterLab and ipykernel do: otherwise no breakpoint would be found", () => {
  for (const [text, kernelSeed, seed17] of reference) {
    expect([murmur2(text, 0xc70f6907), murmur2(text, 17)]).toEqual([kernelSeed, seed17]);
  }
});
