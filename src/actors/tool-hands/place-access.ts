/**
 * What stands behind a persona's handles: the marking of its net's term.
 *
 * A1 A token that a tool puts or moves is an event of its own, in the log before the tool answers (E7). A2 The same step of a firing
 * with the same data puts one token, however often it is asked. A3 An attempt that is over puts nothing. A4 Inside an instance of a
 * sub-net only tokens of that instance are seen and made.
 */
import { isoTime } from "../../contract/clock.ts";
import { Cancelled, Refused, Retryable, Terminal } from "../../contract/errors.ts";
import type { EventDraft, PlacedId } from "../../contract/event.ts";
import { derivedId, hashJson } from "../../contract/hash.ts";
import type { Json } from "../../contract/json.ts";
import { jsonFlaw } from "../../contract/json-limits.ts";
import type { Token } from "../../contract/token.ts";
import { placeOf } from "../../net/compiled-net.ts";
import { roomIn } from "../../net/decide.ts";
import { schemaProblem } from "../../net/place-schema.ts";
import type { OpenFiring } from "../../net/state.ts";
import type { PlaceAccess, Resting, Step } from "../../personas/capabilities.ts";
import type { Term } from "../term/term.ts";
import { fitTokens } from "../term/token-size.ts";

export function placeAccess(term: Term, persona: string): PlaceAccess {
  return {
    peek: (place, firing) => resting(term, place, firing),
    put: (place, data, step) => {
      const key = `tool:${step.firing}/${step.call}/${hashJson({ place, data }).slice(0, 16)}`;
      return produce(term, step, key, (firing) => ({
        place,
        token: made(
          term,
          firing,
          key,
          data,
          persona,
          [...firing.consumed, ...firing.read].map(({ id }) => id),
        ),
        consumed: [],
        verb: "emit",
        summary: `${persona} put a token into ${place} by a tool.`,
        persona,
      }));
    },
    move: (place, id, to, data, step) => {
      const key = `tool:${step.firing}/${step.call}/${hashJson({ place, id, to, data: data ?? null }).slice(0, 16)}`;
      return produce(term, step, key, (firing) => ({
        place: to,
        token: moved(term, firing, key, takeable(term, place, id, firing), data, persona),
        consumed: [{ place, id }],
        verb: "move",
        summary: `${persona} moved a token of ${place} to ${to} by a tool.`,
        persona,
      }));
    },
  };
}

function resting(term: Term, place: string, firing: string): Resting[] {
  const within = term.state.firings.get(firing)?.within ?? null;
  return [...(term.state.places.get(place)?.values() ?? [])]
    .filter(({ token }) => within === null || token.instance === within) // A4
    .map(({ token, reservedBy }) => ({ token, reservedBy }));
}

interface Production {
  place: string;
  token: Token;
  consumed: PlacedId[];
  verb: "emit" | "move";
  summary: string;
  persona: string;
}

async function produce(term: Term, step: Step, key: string, decide: (firing: OpenFiring) => Production): Promise<{ id: string }> {
  const known = term.state.puts.get(key);
  if (known) return term.loop.caughtUp().then(() => ({ id: known.id })); // A2
  const first = decided(term, step, decide);
  const fitting = await fitTokens(draftOf(term, step, key, first), term.ports.broker.artifacts);
  // The store may have been waited for: all is looked at again, and from here to the event no moment passes.
  const again = term.state.puts.get(key);
  if (again) return term.loop.caughtUp().then(() => ({ id: again.id }));
  decided(term, step, decide);
  await term.commit(fitting); // A1
  return { id: first.token.id };
}

function decided(term: Term, step: Step, decide: (firing: OpenFiring) => Production): Production {
  const production = decide(openFiring(term, step));
  const { place, token } = production;
  const { net, state } = term;
  const definition = net ? placeOf(net, place) : undefined;
  if (!net || !definition) throw new Terminal({ code: "no-such-place", message: `the net has no place ${place} now` });
  const flaw = jsonFlaw(token.data);
  if (flaw) throw new Terminal({ code: flaw.code, message: flaw.reason, hint: flaw.hint });
  const problem = definition.schema ? schemaProblem(definition.schema, token.data) : null;
  if (problem) throw new Terminal({ code: "schema", message: `the data does not meet the schema of ${place}: ${problem}` });
  if (roomIn(state, net, place) <= 0) {
    throw new Retryable({ code: "place-full", message: `the place ${place} is full`, hint: "Finish your work, or try later." });
  }
  return production;
}

/** A3. */
function openFiring(term: Term, { firing: id, attempt }: Step): OpenFiring {
  const firing = term.state.firings.get(id);
  if (!firing || firing.attempt !== attempt || term.loop.isOver) {
    throw new Cancelled({ code: "attempt-over", message: "this attempt is over" });
  }
  return firing;
}

function takeable(term: Term, place: string, id: string, firing: OpenFiring): Token {
  const placed = term.state.places.get(place)?.get(id);
  const within = firing.within ?? null;
  if (!placed || (within !== null && placed.token.instance !== within)) {
    throw new Terminal({ code: "no-such-token", message: `no token ${id} lies in ${place}`, hint: "place.peek shows what lies there" });
  }
  if (placed.reservedBy !== null) {
    throw new Refused({
      code: "token-reserved",
      message: `the firing ${placed.reservedBy} holds ${id}`,
      hint: "Take one that nobody holds.",
    });
  }
  return placed.token;
}

function made(term: Term, firing: OpenFiring, key: string, data: Json, persona: string, tokens: string[]): Token {
  const { state, ports } = term;
  const within = firing.within ?? null;
  return {
    id: derivedId("t-", state.net, key),
    data,
    from: { net: state.net, transition: firing.transition, firing: firing.firing, tokens },
    by: persona,
    at: isoTime(ports.clock.now()),
    correlation: firing.correlation,
    ...(within === null ? {} : { instance: within }),
    v: 1,
  };
}

/** What is moved keeps its story; who moved it stands in the event. */
function moved(term: Term, firing: OpenFiring, key: string, token: Token, data: Json | undefined, persona: string): Token {
  const fresh = made(term, firing, key, data === undefined ? token.data : data, persona, [token.id]);
  return { ...fresh, correlation: token.correlation };
}

function draftOf({ state }: Term, step: Step, key: string, { place, token, consumed, verb, summary, persona }: Production): EventDraft {
  const firing = state.firings.get(step.firing);
  return {
    category: "token",
    type: "intervened",
    status: "info",
    persona,
    correlation: token.correlation,
    consumed,
    produced: [{ place, token }],
    summary,
    // The firing stands here, since an event with one in its own field would end it.
    attributes: { by: persona, verb, put: key, tool: `place.${verb}`, of: { firing: step.firing, transition: firing?.transition ?? "" } },
  };
}
