import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { beginRecord, recorder, recordRun } from "../../../lib/provenance/record.ts";
import { runFiles, runFolder, temporary, write } from "./folders.ts";

const folder = temporary();

type Entity = Record<string, unknown> & { readonly "@id": string; readonly "@type": string };
interface Crate { readonly "@context": unknown; readonly "@graph": readonly Entity[] }

const people = { author: { name: "A. Nother", url: "https://orcid.org/0000-0002-1825-0097" }, organisation: { name: "An Institute", url: "https://example.org" }, licence: { name: "CC BY 4.0", url: "https://creativecommons.org/licenses/by/4.0/" } };
const like = (pattern: RegExp): unknown => expect.stringMatching(pattern);
const textOf = (path: string) => readFileSync(join(path, "ro-crate-metadata.json"), "utf8");
const crateOf = (path: string) => JSON.parse(textOf(path)) as Crate;
const entity = (crate: Crate, id: string) => crate["@graph"].find((one) => one["@id"] === id)!;
const ids = (value: unknown): string[] => (Array.isArray(value) ? value : value === undefined ? [] : [value]).map((one) => (one as { "@id": string })["@id"]);
const actionOf = (crate: Crate) => crate["@graph"].find((one) => one["@type"] === "CreateAction")!;

/** The profile's and RO-Crate 1.1's MUSTs, and the form that JSON-LD readers of crates expect. */
function requireMusts(path: string): Crate {
  const crate = crateOf(path), graph = crate["@graph"];
  expect(crate["@context"]).toEqual(["https://w3id.org/ro/crate/1.1/context", "https://w3id.org/ro/terms/workflow-run/context"]);
  expect(new Set(graph.map((one) => one["@id"])).size).toBe(graph.length);
  expect(entity(crate, "ro-crate-metadata.json")).toMatchObject({ "@type": "CreativeWork", conformsTo: { "@id": "https://w3id.org/ro/crate/1.1" }, about: { "@id": "./" } });
  const root = entity(crate, "./");
  expect(root).toMatchObject({ "@type": "Dataset", name: like(/./), description: like(/./), datePublished: like(/^\d{4}-\d\d-\d\dT/) });
  expect(entity(crate, ids(root.conformsTo)[0])).toMatchObject({ "@id": "https://w3id.org/ro/wfrun/process/0.5", "@type": "CreativeWork" });
  expect(entity(crate, ids(root.license)[0])["@type"]).toBe("CreativeWork");
  const action = actionOf(crate);
  expect(ids(root.mentions)).toEqual([action["@id"]]);
  expect(entity(crate, ids(action.instrument)[0])).toMatchObject({ "@type": "SoftwareApplication", name: "Potstill", softwareVersion: like(/^\d+\.\d+\.\d+/), url: "code.json" });
  expect(["Person", "Organization"]).toContain(entity(crate, ids(action.agent)[0])["@type"]);
  for (const time of [action.startTime, action.endTime]) expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00$/);
  for (const file of graph.filter((one) => one["@type"] === "File")) {
    expect(ids(root.hasPart)).toContain(file["@id"]);
    const bytes = readFileSync(join(path, decodeURIComponent(file["@id"])));
    expect(file).toMatchObject({ encodingFormat: like(/^\w+\/[\w.+-]+$/), contentSize: String(bytes.length), sha256: like(/^[0-9a-f]{64}$/) });
  }
  for (const one of graph) for (const [key, value] of Object.entries(one)) {
    if (Array.isArray(value)) expect(value.length, `${one["@id"]} ${key}`).toBeGreaterThan(1);
    for (const reference of (Array.isArray(value) ? value : [value]) as unknown[]) {
      if (typeof reference !== "object") continue;
      expect(Object.keys(reference as object)).toEqual(["@id"]);
      if (!ids(reference)[0].startsWith("https://w3id.org/ro/crate/")) expect(entity(crate, ids(reference)[0]), `${key} of ${one["@id"]}`).toBeDefined();
    }
  }
  return crate;
}

