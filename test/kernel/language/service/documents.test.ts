import { describe, expect, it } from "vitest";
import { Documents } from "../../../../kernel/language/service/documents.ts";
import { ts } from "../../../../kernel/language/service/typescript.ts";

const text = `/** Adds one. */\nexport declare function next(n: number): number;\n`;
const read = (documents: Documents, path: string, version = "1", code = text) =>
  documents.acquireDocument(path, {}, ts.ScriptSnapshot.fromString(code), version);
const documentation = (file: ReturnType<typeof read>): number => (Reflect.get(file.statements[0], "jsDoc") as unknown[] | undefined)?.length ?? 0;

describe("the parsed files", () => {
  it("are parsed once per version", () => {
    const documents = new Documents();
    const first = read(documents, "/a/b.ts");
    expect(read(documents, "/a/b.ts")).toBe(first);
    expect(documents.updateDocument("/a/b.ts", {}, ts.ScriptSnapshot.fromString("export {};"), "2").text).toBe("export {};");
  });

  it("have documentation, packages' only on demand", () => {
    const documents = new Documents();
    expect(documentation(read(documents, "/a/b.ts"))).toBe(1);
    expect(documents.isDocumented("/a/node_modules/p/index.d.ts")).toBe(false);
    expect(documentation(read(documents, "/a/node_modules/p/index.d.ts"))).toBe(0);
    documents.document("/a/node_modules/p/index.d.ts");
    expect(documents.isDocumented("/a/node_modules/p/index.d.ts")).toBe(true);
    expect(documentation(read(documents, "/a/node_modules/p/index.d.ts", "documented"))).toBe(1);
  });

  it("are forgotten when no program has them, except packages'", () => {
    const documents = new Documents();
    const [own, library] = [read(documents, "/a/b.ts"), read(documents, "/a/node_modules/p/index.d.ts")];
    documents.releaseDocument("/a/b.ts");
    documents.releaseDocument("/a/node_modules/p/index.d.ts");
    expect(read(documents, "/a/b.ts")).not.toBe(own);
    expect(read(documents, "/a/node_modules/p/index.d.ts")).toBe(library);
  });
});
