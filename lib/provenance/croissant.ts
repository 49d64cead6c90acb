import type { Annotation, Category, Dataset } from "../data/dataset.ts";
import { survey } from "../data/survey.ts";
import { context, croissantVersion, fileObject, inline, recordSet, type FieldFacts, type FileFacts, type Node } from "./croissant-nodes.ts";

/** What a dataset's files do not say of it. */
export interface CroissantAbout {
  readonly name?: string;
  /** Address or SPDX name. */
  readonly license?: string;
  readonly url?: string;
  /** How to cite it. */
  readonly cite?: string;
  /** When it was published: `2017-09-01`. */
  readonly date?: string;
}

/** Images with their annotations: one file's, or a formula's. */
export interface CroissantPart {
  /** `train`, `val`, `test`; absent where there is but one part. */
  readonly split?: string;
  readonly dataset: Dataset;
  /** Absent for scenes that are drawn when they are asked for: their records then stand in the Croissant file itself. */
  readonly files?: {
    readonly annotations: FileFacts;
    /** Below the Croissant file's folder, with `/` and a `/` at the end; empty for that folder itself. */
    readonly imageFolder: string;
    /** Endings of the images' names, as `jpg`. */
    readonly endings: readonly string[];
  };
}

export interface CroissantOptions {
  readonly name: string;
  readonly about?: CroissantAbout;
  /** The list of all images' hashes. */
  readonly manifest?: FileFacts;
}

const integer = "sc:Integer";
const prefixed = ({ split }: CroissantPart, name: string): string => (split === undefined ? name : `${split}-${name}`);
const formats: Readonly<Record<string, string>> = { jpg: "image/jpeg", jpeg: "image/jpeg", png: "image/png", bmp: "image/bmp", tif: "image/tiff", tiff: "image/tiff", webp: "image/webp" };

/** mlcroissant reads one table from a file: a file with three of them is named once for each. */
const tables = ["images", "boxes", "masks"] as const;

function distribution(part: CroissantPart): Node[] {
  const { files } = part;
  if (files === undefined) return [];
  const objects = tables.filter((table) => table !== "masks" || maskKind(part.dataset) !== "none").map((table) => fileObject({ ...files.annotations, id: `${files.annotations.id}-${table}` }));
  const sets = files.endings.map((ending): Node => ({ "@type": "cr:FileSet", "@id": prefixed(part, `${ending}-files`), name: prefixed(part, `${ending}-files`), description: "The images", encodingFormat: formats[ending.toLowerCase()] ?? "application/octet-stream", includes: `${files.imageFolder}*.${ending}` }));
  return [...objects, ...sets];
}

function at({ files }: CroissantPart, table: (typeof tables)[number], jsonPath: string): { readonly source?: Node } {
  return files === undefined ? {} : { source: { fileObject: { "@id": `${files.annotations.id}-${table}` }, extract: { jsonPath } } };
}

function imagesOf(part: CroissantPart): Node {
  const id = prefixed(part, "images");
  const from = (key: string) => at(part, "images", `$.images[*].${key}`);
  const fields = {
    id: { about: "The image's number", type: integer, ...from("id") },
    file_name: { about: "Its file, below the image folder", type: "sc:Text", ...from("file_name") },
    width: { about: "Pixels", type: integer, ...from("width") },
    height: { about: "Pixels", type: integer, ...from("height") },
  } satisfies Record<string, FieldFacts>;
  const records = part.files === undefined ? { data: inline(id, part.dataset.images.map(({ id: number, fileName, width, height }) => ({ id: number, file_name: fileName, width, height }))) } : {};
  return recordSet(id, `Images${part.split ? ` of the ${part.split} part` : ""}`, fields, { key: { "@id": `${id}/id` }, ...records });
}

const annotationsOf = ({ dataset }: CroissantPart): readonly Annotation[] => dataset.images.flatMap((_image, index) => dataset.annotations(index));

function boxesOf(part: CroissantPart): Node {
  const id = prefixed(part, "boxes");
  const from = (key: string) => at(part, "boxes", `$.annotations[*].${key}`);
  const { source: box } = from("bbox");
  const fields = {
    id: { about: "The annotation's number", type: integer, ...from("id") },
    image_id: { about: "The image that it is in", type: integer, ...from("image_id"), references: `${prefixed(part, "images")}/id` },
    category_id: { about: "What it is", type: [integer, "cr:Label"], ...from("category_id"), references: "categories/id" },
    bbox: { about: "Left, top, width and height in pixels of the image", type: "cr:BoundingBox", ...(box && { source: { ...box, format: "XYWH" } }) },
    area: { about: "Of the object's mask, else of its box, in pixels²", type: "sc:Float", ...from("area") },
    iscrowd: { about: "1 where a region holds many objects", type: integer, ...from("iscrowd") },
  } satisfies Record<string, FieldFacts>;
  const records = part.files === undefined ? { data: inline(id, annotationsOf(part).map((a) => ({ id: a.id, image_id: a.imageId, category_id: a.categoryId, bbox: [...a.xywh], area: a.area, iscrowd: a.crowd ? 1 : 0 }))) } : {};
  return recordSet(id, "Annotated boxes", fields, { key: { "@id": `${id}/id` }, ...records });
}

