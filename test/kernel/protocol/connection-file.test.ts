import { describe, expect, it } from "vitest";
import { addressOf, parseConnectionFile } from "../../../kernel/protocol/connection-file.ts";

const good = { transport: "tcp", ip: "127.0.0.1", key: "k", signature_scheme: "hmac-sha256", shell_port: 1, control_port: 2, iopub_port: 3, stdin_port: 4, hb_port: 5 };

describe("parseConnectionFile", () => {
  it("reads what Jupyter writes", () => {
    const info = parseConnectionFile(JSON.stringify(good));
    expect(info).toMatchObject({ key: "k", signatureScheme: "hmac-sha256", ports: { shell: 1, control: 2, iopub: 3, stdin: 4, hb: 5 } });
    expect(addressOf(info, "iopub")).toBe("tcp://127.0.0.1:3");
    expect(addressOf(parseConnectionFile(JSON.stringify({ ...good, transport: "ipc", ip: "/run/k" })), "hb")).toBe("ipc:///run/k-5");
  });

  it("takes an explicit empty key for no signing", () => {
    expect(parseConnectionFile(JSON.stringify({ ...good, key: "" })).key).toBe("");
  });

  it("reads CURVE keys, and takes null for none, as jupyter_client writes it", () => {
    const keys = { curve_publickey: "a".repeat(40), curve_secretkey: "!".repeat(40) };
    expect(parseConnectionFile(JSON.stringify({ ...good, ...keys })).curve).toEqual({ publicKey: "a".repeat(40), secretKey: "!".repeat(40) });
    expect(parseConnectionFile(JSON.stringify({ ...good, curve_publickey: null, curve_secretkey: null })).curve).toBeUndefined();
  });

  it("does not show a key that it refuses", () => {
    expect(() => parseConnectionFile(JSON.stringify({ ...good, curve_publickey: "a".repeat(40), curve_secretkey: "secret" }))).toThrow(/curve_secretkey is a string of 6 characters, (?!.*"secret")/);
  });

  it.each([
    ["{", "not JSON"],
    [JSON.stringify({ ...good, curve_publickey: "a".repeat(40) }), "curve_secretkey is missing, expected a key of 40 Z85 characters"],
    [JSON.stringify({ ...good, curve_secretkey: "a".repeat(40) }), "curve_publickey is missing"],
    ["[]", "expected a JSON object"],
    [JSON.stringify({ ...good, hb_port: "5" }), 'hb_port is "5"'],
    [JSON.stringify({ ...good, shell_port: undefined }), "shell_port is missing"],
    [JSON.stringify({ ...good, iopub_port: 70_000 }), "iopub_port is 70000, expected a port number from 1 to 65535"],
    [JSON.stringify({ ...good, key: undefined }), "key is missing, expected a string"],
    [JSON.stringify({ ...good, key: null }), "key is null, expected a string"],
    [JSON.stringify({ ...good, key: 5 }), "key is 5, expected a string"],
    [JSON.stringify({ ...good, transport: "udp" }), 'transport is "udp"'],
  ])("refuses %s", (text, message) => {
    expect(() => parseConnectionFile(text)).toThrow(message);
  });
});
