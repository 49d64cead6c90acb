import * as api from "../notebook-api.ts";
import { setChannel } from "./cell-channel.ts";
import type { CellChannel } from "./cell-channel.ts";

export { flush, forgetPending } from "./cell-channel.ts";
export type { CellChannel } from "./cell-channel.ts";

/** Makes the cell API global (cells may declare the same names for themselves) and sends its output through the channel. */
export function installCellApi(channel: CellChannel): void {
  setChannel(channel);
  for (const [name, value] of Object.entries(api)) {
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
  }
}
