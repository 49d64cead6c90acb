// A COCO-sized evaluation by formula: 5,000 images, 36,781 boxes, 80 categories, 500,000 detections (100 per image).
import { createWriteStream } from "node:fs";
import { once } from "node:events";

const IMAGES = 5000;
const BOXES = 36_781;
const CATEGORIES = 80;
const PER_IMAGE = 100;

/** A number in [0, 1) from two integers, the same everywhere. */
function hash(a, b) {
  let mixed = Math.imul(a + 0x9e3779b9, 0x85ebca6b) ^ Math.imul(b + 0x165667b1, 0xc2b2ae35);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
  mixed = Math.imul(mixed ^ (mixed >>> 12), 0x297a2d39);
  return ((mixed ^ (mixed >>> 15)) >>> 0) / 4294967296;
}

const cents = (value) => Math.round(value * 100) / 100;
/** COCO's category ids run to 90 with gaps. */
const categoryId = (k) => k + 1 + Math.floor(k / 8);

function annotation(i) {
  // Sides from 8 to 400 pixels, evenly in their logarithm: a third each of small, medium and large.
  const [width, height] = [8, 9].map((salt) => cents(8 * 50 ** hash(i, salt)));
  const bbox = [cents(hash(i, 1) * 640), cents(hash(i, 2) * 480), width, height];
  const area = cents(width * height * (0.5 + 0.5 * hash(i, 3)));
  return { id: i + 1, image_id: imageId(Math.floor(hash(i, 4) * IMAGES)), category_id: categoryId(Math.floor(CATEGORIES * hash(i, 5) ** 2)), bbox, area, iscrowd: hash(i, 6) < 0.012 ? 1 : 0 };
}

const imageId = (i) => 100 + 7 * i;

function detection(image, place, own) {
  const salt = image * 1000 + place;
  const model = place < 3 * own.length ? own[place % own.length] : undefined;
  if (model === undefined) {
    const bbox = [hash(salt, 11) * 600, hash(salt, 12) * 440, 8 + hash(salt, 13) * 150, 8 + hash(salt, 14) * 150];
    return { image_id: image, category_id: categoryId(Math.floor(CATEGORIES * hash(salt, 15) ** 2)), bbox, score: 0.6 * hash(salt, 16) ** 3 };
  }
  const spread = 0.35 * hash(salt, 17);
  const bbox = model.bbox.map((value, i) => Math.max(0, value + spread * model.bbox[2 + (i % 2)] * (hash(salt, 20 + i) - 0.5)));
  return { image_id: image, category_id: model.category_id, bbox, score: hash(salt, 18) };
}

async function writeJson(path, chunks) {
  const stream = createWriteStream(path);
  for (const chunk of chunks) if (!stream.write(chunk)) await once(stream, "drain");
  stream.end();
  await once(stream, "finish");
}

/** Writes `gt.json` and `dt.json` into the folder; `images` below 5,000 makes a smaller set. */
export async function writeEvaluation(folder, { images = IMAGES } = {}) {
  const all = Array.from({ length: BOXES }, (_, i) => annotation(i)).filter((box) => box.image_id < imageId(images));
  const byImage = Map.groupBy ? Map.groupBy(all, (box) => box.image_id) : all.reduce((map, box) => map.set(box.image_id, [...(map.get(box.image_id) ?? []), box]), new Map());
  const ids = Array.from({ length: images }, (_, i) => imageId(i));
  const categories = Array.from({ length: CATEGORIES }, (_, k) => ({ id: categoryId(k), name: `category ${k}` }));
  await writeJson(`${folder}/gt.json`, [JSON.stringify({ images: ids.map((id) => ({ id, width: 640, height: 480, file_name: `${id}.jpg` })), categories, annotations: all })]);
  await writeJson(`${folder}/dt.json`, (function* () {
    for (const [i, id] of ids.entries()) {
      const items = Array.from({ length: PER_IMAGE }, (_, place) => JSON.stringify(detection(id, place, byImage.get(id) ?? [])));
      yield `${i === 0 ? "[" : ","}${items.join(",")}`;
    }
    yield "]";
  })());
  return { images, boxes: all.length, detections: images * PER_IMAGE };
}
