import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../lib/backend/load.ts";
import { compareMmdetRoiHead, type MmRoiExpected, type MmRoiInputs, type MmRoiParams } from "./detectors-mmdet-roi.ts";
import { allCases, casesOf } from "./detectors-oracle.ts";

describe.skipIf(allCases.length === 0)("oracles: box, mask and cascade RoI heads of mmdet", () => {
  it("reads the oracle folder, which need not hold cases for each test", () => { expect(allCases.length).toBeGreaterThan(0); });

  beforeAll(async () => { await loadBackend(); });

  const cases = ["mmdet CascadeRoIHead", "mmdet StandardRoIHead"].flatMap((prefix) => casesOf<MmRoiParams, MmRoiInputs, MmRoiExpected>(prefix));

  it.each(cases)("%s", (_, one) => { compareMmdetRoiHead(one); });
});
