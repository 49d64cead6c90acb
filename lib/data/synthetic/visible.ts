import type { Size } from "../resize.ts";

/** What is seen of one object. */
export interface Visible {
  /** Tight box of the visible pixels. */
  readonly xywh: readonly [number, number, number, number];
  /** Visible pixels. */
  readonly area: number;
  /** COCO's uncompressed run lengths: down the columns, starting with background. */
  readonly counts: readonly number[];
}

interface Extent {
  left: number;
  right: number;
  top: number;
  bottom: number;
  area: number;
}

function extents(owner: Int16Array, width: number, objects: number): Extent[] {
  const found = Array.from({ length: objects }, () => ({ left: Infinity, right: -1, top: Infinity, bottom: -1, area: 0 }));
  for (let i = 0; i < owner.length; i++) {
    if (owner[i] < 0) continue;
    const extent = found[owner[i]];
    const x = i % width, y = (i - x) / width;
    extent.area++;
    extent.left = Math.min(extent.left, x);
    extent.right = Math.max(extent.right, x);
    extent.top = Math.min(extent.top, y);
    extent.bottom = Math.max(extent.bottom, y);
  }
  return found;
}

function runs(owner: Int16Array, { width, height }: Size, object: number, { left, right, top, bottom }: Extent): number[] {
  const counts: number[] = [];
  let inside = false;
  let start = 0;
  const turn = (at: number) => { counts.push(at - start); start = at; inside = !inside; };
  for (let x = left; x <= right; x++) {
    for (let y = top; y <= bottom; y++) {
      if ((owner[y * width + x] === object) !== inside) turn(x * height + y);
    }
    // Below the box it is background again; only a box of the image's whole height goes on in the next column.
    if (inside && (bottom - top < height - 1 || x === right)) turn(x * height + bottom + 1);
  }
  if (start < width * height) counts.push(width * height - start);
  return counts;
}

/**
 * Boxes, areas and run lengths of what is seen.
 * @param owner [height, width]: the object seen at each pixel, or −1
 * @returns per object, undefined when it is hidden
 */
export function visibleParts(owner: Int16Array, size: Size, objects: number): (Visible | undefined)[] {
  return extents(owner, size.width, objects).map((extent, object) => {
    if (extent.area === 0) return undefined;
    const { left, right, top, bottom, area } = extent;
    return { xywh: [left, top, right - left + 1, bottom - top + 1], area, counts: runs(owner, size, object, extent) };
  });
}
