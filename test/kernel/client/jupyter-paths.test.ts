import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dataDir, dataPath, runtimeDir } from "../../../kernel/client/index.ts";
import { temporaryFolder } from "../run/helpers.ts";

const folder = temporaryFolder();
afterAll(folder.remove);
const at = (...names: string[]): string => join(folder.path, ...names);
const env = (more: Record<string, string> = {}): Record<string, string> => ({ HOME: at("home"), PATH: at("env", "bin"), ...more });

beforeAll(() => {
  mkdirSync(at("env", "bin"), { recursive: true });
  writeFileSync(at("env", "bin", "python3"), "");
});

describe.skipIf(process.platform !== "linux")("dataPath", () => {
  it("looks in JUPYTER_PATH, the user's folder, the prefix of the Python on PATH, the system", () => {
    expect(dataPath(env({ JUPYTER_PATH: `${at("a")}:${at("b")}` }))).toEqual([at("a"), at("b"), at("home/.local/share/jupyter"), at("env/share/jupyter"), "/usr/local/share/jupyter", "/usr/share/jupyter"]);
  });

  it("prefers an active environment, unless told not to", () => {
    const user = at("home/.local/share/jupyter");
    expect(dataPath(env({ VIRTUAL_ENV: at("venv") })).slice(0, 3)).toEqual([at("venv/share/jupyter"), at("env/share/jupyter"), user]);
    expect(dataPath(env({ VIRTUAL_ENV: at("venv"), JUPYTER_PREFER_ENV_PATH: "0" }))[0]).toBe(user);
    expect(dataPath(env({ CONDA_PREFIX: at("conda"), CONDA_DEFAULT_ENV: "base" }))[0]).toBe(user);
  });

  it("obeys the variables for the user's folders", () => {
    expect(dataDir(env({ JUPYTER_DATA_DIR: at("d") }))).toBe(at("d"));
    expect(dataDir(env({ XDG_DATA_HOME: at("x") }))).toBe(at("x", "jupyter"));
    expect(runtimeDir(env())).toBe(at("home/.local/share/jupyter/runtime"));
    expect(runtimeDir(env({ JUPYTER_RUNTIME_DIR: at("r") }))).toBe(at("r"));
  });
});
