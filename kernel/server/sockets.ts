import { createRequire } from "node:module";
import type * as zeromq from "zeromq";
import type { Router, XPublisher } from "zeromq";
import type { ConnectionInfo } from "../protocol/connection-file.ts";
import { addressOf, channels } from "../protocol/connection-file.ts";
import { Broadcaster, subscriberQueue } from "./broadcaster.ts";

// `import` would first read all of this CommonJS package for the names it exports, which takes as long as loading it.
const zmq = createRequire(import.meta.url)("zeromq") as typeof zeromq;

/** ZeroMQ closes the connection of whoever announces a larger frame, in bytes: unsigned rubbish must not fill the memory. */
const largestRequest = 1 << 30;
/** Heartbeats and subscriptions are short. */
const largestSignal = 1 << 16;

/** A socket on which requests arrive and answers leave. */
export interface RequestSocket {
  /** Calls `handle` for every arriving multipart message until the socket is closed. */
  listen(handle: (frames: readonly Uint8Array[]) => void): void;
  send(frames: readonly Uint8Array[]): void;
}

/** All sockets of a kernel, bound. */
export interface Sockets {
  readonly shell: RequestSocket;
  readonly control: RequestSocket;
  readonly stdin: RequestSocket;
  publish(frames: readonly Uint8Array[]): void;
  /** Calls `welcome` with the topic of every subscription that arrives, also with topics that others have. */
  onSubscription(welcome: (topic: Uint8Array) => void): void;
  /** Resolves when everything handed over so far is in ZeroMQ's hands. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Binds the five sockets and answers heartbeats; a connection with CURVE keys is encrypted, and closed to whoever does
 * not know the public one. Throws when an address is taken, naming it.
 */
export async function openSockets(info: ConnectionInfo, log: (message: string) => void = () => undefined): Promise<Sockets> {
  const curve = curveOptions(info);
  // Without a limit no reply is ever dropped for a slow client; lingering gives the last ones a moment to leave.
  const options = { ...curve, sendHighWaterMark: 0, linger: 1000, maxMessageSize: largestRequest };
  const routers = { shell: new zmq.Router(options), control: new zmq.Router(options), stdin: new zmq.Router(options) };
  const publisher = new zmq.XPublisher({ ...curve, sendHighWaterMark: subscriberQueue, noDrop: true, linger: 1000, maxMessageSize: largestSignal, verbosity: "allSubs" });
  // A router, not a reply socket: what is no request leaves a reply socket waiting for ever.
  const heartbeat = new zmq.Router({ ...curve, linger: 0, maxMessageSize: largestSignal });
  const all = { ...routers, iopub: publisher, hb: heartbeat };
  const bound = await Promise.allSettled(channels.map((channel) => bind(all[channel], addressOf(info, channel))));
  const failure = bound.find((result) => result.status === "rejected");
  if (failure) {
    // Sockets left open would abort the process at exit.
    for (const socket of Object.values(all)) socket.close();
    throw failure.reason;
  }
  void echo(heartbeat);
  const iopub = new Broadcaster(publisher, () => log("a client of the iopub channel does not read: it is passed over until it does"));
  const [shell, control, stdin] = [routers.shell, routers.control, routers.stdin].map((socket) => new Sender(socket)) as [Sender, Sender, Sender];
  const senders = [iopub, shell, control, stdin];
  return {
    shell: requestSocket(routers.shell, shell),
    control: requestSocket(routers.control, control),
    stdin: requestSocket(routers.stdin, stdin),
    publish: (frames) => iopub.send(frames),
    onSubscription: (welcome) => void receiveSubscriptions(publisher, welcome),
    flush: async () => void (await Promise.all(senders.map((sender) => sender.idle()))),
    close: async () => {
      void iopub.close();
      await Promise.all(senders.map((sender) => sender.idle()));
      for (const socket of Object.values(all)) socket.close();
    },
  };
}

function curveOptions({ curve }: ConnectionInfo): { curveServer?: true; curvePublicKey?: string; curveSecretKey?: string } {
  if (curve === undefined) return {};
  if (!zmq.capability.curve) throw new Error("the connection file asks for encryption (curve_publickey), which this build of ZeroMQ lacks; start the kernel without transport encryption.");
  return { curveServer: true, curvePublicKey: curve.publicKey, curveSecretKey: curve.secretKey };
}

async function bind(socket: Router | XPublisher, address: string): Promise<void> {
  try {
    await socket.bind(address);
  } catch (error) {
    throw new Error(`cannot listen on ${address}: ${(error as Error).message}; give the kernel a connection file with free ports.`, { cause: error });
  }
}

async function echo(socket: Router): Promise<void> {
  await receive(socket, (frames) => void socket.send([...frames] as Buffer[]).catch(() => undefined));
}

function requestSocket(socket: Router, sender: Sender): RequestSocket {
  return {
    listen: (handle) => void receive(socket, handle),
    send: (frames) => sender.send(frames),
  };
}

/** Hands over what arrives until the socket is closed. */
async function receive(socket: Router | XPublisher, handle: (frames: readonly Uint8Array[]) => void): Promise<void> {
  while (!socket.closed) {
    const frames = await next(socket);
    if (frames !== undefined) handle(frames);
  }
}

/** ZeroMQ drops what is not well formed, after having announced it: then there is nothing to receive. */
async function next(socket: Router | XPublisher): Promise<readonly Uint8Array[] | undefined> {
  try {
    return await socket.receive();
  } catch (error) {
    if (!socket.closed && (error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
    await new Promise((resolve) => setImmediate(resolve));
    return undefined;
  }
}

/** Subscriptions arrive as one frame: a byte that is 1 for a new one, and the topic. */
async function receiveSubscriptions(publisher: XPublisher, welcome: (topic: Uint8Array) => void): Promise<void> {
  await receive(publisher, ([frame]) => {
    if (frame[0] === 1 && frame.length <= longestTopic) welcome(frame.subarray(1));
  });
}

/** Longer topics are nothing that a Jupyter client subscribes to, in bytes. */
const longestTopic = 256;

/** ZeroMQ sockets take one send at a time: this one queues. */
class Sender {
  readonly #socket: Router;
  #last: Promise<void> = Promise.resolve();

  constructor(socket: Router) {
    this.#socket = socket;
  }

  send(frames: readonly Uint8Array[]): void {
    // A client that went away is not the kernel's error.
    this.#last = this.#last.then(() => this.#socket.send([...frames] as Buffer[])).catch(() => undefined);
  }

  idle(): Promise<void> {
    return this.#last;
  }
}
