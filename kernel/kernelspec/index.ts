export { installKernelSpec, uninstallKernelSpec } from "./install.ts";
export { kernelFolder } from "./locations.ts";
export type { Location } from "./locations.ts";
export { checkKernelName, kernelJson, kernelName } from "./spec.ts";
export type { KernelJson, SpecOptions } from "./spec.ts";
