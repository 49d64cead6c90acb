import { WeightFileError, type Budget } from "../source.ts";
import { numberOps } from "./numbers.ts";
import type { ByteReader } from "./reader.ts";
import { ByteString, Inert, isKnown, isStateful, textOf, type Known, type PickleValue } from "./values.ts";

/** What the machine asks its owner. */
export interface MachineOptions {
  readonly path: string;
  readonly budget: Budget;
  /** The meaning of a global. Throws WeightFileError for one that is not allowed. */
  readonly resolve: (module: string, name: string) => Known;
  /** The meaning of a persistent id. Default: refused. */
  readonly persistent?: (id: PickleValue) => PickleValue;
}

/** Steps that one pickle may take; a checkpoint of weights has some ten thousand. */
const maxSteps = 2_000_000;

/** Longest key in bytes that is turned into text. */
const maxKey = 1 << 16;

/** Steps that a dict or set counts for, as it takes more memory than the byte that asks for it. */
const mapSteps = 8;

/** The machine's state while it runs. */
export interface Machine {
  readonly reader: ByteReader;
  readonly stack: PickleValue[];
  readonly push: (value: PickleValue) => void;
  readonly pop: () => PickleValue;
  /** What was pushed since the last mark, which is removed. */
  readonly popMark: () => PickleValue[];
  readonly mark: () => void;
  readonly top: () => PickleValue;
  readonly memo: Map<number, PickleValue>;
  readonly options: MachineOptions;
  readonly work: (steps: number) => void;
  readonly fail: (what: string) => never;
}

export type Operation = (machine: Machine) => void;

/**
 * Reads one pickle (protocols 0 to 5) as data. Nothing of it is executed: only the globals that `resolve` knows have a
 * meaning, and they make data. Work is bounded by 2,000,000 steps, memory by the bytes of the pickle.
 * @returns the value; the reader stands behind the pickle
 * @throws WeightFileError for unknown globals and opcodes, truncated and contradictory pickles
 */
export function readPickle(reader: ByteReader, options: MachineOptions): PickleValue {
  const machine = makeMachine(reader, options);
  for (;;) {
    machine.work(1);
    const opcode = reader.byte();
    if (opcode === 0x2e) return machine.pop(); // '.'
    const operation = operations.get(opcode);
    if (operation === undefined) machine.fail(`opcode ${opcode} (0x${opcode.toString(16)}) is none that a checkpoint needs`);
    else operation(machine);
  }
}

