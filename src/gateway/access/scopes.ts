/** What a client of the gateway may do. Scopes as in OAuth 2.0 (RFC 6749, section 3.3), separated by spaces; nets as `net:NAME`. */
import { Terminal } from "../../contract/errors.ts";
import { isName } from "../../contract/ids.ts";

export const SCOPES = ["petrel:read", "petrel:operate", "petrel:gate", "petrel:admin"] as const;
export type Scope = (typeof SCOPES)[number];

/** What each includes. Deciding gates is for people, so nothing else includes it. */
const INCLUDES: Record<Scope, readonly Scope[]> = {
  "petrel:read": ["petrel:read"],
  "petrel:operate": ["petrel:operate", "petrel:read"],
  "petrel:gate": ["petrel:gate", "petrel:read"],
  "petrel:admin": ["petrel:admin", "petrel:operate", "petrel:read"],
};

export interface Grant {
  scopes: Scope[];
  /** Null: all nets. */
  nets: string[] | null;
}

export function allows(grant: Grant, wanted: Scope): boolean {
  return grant.scopes.some((scope) => INCLUDES[scope].includes(wanted));
}
export function reachesNet(grant: Grant, net: string): boolean {
  // A part of a net with a log of its own, like `shop--orders`, belongs to the net around it.
  return grant.nets === null || grant.nets.some((name) => net === name || net.startsWith(`${name}--`));
}
/** Whether all that it may do is look. */
export function readsOnly(grant: Grant): boolean {
  return grant.scopes.every((scope) => scope === "petrel:read");
}

/** Errors: Terminal `bad-scope`. */
export function parseScopes(text: string): Grant {
  const words = text.split(/\s+/).filter(Boolean);
  const scopes = new Set<Scope>();
  const nets = new Set<string>();
  for (const word of words) {
    const scope = SCOPES.find((known) => known === word);
    const net = word.startsWith("net:") ? word.slice(4) : null;
    if (scope) scopes.add(scope);
    else if (net !== null && isName(net)) nets.add(net);
    else
      throw new Terminal({
        code: "bad-scope",
        message: `there is no scope "${word}"`,
        hint: `scopes are ${SCOPES.join(", ")}, narrowed by net:NAME`,
      });
  }
  if (scopes.size === 0)
    throw new Terminal({ code: "bad-scope", message: "no scope is named", hint: "petrel:read reads everything but secrets" });
  return { scopes: SCOPES.filter((scope) => scopes.has(scope)), nets: nets.size === 0 ? null : [...nets].sort() };
}

export function scopeText({ scopes, nets }: Grant): string {
  return [...scopes, ...(nets ?? []).map((net) => `net:${net}`)].join(" ");
}

/** The part of `held` that is asked for; null where it asks for more than that. */
export function narrowed(held: Grant, wanted: Grant): Grant | null {
  const inside = wanted.scopes.every((scope) => allows(held, scope));
  const nets = wanted.nets ?? held.nets;
  return inside && (nets ?? []).every((net) => reachesNet(held, net)) ? { scopes: wanted.scopes, nets } : null;
}
