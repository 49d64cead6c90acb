import type { PaperId } from "../item.ts";

/**
 * `silent`: the paper does not say it. `contradiction`: it says two things, or what its own numbers deny. `lost`: the text at
 * hand has it no more. `code`: the official code does otherwise than the paper says. `here`: this kit does otherwise than both.
 */
export type SilenceKind = "silent" | "contradiction" | "lost" | "code" | "here";

/** A place where a paper, its official code and this kit are not one, and what was chosen. */
export interface Silence {
  /** Unique in its paper; a page's anchor. */
  readonly id: string;
  /** `all`: of every paper. */
  readonly paper: PaperId | "all";
  readonly kind: SilenceKind;
  readonly topic: string;
  readonly says: string;
  /** What the official code does; absent where none is public, or it is not about code. */
  readonly code?: string;
  readonly here: string;
  /** The option that chooses otherwise, as a configuration has it. */
  readonly otherwise?: string;
}
