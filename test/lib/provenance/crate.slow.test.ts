import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { recordRun } from "../../../lib/provenance/record.ts";
import { validatorPython } from "../../python.ts";
import { runFiles, runFolder, temporary } from "./folders.ts";

const folder = temporary();
const people = { author: { name: "A. Nother", url: "https://orcid.org/0000-0002-1825-0097" }, organisation: { name: "An Institute", url: "https://example.org" }, licence: { name: "CC BY 4.0", url: "https://creativecommons.org/licenses/by/4.0/" } };

/** As much of the two contexts as crates here use: the validator fetches them, and tests have no network. */
const schemaOrg = ["CreativeWork", "Dataset", "CreateAction", "SoftwareApplication", "PropertyValue", "Person", "Organization", "name", "description", "about", "datePublished", "license", "author", "publisher", "hasPart", "mentions", "version", "softwareVersion", "softwareRequirements", "url", "identifier", "affiliation", "encodingFormat", "contentSize", "startTime", "endTime", "instrument", "agent", "object", "result", "actionStatus", "error", "value", "unitText"];
const contexts = {
  "https://w3id.org/ro/crate/1.1/context": { "@context": { ...Object.fromEntries(schemaOrg.map((term) => [term, `http://schema.org/${term}`])), File: "http://schema.org/MediaObject", conformsTo: "http://purl.org/dc/terms/conformsTo" } },
  "https://w3id.org/ro/terms/workflow-run/context": { "@context": Object.fromEntries(["sha256", "environment", "resourceUsage"].map((term) => [term, `https://w3id.org/ro/terms/workflow-run#${term}`])) },
};

const python = validatorPython(["rocrate_validator", "requests_cache"]);

/** The run as a package with a home page would have trained it. */
async function run(name: string, files: Readonly<Record<string, string>> = runFiles): Promise<string> {
  const path = await runFolder(join(folder, name), files);
  const file = join(path, "code.json");
  const { code, ...rest } = JSON.parse(readFileSync(file, "utf8")) as { code: { package: object } };
  writeFileSync(file, JSON.stringify({ ...rest, code: { ...code, package: { ...code.package, url: "https://example.org/potstill" } } }));
  return path;
}

describe.skipIf(python === undefined)("roc-validator's process-run-crate profile", () => {
  it("passes finished and failed runs, REQUIRED and RECOMMENDED, and sees a file that is missing", async () => {
    const { "config.json": config } = runFiles;
    const [named, failed, unnamed, spoilt] = [await run("named"), await run("failed", { "config.json": config, "metrics.jsonl": "" }), await run("unnamed"), await run("spoilt")];
    for (const path of [named, spoilt]) await recordRun(path, { people });
    await recordRun(unnamed, { environment: {} });
    await recordRun(failed, { people, error: new Error("non-finite loss") });
    rmSync(join(spoilt, "metrics.jsonl"));
    const crates = [[named, "RECOMMENDED"], [failed, "RECOMMENDED"], [unnamed, "REQUIRED"], [unnamed, "RECOMMENDED"], [spoilt, "REQUIRED"]].map(([path, severity]) => ({ folder: path, severity }));
    const done = spawnSync(python!, [join(import.meta.dirname, "validate-crates.py")], { input: JSON.stringify({ cache: join(folder, "contexts"), contexts, crates }), encoding: "utf8", timeout: 300_000 });
    expect(done.stderr).toBe("");
    const answers = JSON.parse(done.stdout) as { passed: boolean; issues: string[] }[];
    expect(answers.slice(0, 3)).toEqual(Array.from({ length: 3 }, () => ({ passed: true, issues: [] })));
    expect(answers[3].issues.length).toBeGreaterThan(0);
    expect(answers[3].issues.filter((issue) => !/publisher|affiliation/.test(issue))).toEqual([]); // nobody stated them
    expect(answers[4]).toEqual({ passed: false, issues: [expect.stringMatching(/metrics\.jsonl/)] });
  }, 310_000);
});
