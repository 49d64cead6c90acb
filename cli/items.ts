/** One table or figure of a paper that a notebook reproduces. */
export interface Item {
  /** `<paper>/<item>`, what `potstill reproduce` takes. */
  readonly id: string;
  /** Path of the notebook below the project's folder. */
  readonly notebook: string;
  readonly claim: string;
}

/** Everything that can be reproduced; a new item is one notebook and one entry. */
export const items: readonly Item[] = [
  {
    id: "sssd/calibration",
    notebook: "notebooks/sssd-calibration.ipynb",
    claim: "SSSD section 3.2: λ = 50 gives the Jensen–Shannon distance the share that LGD has at λ = 1",
  },
];
