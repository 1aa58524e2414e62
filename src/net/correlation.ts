/** Joins by `correlate`: the key that a token has for an input, and how many of one key an input needs. */
import type { Json } from "../contract/json.ts";
import type { Token } from "../contract/token.ts";
import type { CompiledInput } from "./compiled-net.ts";

/** Undefined where the token has no key, or null. */
export function keyOfToken({ correlate, arc }: CompiledInput, token: Token): Json | undefined {
  return correlate?.of(token, arc.place) ?? undefined;
}

/** How many tokens of one key an input must have. What only a firing can say counts as one. */
export function leastOf({ take, batch }: CompiledInput): number {
  return batch === null && typeof take === "number" ? take : 1;
}
