import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readWeights, withWeights } from "../../../../lib/detector/weights/read.ts";
import { testPython } from "../../../python.ts";

const python = testPython(["torch", "numpy"]);

interface Kept {
  readonly shape: number[];
  readonly dtype: string;
  readonly data: number[];
}

describe.skipIf(python === undefined)("checkpoints that PyTorch writes", () => {
  const folder = mkdtempSync(join(tmpdir(), "potstill-checkpoints-"));
  let values: Record<string, Record<string, Kept>> = {};
  beforeAll(() => {
    const { status, stderr } = spawnSync(python!, [join(import.meta.dirname, "make-checkpoints.py"), folder], { encoding: "utf8" });
    expect([status, stderr.replace(/^.*Warning.*\n.*\n/gm, "")]).toEqual([0, ""]);
    values = JSON.parse(readFileSync(join(folder, "values.json"), "utf8")) as typeof values;
  });
  afterAll(() => { rmSync(folder, { recursive: true }); });

  it.each([
    ["dtypes", "zip"], ["dtypes", "legacy"], ["views", "zip"], ["views", "legacy"], ["module", "zip"], ["module", "legacy"], ["parameters", "zip"],
    ["parameters", "legacy"], ["mmcv", "zip"], ["mmcv", "legacy"], ["deflated", "zip"], ...[0, 1, 2, 3, 4, 5].map((protocol) => [`numpy${protocol}`, "pickle"]),
  ])("reads names, shapes, dtypes and values of %s (%s)", (name, form) => {
    const path = join(folder, `${name}.${form}.pth`);
    const wanted = Object.entries(values[`${name}.${form}`]);
    const described = withWeights(path, ({ format, tensors }) => ({ format, tensors: [...tensors].map(([key, { shape, dtype }]) => [key, [...shape], dtype]) }));
    expect(described).toEqual({ format: form === "pickle" ? form : `pytorch-${form}`, tensors: wanted.map(([key, { shape, dtype }]) => [key, shape, dtype]) });
    const { tensors } = readWeights(path);
    for (const [key, { data }] of wanted) if (!key.endsWith("num_batches_tracked")) expect([...tensors.get(key)!.data], key).toEqual(data);
  });

  it("keeps what stands beside the weights as short texts", () => {
    expect(readWeights(join(folder, "mmcv.zip.pth")).metadata).toEqual({ mmdet_version: "2.25.0", epoch: "12" });
    expect(readWeights(join(folder, "numpy4.pickle.pth")).metadata).toEqual({ __author__: "torchvision" });
  });
});
