/** The exact first request that a persona would make of a token, part by part, without asking anybody. */
import type { Clock } from "../contract/clock.ts";
import { Refused, Terminal } from "../contract/errors.ts";
import type { Json } from "../contract/json.ts";
import type { Tiers } from "../models/tiers.ts";
import { findBinding } from "../net/binding.ts";
import type { CompiledTransition } from "../net/compiled-net.ts";
import { holdsBrowser } from "../net/executor-match.ts";
import { boundInputs } from "../net/held-inputs.ts";
import { markingIndex } from "../net/marking-index.ts";
import type { BoundInput } from "../net/routing.ts";
import { sum } from "../personas/context-parts.ts";
import type { TurnInput } from "../personas/turn.ts";
import { nextRequest } from "../personas/turn-call.ts";
import { beginTurns } from "../personas/turn-loop.ts";
import type { PersonaBook } from "./persona-book.ts";
import { personaMemory } from "./persona-memory.ts";
import { lessonsFor } from "./persona-work.ts";
import { capabilitiesOf } from "./roster.ts";
import { showsCutFields, wholeInputs } from "./term/load-fields.ts";
import type { Term } from "./term/term.ts";
import { askOf, wiringOf } from "./turn-input.ts";

export interface PreviewWish {
  persona: string;
  token: string;
  transition?: string | undefined;
}
export type Previewer = (term: Term, personas: PersonaBook, wish: PreviewWish) => Promise<Json>;

/** Null where the net does not hold the token. Errors: Terminal `no-such-position`, Refused `does-not-fire`, `request-too-long`. */
export function previewer(tiers: Tiers, clock: Clock): Previewer {
  return async (term, personas, wish) => {
    const place = placeOfToken(term, wish.token);
    if (place === null) return null;
    const transition = positionOf(term, place, wish);
    const { inputs, firing } = inputsFor(term, transition, place, wish.token);
    const version = term.state.personas[wish.persona] ?? "";
    const bound = personas.bound(wish.persona, version) ?? (await personas.load(wish.persona, version));
    const { definition } = transition;
    const now = term.ports.clock.now();
    const rendered = askOf(transition, inputs, now);
    const { artifacts } = term.ports.broker;
    const { ask, data } = showsCutFields([rendered.ask, rendered.data])
      ? askOf(transition, await wholeInputs(inputs, artifacts), now)
      : rendered;
    const browser = definition.kind === "agent" && holdsBrowser(definition);
    const workspace = definition.kind === "agent" && definition.workspace !== undefined && !browser;
    const input: TurnInput = {
      shape: definition.kind === "agent" ? "agent" : "llm",
      ...{ persona: bound.persona, knowledge: bound.knowledge, ask: ask ?? "", data },
      lessons: await lessonsFor(term, { firing: firing ?? "", attempt: 0, ask, data }, bound.persona, null),
      wiring: wiringOf(capabilitiesOf(term, transition), {
        workspace,
        browser,
        release: definition.kind === "agent" && definition.release === true,
        memory: personaMemory(term, { firing: "", attempt: 0 }, bound.persona) !== null,
      }),
      key: `${term.state.net}/${transition.id}/preview`,
    };
    const nobody = () => Promise.reject(new Error("a preview asks nobody"));
    const run = beginTurns(input, { ask: nobody, callTool: nobody, clock, signal: new AbortController().signal });
    const { request } = nextRequest(run);
    const { parts, sha256 } = run.prepared.prompt;
    const sent = tiers.preview(bound.persona.tier, request);
    return {
      ...{ net: term.state.net, transition: transition.id, place, persona: wish.persona, personaVersion: version, sha256 },
      ...{ tier: bound.persona.tier, provider: sent.provider, model: sent.model, maxOutputTokens: request.maxOutputTokens },
      parts: parts.map(({ name, tokens, trimmed }) => ({ part: name, tokens, ...(trimmed ? { trimmed } : {}) })),
      tokens: sum(parts),
      body: JSON.stringify(sent.body),
    };
  };
}

function placeOfToken({ state }: Term, token: string): string | null {
  for (const [place, tokens] of state.places) if (tokens.has(token)) return place;
  return null;
}

function positionOf(term: Term, place: string, { persona, token, transition: wanted }: PreviewWish): CompiledTransition {
  const all = [...(term.net?.transitions.values() ?? [])].filter(({ ask, definition }) => ask !== null && definition.persona === persona);
  const fitting = all.filter(({ id, inputs }) => inputs.some(({ arc }) => arc.place === place) && (wanted === undefined || id === wanted));
  if (fitting[0]) return fitting[0];
  const stands = all.map(({ id }) => id).join(", ") || "nowhere";
  throw new Terminal({
    code: "no-such-position",
    message: `no position of ${persona} in ${term.state.net} takes ${token} from ${place}; it stands at ${stands}`,
    hint: `petrel why ${term.state.net} ${token}`,
  });
}

/** As the firing that holds it has them, else as it would be bound: every other token of its place is left aside for the moment. */
function inputsFor(
  term: Term,
  transition: CompiledTransition,
  place: string,
  token: string,
): { inputs: BoundInput[]; firing: string | null } {
  const { state, net } = term;
  const holder = state.firings.get(state.places.get(place)?.get(token)?.reservedBy ?? "");
  if (holder?.transition === transition.id) return { inputs: boundInputs(state, transition, holder), firing: holder.firing };
  const { held } = markingIndex(state);
  const aside = [...(state.places.get(place)?.keys() ?? [])].filter((id) => id !== token).flatMap((id) => [id, `${transition.id} ${id}`]);
  const added = aside.filter((key) => !held.has(key));
  for (const key of added) held.add(key);
  try {
    const binding = net && findBinding(state, net, transition, term.ports.clock.now());
    if (binding?.inputs.some(({ tokens }) => tokens.some(({ id }) => id === token))) return { inputs: binding.inputs, firing: null };
  } finally {
    for (const key of added) held.delete(key);
  }
  throw new Refused({
    code: "does-not-fire",
    message: `${transition.id} would not take ${token} now`,
    hint: `petrel why ${state.net} ${transition.id}`,
  });
}
