import { describe, expect, it } from "vitest";
import { Settings } from "../../../kernel/server/settings.ts";

describe("Settings", () => {
  it("takes the environment over the default, the notebook over it, a magic over that, the cell's own above all", () => {
    const settings = Settings.fromEnvironment({ POTSTILL_TYPECHECK: "off" });
    expect(new Settings().of()).toEqual({ typecheck: "error", tsx: false });
    expect(settings.of()).toEqual({ typecheck: "off", tsx: false });
    settings.set("notebook", { typecheck: "warn", tsx: true });
    expect(settings.of()).toEqual({ typecheck: "warn", tsx: true });
    settings.change("magic", { tsx: false });
    settings.change("magic", { typecheck: "error" });
    expect(settings.of()).toEqual({ typecheck: "error", tsx: false });
    expect(settings.of({ tsx: true })).toEqual({ typecheck: "error", tsx: true });
  });

  it("complains once of a value that is none, and keeps the rest", () => {
    const settings = Settings.fromEnvironment({ POTSTILL_TYPECHECK: "strict", POTSTILL_TSX: "1" });
    expect(settings.of()).toEqual({ typecheck: "error", tsx: true });
    expect(settings.takeComplaints()).toEqual(['POTSTILL_TYPECHECK must be "error", "warn" or "off", received "strict"; it is ignored.']);
    for (const _ of [1, 2]) expect(settings.fromMetadata({ potstill: { typecheck: 1, tsx: false } }, "the cell's metadata")).toEqual({ tsx: false });
    expect(settings.takeComplaints()).toHaveLength(1);
    expect(settings.fromMetadata({ potstill: "warn" }, "the notebook")).toEqual({});
    expect(settings.takeComplaints()[0]).toContain("the notebook: potstill must be an object");
    expect(settings.fromMetadata({ trusted: true }, "the notebook")).toEqual({});
    expect(settings.takeComplaints()).toEqual([]);
  });
});
