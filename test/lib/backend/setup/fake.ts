import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { addons, type Addon } from "../../../../lib/backend/setup/folders.ts";
import type { RuntimePlan, Wheel } from "../../../../lib/backend/setup/pins.ts";

/** A fresh folder under the system's temporary one. */
export function scratch(): string {
  return mkdtempSync(join(tmpdir(), "potstill-setup-test-"));
}

/** What Python runs to write a wheel: names and texts become a zip with a valid RECORD-less wheel's metadata. */
const makeWheel = `
import json, sys, zipfile
path, name, version, members = sys.argv[1], sys.argv[2], sys.argv[3], json.loads(sys.argv[4])
with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
    info = name + "-" + version + ".dist-info/"
    wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: %s\\nVersion: %s\\n" % (name, version))
    wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: false\\nTag: cp311-cp311-manylinux_2_27_x86_64\\n")
    wheel.writestr(info + "RECORD", "")
    for member, source in members.items():
        if source.startswith("file:"):
            wheel.write(source[5:], member)
        else:
            wheel.writestr(member, source)
`;

/** Writes a wheel into an index folder and returns its pin. Members are texts, or `file:PATH`. */
export function fakeWheel(index: string, project: string, members: Record<string, string>, pin: Pick<Wheel, "take" | "skip">, tags = "cp311-cp311-manylinux_2_27_x86_64"): Wheel {
  mkdirSync(index, { recursive: true });
  const name = project.replaceAll("-", "_");
  const file = `${name}-1.0-${tags}.whl`;
  const { status, stderr } = spawnSync("python3", ["-c", makeWheel, join(index, file), name, "1.0", JSON.stringify(members)], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  const sha256 = createHash("sha256").update(readFileSync(join(index, file))).digest("hex");
  return { project, version: "1.0", file, sha256, ...pin };
}

/** Compiles a shared library with one function, as a stand-in for TensorFlow's. */
export function fakeLibrary(path: string, code: string, flags: readonly string[] = []): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.cc`, code);
  const { status, stderr } = spawnSync("g++", ["-shared", "-fPIC", "-o", path, `${path}.cc`, ...flags], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return path;
}

const addonSource = `
#include <node_api.h>
extern "C" int answer();
static napi_value Init(napi_env env, napi_value exports) {
  napi_value value;
  napi_create_int32(env, answer(), &value);
  napi_set_named_property(env, exports, "answer", value);
  return exports;
}
NAPI_MODULE(fake_binding, Init)
`;

/** A small runtime of the real layout: two libraries, a header, an addon that links them; 42 comes from the library. */
export function fakeRuntime(folder: string): { plan: RuntimePlan; addons: Addon[]; index: string } {
  const index = join(folder, "index");
  const cc = fakeLibrary(join(folder, "build", "libtensorflow_cc.so.2"), `extern "C" int answer() { return 42; }`, ["-Wl,-soname,libtensorflow_cc.so.2"]);
  const framework = fakeLibrary(join(folder, "build", "libtensorflow_framework.so.2"), "", ["-Wl,-soname,libtensorflow_framework.so.2"]);
  const wheel = fakeWheel(index, "fake-tensorflow", {
    "tensorflow/libtensorflow_cc.so.2": `file:${cc}`,
    "tensorflow/libtensorflow_framework.so.2": `file:${framework}`,
    "tensorflow/include/tensorflow/c/c_api.h": "// header\n",
    "tensorflow/python/big.txt": "not taken\n",
  }, { take: ["tensorflow/libtensorflow", "tensorflow/include/"] });
  const source = join(folder, "addon", "fake.cc");
  mkdirSync(dirname(source), { recursive: true });
  writeFileSync(source, addonSource);
  const headers = addons()[0].includes[0];
  return {
    index,
    plan: { device: "cpu", version: "1.0", platform: `${process.platform}-${process.arch}`, bytes: 1e6, wheels: [wheel] },
    addons: [{ name: "fake_binding", sources: [source], includes: [headers], linksTensorflow: true }],
  };
}

/** pip's settings that make a folder its only index. */
export function onlyIndex(index: string): Record<string, string> {
  return { PIP_NO_INDEX: "1", PIP_FIND_LINKS: index, PIP_CONFIG_FILE: "/dev/null", PIP_EXTRA_INDEX_URL: "", PIP_INDEX_URL: "" };
}
