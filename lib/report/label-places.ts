/** A rectangle's upper left corner and size. */
export interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A label and where it may stand. */
export interface Label {
  readonly width: number;
  readonly height: number;
  /** xyxy: what it belongs to. */
  readonly box: readonly [number, number, number, number];
  /** Which side of the box is tried first. */
  readonly side: "above" | "below";
}

/**
 * Where labels stand, inside a picture of this size: at a corner of their boxes, outside before inside, where the least is
 * hidden of the labels before them in the list. The earlier a label, the better its place.
 */
export function placeLabels(labels: readonly Label[], picture: { readonly width: number; readonly height: number }): Place[] {
  const placed: Place[] = [];
  for (const label of labels) {
    const costs = candidates(label, picture).map((place) => ({ place, hidden: placed.reduce((sum, other) => sum + shared(place, other), 0) }));
    // Sums of nothing are exactly 0, and the first of the cheapest wins.
    placed.push(costs.reduce((best, one) => (one.hidden < best.hidden ? one : best)).place);
  }
  return placed;
}

/** Places by preference; heights at which the label would leave the picture come last, moved inwards. */
function candidates({ width, height, box: [x1, y1, x2, y2], side }: Label, picture: { readonly width: number; readonly height: number }): Place[] {
  const [above, below, top, bottom] = [y1 - height, y2, y1, y2 - height];
  const wanted = [...(side === "above" ? [above, top, below, bottom] : [below, bottom, above, top]), (y1 + y2 - height) / 2];
  const fits = (y: number) => y >= 0 && y + height <= picture.height;
  const heights = [...wanted.filter(fits), ...wanted.filter((y) => !fits(y)).map((y) => within(y, picture.height - height))];
  return heights.flatMap((y) => [x1, x2 - width].map((x) => ({ x: within(x, picture.width - width), y, width, height })));
}

const within = (value: number, most: number) => Math.max(0, Math.min(value, most));

/** The area that two rectangles share. */
function shared(a: Place, b: Place): number {
  const wide = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const high = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  return wide > 0 && high > 0 ? wide * high : 0;
}
