export type { Detections, Detector, LossTerms, Moment, Parameter, ParameterGroup, Prediction } from "./detector.ts";
export { loadParameters } from "./load.ts";
export type { LoadParametersOptions, NamedArray } from "./load.ts";
export { retinaNetPresets } from "./presets.ts";
export type { RetinaNetPreset } from "./presets.ts";
export { retinanet } from "./retinanet.ts";
export type { RetinaNetOptions } from "./retinanet.ts";
