import { asObject, asString } from "./messages.ts";

/** Where a kernel listens and how its messages are signed: the content of a Jupyter connection file. */
export interface ConnectionInfo {
  readonly transport: "tcp" | "ipc";
  readonly ip: string;
  /** Empty: messages are not signed. */
  readonly key: string;
  readonly signatureScheme: string;
  readonly ports: Readonly<Record<Channel, number>>;
  /** The kernel's CurveZMQ keys, in Z85; without them the connection is not encrypted. */
  readonly curve?: CurveKeys | undefined;
}

export interface CurveKeys {
  readonly publicKey: string;
  readonly secretKey: string;
}

/** The five sockets of a kernel. */
export type Channel = "shell" | "control" | "iopub" | "stdin" | "hb";

export const channels: readonly Channel[] = ["shell", "control", "iopub", "stdin", "hb"];

/** Parses a connection file (kernels.rst, "Connection files"). Throws an Error that names the field and what it holds. */
export function parseConnectionFile(text: string): ConnectionInfo {
  const file = parseJson(text);
  const transport = asString(file.transport, "tcp");
  if (transport !== "tcp" && transport !== "ipc") throw fieldError("transport", transport, '"tcp" or "ipc"');
  const ports = { shell: port(file, "shell"), control: port(file, "control"), iopub: port(file, "iopub"), stdin: port(file, "stdin"), hb: port(file, "hb") };
  return {
    transport,
    ip: asString(file.ip, "127.0.0.1"),
    key: signingKey(file.key),
    signatureScheme: asString(file.signature_scheme, "hmac-sha256"),
    ports,
    curve: curveKeys(file),
  };
}

/** The ZeroMQ address of one socket. */
export function addressOf(info: ConnectionInfo, channel: Channel): string {
  const separator = info.transport === "tcp" ? ":" : "-";
  return `${info.transport}://${info.ip}${separator}${info.ports[channel]}`;
}

function parseJson(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`connection file: not JSON (${(error as Error).message}); let the Jupyter client write it anew.`, { cause: error });
  }
  const object = asObject(value);
  if (object === undefined) throw new Error("connection file: expected a JSON object; let the Jupyter client write it anew.");
  return object;
}

/** Only an explicit empty key turns signing off: a file that lost its key must not open the kernel to everybody. */
function signingKey(value: unknown): string {
  if (typeof value !== "string") throw fieldError("key", value, 'a string (an explicit "" turns signing off)');
  return value;
}

/** Half a pair of keys must not turn encryption off in silence. */
function curveKeys(file: Record<string, unknown>): CurveKeys | undefined {
  const { curve_publickey: publicKey = null, curve_secretkey: secretKey = null } = file;
  if (publicKey === null && secretKey === null) return undefined;
  return { publicKey: curveKey("curve_publickey", publicKey), secretKey: curveKey("curve_secretkey", secretKey) };
}

function curveKey(field: string, value: unknown): string {
  if (typeof value === "string" && /^[0-9A-Za-z.\-:+=^!/*?&<>()[\]{}@%$#]{40}$/.test(value)) return value;
  // A key is a secret: what was received is described, not shown.
  const received = typeof value === "string" ? `a string of ${value.length} characters` : value === null ? "missing" : `a ${typeof value}`;
  throw new Error(`connection file: ${field} is ${received}, expected a key of 40 Z85 characters; leave out both curve_publickey and curve_secretkey to connect without encryption.`);
}

function port(file: Record<string, unknown>, channel: Channel): number {
  const field = `${channel}_port`;
  const value = file[field];
  if (Number.isInteger(value) && (value as number) > 0 && (value as number) < 65_536) return value as number;
  throw fieldError(field, value, "a port number from 1 to 65535");
}

function fieldError(field: string, received: unknown, allowed: string): Error {
  return new Error(`connection file: ${field} is ${JSON.stringify(received) ?? "missing"}, expected ${allowed}.`);
}
