import { childError, runChild } from "./child.ts";

const program = `
const require = (await import("node:module")).createRequire(process.argv[1]);
const binding = require(process.argv[1]);
const x = binding.createTensor([2], binding.TF_FLOAT, new Float32Array([1.5, 2]));
const attribute = { name: "T", type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT };
const [y] = binding.executeOp("AddV2", [attribute], [x, x], 1);
const values = [...binding.tensorDataSync(y.id)];
if (String(values) !== "3,4") throw new Error("TensorFlow computed " + values + " for 1.5+1.5 and 2+2");
`;

/** Loads a fresh binding in a process of its own and adds two numbers with it. Throws with the reason when that fails. */
export async function verifyRuntime(binding: string): Promise<void> {
  const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: "2" };
  const ended = await runChild(process.execPath, ["--input-type=module", "-e", program, binding], { env });
  if (ended.code === 0) return;
  const remedy = ended.signal === "SIGILL"
    ? "This processor lacks an instruction that TensorFlow needs (AVX). The slower WASM backend works: POTSTILL_BACKEND=wasm"
    : "Run `potstill setup --force`; the slower WASM backend works meanwhile: POTSTILL_BACKEND=wasm";
  throw childError("loading the TensorFlow runtime", ended, binding, remedy);
}
