import type { JsonObject, Received } from "../protocol/messages.ts";
import type { Services } from "./dispatcher.ts";

/** `create_subshell_request` → the new subshell's id. */
export function createSubshell({ subshells }: Services): JsonObject {
  return { status: "ok", subshell_id: subshells.create() };
}

/** `delete_subshell_request`. */
export function deleteSubshell({ subshells }: Services, { message }: Received): JsonObject {
  subshells.delete(message.content.subshell_id);
  return { status: "ok" };
}

/** `list_subshell_request` → the ids of all subshells, under the name that the protocol gives the list. */
export function listSubshells({ subshells }: Services): JsonObject {
  return { status: "ok", subshell_id: subshells.list() };
}
