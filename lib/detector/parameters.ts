import * as tf from "@tensorflow/tfjs-core";
import { withoutTape } from "../tensor/stop-gradient.ts";
import { random } from "../tensor/random.ts";
import type { FlattenedInput, Parameter, ParameterGroup, ParameterRole } from "./detector.ts";

/** How a weight starts. Fans are of the layer: inputs (outputs) times filter size. */
export type Initialiser =
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "normal"; readonly deviation: number }
  /** He et al. 2015: normal with variance 2 / fan. */
  | { readonly kind: "kaiming-normal"; readonly fan: number }
  /** Uniform in ±√(3 / fan) (PyTorch's `kaiming_uniform_(a=1)`). */
  | { readonly kind: "kaiming-uniform"; readonly fan: number }
  /** Glorot & Bengio 2010: uniform in ±√(6 / (fan in + fan out)). */
  | { readonly kind: "xavier-uniform"; readonly fanIn: number; readonly fanOut: number };

/**
 * PyTorch's own for the weights and biases of linear layers and convolutions, where a source draws none of its own: uniform in
 * ±1 / √fan in.
 */
export function pytorchDefault(fanIn: number): Initialiser {
  return { kind: "kaiming-uniform", fan: 3 * fanIn };
}

export interface ParameterSpec {
  readonly name: string;
  /** TensorFlow's layout. */
  readonly shape: readonly number[];
  readonly initialiser: Initialiser;
  readonly group: ParameterGroup;
  /** Never trained. Default false. */
  readonly frozen?: boolean;
  readonly role?: ParameterRole;
  readonly flattened?: FlattenedInput;
}

/** Makes and owns named variables. */
export interface ParameterStore {
  /** @throws Error when the name is taken */
  add(spec: ParameterSpec): tf.Variable;
  /**
   * A function that returns `compute()`, computed anew only after one of the variables was assigned. The tensors belong
   * to the store and are constants to the gradient tape.
   */
  remember<T extends Readonly<Record<string, tf.Tensor>>>(variables: readonly tf.Tensor[], compute: () => T): () => T;
  list(): readonly Parameter[];
  dispose(): void;
}

/**
 * A store whose values depend on the seed and each parameter's own name alone, not on the order of creation: the same
 * layer starts equal in every detector that names it so.
 */
export function parameterStore(seed: number | string): ParameterStore {
  const parameters = new Map<string, Parameter>();
  const memos: Memo[] = [];
  return {
    remember: (variables, compute) => {
      const memo = memoised(variables, compute);
      memos.push(memo);
      return memo.value as () => ReturnType<typeof compute>;
    },
    add: (spec) => {
      if (parameters.has(spec.name)) throw new Error(`parameter ${spec.name} exists twice`);
      const value = tf.tensor(initialValues(spec, seed), spec.shape as number[], "float32");
      const variable = tf.variable(value, spec.frozen !== true);
      value.dispose();
      parameters.set(spec.name, { name: spec.name, variable, group: spec.group, frozen: spec.frozen ?? false, ...(spec.role && { role: spec.role }), ...(spec.flattened && { flattened: spec.flattened }) });
      return variable;
    },
    list: () => [...parameters.values()],
    dispose: () => {
      for (const memo of memos) memo.dispose();
      for (const { variable } of parameters.values()) if (!variable.isDisposed) variable.dispose();
    },
  };
}

interface Memo {
  readonly value: () => Readonly<Record<string, tf.Tensor>>;
  readonly dispose: () => void;
}

function memoised(variables: readonly tf.Tensor[], compute: () => Readonly<Record<string, tf.Tensor>>): Memo {
  const current = () => variables.map((variable) => variable.dataId);
  const make = () => Object.fromEntries(Object.entries(withoutTape(compute)).map(([name, tensor]) => [name, tf.keep(tensor)]));
  let ids = current();
  let kept = make();
  const dispose = () => Object.values(kept).forEach((tensor) => tensor.dispose());
  const value = () => {
    if (variables.some((variable, i) => variable.dataId !== ids[i])) {
      dispose();
      ids = current();
      kept = make();
    }
    return kept;
  };
  return { value, dispose };
}

function initialValues({ name, shape, initialiser }: ParameterSpec, seed: number | string): Float32Array {
  const values = new Float32Array(shape.reduce((product, n) => product * n, 1));
  if (initialiser.kind === "constant") return values.fill(initialiser.value);
  const stream = random(seed, "parameter", name);
  const draw = sampler(initialiser);
  for (let i = 0; i < values.length; i++) values[i] = draw(stream);
  return values;
}

function sampler(initialiser: Exclude<Initialiser, { kind: "constant" }>): (stream: ReturnType<typeof random>) => number {
  if (initialiser.kind === "normal") return (stream) => initialiser.deviation * stream.normal();
  if (initialiser.kind === "kaiming-normal") return (stream) => Math.sqrt(2 / initialiser.fan) * stream.normal();
  const bound = initialiser.kind === "kaiming-uniform" ? Math.sqrt(3 / initialiser.fan) : Math.sqrt(6 / (initialiser.fanIn + initialiser.fanOut));
  return (stream) => stream.uniform(-bound, bound);
}
