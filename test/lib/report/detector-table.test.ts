import { beforeAll, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import { retinanet } from "../../../lib/detector/retinanet.ts";
import { detectorTable } from "../../../lib/report/detector-table.ts";

beforeAll(async () => { await loadBackend(); });

it("says what detectors are made of", () => {
  const detector = retinanet({ preset: "tiny", classes: 6, seed: 1 });
  const [line, silent] = detectorTable({ ours: detector, silent: { ...detector, assignment: undefined } }, { height: 32, width: 64 }).toRecords();
  expect(line).toMatchObject({ detector: "ours", classes: 6, levels: "P2–P4", strides: "4, 8, 16", "looks from": "336 anchors, 2 per cell" });
  expect(line.parameters).toBeCloseTo(73.676);
  expect(silent["looks from"]).toBe("not told");
  detector.dispose();
});
