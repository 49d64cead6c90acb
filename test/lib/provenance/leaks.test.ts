import { describe, expect, it } from "vitest";
import { findLeaks, thisMachine, withoutLeaks, type Machine } from "../../../lib/provenance/leaks.ts";
import { secretsOf } from "../../../lib/provenance/secrets.ts";

const machine: Machine = { folders: [["/home/ada/kit", "."], ["/home/ada", "~"], ["/tmp", "TMP"]], user: "ada", host: "wolke-7", secrets: { HUB_TOKEN: "s3cr3t/+value" } };
const kinds = (text: string) => findLeaks(text, machine).map(({ kind, found }) => [kind, found]);

describe("findLeaks", () => {
  it.each<[string, [string, string][]]>([
    ["trained in /home/ada/kit/runs/a", [["absolute path", "/home/ada/kit"]]],
    ["--data=/home/ada/data, cwd:/tmp/x", [["absolute path", "/home/ada"], ["absolute path", "/tmp"]]],
    ['"data": "/mnt/scratch/bccd"', [["absolute path", "/mnt/scratch/bccd"]]],
    ["at file:///workspace/kit/a.ts:3:4", [["absolute path", "file:///workspace/kit/a.ts"]]],
    ["../../home/grace/data/x", [["absolute path", "../../home/grace/data/x"]]],
    [String.raw`C:\\Users\\grace\\kit and D:\data\x`, [["absolute path", String.raw`C:\\Users\\grace\\kit`], ["absolute path", String.raw`D:\data\x`]]],
    ["ssh ada@wolke-7", [["user name", "ada"], ["host name", "wolke-7"]]],
    ["USER=ada", [["user name", "ada"]]],
    ["curl -H s3cr3t/+value", [["secret", "HUB_TOKEN"]]],
  ])("sees what %j tells", (text, expected) => {
    const found = kinds(text);
    for (const leak of expected) expect(found).toContainEqual(leak);
    expect(findLeaks(withoutLeaks(text, machine), machine)).toEqual([]);
  });

  it.each(["ada wrote of ada boosting", "runs/a/b and ../shared/data/bccd", "<b>x</b></data></tmp>", "https://example.org/home/ada2/data/x", "input/data/x", "/usr/bin/env node", "a/home/b", "data:image/png;base64,AA/home/ada/kit/BB", "wolke-77", "1/tmp"])("leaves %j alone", (text) => {
    expect(findLeaks(text, machine)).toEqual([]);
    expect(withoutLeaks(text, machine)).toBe(text);
  });

  it("tells the line, and a secret's variable instead of its value", () => {
    expect(findLeaks("one\ntwo s3cr3t/+value\n", machine)).toEqual([{ kind: "secret", found: "HUB_TOKEN", line: 2 }]);
    expect(withoutLeaks("x s3cr3t/+value /home/ada/kit/a.ts /data/coco/train.json", machine)).toBe("x [HUB_TOKEN] ./a.ts …/train.json");
  });

  it("knows this machine's own folders", () => {
    const own = thisMachine({ MY_PASSWORD: "correct horse" });
    expect(findLeaks(`${process.cwd()}/x`, own).map(({ kind }) => kind)).toContain("absolute path");
    expect(findLeaks("correct horse", own)).toEqual([{ kind: "secret", found: "MY_PASSWORD", line: 1 }]);
  });
});

describe("secretsOf", () => {
  it("takes variables that are named like secrets, and no paths, switches or short words", () => {
    expect(secretsOf({ HF_TOKEN: "hf_0123456789", PATH: "/bin", XAUTHORITY: "/home/ada/.Xauthority", USE_AUTH: "true", aws_secret_access_key: "abcdefghij", PGPASSWORD: "longenough", EMPTY_TOKEN: "" })).toEqual({ HF_TOKEN: "hf_0123456789", aws_secret_access_key: "abcdefghij", PGPASSWORD: "longenough" });
  });
});
