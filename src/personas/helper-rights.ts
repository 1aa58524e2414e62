/**
 * The rights of a helper that a persona spawns: never more than its parent's, whatever is asked for.
 *
 * H1 Flags, tools, places, the net's own limits and the budget of a child are each within its parent's. H2 Therefore the same holds
 * for any chain of helpers.
 */
import { FLAGS, parseFlags } from "../contract/capability.ts";
import type { Grant, Wiring } from "./policy.ts";

export interface Rights {
  grant: Grant;
  wiring: Wiring;
  budget: { turns: number; seconds: number; tokens: number };
}
export interface RightsWish {
  flags: string;
  tools: readonly string[];
  reads?: readonly string[];
  writes?: readonly string[];
  budget?: Partial<Rights["budget"]>;
}

export function helperRights({ grant, wiring, budget }: Rights, wish: RightsWish, name: string): Rights {
  const both = (mine: readonly string[], wanted: readonly string[] | undefined) =>
    wanted === undefined ? [...mine] : mine.filter((one) => wanted.includes(one));
  const [own, wanted] = [parseFlags(grant.flags), parseFlags(wish.flags)];
  const least = (key: keyof Rights["budget"]) => Math.min(budget[key], wish.budget?.[key] ?? budget[key]);
  return {
    grant: {
      persona: name,
      flags: FLAGS.map((flag) => (own.has(flag) && wanted.has(flag) ? flag : "-")).join(""),
      tools: both(grant.tools, wish.tools),
    },
    wiring: {
      ...wiring,
      reads: both(wiring.reads, wish.reads),
      writes: both(wiring.writes, wish.writes),
      takes: both(wiring.takes ?? [], wish.reads),
    },
    budget: { turns: least("turns"), seconds: least("seconds"), tokens: least("tokens") },
  };
}
