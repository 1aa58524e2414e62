/** A rule of a transition made ready to run: its name, what it looks at, and whose work comes back to it. */
import { hashJson } from "../../contract/hash.ts";
import { ruleReads } from "../rule/reads.ts";
import type { Rule } from "../rule/rule.ts";
import type { WatchPolicy } from "../rule/watch.ts";
import type { Crystal, NextRule } from "./definition.ts";

/** A crystal made ready to run. */
export interface CompiledCrystal {
  definition: Crystal;
  /** Names the rule in events and tokens. */
  id: string;
  reads: string[][];
  /** Transitions that send this one's work back to it. */
  reworkers: ReadonlySet<string>;
  /** Of a live rule: the one that may take its place. */
  next: { definition: NextRule; id: string; reads: string[][] } | null;
}

/** The name of a rule: what it says, and nothing of who learned it when. */
export function ruleId(rule: Rule): string {
  return `r-${hashJson(rule).slice(0, 12)}`;
}

export function compileCrystal(definition: Crystal, reworkers: ReadonlySet<string>): CompiledCrystal {
  const { next, mode } = definition;
  return {
    ...{ definition, id: ruleId(definition.rule), reads: readsOf(definition.rule), reworkers },
    next: next && mode === "live" ? { definition: next, id: ruleId(next.rule), reads: readsOf(next.rule) } : null,
  };
}

function readsOf(rule: Rule): string[][] {
  return ruleReads(rule).map((pointer) => pointer.split("/").slice(1).map(unescaped));
}

/** What its proof has seen, against which drift is told: as much as the model may err by it, since a proof may have been lucky. */
export function watchPolicy({ audit, proof }: Pick<Crystal, "audit" | "proof">): Partial<WatchPolicy> {
  if (!proof || proof.covered === 0) return { audit };
  return { audit, expected: Math.min(0.5, proof.bound), declines: Math.min(0.5, 1 - proof.coverage) };
}

/** Of a JSON Pointer (RFC 6901). */
function unescaped(part: string): string {
  return part.replaceAll("~1", "/").replaceAll("~0", "~");
}
