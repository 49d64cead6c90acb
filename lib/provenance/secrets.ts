/** Values that nobody but their owner may read, by the names of the variables that hold them. */
export type Secrets = Readonly<Record<string, string>>;

const secretName = /passw|passphrase|secret|token|credential|api_?key|access_?key|private_?key|auth|cookie/i;

/** Shorter values stand in too many texts by chance. */
const leastLength = 8;

/** The environment's variables whose names say that they are secrets; paths, as `XAUTHORITY` holds one, are none. */
export function secretsOf(environment: NodeJS.ProcessEnv): Secrets {
  const isSecret = (name: string, value: string | undefined) => secretName.test(name) && value !== undefined && value.length >= leastLength && !/^[/\\.~]/.test(value);
  return Object.fromEntries(Object.entries(environment).filter(([name, value]) => isSecret(name, value))) as Record<string, string>;
}

/** The name of a secret whose value a text holds, or undefined. */
export function secretIn(text: string, secrets: Secrets): string | undefined {
  return Object.entries(secrets).find(([, value]) => text.includes(value))?.[0];
}
