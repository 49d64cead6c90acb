import { describe, expect, it } from "vitest";
import { decode, encode, split } from "../../../kernel/protocol/frames.ts";
import type { Message } from "../../../kernel/protocol/messages.ts";
import { ProtocolError } from "../../../kernel/protocol/messages.ts";
import { createSigner } from "../../../kernel/protocol/signer.ts";

const signer = createSigner("secret", "hmac-sha256");
const header = { msg_id: "1", session: "s", username: "u", date: "2024-01-01T00:00:00Z", msg_type: "execute_request", version: "5.3" };
const message: Message = { header, parent: { ...header, msg_id: "0" }, metadata: { tag: "é😀" }, content: { code: "1 + 1", nested: [null, { a: 1 }] }, buffers: [new Uint8Array([0, 255, 7])] };
const identities = [Buffer.from([0, 1, 2]), Buffer.from("client")];
const bytes = (text: string) => Buffer.from(text);

describe("frames", () => {
  it("come back as the message they were made from, with identities and buffers", () => {
    const received = decode(encode(message, identities, signer), signer);
    expect(received.message).toEqual(message);
    expect(received.identities).toEqual(identities);
  });

  it("carry the signature that Python's hmac computes for these four frames", () => {
    // python3 -c "import hmac;h=hmac.new(b'secret',digestmod='sha256');[h.update(f) for f in (b'{}',b'{}',b'{}',b'{}')];print(h.hexdigest())"
    expect(signer.sign(["{}", "{}", "{}", "{}"].map(bytes))).toBe("34982f0bfec60e7b933ffde06c1ecab0fba073717a95ab943d1dd06f82c2d5e4");
  });

  it("are refused when any byte of the JSON or the signature differs, before anything is parsed", () => {
    const good = encode(message, [], signer);
    for (let frame = 1; frame <= 5; frame++) {
      const bad = good.map((each) => Buffer.from(each));
      bad[frame][0] ^= 1;
      expect(() => decode(bad, signer)).toThrow("the signature does not match");
    }
    expect(() => decode([bytes("<IDS|MSG>"), bytes("short"), ...["{", "{", "{", "{"].map(bytes)], signer)).toThrow("the signature does not match");
  });

  it("are refused when they are too few, not JSON, not objects, or lack a header", () => {
    const signed = (json: string[]) => [bytes("<IDS|MSG>"), bytes(signer.sign(json.map(bytes))), ...json.map(bytes)];
    expect(() => decode([bytes("x")], signer)).toThrow(ProtocolError);
    expect(() => decode([bytes("<IDS|MSG>"), bytes(""), bytes("{}")], signer)).toThrow("fewer than six frames");
    expect(() => decode(signed(["{", "{}", "{}", "{}"]), signer)).toThrow("the header is not JSON");
    expect(() => decode(signed(["{}", "[]", "{}", "{}"]), signer)).toThrow("the parent header is not a JSON object");
    expect(() => decode(signed(["{}", "{}", "{}", "{}"]), signer)).toThrow("lacks msg_id");
    expect(() => decode(signed([JSON.stringify(header), "{}", "{}", "1"]), signer)).toThrow("the content is not a JSON object");
  });

  it("need no signature when the connection has no key", () => {
    const open = createSigner("", "hmac-sha256");
    expect(decode(encode(message, [], open), open).message).toEqual(message);
    expect(Buffer.from(split(encode(message, [], open)).signature).toString()).toBe("");
  });

  it("keep header fields that this protocol version does not know", () => {
    const later = { ...message, header: { ...header, subshell_id: "sub" } };
    expect(decode(encode(later, [], signer), signer).message.header).toMatchObject({ subshell_id: "sub" });
  });
});

describe("createSigner", () => {
  it("knows the digests that OpenSSL knows and refuses other schemes by name", () => {
    expect(createSigner("k", "hmac-sha512").sign([bytes("x")])).toHaveLength(128);
    expect(() => createSigner("k", "md5")).toThrow('signature_scheme: received "md5"');
    expect(() => createSigner("k", "hmac-nonsense")).toThrow("hmac-nonsense");
  });
});
