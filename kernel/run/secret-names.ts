import { ParameterError } from "../notebook/index.ts";

/** Names without case and separators that say "secret" wherever they stand: `dbPassword`, `MY_API_KEY`, `passPhrase`. */
const telling = /passw(?:or)?d|passphrase|secret(?!ar)|credential|(?:api|access|private|signing|encryption|client|account|ssh|master)key(?!point)|connectionstring|bearer/;
/** Short ones only as words of their own. */
const words = new Set(["pwd", "pw", "auth", "authorization", "authorisation", "cookie", "jwt", "otp"]);
/** Whose tokens open doors. */
const doors = new Set(["access", "auth", "api", "refresh", "session", "login", "personal", "deploy", "github", "gitlab", "hub", "hf", "huggingface", "wandb", "slack", "npm", "pypi"]);
/** Whose tokens are a language model's: `padToken`, `token_ids`, `max_token`. */
const vocabulary = new Set(["pad", "eos", "bos", "unk", "mask", "cls", "sep", "start", "end", "stop", "special", "image", "text", "class", "type", "types", "id", "ids", "count", "max", "min", "num", "per", "n", "dim", "size", "length", "len", "index", "embedding", "embeddings", "new", "next", "first", "last", "patch"]);

/** `hfAccessToken2` → hf, access, token. */
function wordsOf(name: string): string[] {
  return name.replace(/([a-z\d])([A-Z])/g, "$1 $2").replace(/([A-Z]+)([A-Z][a-z])/g, "$1 $2").toLowerCase().split(/[^a-z]+/).filter((word) => word !== "");
}

function isDoorToken(parts: readonly string[]): boolean {
  if (parts.some((word) => doors.has(word)) && parts.some((word) => /tokens?$/.test(word))) return true;
  return parts.some((word) => word.endsWith("token")) && !parts.some((word) => vocabulary.has(word));
}

/** Whether a parameter's name, in any case and spelling, says that its value is a secret. */
export function isSecretName(name: string): boolean {
  const parts = wordsOf(name);
  const joined = parts.join("");
  return telling.test(joined) || joined === "pass" || parts.some((word) => words.has(word)) || isDoorToken(parts);
}

/** Nothing to hide: absent, empty, or a mere switch. */
const isBlank = (value: unknown): boolean => value === null || value === undefined || value === "" || typeof value === "boolean" || (typeof value === "object" && Object.keys(value).length === 0);

function* secretPaths(value: unknown, path: string): Generator<string> {
  if (typeof value !== "object" || value === null) return;
  for (const [key, item] of Object.entries(value)) {
    const here = Array.isArray(value) ? `${path}[${key}]` : path === "" ? key : `${path}.${key}`;
    if (!Array.isArray(value) && isSecretName(key) && !isBlank(item)) yield here;
    else yield* secretPaths(item, here);
  }
}

/** `hub.accessToken` → `ACCESS_TOKEN`, for the environment. */
const variableOf = (path: string): string => wordsOf(path.split(".").at(-1)!).join("_").toUpperCase();

/**
 * Refuses parameters that are named like secrets, nested ones too: their values would stand in the executed notebook, its
 * report and its metadata for everybody to read.
 * @throws ParameterError naming the parameters, never their values
 */
export function refuseSecrets(values: Readonly<Record<string, unknown>>): void {
  const paths = [...secretPaths(values, "")];
  if (paths.length === 0) return;
  const several = paths.length > 1;
  const variable = variableOf(paths[0]);
  throw new ParameterError(`Parameter${several ? "s" : ""} ${paths.join(", ")} ${several ? "are" : "is"} named like ${several ? "secrets" : "a secret"}, and parameters are written into the executed notebook as they are. Set the environment variable ${variable} instead, read it in the cell that needs it (process.env.${variable}; in Python os.environ["${variable}"]), and leave the parameter out. (--allow-secret-parameters, or allowSecretParameters: true, writes it all the same.)`);
}
