import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { expect, it } from "vitest";
import { openCoco } from "../../../lib/data/coco.ts";
import { temporaryFolder } from "./fixtures.ts";

/** 60 KB of polygon, so that few annotations make a file beyond the longest string of V8 (512 MiB). */
const polygon = Array.from({ length: 8000 }, (_, i) => (i % 640) + 0.25).join(", ");
const count = Math.ceil((560 * 2 ** 20) / polygon.length);

function* text(): Generator<string> {
  yield '{"images": [{"id": 1, "file_name": "a.jpg", "width": 640, "height": 640}], "annotations": [';
  for (let id = 1; id <= count; id++) yield `${id > 1 ? ", " : ""}{"id": ${id}, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, ${id % 100}.5], "area": ${id}, "iscrowd": 0, "segmentation": [[${polygon}]]}`;
  yield '], "categories": [{"id": 1, "name": "thing"}]}';
}

it("reads an annotation file longer than any string, in little memory", async () => {
  const folder = temporaryFolder();
  const file = join(folder, "annotations.json");
  await pipeline(Readable.from(text()), createWriteStream(file));
  const before = process.memoryUsage().rss;
  const dataset = await openCoco(file, { images: folder, checkFiles: false, masks: false });
  expect(dataset.report.annotations).toBe(count);
  expect(dataset.annotations(0)[count - 1]).toEqual({ id: count, imageId: 1, categoryId: 1, xywh: [1, 2, 3, (count % 100) + 0.5], area: count, crowd: false });
  expect(process.memoryUsage().rss - before).toBeLessThan(300 * 2 ** 20);
});
