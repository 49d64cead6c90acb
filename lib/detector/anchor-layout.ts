import { anchorsPerCell, gridAnchors, type Grid } from "./anchors.ts";
import type { ImageSize, PriorLevel } from "./assignment.ts";
import type { AnchorConfig } from "./config.ts";
import { recently } from "./recent.ts";

/** Priors of all levels of a pyramid over an image. */
export interface AnchorLayout {
  /** [N, 4] of all levels. */
  readonly anchors: Float64Array;
  readonly levels: readonly PriorLevel[];
}

/** The anchors of maps of these sizes over an image, remembered for the sizes seen last. */
export function anchorLayout(options: AnchorConfig, strides: readonly number[]): (maps: readonly ImageSize[], image: ImageSize) => AnchorLayout {
  const layout = recently<AnchorLayout>();
  return (maps, image) => {
    const grids = maps.map(({ height, width }, l): Grid => {
      const whole = options.strides === "image";
      return { height, width, strideY: whole ? Math.floor(image.height / height) : strides[l], strideX: whole ? Math.floor(image.width / width) : strides[l] };
    });
    return layout(JSON.stringify(grids), () => layAnchors(options, grids));
  };
}

function layAnchors(options: AnchorConfig, grids: readonly Grid[]): AnchorLayout {
  const anchors = gridAnchors(options, grids);
  const perCell = anchorsPerCell(options);
  let start = 0;
  const levels = grids.map((grid): PriorLevel => {
    const end = start + 4 * perCell * grid.height * grid.width;
    const coordinates = anchors.subarray(start, end);
    start = end;
    return { ...grid, perCell, kind: "box", coordinates };
  });
  return { anchors, levels };
}
