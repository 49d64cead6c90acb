export { installKernelSpec, uninstallKernelSpec } from "./install.ts";
export { kernelFolder } from "./locations.ts";
export type { Location } from "./locations.ts";
export { kernelJson, kernelName } from "./spec.ts";
export type { KernelJson } from "./spec.ts";
