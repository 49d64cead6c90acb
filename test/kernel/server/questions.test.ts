import { describe, expect, it } from "vitest";
import { decode } from "../../../kernel/protocol/frames.ts";
import { createSigner } from "../../../kernel/protocol/signer.ts";
import { Composer } from "../../../kernel/server/composer.ts";
import { Questions } from "../../../kernel/server/questions.ts";
import { received } from "./received.ts";

const signer = createSigner("k", "hmac-sha256");
const question = (cell: number) => ({ type: "input", cell, prompt: `${cell}? `, password: false, blocking: false }) as const;

function setUp() {
  const sent: { to: string; id: string; parent: string | undefined; content: unknown }[] = [];
  const send = (frames: readonly Uint8Array[]): void => {
    const { identities, message } = decode(frames, signer);
    sent.push({ to: String(identities[0]), id: message.header.msg_id, parent: message.parent.msg_id, content: message.content });
  };
  const questions = new Questions({ listen: () => undefined, send }, new Composer(), signer);
  const ask = (cell: number, identity: string): void => questions.ask(question(cell), received("execute_request", {}, { id: `cell ${cell}`, identity }));
  const answer = (identity: string, parent: object = {}): number | undefined => questions.take(received("input_reply", { value: "x" }, { identity, parent }))?.cell;
  return { sent, questions, ask, answer };
}

describe("Questions", () => {
  it("go to the client that runs the cell, which alone can answer, in order", () => {
    const { sent, ask, answer } = setUp();
    ask(1, "ada");
    ask(2, "bob");
    ask(3, "ada");
    expect(sent.map(({ to, parent, content }) => [to, parent, content])).toEqual([
      ["ada", "cell 1", { prompt: "1? ", password: false }], ["bob", "cell 2", { prompt: "2? ", password: false }], ["ada", "cell 3", { prompt: "3? ", password: false }],
    ]);
    expect([answer("eve"), answer("ada"), answer("ada"), answer("ada"), answer("bob")]).toEqual([undefined, 1, 3, undefined, 2]);
  });

  it("are answered by name where the client gives it, and not by answers to questions that are over", () => {
    const { sent, questions, ask, answer } = setUp();
    for (const cell of [1, 2, 3]) ask(cell, "ada");
    const named = (index: number) => ({ msg_id: sent[index].id, msg_type: "input_request" });
    expect(answer("ada", named(1))).toBe(2);
    expect(answer("ada", named(1))).toBeUndefined();
    questions.forget(1);
    expect(answer("ada", named(0))).toBeUndefined();
    expect(answer("ada")).toBe(3);
  });
});
