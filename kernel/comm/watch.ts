import { state } from "./state.ts";

/** Lets the kernel's other thread mark in shared memory what a widget's comm hears (see `commMark`), also while this thread computes. */
export function watchComm(commId: string, marks: Int32Array): void {
  state.channel?.watch(commId, marks);
}
