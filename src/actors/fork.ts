/** Forks: a new net that begins as another was at a moment. The parent is only read. */
import { isoTime } from "../contract/clock.ts";
import { Refused, Terminal } from "../contract/errors.ts";
import type { PlacedToken } from "../contract/event.ts";
import { derivedId } from "../contract/hash.ts";
import { isName, NAME_RULE } from "../contract/ids.ts";
import type { Json } from "../contract/json.ts";
import { BUILT_IN_PLACES } from "../net/built-in-places.ts";
import type { NetDefinition } from "../net/definition.ts";
import { netSchema } from "../net/definition.ts";
import { flattenNet } from "../net/flatten.ts";
import { forkDrafts } from "../net/forking.ts";
import type { Moment } from "../net/moment.ts";
import type { ForkOrigin } from "../net/records.ts";
import type { NetState } from "../net/state.ts";
import type { MasterFace } from "./master-face.ts";
import { type Past, pastOf } from "./past.ts";
import { applyNet, soundNet } from "./term/apply-net.ts";
import { collectAnswers, storeAnswers } from "./term/recordings.ts";
import type { Term } from "./term/term.ts";
import { fitTokens } from "./term/token-size.ts";

export interface ForkRequest {
  net: string;
  at: Moment;
  /** Default: `<net>-at-<event>`. */
  as?: string;
  /** Places that hold these instead of what they held. */
  set: { [place: string]: Json[] };
  /** Instead of what ran then. */
  definition?: NetDefinition;
  /** Use no recorded answers. */
  askAgain: boolean;
  by: string;
}

/** Errors: those of `pastOf`; Terminal `net-invalid`, `nothing-ran`; Refused `net-exists`, `place-missing`. */
export async function forkNet(master: MasterFace, request: ForkRequest): Promise<Json> {
  const { broker } = master.ports;
  const past = await pastOf(broker, request.net, request.at);
  const { state } = past;
  const as = request.as ?? `${request.net.slice(0, 30).replace(/-+$/, "")}-at-${state.seq}`;
  if (!isName(as)) throw new Terminal({ code: "bad-name", message: `"${as}" names no net`, hint: NAME_RULE });
  const definition = { ...(request.definition ?? (await definitionThen(master, past))), net: as };
  await soundNet(master.personas, definition);
  const replaced = replacedTokens(request, as, isoTime(master.ports.clock.now()));
  refuseStrayTokens(state, definition, replaced);
  const known = (await broker.nets()).includes(as);
  const answers = request.askAgain ? {} : await collectAnswers(broker, state, request.net, state.seq);
  const origin: ForkOrigin = {
    ...{ net: request.net, seq: state.seq, at: past.last?.ts ?? null, by: request.by },
    answers: await storeAnswers(broker.artifacts, answers),
  };
  master.serve(as);
  const term = await master.termOf(as);
  if (known) refuseOther(term, origin);
  await begin(term, state, origin, replaced);
  const personas = Object.fromEntries(Object.entries(state.personas));
  await applyNet(term, { definition, by: request.by, withoutTokens: true, personas: await kept(master, definition, personas) });
  return {
    ...{ net: as, parent: request.net, seq: state.seq, at: origin.at, paused: term.state.paused },
    tokens: [...term.state.places.values()].reduce((sum, tokens) => sum + tokens.size, 0),
    answers: Object.keys(answers).length,
    dropped: state.firings.size,
  };
}

async function definitionThen(master: MasterFace, { state }: Past): Promise<NetDefinition> {
  const stored = state.definition === null ? null : await master.ports.broker.netVersions.get(state.net, state.definition);
  if (stored !== null) return netSchema.parse(stored);
  throw new Terminal({
    code: "nothing-ran",
    message: `the net ${state.net} had no definition after event ${state.seq}`,
    hint: "fork it at a later moment, or give one: --definition FILE",
  });
}

/** The versions that ran then, of those personas that the definition still names. */
async function kept(master: MasterFace, definition: NetDefinition, then: Record<string, string>): Promise<Record<string, string>> {
  const named = Object.keys(await soundNet(master.personas, definition));
  const versions = Object.entries(then).filter(([name]) => named.includes(name));
  for (const [name, version] of versions) await master.personas.load(name, version);
  return Object.fromEntries(versions);
}

function replacedTokens({ set, by }: ForkRequest, as: string, at: string): Map<string, PlacedToken[]> {
  const token = (place: string, data: Json, index: number): PlacedToken => {
    const id = derivedId("t-", as, "set", place, index);
    return { place, token: { id, data, from: { outside: "fork" }, by, at, correlation: `c-${id.slice(2)}`, v: 1 } };
  };
  return new Map(Object.entries(set).map(([place, all]) => [place, all.map((data, index) => token(place, data, index))]));
}

function refuseStrayTokens(state: NetState, definition: NetDefinition, replaced: Map<string, PlacedToken[]>): void {
  const places = flattenNet(definition).definition.places;
  const holds = [...state.places].filter(([place, tokens]) => tokens.size > 0 && !replaced.has(place)).map(([place]) => place);
  const missing = [...new Set([...holds, ...replaced.keys()])].filter(
    (place) => !Object.hasOwn(places, place) && !BUILT_IN_PLACES.includes(place),
  );
  if (missing.length === 0) return;
  throw new Refused({
    code: "place-missing",
    message: `the definition has no place ${missing.join(", ")}, and tokens would lie there`,
    hint: `add the place, or empty it with --set ${missing[0]}=[]`,
  });
}

/** A fork that was cut short in the middle goes on; nothing else is ever written into. */
function refuseOther(term: Term, { net, seq }: ForkOrigin): void {
  const { origin, definition } = term.state;
  if (definition === null && (term.state.seq <= term.state.epoch || (origin?.net === net && origin.seq === seq))) return;
  throw new Refused({ code: "net-exists", message: `there is a net ${term.state.net} already`, hint: "name another one with --as" });
}

async function begin(term: Term, parent: NetState, origin: ForkOrigin, replaced: Map<string, PlacedToken[]>): Promise<void> {
  const { artifacts } = term.ports.broker;
  for (const draft of forkDrafts(parent, origin, replaced)) await term.commit(await fitTokens(draft, artifacts));
  await term.recordings.load(term.state);
}
