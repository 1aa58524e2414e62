/** What an edit of a definition means for its rules: one stage for each transition whose rule it brings, changes or takes away. Pure. */
import type { JsonObject } from "../../contract/json.ts";
import type { NetDefinition, Transition } from "../definition.ts";
import { ruleId, watchPolicy } from "./compiled.ts";
import type { Crystal } from "./definition.ts";

/** `deliberate`: the transitions whose rule is put there on purpose, so that one which was demoted may begin again. */
export function stagesOf(
  before: Pick<NetDefinition, "transitions"> | null,
  after: Pick<NetDefinition, "transitions">,
  by: string,
  deliberate: { transition: string; reason?: string; taken?: true } | null,
): JsonObject[] {
  return Object.entries(after.transitions).flatMap(([transition, one]): JsonObject[] => {
    const [old, now] = [crystalOf(before?.transitions[transition]), crystalOf(one)];
    const isMeant = deliberate?.transition === transition;
    const { reason, taken } = (isMeant ? deliberate : null) ?? {};
    const why = isMeant ? { deliberate: true, ...(reason === undefined ? {} : { reason }), ...(taken ? { taken } : {}) } : {};
    const later = laterStage(old, now, isMeant);
    if (later) return [{ ...later, transition, by, ...why }];
    if (!isMeant && sameCrystal(old, now)) return [];
    const crystal = now ?? old;
    if (!crystal) return [];
    const stage = !now || now.mode === "off" ? "undone" : now.mode === "live" ? "promoted" : "shadow";
    const place: JsonObject =
      stage === "promoted" && old?.next && ruleId(old.next.rule) === ruleId(crystal.rule) ? { replaces: ruleId(old.rule) } : {};
    return [{ stage, transition, rule: ruleId(crystal.rule), by, watch: { ...watchPolicy(crystal) }, ...place, ...why }];
  });
}

/** K2. What brings back a rule that was demoted, and not on purpose, is told as what it is: nothing. */
export function withHeldBack(stages: readonly JsonObject[], isHeld: (transition: string, rule: string) => boolean): JsonObject[] {
  return stages.map((one) => {
    const brings = (one.stage === "promoted" || one.stage === "shadow") && one.deliberate !== true;
    return brings && isHeld(String(one.transition), String(one.rule)) ? { ...one, stage: "held-back" } : one;
  });
}

/** A later rule beside a live one that goes on answering, which comes or goes. */
function laterStage(old: Crystal | undefined, now: Crystal | undefined, isMeant: boolean): JsonObject | null {
  if (old?.mode !== "live" || !sameCrystal(old, now)) return null;
  const [before, after] = [old.next, now?.next].map((one) => (one ? ruleId(one.rule) : null));
  // Put there on purpose once more, its own count begins anew, and that of the one that answers goes on.
  if (before === after && !(isMeant && after)) return null;
  const rule = ruleId(old.rule);
  return after ? { stage: "beside", rule, next: after } : { stage: "dropped", rule, next: before ?? null };
}

/** The crystal with its later rule in the place of the one that answers; null where there is none. */
export function replaced({ next }: Crystal): Crystal | null {
  return next ? { ...next, mode: "live" } : null;
}

export function withoutNext({ next: _, ...crystal }: Crystal): Crystal {
  return crystal;
}

export function crystalOf(transition: Transition | undefined): Crystal | undefined {
  return transition && "crystal" in transition ? transition.crystal : undefined;
}

export function sameCrystal(one: Crystal | undefined, other: Crystal | undefined): boolean {
  if (!one || !other) return one === other;
  return one.mode === other.mode && ruleId(one.rule) === ruleId(other.rule);
}

/** For the sentence of an edit. */
export function stageWords(stages: readonly JsonObject[]): string[] {
  const words: Record<string, string> = {
    shadow: "beside the model, without effect",
    promoted: "in the model's place",
    undone: "no more: the model does all of it",
    beside: "as before, and a later one stands beside it, without effect",
    dropped: "as before, and the later one beside it is gone",
    "asks-otherwise": "no more: its step asks something else now",
    "held-back": "no more: it was demoted, and applying a version that has it does not bring it back",
  };
  return stages.map(({ stage, transition }) => `the rule of ${String(transition)} answers ${words[String(stage)] ?? ""}`);
}

/** The definition with another crystal, or with none, at a transition named as in the log (`<sub>--<name>`); null where it names none of this log. */
export function withCrystal<Level extends Pick<NetDefinition, "transitions" | "subnets">>(
  level: Level,
  id: string,
  crystal: Crystal | null,
): Level | null {
  const known = Object.hasOwn(level.transitions, id) ? level.transitions[id] : undefined;
  if (known) {
    if (known.kind !== "llm" && known.kind !== "agent") return null;
    const { crystal: _, ...rest } = known;
    return { ...level, transitions: { ...level.transitions, [id]: crystal === null ? rest : { ...rest, crystal } } };
  }
  for (const [name, subnet] of Object.entries(level.subnets ?? {})) {
    if (subnet.log === "own" || !id.startsWith(`${name}--`)) continue;
    const inner = withCrystal(subnet, id.slice(name.length + 2), crystal);
    if (inner) return { ...level, subnets: { ...level.subnets, [name]: inner } };
  }
  return null;
}

/** Of a sub-net with a log of its own: the net around it says what it is, and knows nothing of its rules. */
export function keepCrystals(running: NetDefinition | null, sent: NetDefinition): NetDefinition {
  const flat = (level: Pick<NetDefinition, "transitions" | "subnets">, path: string): [string, Crystal][] => [
    ...Object.entries(level.transitions).flatMap(([name, one]): [string, Crystal][] => {
      const crystal = crystalOf(one);
      return crystal ? [[`${path}${name}`, crystal]] : [];
    }),
    ...Object.entries(level.subnets ?? {}).flatMap(([name, subnet]) => (subnet.log === "own" ? [] : flat(subnet, `${path}${name}--`))),
  ];
  return flat(running ?? { transitions: {} }, "").reduce((level, [id, crystal]) => withCrystal(level, id, crystal) ?? level, sent);
}