/** What all annotations' masks are; `none` also where some have none, since a table has no holes. */
function maskKind(dataset: Dataset): "polygons" | "run lengths" | "mixed" | "none" {
  const all = dataset.images.flatMap((_image, index) => dataset.annotations(index).map(({ segmentation }) => segmentation));
  if (all.length === 0 || all.some((segmentation) => segmentation === undefined)) return "none";
  const polygons = all.filter((segmentation) => Array.isArray(segmentation)).length;
  return polygons === all.length ? "polygons" : polygons === 0 ? "run lengths" : "mixed";
}

const maskTexts = {
  polygons: "Polygons, each a list of x and y in pixels of the image",
  "run lengths": "COCO's run lengths: counts, compressed where they are text, and size as height and width",
  mixed: "COCO's polygons, and run lengths for crowd regions",
} as const;

function masksOf(part: CroissantPart): Node[] {
  const kind = maskKind(part.dataset);
  if (kind === "none") return [];
  const id = prefixed(part, "masks");
  const from = (key: string) => at(part, "masks", `$.annotations[*].${key}`);
  const fields = {
    annotation_id: { about: "The annotation that it is of", type: integer, ...from("id"), references: `${prefixed(part, "boxes")}/id` },
    segmentation: { about: maskTexts[kind], type: kind === "polygons" ? ["cr:SegmentationMask", "sc:GeoShape"] : ["cr:SegmentationMask", "sc:Text"], ...from("segmentation") },
  } satisfies Record<string, FieldFacts>;
  const records = part.files === undefined ? { data: inline(id, annotationsOf(part).map((a) => ({ annotation_id: a.id, segmentation: JSON.stringify(a.segmentation) }))) } : {};
  return [recordSet(id, "Masks of the annotated objects", fields, { key: { "@id": `${id}/annotation_id` }, ...records })];
}

function categoriesOf(categories: readonly Category[]): Node {
  const fields = { id: { about: "The category's number", type: integer }, name: { about: "Its name", type: "sc:Text" } } satisfies Record<string, FieldFacts>;
  return recordSet("categories", "What objects are told apart", fields, { dataType: "sc:Enumeration", key: { "@id": "categories/id" }, data: inline("categories", categories.map(({ id, name }) => ({ id, name }))) });
}

function hashes(manifest: FileFacts | undefined): Node[] {
  if (manifest === undefined) return [];
  const column = (name: string) => ({ source: { fileObject: { "@id": manifest.id }, extract: { column: name } } });
  return [recordSet("files", "Every image file with its hash", {
    path: { about: "Below this file's folder", type: "sc:Text", ...column("path") },
    bytes: { about: "Size", type: integer, ...column("bytes") },
    sha256: { about: "SHA-256 of its bytes, hexadecimal", type: "sc:Text", ...column("sha256") },
  }, { key: { "@id": "files/path" } })];
}

function described(part: CroissantPart): string {
  const { images, emptyImages, annotations, crowds, masks } = survey(part.dataset);
  return `${part.split ? `${part.split}: ` : ""}${images} images (${emptyImages} without objects), ${annotations} annotations (${crowds} crowd regions, ${masks} with masks), content hash ${part.dataset.hash}`;
}

/**
 * A dataset in Croissant 1.0 (JSON-LD): its files with their hashes, and record sets of images, boxes, masks and categories.
 * Nothing is said of licence, address and citation that the caller does not say.
 */
export function croissant(parts: readonly CroissantPart[], { name, about = {}, manifest }: CroissantOptions): Node {
  const drawn = parts.every(({ files }) => files === undefined);
  return {
    "@context": context,
    "@type": "sc:Dataset",
    name: about.name ?? name,
    description: `Objects in images, in COCO's form${drawn ? ", drawn by a formula and its seed: the same options draw the same pixels" : ""}. ${parts.map(described).join("; ")}.`,
    conformsTo: `http://mlcommons.org/croissant/${croissantVersion}`,
    license: about.license,
    url: about.url,
    citeAs: about.cite,
    datePublished: about.date,
    version: "1.0.0",
    distribution: [...parts.flatMap(distribution), ...(manifest ? [fileObject(manifest)] : [])],
    recordSet: [categoriesOf(parts[0].dataset.categories), ...parts.flatMap((part) => [imagesOf(part), boxesOf(part), ...masksOf(part)]), ...hashes(manifest)],
  };
}