describe("a run crate", () => {
  it("describes a finished run: what it consumed, what it made, by what, with whom it was told", async () => {
    const path = await runFolder(join(folder, "finished"));
    expect(await recordRun(path, { people, command: "potstill train tiny.json" })).toBe(true);
    const crate = requireMusts(path), action = actionOf(crate);
    expect(action).toMatchObject({ name: "Training of test/tiny, seed 3", description: "potstill train tiny.json", endTime: "2026-01-02T03:04:06.789+00:00", actionStatus: "http://schema.org/CompletedActionStatus", agent: { "@id": people.author.url } });
    expect(action).not.toHaveProperty("error");
    expect(ids(action.object)).toEqual(["config.json", "#data", "#starting-weights"]);
    expect(ids(action.result)).toEqual(["checkpoint/state.safetensors", "metrics.jsonl", "result.json", "weights.safetensors"]);
    // The data's hash is of no file: nobody shall hold it against sha256sum.
    expect(entity(crate, "#data")).toEqual({ "@id": "#data", "@type": "CreativeWork", name: "data: synthetic train (12 × 64×64, seed 5)", identifier: { "@id": "#data-hash" } });
    expect(entity(crate, "#data-hash")).toMatchObject({ "@type": "PropertyValue", name: "content hash", value: "a".repeat(64), description: like(/of no file/) });
    expect(entity(crate, "#starting-weights")).toMatchObject({ sha256: "b".repeat(64), identifier: `sha256:${"b".repeat(64)}` });
    expect(entity(crate, ids(action.environment)[0])).toMatchObject({ name: "POTSTILL_THREADS", value: "2" });
    expect(entity(crate, ids(action.instrument)[0]).description).toMatch(/^(?:commit [0-9a-f]{40}|code without git)/);
    expect(crate["@graph"].filter((one) => one["@type"] === "SoftwareApplication").map(({ name }) => name)).toEqual(expect.arrayContaining(["Node.js", "TensorFlow.js", "TensorFlow's C library", "sharp"]));
  });

  it("tells published weights as what they are, by no seed and no data that they were not trained on", async () => {
    const { config: { method: _, ...config }, ...told } = JSON.parse(runFiles["config.json"]) as { config: { method: unknown; name: string } };
    const published = { ...told, config: { ...config, name: "paper/published/one", training: { iterations: 0, learningRate: { base: 0 } } } };
    const path = await runFolder(join(folder, "published"), { ...runFiles, "config.json": JSON.stringify(published) });
    await recordRun(path);
    const crate = requireMusts(path);
    expect(actionOf(crate)).toMatchObject({ name: "Copy of paper/published/one, seed 3", description: "retinanet, published weights as they are" });
    expect(entity(crate, "./").description).toBe("Copy of retinanet, published weights as they are, with what it was computed from and by.");
  });

  it("is the same text for the same files, and another where a score was added", async () => {
    const path = await runFolder(join(folder, "again"));
    await recordRun(path);
    const before = textOf(path);
    expect([await recordRun(path), textOf(path) === before]).toEqual([false, true]);
    write(path, { "score-0123.json": "{}" });
    expect(await recordRun(path)).toBe(true);
    const crate = requireMusts(path);
    expect(ids(entity(crate, "./").hasPart)).toContain("score-0123.json");
    expect(actionOf(crate)["@id"]).toBe(actionOf(JSON.parse(before) as Crate)["@id"]);
  });

  it("says what nobody stated", async () => {
    const path = await runFolder(join(folder, "nobody"));
    await recordRun(path, { environment: {} });
    const crate = requireMusts(path);
    expect(entity(crate, "#author")).toMatchObject({ "@type": "Person", name: "not stated" });
    expect(entity(crate, "./")).not.toHaveProperty("publisher");
    await recordRun(path, { environment: { POTSTILL_AUTHOR: "A. Nother <https://orcid.org/0000-0002-1825-0097>" } });
    expect(entity(crateOf(path), people.author.url)).toMatchObject({ name: "A. Nother" });
    await expect(recordRun(path, { environment: { POTSTILL_AUTHOR: "<x>" } })).rejects.toThrow('POTSTILL_AUTHOR is "<x>"; it must be a name, or a name and an address');
  });

  it("describes a failed run with its error, and no path of this machine", async () => {
    const { "config.json": config, "metrics.jsonl": metrics } = runFiles;
    const path = await runFolder(join(folder, "failed"), { "config.json": config, "metrics.jsonl": metrics });
    await recordRun(path, { error: new RangeError(`cannot read ${join(process.cwd(), "data", "x.png")}`) });
    const action = actionOf(requireMusts(path));
    expect(action).toMatchObject({ actionStatus: "http://schema.org/FailedActionStatus", error: "RangeError: cannot read ./data/x.png", result: { "@id": "metrics.jsonl" } });
  });

  it("refuses what is neither finished nor failed, and broken files by name", async () => {
    const path = await runFolder(join(folder, "half"), { "config.json": "{}" });
    await expect(recordRun(path)).rejects.toThrow(/half is not finished, and no error says why/);
    write(path, { "result.json": "{" });
    await expect(recordRun(path)).rejects.toThrow(/result\.json is not JSON/);
    await expect(recordRun(join(folder, "nowhere"))).rejects.toThrow(/there is no run directory/);
  });
});

describe("a run's recorder", () => {
  it("writes the crate of what ended, repairs one that a kill left out, and takes an interrupt for no failure", async () => {
    const path = join(folder, "recorded");
    write(path, { "config.json": runFiles["config.json"], "metrics.jsonl": runFiles["metrics.jsonl"] });
    const record = recorder(path, { environment: {} });
    await record.began();
    const interrupt = Object.assign(new Error("interrupted"), { name: "InterruptedError" });
    await record.failed(interrupt);
    expect(() => textOf(path)).toThrow(/ENOENT/);
    await record.failed(new Error("no space"));
    expect(textOf(path)).toContain("FailedActionStatus");
    write(path, runFiles);
    await record.finished({ before: true });
    expect(textOf(path)).toContain("CompletedActionStatus");
    const whole = textOf(path);
    rmSync(join(path, "ro-crate-metadata.json"));
    await record.finished({ before: true });
    expect(textOf(path)).toBe(whole);
  });

  it("finds a wrong variable before the training, not after it", async () => {
    await expect(beginRecord(join(folder, "early"), { POTSTILL_ORGANISATION: "Institute <not an address>" })).rejects.toThrow(/POTSTILL_ORGANISATION is/);
  });
});
