import { describe, expect, it } from "vitest";
import { decode } from "../../../kernel/protocol/frames.ts";
import type { Header } from "../../../kernel/protocol/messages.ts";
import { createSigner } from "../../../kernel/protocol/signer.ts";
import { Composer } from "../../../kernel/server/composer.ts";
import { IoPub } from "../../../kernel/server/iopub.ts";
import type { Sockets } from "../../../kernel/server/sockets.ts";

const signer = createSigner("k", "hmac-sha256");
const header = (id: string): Header => ({ msg_id: id, session: "s", username: "u", date: "", msg_type: "execute_request", version: "5.3" });

function setUp() {
  const published: { type: string; content: unknown; parent: unknown }[] = [];
  let sent = 0;
  const sockets = {
    publish: (frames: readonly Uint8Array[]) => {
      const { message } = decode(frames, signer);
      published.push({ type: message.header.msg_type, content: message.content, parent: (message.parent as Header).msg_id });
    },
    flush: async () => undefined,
  } as unknown as Sockets;
  return { iopub: new IoPub(sockets, new Composer(), signer, (chars) => { sent += chars; }), published, sent: () => sent };
}

describe("IoPub", () => {
  it("joins what is printed in one go, and sends it before anything else", () => {
    const { iopub, published } = setUp();
    const [one, two] = [header("1"), header("2")];
    for (const text of ["a", "b"]) iopub.stream("stdout", text, one);
    iopub.stream("stderr", "c", one);
    iopub.stream("stderr", "d", two);
    expect(published).toHaveLength(2);
    iopub.status("idle", two);
    expect(published).toEqual([
      { type: "stream", content: { name: "stdout", text: "ab" }, parent: "1" },
      { type: "stream", content: { name: "stderr", text: "c" }, parent: "1" },
      { type: "stream", content: { name: "stderr", text: "d" }, parent: "2" },
      { type: "status", content: { execution_state: "idle" }, parent: "2" },
    ]);
  });

  it("sends by itself after a moment, and at once when much was printed", async () => {
    const { iopub, published, sent } = setUp();
    iopub.print({ name: "stdout", text: "soon", weight: 1004 }, undefined);
    expect(published).toHaveLength(0);
    await new Promise((done) => setTimeout(done, 80));
    expect(published).toHaveLength(1);
    iopub.stream("stdout", "x".repeat(1 << 20), undefined); // the kernel's own words, which nobody counted
    expect(published).toHaveLength(2);
    await new Promise((done) => setTimeout(done, 5));
    expect(sent()).toBe(1004);
  });
});
