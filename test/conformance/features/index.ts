import { KernelDriver } from "../kernel-driver.ts";
import type { Contestant, Feature } from "./feature.ts";
import { help } from "./help.ts";
import { interrupts } from "./interrupts.ts";
import { output } from "./output.ts";
import { protocol, running } from "./protocol.ts";
import { safety } from "./safety.ts";
import { semantics } from "./semantics.ts";

/** Every feature of the comparison. */
export const features: readonly Feature[] = [...protocol, ...running, ...output, ...semantics, ...interrupts, ...help, ...safety];

/** "yes", "–" where it does not apply, or what was wrong. */
export async function verdict(feature: Feature, contestant: Contestant): Promise<string> {
  const { dialect, argv, env } = contestant;
  if (feature.applies?.(dialect) === false) return "–";
  const kernel = await KernelDriver.start({ argv, env: { POTSTILL_TYPECHECK: "error", ...env } });
  try {
    return (await feature.check({ kernel, contestant, dialect })) ?? "yes";
  } catch (error) {
    return (error as Error).message.split("\n", 1)[0];
  } finally {
    await kernel.stop();
  }
}
