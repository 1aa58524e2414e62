/** How a link with instances begins one, and how an instance ends: by its first result, by its time, or because nothing is left in it. */
import { errorData, Terminal } from "../contract/errors.ts";
import type { EventDraft } from "../contract/event.ts";
import { derivedId } from "../contract/hash.ts";
import { isJsonObject } from "../contract/json.ts";
import type { Token } from "../contract/token.ts";
import type { CompiledNet, CompiledTransition } from "./compiled-net.ts";
import { answeredByProgram, handedDraft, isAsking, isBegunByRule, PROGRAM_TIMEOUT, programWork } from "./crystal/program-steps.ts";
import { decideTransition, type MayAnswer, provenanceOf, resultDraft, roomIn } from "./decide.ts";
import { durationMs } from "./definition.ts";
import { deterministicResult } from "./deterministic.ts";
import { boundInputs } from "./held-inputs.ts";
import { contentsOf } from "./instances.ts";
import { markingIndex } from "./marking-index.ts";
import type { Outcome } from "./outcome.ts";
import type { NetState, OpenFiring } from "./state.ts";
import { NONE } from "./token-line.ts";

type NetOf = (firing: OpenFiring) => CompiledNet | null;

/** The end of an instance whose result has come to an out port, or in which nothing is left; null when there is none. */
function leaveInstance(
  state: NetState,
  net: CompiledNet,
  transition: CompiledTransition,
  now: number,
  netOf: NetOf = () => net,
  upTo = Number.POSITIVE_INFINITY,
  mayAnswer: MayAnswer = () => true,
): EventDraft | null {
  if (transition.link?.kind !== "each" || state.paused || state.killed) return null;
  const found = firstResult(state, transition, upTo);
  if (found) {
    const { firing, token, place } = found;
    if (transition.definition.kind === "agent") return leaveProgram(state, netOf(firing) ?? net, transition, found, now, mayAnswer);
    return endOf(state, netOf(firing) ?? net, transition, firing, { ok: true, value: token.data }, now, { token, place });
  }
  for (const id of state.hollow) {
    const firing = state.firings.get(id);
    if (firing?.transition !== transition.id || contentsOf(state, id).firings.length > 0) continue;
    const message = `nothing is left in the instance of ${firing.subnet ?? ""}, and no result has come out of it`;
    const error = errorData(new Terminal({ code: "no-result", message, hint: "let every way through the sub-net end in an out port" }));
    return endOf(state, netOf(firing) ?? net, transition, firing, { ok: false, error }, now, null);
  }
  return null;
}

/** A program's result is the agent's answer, and what it leaves to the model goes on there; so does an answer that finds no way out. */
function leaveProgram(
  state: NetState,
  net: CompiledNet,
  transition: CompiledTransition,
  { firing, token, place }: { firing: OpenFiring; token: Token; place: string },
  now: number,
  mayAnswer: MayAnswer,
): EventDraft {
  if (isAsking(place)) return handedDraft(state, transition, firing, token.data, now);
  const { answer = null, made = [] } = isJsonObject(token.data) ? token.data : {};
  const under = net.transitions.get(transition.id) ?? transition;
  if (!mayAnswer(under, { value: answer }))
    return handedDraft(state, transition, firing, { why: "its answer does not fit the persona's output schema", made }, now);
  const draft = endOf(state, net, transition, firing, { ok: true, value: answer }, now, { token, place });
  if (draft.type === "fired") return answeredByProgram(under, draft);
  return handedDraft(state, transition, firing, { why: "its answer finds no way out", made }, now);
}

/** Instances whose time is up. */
export function lateInstances(state: NetState, now: number): OpenFiring[] {
  return [...markingIndex(state).timed].filter(({ deadline, gate }) => gate === null && typeof deadline === "number" && deadline <= now);
}

export function lateDraft(state: NetState, net: CompiledNet, transition: CompiledTransition, firing: OpenFiring, now: number): EventDraft {
  const message = `no result came out of ${firing.subnet ?? ""} within ${transition.definition.timeout ?? "its time"}`;
  const error = errorData(
    new Terminal({ code: "timed-out", message, hint: "raise the link's timeout, or see what the sub-net waits for" }),
  );
  return endOf(state, net, transition, firing, { ok: false, error }, now, null);
}

function firstResult(
  state: NetState,
  transition: CompiledTransition,
  upTo: number,
): { firing: OpenFiring; token: Token; place: string } | null {
  if (transition.link?.kind !== "each") return null;
  for (const place of transition.link.ports) {
    const line = markingIndex(state).place(place).line("free", null);
    for (let slot = line.head; slot !== NONE; slot = line.next(slot)) {
      const { token } = line.placed(slot);
      const firing = token.instance === undefined ? undefined : state.firings.get(token.instance);
      // Another link may lead into the same sub-net.
      if (firing?.transition === transition.id && line.seq(slot) <= upTo) return { firing, token, place };
    }
  }
  return null;
}

