/** One file of the Python package index, pinned by content. */
export interface Wheel {
  readonly project: string;
  readonly version: string;
  readonly file: string;
  readonly sha256: string;
  /** Which members are unpacked: a member is taken when its name starts with one of these … */
  readonly take: readonly string[];
  /** … and contains none of these. */
  readonly skip?: readonly string[];
}

export type Device = "cpu" | "cuda";

/** A TensorFlow runtime: the wheels that are unpacked side by side, as site-packages would hold them. */
export interface RuntimePlan {
  readonly device: Device;
  readonly version: string;
  /** `process.platform-process.arch`. */
  readonly platform: string;
  readonly wheels: readonly Wheel[];
  /** Bytes that the largest wheel and everything unpacked take together, for the check before the start. */
  readonly bytes: number;
}

/** The headers that the binding includes; the rest of `include/` (270 MB) is not needed. */
const tensorflowMembers = [
  "tensorflow/libtensorflow_cc.so.2",
  "tensorflow/libtensorflow_framework.so.2",
  "tensorflow/THIRD_PARTY_NOTICES.txt",
  "tensorflow/include/tensorflow/c/",
  "tensorflow/include/tensorflow/core/platform/",
  "tensorflow/include/tsl/platform/",
  "tensorflow/include/xla/tsl/c/",
];

function tensorflow(project: string, machine: string, sha256: string): Wheel {
  const file = `${project.replaceAll("-", "_")}-2.21.0-cp311-cp311-manylinux_2_27_${machine}.whl`;
  return { project, version: "2.21.0", file, sha256, take: tensorflowMembers };
}

function nvidia(name: string, version: string, tags: string, sha256: string): Wheel {
  const file = `nvidia_${name.replaceAll("-", "_")}_cu12-${version}-py3-none-${tags}_x86_64.whl`;
  return { project: `nvidia-${name}-cu12`, version, file, sha256, take: ["nvidia/"], skip: ["/include/"] };
}

/**
 * What pip resolves `tensorflow[and-cuda]==2.21.0` to, with the index's hashes:
 * `pip install --dry-run --ignore-installed --report - --target DIR --only-binary=:all: --python-version 3.11
 * --implementation cp --abi cp311 --platform manylinux2014_x86_64 "tensorflow[and-cuda]==2.21.0"`, with a `--platform`
 * for every manylinux_2_5 … manylinux_2_27 too.
 */
const cudaLibraries: readonly Wheel[] = [
  nvidia("cublas", "12.9.3.13", "manylinux_2_27", "d7d51055f161b317c7105ddaae90e71eda059026074ffef93cf7cde2886bfe72"),
  nvidia("cuda-cupti", "12.9.79", "manylinux_2_25", "096bcf334f13e1984ba36685ad4c1d6347db214de03dbb6eebb237b41d9d934f"),
  nvidia("cuda-nvcc", "12.9.86", "manylinux2010_x86_64.manylinux_2_12", "5d6a0d32fdc7ea39917c20065614ae93add6f577d840233237ff08e9a38f58f0"),
  nvidia("cuda-nvrtc", "12.9.86", "manylinux2010_x86_64.manylinux_2_12", "210cf05005a447e29214e9ce50851e83fc5f4358df8b453155d5e1918094dcb4"),
  nvidia("cuda-runtime", "12.9.79", "manylinux2014_x86_64.manylinux_2_17", "25bba2dfb01d48a9b59ca474a1ac43c6ebf7011f1b0b8cc44f54eb6ac48a96c3"),
  nvidia("cudnn", "9.28.0.42", "manylinux_2_27", "9ff58b7f36dacd0a93e89f8f2957b52466889217963701daa15e577317cfa375"),
  nvidia("cufft", "11.4.1.4", "manylinux2014_x86_64.manylinux_2_17", "c67884f2a7d276b4b80eb56a79322a95df592ae5e765cf1243693365ccab4e28"),
  nvidia("curand", "10.3.10.19", "manylinux_2_27", "49b274db4780d421bd2ccd362e1415c13887c53c214f0d4b761752b8f9f6aa1e"),
  nvidia("cusolver", "11.7.5.82", "manylinux_2_27", "15da72d1340d29b5b3cf3fd100e3cd53421dde36002eda6ed93811af63c40d88"),
  nvidia("cusparse", "12.5.10.65", "manylinux2014_x86_64.manylinux_2_17", "73060ce019ac064a057267c585bf1fd5a353734151f87472ff02b2c5c9984e78"),
  nvidia("nccl", "2.32.3", "manylinux_2_27", "bb94b2348e4861d5e8aa00b36c3d12d9bdf9c6369b82cbb723de0b582280a21c"),
  nvidia("nvjitlink", "12.9.86", "manylinux2010_x86_64.manylinux_2_12", "e3f1171dbdc83c5932a45f0f4c99180a70de9bd2718c1ab77d14104f6d7147f9"),
];

const gigabyte = 1e9;

/** Every runtime that can be made. Another TensorFlow version or platform is a row here. */
export const plans: readonly RuntimePlan[] = [
  {
    device: "cpu", version: "2.21.0", platform: "linux-x64", bytes: 1.2 * gigabyte,
    wheels: [tensorflow("tensorflow-cpu", "x86_64", "2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c")],
  },
  {
    device: "cpu", version: "2.21.0", platform: "linux-arm64", bytes: 1.2 * gigabyte,
    wheels: [tensorflow("tensorflow", "aarch64", "4b24aca16d527a3cf1c37f720c04c484c3d20f4d0fdfa98632ac8b9f3be6eb5c")],
  },
  {
    device: "cuda", version: "2.21.0", platform: "linux-x64", bytes: 9 * gigabyte,
    wheels: [tensorflow("tensorflow", "x86_64", "9056fbc9ba04235810b71ae6cbd958a196e8804fb53bbcffbf3e23b56155f124"), ...cudaLibraries],
  },
];

/** The plan for a device on this platform. Throws with the supported ones when there is none. */
export function planFor(device: Device, platform = `${process.platform}-${process.arch}`): RuntimePlan {
  const found = plans.find((plan) => plan.device === device && plan.platform === platform);
  if (found !== undefined) return found;
  const supported = plans.filter((plan) => plan.device === device).map((plan) => plan.platform).join(", ");
  throw new Error(`no TensorFlow runtime for ${device} on ${platform}; supported: ${supported}. Elsewhere the slower WASM backend works without set-up (POTSTILL_BACKEND=wasm)`);
}