function makeMachine(reader: ByteReader, options: MachineOptions): Machine {
  const stack: PickleValue[] = [];
  const marks: number[] = [];
  let steps = 0;
  const fail = (what: string): never => {
    throw new WeightFileError(`${options.path} is no usable checkpoint: at byte ${reader.position()} of its pickle, ${what}. It is corrupt or was not made by PyTorch, Detectron or numpy; fetch it again`);
  };
  const below = () => marks[marks.length - 1] ?? 0;
  const pop = () => (stack.length > below() ? stack.pop() : fail("the stack is empty"));
  return {
    reader, stack, options, fail, pop,
    memo: new Map(),
    push: (value) => { stack.push(value); },
    mark: () => { marks.push(stack.length); },
    popMark: () => (marks.length > 0 ? stack.splice(marks.pop()!) : fail("there is no mark")),
    top: () => (stack.length > below() ? stack[stack.length - 1] : fail("the stack is empty")),
    work: (more) => {
      steps += more;
      if (steps > maxSteps) fail(`it takes more than ${maxSteps} steps; a checkpoint of weights takes some ten thousand`);
    },
  };
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");

function little(machine: Machine, length: number): number {
  const bytes = machine.reader.take(length);
  let value = 0;
  for (let i = length - 1; i >= 0; i--) value = value * 256 + bytes[i];
  return Number.isSafeInteger(value) ? value : machine.fail(`a length of ${value} bytes`);
}

const take = (machine: Machine, lengthBytes: number) => machine.reader.take(little(machine, lengthBytes));

function setItems(machine: Machine, items: readonly PickleValue[]): void {
  const target = machine.top();
  const map: PickleValue = target instanceof Inert ? target.items : target;
  if (!(map instanceof Map)) return machine.fail("items are set on what is no dict");
  if (items.length % 2 !== 0) machine.fail("a dict has a key without a value");
  for (let i = 0; i < items.length; i += 2) map.set(keyOf(machine, items[i]), items[i + 1]);
}

function keyOf(machine: Machine, key: PickleValue): PickleValue {
  if (key instanceof ByteString && key.bytes.length > maxKey) machine.fail(`a key of ${key.bytes.length} bytes`);
  return textOf(key) ?? key;
}

function append(machine: Machine, items: readonly PickleValue[]): void {
  const list = machine.top();
  if (list instanceof Set) for (const item of items) list.add(item);
  else if (Array.isArray(list)) for (const item of items) list.push(item);
  else if (!(list instanceof Inert)) machine.fail("items are appended to what is no list");
}

function dict(machine: Machine, items: readonly PickleValue[]): void {
  machine.work(mapSteps);
  machine.push(new Map());
  setItems(machine, items);
}

function set(machine: Machine, items: readonly PickleValue[]): void {
  machine.work(mapSteps);
  machine.push(new Set(items));
}

function global(machine: Machine, module: string, name: string): void {
  machine.push(machine.options.resolve(module, name));
}

function call(machine: Machine, callee: PickleValue, args: PickleValue): void {
  if (!isKnown(callee) || callee.call === undefined) return machine.fail(`${isKnown(callee) ? callee.name : "a value"} is called, which cannot be`);
  if (!Array.isArray(args)) return machine.fail(`${callee.name} is called without a tuple of arguments`);
  const { work, fail, options: { path, budget } } = machine;
  const refuse = (what: string): never => {
    throw new WeightFileError(`${path} is refused: ${what}. Nothing of it was executed; save the weights alone in Python, torch.save(model.state_dict(), "weights.pth"), or fetch them from a source that you trust`);
  };
  machine.push(callee.call({ args, work, budget, fail, refuse }));
}

function build(machine: Machine): void {
  const state = machine.pop();
  const target = machine.top();
  if (target instanceof Inert) target.state = state;
  else if (isStateful(target)) target.setState(state);
  else if (!(target instanceof Map)) machine.fail("a state is given to what has none"); // an OrderedDict's attributes are metadata
}

function remember(machine: Machine, index: number): void {
  machine.memo.set(index, machine.top());
}

function recall(machine: Machine, index: number): void {
  if (!machine.memo.has(index)) machine.fail(`memo ${index} was never stored`);
  machine.push(machine.memo.get(index));
}

function decimal(machine: Machine): number {
  const line = machine.reader.line();
  return /^\d{1,15}$/.test(line) ? Number(line) : machine.fail(`"${line.slice(0, 40)}" is no index`);
}

/** A Python 2 string in quotes, with the escapes that `repr` writes. */
function quoted(machine: Machine): ByteString {
  const line = machine.reader.line();
  const [, , body] = /^(['"])(.*)\1$/s.exec(line) ?? machine.fail("a string lacks its quotes");
  const bytes = body.replace(/\\(x[0-9a-fA-F]{2}|.)/gs, (_, escape: string) => escapes.get(escape) ?? (escape.startsWith("x") ? String.fromCharCode(parseInt(escape.slice(1), 16)) : escape));
  return new ByteString(new Uint8Array(Buffer.from(bytes, "latin1")));
}

const escapes: ReadonlyMap<string, string> = new Map([["n", "\n"], ["r", "\r"], ["t", "\t"], ["0", "\0"]]);

function persistent(machine: Machine, id: PickleValue): void {
  if (machine.options.persistent === undefined) machine.fail("it refers to data outside of itself, which there are none");
  machine.push(machine.options.persistent?.(id));
}

const code = (character: string) => character.charCodeAt(0);

const operations: ReadonlyMap<number, Operation> = new Map<number, Operation>([
  ...numberOps,
  [0x80, (m) => { const protocol = m.reader.byte(); if (protocol > 5) m.fail(`protocol ${protocol}, allowed 0 to 5`); }],
  [0x95, (m) => { little(m, 8); }], // FRAME
  [code("("), (m) => { m.mark(); }],
  [code("0"), (m) => { m.pop(); }],
  [code("1"), (m) => { m.popMark(); }],
  [code("2"), (m) => { m.push(m.top()); }],
  [code("N"), (m) => { m.push(null); }],
  [0x88, (m) => { m.push(true); }],
  [0x89, (m) => { m.push(false); }],
  // strings
  [code("S"), (m) => { m.push(quoted(m)); }],
  [code("T"), (m) => { m.push(new ByteString(take(m, 4))); }],
  [code("U"), (m) => { m.push(new ByteString(take(m, 1))); }],
  [code("V"), (m) => { m.push(m.reader.line().replace(/\\u([0-9a-fA-F]{4})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))); }],
  [code("X"), (m) => { m.push(text(take(m, 4))); }],
  [0x8c, (m) => { m.push(text(take(m, 1))); }],
  [0x8d, (m) => { m.push(text(take(m, 8))); }],
  [code("B"), (m) => { m.push(take(m, 4)); }],
  [code("C"), (m) => { m.push(take(m, 1)); }],
  [0x8e, (m) => { m.push(take(m, 8)); }],
  [0x96, (m) => { m.push(take(m, 8)); }], // BYTEARRAY8
  // containers
  [code(")"), (m) => { m.push([]); }],
  [code("t"), (m) => { m.push(m.popMark()); }],
  [0x85, (m) => { m.push([m.pop()]); }],
  [0x86, (m) => { const b = m.pop(); m.push([m.pop(), b]); }],
  [0x87, (m) => { const [c, b, a] = [m.pop(), m.pop(), m.pop()]; m.push([a, b, c]); }],
  [code("]"), (m) => { m.push([]); }],
  [code("l"), (m) => { m.push(m.popMark()); }],
  [code("a"), (m) => { append(m, [m.pop()]); }],
  [code("e"), (m) => { append(m, m.popMark()); }],
  [code("}"), (m) => { dict(m, []); }],
  [code("d"), (m) => { dict(m, m.popMark()); }],
  [code("s"), (m) => { const value = m.pop(); setItems(m, [m.pop(), value]); }],
  [code("u"), (m) => { setItems(m, m.popMark()); }],
  [0x8f, (m) => { set(m, []); }],
  [0x90, (m) => { append(m, m.popMark()); }],
  [0x91, (m) => { set(m, m.popMark()); }],
  // memo
  [code("p"), (m) => { remember(m, decimal(m)); }],
  [code("q"), (m) => { remember(m, m.reader.byte()); }],
  [code("r"), (m) => { remember(m, little(m, 4)); }],
  [0x94, (m) => { remember(m, m.memo.size); }],
  [code("g"), (m) => { recall(m, decimal(m)); }],
  [code("h"), (m) => { recall(m, m.reader.byte()); }],
  [code("j"), (m) => { recall(m, little(m, 4)); }],
  // objects
  [code("c"), (m) => { const module = m.reader.line(); global(m, module, m.reader.line()); }],
  [0x93, (m) => { const [name, module] = [textOf(m.pop()), textOf(m.pop())]; if (name === undefined || module === undefined) m.fail("a global has no name"); else global(m, module, name); }],
  [code("R"), (m) => { const args = m.pop(); call(m, m.pop(), args); }],
  [0x81, (m) => { const args = m.pop(); call(m, m.pop(), args); }],
  [0x92, (m) => { m.pop(); const args = m.pop(); call(m, m.pop(), args); }],
  [code("i"), (m) => { const module = m.reader.line(); const known = m.options.resolve(module, m.reader.line()); call(m, known, m.popMark()); }],
  [code("o"), (m) => { const [callee, ...args] = m.popMark(); call(m, callee, args); }],
  [code("b"), build],
  [code("P"), (m) => { persistent(m, m.reader.line()); }],
  [code("Q"), (m) => { persistent(m, m.pop()); }],
]);