function endOf(
  state: NetState,
  net: CompiledNet,
  current: CompiledTransition,
  firing: OpenFiring,
  outcome: Outcome,
  now: number,
  result: { token: Token; place: string } | null,
): EventDraft {
  const transition = net.transitions.get(current.id) ?? current;
  const { tokens, firings } = contentsOf(state, firing.firing);
  const inputs = boundInputs(state, transition, firing);
  const from = provenanceOf(state.net, transition, firing.firing, firing.correlation, now);
  const parts = { firing: firing.firing, attempt: firing.attempt, consumed: [...firing.consumed, ...tokens], read: firing.read, from };
  const through = throughPort(transition, result?.place);
  const draft = resultDraft(net, through, inputs, parts, withWayOut(through, outcome, result?.place ?? ""), now);
  const produced = (draft.produced ?? []).map(({ place, token }) => ({ place, token: result ? descended(token, result.token.id) : token }));
  const ended = firings.map((each) => ({ firing: each.firing, attempt: each.attempt, executor: each.claim?.executor ?? null }));
  const attributes = { ...draft.attributes, closes: firing.subnet ?? "", left: tokens.length - (result ? 1 : 0), ended };
  return { ...draft, produced, attributes, durationMs: Math.max(0, now - firing.startedAt) };
}

/** An output that names a port is for results that left by it. */
function throughPort(transition: CompiledTransition, place: string | undefined): CompiledTransition {
  if (place === undefined) return transition;
  const port = place.slice(place.lastIndexOf("--") + 2);
  return { ...transition, outputs: transition.outputs.filter(({ arc }) => arc.port === undefined || arc.port === port) };
}

/** What left by a port that no output is for goes where errors go, never to nowhere. */
function withWayOut({ id, outputs, definition }: CompiledTransition, outcome: Outcome, place: string): Outcome {
  const isResult = ({ error }: { error?: boolean }) => error !== true;
  if (!outcome.ok || outputs.some(({ arc }) => isResult(arc)) || !definition.out.some(isResult)) return outcome;
  const message = `no output of ${id} is for results that leave by the port ${place.slice(place.lastIndexOf("--") + 2)}`;
  return { ok: false, error: errorData(new Terminal({ code: "no-route", message, hint: 'add an output with this "port"' })) };
}

function descended(token: Token, result: string): Token {
  return "tokens" in token.from ? { ...token, from: { ...token.from, tokens: [...token.from.tokens, result] } } : token;
}

/**
 * The next event of a transition. That of a link with instances ends one that is done, or begins one: its `started` brings in
 * what the instance begins with. Null as long as there is nothing to do.
 */
export function nextStep(
  state: NetState,
  net: CompiledNet,
  transition: CompiledTransition,
  now: number,
  netOf: NetOf = () => net,
  upTo = Number.POSITIVE_INFINITY,
  mayAnswer?: MayAnswer,
): EventDraft | null {
  const left = leaveInstance(state, net, transition, now, netOf, upTo, mayAnswer);
  if (left) return left;
  const draft = decideTransition(state, net, transition, now, netOf, upTo, mayAnswer);
  return draft?.type === "started" && opensInstance(transition, draft) ? beginInstance(state, net, transition, draft, now) : draft;
}

function opensInstance({ link, definition }: CompiledTransition, { attributes }: EventDraft): boolean {
  return link?.kind === "each" && (definition.kind === "link" || isBegunByRule(attributes));
}

function beginInstance(
  state: NetState,
  net: CompiledNet,
  transition: CompiledTransition,
  draft: EventDraft,
  now: number,
): EventDraft | null {
  const { link } = transition;
  const { firing = "", correlation = "", consumed = [], read = [] } = draft;
  // It stays where it is while the place where an instance begins has no room.
  if (link?.kind !== "each" || roomIn(state, net, link.place) <= 0) return null;
  const held = { consumed, read, readTokens: [], inputs: draft.attributes?.inputs ?? {} } as unknown as OpenFiring;
  const inputs = boundInputs(state, transition, held);
  const isProgram = transition.definition.kind === "agent";
  const outcome = isProgram ? { ok: true as const, value: programWork(inputs) } : deterministicResult(transition, inputs, now);
  const from = provenanceOf(state.net, transition, firing, correlation, now);
  if (!outcome.ok) return resultDraft(net, transition, inputs, { firing, attempt: draft.attempt ?? 1, consumed, read, from }, outcome, now);
  const tokens = [...consumed, ...read].map(({ id }) => id);
  const produced = [{ place: link.place, data: outcome.value }, ...link.tokens].map(({ place, data }, at) => {
    const id = derivedId("t-", firing, "begin", at);
    const source = { net: state.net, transition: transition.id, firing, tokens };
    const token: Token = { id, data, from: source, by: from.by, at: from.at, correlation, instance: firing, v: 1 };
    return { place, token };
  });
  const timeout = transition.definition.timeout ?? (isProgram ? PROGRAM_TIMEOUT : undefined);
  const opens = { subnet: link.subnet, ...(timeout === undefined ? {} : { deadline: now + durationMs(timeout) }) };
  return { ...draft, produced, attributes: { ...draft.attributes, opens } };
}
