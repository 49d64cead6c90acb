export { trainedLooks } from "./looks.ts";
export type { TrainedLooksOptions } from "./looks.ts";
export { readRun } from "./runs.ts";
export { writeSite } from "./write.ts";
export type { Cut, DrawFigure, SiteOptions } from "./types.ts";
export { codeOf } from "./trained-by.ts";
