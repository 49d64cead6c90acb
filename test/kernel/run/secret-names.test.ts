import { describe, expect, it } from "vitest";
import { gatherParameters, runNotebook } from "../../../kernel/run/index.ts";
import { isSecretName, refuseSecrets } from "../../../kernel/run/secret-names.ts";

describe("isSecretName", () => {
  it.each(["token", "TOKEN", "hf_token", "hfToken", "HFToken", "github-token", "access_tokens", "apitoken", "auth_token_2", "password", "PassWord", "pass_word", "passwd", "dbPassword", "mypassword", "PASSPHRASE", "pass-phrase", "pwd", "pass", "secret", "client_secret", "AWS_SECRET_ACCESS_KEY", "secretKey", "secrets", "credential", "aws.credentials", "api_key", "API KEY", "apikey", "x-api-key", "openai_api_key_2", "privateKey", "access_key_id", "ssh_key", "auth", "Authorization", "bearer", "session_cookie", "jwt", "access_token_id"])("sees %j", (name) => {
    expect(isSecretName(name)).toBe(true);
  });

  it.each(["max_tokens", "num_tokens", "tokens", "tokenizer", "tokenise", "pad_token", "eosToken", "token_ids", "mask_token", "token_dim", "next_token", "key", "keys", "keypoints", "private_keypoints", "secretary", "author", "authors", "passes", "bypass", "first_pass", "seed", "data", "lr", "compass", "monkey", "cookies_n"])("leaves %j alone", (name) => {
    expect(isSecretName(name)).toBe(false);
  });
});

describe("refuseSecrets", () => {
  const refusal = (values: Record<string, unknown>): string => {
    try {
      refuseSecrets(values);
      return "";
    } catch (error) {
      expect((error as Error).name).toBe("ParameterError");
      return (error as Error).message;
    }
  };

  it("names the parameters, nested ones too, and the remedy, and never a value", () => {
    const message = refusal({ hub: { accessToken: "s3cr3t" }, list: [{ user: "ada", PassWord: 12345 }], lr: 1, api_key: { name: "s3cr3t" } });
    expect(message).toMatch(/^Parameters hub\.accessToken, list\[0\]\.PassWord, api_key are named like secrets/);
    expect(message).toMatch(/environment variable ACCESS_TOKEN instead.*process\.env\.ACCESS_TOKEN.*os\.environ\["ACCESS_TOKEN"\].*--allow-secret-parameters.*allowSecretParameters: true/);
    expect(message).not.toMatch(/s3cr3t|12345/);
  });

  it("takes what hides nothing: absent, empty, switches", () => {
    expect(refusal({ token: null, password: "", auth: true, secrets: [], credentials: {}, max_tokens: 512 })).toBe("");
  });
});

describe("runs of notebooks", () => {
  it("refuse such parameters from wherever they come, before the notebook is read", async () => {
    const yaml = gatherParameters({ yaml: ["{db: {password: hunter2}}"], base64: [Buffer.from("token: abc").toString("base64")], typed: [["lr", "1"]], raw: [["API_KEY", "007"]] });
    await expect(runNotebook({ input: "/nowhere/at/all.ipynb", parameters: yaml })).rejects.toThrow(/Parameters token, db\.password, API_KEY are named like secrets/);
    await expect(runNotebook({ input: "/nowhere/at/all.ipynb", parameters: yaml, allowSecretParameters: true })).rejects.toThrow(/No notebook at/);
  });
});
