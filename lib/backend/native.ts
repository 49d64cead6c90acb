import { dirname } from "node:path";
import util from "node:util";
import type { Loaded, LoadOptions } from "./info.ts";
import { cudaDataFolder } from "./runtime.ts";
import { stderrAddon, withQuietStderr } from "./quiet.ts";
import { threadCount } from "./threads.ts";
import { withEnvironment } from "./environment.ts";

interface NativeBackend {
  readonly isUsingGpuDevice: boolean;
  readonly binding: { readonly TF_Version: string };
}

/**
 * Loads `@tensorflow/tfjs-node` over the binding at the given path and makes it TF.js's backend.
 *
 * tfjs-node asks `@mapbox/node-pre-gyp` where its binding lies; its entry in the module cache is replaced for the
 * duration of the call, so no file of the package is touched.
 */
export function loadNative(require: NodeJS.Require, binding: string, options: LoadOptions): Loaded {
  defineRemovedUtilities();
  const threads = threadCount(options.threads);
  const deterministic = options.deterministic ?? false;
  const environment = nativeEnvironment(binding, threads, deterministic);
  const addon = stderrAddon(binding);
  const load = () => withBindingPath(require, binding, () => require("@tensorflow/tfjs-node") as { backend(): unknown });
  const tf = withEnvironment(environment, () => withQuietStderr(addon, load), addon);
  const backend = tf.backend() as NativeBackend;
  return {
    name: "tensorflow",
    gpu: backend.isUsingGpuDevice,
    tensorflowVersion: backend.binding.TF_Version,
    threads,
    oneDnn: environment.TF_ENABLE_ONEDNN_OPTS === "1",
    deterministic,
    binding,
  };
}

/** Node ≥ 23 has no `util.isNullOrUndefined`, which tfjs-node 4.22 calls. */
function defineRemovedUtilities(): void {
  const legacy = util as unknown as { isNullOrUndefined?: (value: unknown) => boolean };
  legacy.isNullOrUndefined ??= (value) => value === null || value === undefined;
}

/** What TensorFlow reads while it is loaded; the user's own settings win, except where an option was given. */
function nativeEnvironment(binding: string, threads: number, deterministic: boolean): Record<string, string> {
  const user = process.env;
  const settings: Record<string, string> = {
    TF_ENABLE_ONEDNN_OPTS: user.TF_ENABLE_ONEDNN_OPTS || "1",
    TF_CPP_MIN_LOG_LEVEL: user.TF_CPP_MIN_LOG_LEVEL ?? (user.POTSTILL_TF_LOG ? "0" : "2"),
    TF_NUM_INTRAOP_THREADS: String(threads),
    TF_NUM_INTEROP_THREADS: user.TF_NUM_INTEROP_THREADS || String(threads),
    OMP_NUM_THREADS: user.OMP_NUM_THREADS || String(threads),
    TF_FORCE_GPU_ALLOW_GROWTH: user.TF_FORCE_GPU_ALLOW_GROWTH || "true",
  };
  const cuda = cudaDataFolder(binding);
  if (cuda !== undefined && !user.XLA_FLAGS) settings.XLA_FLAGS = `--xla_gpu_cuda_data_dir=${cuda}`;
  if (deterministic) Object.assign(settings, { TF_DETERMINISTIC_OPS: "1", TF_CUDNN_DETERMINISTIC: "1" });
  return settings;
}

function withBindingPath<T>(require: NodeJS.Require, binding: string, action: () => T): T {
  const finder = require.resolve("@mapbox/node-pre-gyp", { paths: [dirname(require.resolve("@tensorflow/tfjs-node"))] });
  const before = require.cache[finder];
  require.cache[finder] = { id: finder, filename: finder, path: dirname(finder), loaded: true, exports: { find: () => binding }, children: [], paths: [] } as unknown as NodeJS.Module;
  try {
    return action();
  } finally {
    if (before === undefined) Reflect.deleteProperty(require.cache, finder);
    else require.cache[finder] = before;
  }
}
