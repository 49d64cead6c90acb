import type { CommMessage } from "../language/link.ts";
import { Comm } from "./comm.ts";
import { state } from "./state.ts";
import type { CommChannel, CommTarget } from "./state.ts";

export { Comm } from "./comm.ts";
export type { CommData, CommEvent, CommExtras, CommHandler, CommOptions } from "./comm.ts";
export type { CommChannel, CommTarget } from "./state.ts";

/** What a frontend may open comms to. */
export const comms = {
  /**
   * Lets frontends open comms to this kernel. Registering a target again replaces it.
   * @param name the target's name, which the frontend's extension must use
   * @param accept called with every comm that a frontend opens, and what it said in doing so; the comm is closed again when this throws
   * @returns how to take the target back
   * @example
   * comms.registerTarget("my-extension", (comm, { data }) => {
   *   comm.onMessage(({ data }) => comm.send({ echo: data }));
   * });
   */
  registerTarget(name: string, accept: CommTarget): () => void {
    if (typeof name !== "string" || name === "") throw new TypeError(`A target's name must be a non-empty string, received ${JSON.stringify(name)}.`);
    if (typeof accept !== "function") throw new TypeError(`registerTarget("${name}", …) needs a function that takes the comm, received ${typeof accept}.`);
    const entry = { accept, cell: state.channel?.cell() ?? 0 };
    state.targets.set(name, entry);
    state.channel?.target(name, true);
    return () => {
      if (state.targets.get(name) !== entry) return;
      state.targets.delete(name);
      state.channel?.target(name, false);
    };
  },

  /** The comms that are open now. */
  open(): readonly Comm[] {
    return [...state.comms.values()];
  },
};

/** For the kernel: comms go through this channel from now on. */
export function setCommChannel(channel: CommChannel): void {
  state.channel = channel;
}

/** For the kernel: a frontend has opened, used or closed a comm. */
export function deliverComm({ kind, commId, target = "", data, metadata, buffers }: CommMessage): void {
  const event = { data, metadata, buffers };
  if (kind !== "open") state.comms.get(commId)?.deliver(kind, event);
  else accept(commId, target, event);
}

function accept(id: string, target: string, event: Parameters<CommTarget>[1]): void {
  const entry = state.targets.get(target);
  const channel = state.channel;
  if (channel === undefined || state.comms.has(id)) return;
  if (entry === undefined) return channel.post({ kind: "close", commId: id, data: {}, metadata: {}, buffers: [] });
  channel.within(entry.cell, () => {
    const comm = accepted(id, target);
    try {
      const done = entry.accept(comm, event);
      return done instanceof Promise ? done.catch((error: unknown) => { comm.close(); throw error; }) : done;
    } catch (error) {
      comm.close();
      throw error;
    }
  });
}

function accepted(id: string, target: string): Comm {
  state.accepting = id;
  try {
    return new Comm(target, { id });
  } finally {
    state.accepting = undefined;
  }
}
