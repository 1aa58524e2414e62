/** Where people find the gateway: `PETREL_GATEWAY_URL`, for one behind a proxy, or what `up` has written down. */

import type { PetrelDoors } from "../doors.ts";
import { readRuntime } from "../runtime-file.ts";

/** It is looked for again after so long: the gateway comes up after the masters. */
const FRESH_MS = 2000;

export function gatewayAddress({ env, clock, cwd }: Pick<PetrelDoors, "env" | "clock" | "cwd">, dir: string): () => string | null {
  const given = env.PETREL_GATEWAY_URL;
  if (given !== undefined && given !== "") return () => given.replace(/\/+$/, "");
  let known: string | null = null;
  let at = Number.NEGATIVE_INFINITY;
  return () => {
    if (clock.now() - at < FRESH_MS) return known;
    at = clock.now();
    try {
      known = readRuntime(dir, cwd).gateway ?? null;
    } catch {
      known = null;
    }
    return known;
  };
}
