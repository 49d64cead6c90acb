/** `native` is TensorFlow's C library, `wasm` TF.js's WebAssembly kernels, `cpu` its plain JavaScript ones. */
export type BackendKind = "native" | "wasm" | "cpu";

/** Choices that can be made once per process, before TensorFlow is loaded. */
export interface LoadOptions {
  /** Default: `POTSTILL_BACKEND`, else the best one present. */
  readonly backend?: BackendKind;
  /** Fail instead of computing on the CPU. Default false. */
  readonly requireGpu?: boolean;
  /** Threads within one operation. Default: `POTSTILL_THREADS`, else all cores. Results are bitwise equal only for equal counts. */
  readonly threads?: number;
  /** Ask TensorFlow for deterministic kernels (matters on GPUs; the CPU's are deterministic for a given thread count). */
  readonly deterministic?: boolean;
}

/** What every run records about where it was computed. */
export interface BackendInfo {
  readonly name: "tensorflow" | "wasm" | "cpu";
  readonly device: "cpu" | "cuda";
  /** The processor's or GPU's own name. */
  readonly deviceName: string;
  /** Version of the C library; for the fallbacks the TF.js version. */
  readonly tensorflowVersion: string;
  readonly tfjsVersion: string;
  readonly nodeVersion: string;
  /** `linux-x64` and so on. */
  readonly platform: string;
  /** Threads within one operation. */
  readonly threads: number;
  /** Whether oneDNN's kernels are on (they change the last bits). */
  readonly oneDnn: boolean;
  readonly deterministic: boolean;
  /** Path of the native binding, absent for the fallbacks. */
  readonly binding?: string;
}

/** What a loader knows before the device is described. */
export interface Loaded {
  readonly name: BackendInfo["name"];
  readonly gpu: boolean;
  readonly tensorflowVersion: string;
  readonly threads: number;
  readonly oneDnn: boolean;
  readonly deterministic: boolean;
  readonly binding?: string;
}
