export { DeadKernelError, StdinNotImplementedError } from "./errors.ts";
export { Kernel } from "./kernel.ts";
export type { ExecuteOptions, LaunchOptions } from "./kernel.ts";
export { KernelSpecError, findKernelSpec, findKernelSpecs, readKernelSpec } from "./kernelspecs.ts";
export type { KernelSpec } from "./kernelspecs.ts";
export { dataDir, dataPath, runtimeDir } from "./jupyter-paths.ts";
