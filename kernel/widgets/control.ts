import type { Comm, CommEvent } from "../comm/comm.ts";
import { separateBuffers } from "./buffers.ts";
import { openModels } from "./model.ts";

/** Takes a comm of the target `jupyter.widget.control`, over which a page that was loaded again asks for all widgets. */
export function acceptControl(comm: Comm, { metadata: { version = "" } }: CommEvent): void {
  if (typeof version !== "string" || version.split(".", 1)[0] !== "1") {
    throw new Error(`The frontend speaks version ${JSON.stringify(version)} of the protocol that asks for widgets; this kernel speaks 1.0.0.`);
  }
  comm.onMessage(({ data: { method } }) => {
    if (method !== "request_states") throw new Error(`A frontend sent ${JSON.stringify(method)} to the widgets; only "request_states" is known.`);
    const { state, paths, buffers } = separateBuffers(allStates());
    comm.send({ method: "update_states", states: state, buffer_paths: paths }, { buffers });
  });
}

function allStates(): Record<string, unknown> {
  const entries = [...openModels()].map(([id, { state }]) => {
    const { _model_name: model_name, _model_module: model_module, _model_module_version: model_module_version } = state;
    return [id, { model_name, model_module, model_module_version, state }] as const;
  });
  return Object.fromEntries(entries);
}
