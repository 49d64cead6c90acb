import * as tf from "@tensorflow/tfjs-core";

/** One recorded operation of TensorFlow.js's tape (its `TapeNode`). */
interface TapeNode {
  readonly kernelName: string;
  readonly inputs: Readonly<Record<string, tf.Tensor>>;
  readonly outputs: readonly tf.Tensor[];
  readonly saved: readonly tf.Tensor[];
  readonly gradient?: (outputs: (tf.Tensor | null)[]) => Record<string, () => tf.Tensor>;
}

/** The part of the engine that TypeScript hides but `engine.gradients` itself uses. */
interface Engine {
  startTape(): void;
  endTape(): void;
  state: { activeTape: TapeNode[] | null; gradientDepth: number };
}

export interface GradientResult {
  /** What `f` named in `values`: [n]; owned by the caller. */
  readonly values: tf.Tensor1D;
  /** d loss / d variable in the variables' order; null where the loss does not depend on it. Owned by the caller. */
  readonly gradients: readonly (tf.Tensor | null)[];
}

/**
 * Reverse-mode gradients of a scalar, with two differences to `tf.variableGrads`: each operation's saved activations are
 * freed as soon as its own gradient is done (the peak falls by the size of the activations that are behind), and nothing
 * leaks when `f` or a gradient throws.
 * @param f computes the scalar to minimise and a vector of values to report
 * @throws whatever `f` throws; Error when called inside another gradient computation
 */
export function gradients(f: () => { loss: tf.Scalar; values: tf.Tensor1D }, variables: readonly tf.Variable[]): GradientResult {
  const engine = tf.engine() as unknown as Engine;
  if (engine.state.gradientDepth !== 0) throw new Error("gradients() cannot run inside another gradient computation");
  let tape: readonly TapeNode[] = [];
  try {
    const { loss, values } = record(engine, f, (nodes) => { tape = nodes; });
    try {
      return { values, gradients: scoped(() => backward(relevant(tape, variables, loss), loss, variables)) };
    } catch (error) {
      values.dispose();
      throw error;
    } finally {
      loss.dispose();
    }
  } finally {
    for (const node of tape) disposeAll(node.saved);
  }
}

function record<T>(engine: Engine, f: () => T, tell: (tape: readonly TapeNode[]) => void): T {
  engine.startTape();
  try {
    return scoped(f);
  } finally {
    tell(engine.state.activeTape ?? []);
    engine.endTape();
    engine.state.activeTape = null;
  }
}

/** `tf.tidy` for results whose type TensorFlow.js does not spell out (records with nulls). */
function scoped<T>(f: () => T): T {
  return tf.tidy(f as () => tf.TensorContainer) as T;
}

function disposeAll(tensors: readonly tf.Tensor[]): void {
  for (const tensor of tensors) if (!tensor.isDisposed) tensor.dispose();
}

/** The nodes on a path from a variable to the loss, each with only the inputs that depend on a variable. */
function relevant(tape: readonly TapeNode[], variables: readonly tf.Variable[], loss: tf.Tensor): TapeNode[] {
  const fromVariables = new Set(variables.map((variable) => variable.id));
  const forward = tape.filter((node) => {
    const depends = Object.values(node.inputs).some((input) => fromVariables.has(input.id));
    if (depends) for (const output of node.outputs) fromVariables.add(output.id);
    return depends;
  });
  const toLoss = new Set([loss.id]);
  const path: TapeNode[] = [];
  for (const node of forward.reverse()) {
    if (!node.outputs.some((output) => toLoss.has(output.id))) continue;
    const inputs = Object.fromEntries(Object.entries(node.inputs).filter(([, input]) => fromVariables.has(input.id)));
    for (const input of Object.values(inputs)) toLoss.add(input.id);
    path.push({ ...node, inputs });
  }
  return path;
}

function backward(path: readonly TapeNode[], loss: tf.Tensor, variables: readonly tf.Variable[]): (tf.Tensor | null)[] {
  const wanted = new Set(variables.map((variable) => variable.id));
  const accumulated = new Map<number, tf.Tensor>([[loss.id, tf.onesLike(loss)]]);
  for (const node of path) {
    propagate(node, accumulated);
    disposeAll(node.saved);
    for (const output of node.outputs) {
      if (wanted.has(output.id)) continue;
      accumulated.get(output.id)?.dispose();
      accumulated.delete(output.id);
    }
  }
  return variables.map((variable) => accumulated.get(variable.id) ?? null);
}

function propagate(node: TapeNode, accumulated: Map<number, tf.Tensor>): void {
  const outputs = node.outputs.map((output) => accumulated.get(output.id) ?? null);
  for (const [id, gradient] of scoped(() => inputGradients(node, outputs))) accumulate(accumulated, id, gradient);
}

/** Every gradient is a tensor of its own, also where a rule hands on what it was given. */
function inputGradients(node: TapeNode, outputs: (tf.Tensor | null)[]): [number, tf.Tensor][] {
  if (node.gradient === undefined) throw new Error(`no gradient is registered for the operation ${node.kernelName}`);
  const rules = node.gradient(outputs);
  const taken = new Set<tf.Tensor | null>([...outputs, ...node.saved]);
  return Object.entries(node.inputs).map(([name, input]) => {
    const rule = rules[name];
    if (rule === undefined) throw new Error(`the gradient of ${node.kernelName} says nothing about its input ${name}`);
    const gradient = tf.tidy(rule);
    if (!tf.util.arraysEqual(gradient.shape, input.shape)) {
      throw new Error(`the gradient of ${node.kernelName} for ${name} has shape [${gradient.shape.join(", ")}], the input [${input.shape.join(", ")}]`);
    }
    const own = taken.has(gradient) ? tf.clone(gradient) : gradient;
    taken.add(own);
    return [input.id, own];
  });
}

function accumulate(accumulated: Map<number, tf.Tensor>, id: number, gradient: tf.Tensor): void {
  const before = accumulated.get(id);
  accumulated.set(id, before === undefined ? gradient : tf.add(before, gradient));
  if (before === undefined) return;
  before.dispose();
  gradient.dispose();
}
