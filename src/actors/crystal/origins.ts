/**
 * Which answers the tokens of a net rest on, followed through a log: a batch that fans out has one correlation for all of its work, so what
 * is sent back or turned down is told by what it was made of.
 */
import type { NetEvent } from "../../contract/event.ts";
import { placesBeside } from "../../net/crystal/beside-work.ts";

/** Firings of model steps by the step's name. What a step answers anew takes the place of what it answered before. Null: too many. */
type Firings = ReadonlyMap<string, ReadonlySet<string> | null>;
interface Origin {
  /** On its whole way. */
  all: Firings;
  /** Since the last of them: no other model has spoken between that and the token. */
  near: Firings;
}

const NOTHING: Origin = { all: new Map(), near: new Map() };
/** What was made of more answers than that, a tally of all for example, says nothing of one of them, nor does what more is added to it. */
const MOST = 20;
/** Their inputs are reserved, and still there to be taken. */
const OPENING = new Set(["started", "gated"]);

export class Origins {
  readonly #asksModel: (transition: string) => boolean;
  readonly #of = new Map<string, Origin>();

  constructor(asksModel: (transition: string) => boolean) {
    this.#asksModel = asksModel;
  }

  /** The firings of a step that this token comes from. */
  firingsOf(token: string, step: string): ReadonlySet<string> {
    return this.#of.get(token)?.all.get(step) ?? new Set();
  }

  /** The answers that this token hands on: its own step's, or those that steps without a model have made it of. */
  nearest(token: string): [step: string, firings: ReadonlySet<string>][] {
    return [...(this.#of.get(token) ?? NOTHING).near].flatMap(([step, firings]) => (firings ? [[step, firings]] : []));
  }

  follow(event: NetEvent): void {
    const { type, transition, firing, consumed = [], produced = [], read = [] } = event;
    const ids = consumed.map(({ id }) => id);
    const beside = placesBeside(event);
    // What it only looked at, or took along beside the work, it has not made into something else.
    const no = new Set([...read, ...consumed.filter(({ place }) => beside.has(place))].map(({ id }) => id));
    const answers = type === "fired" && transition !== undefined && firing !== undefined && this.#asksModel(transition);
    for (const { place, token } of produced) {
      if (beside.has(place)) continue;
      const parents = "transition" in token.from ? [...new Set([...ids, ...token.from.tokens])] : ids;
      const made = this.#union(parents.filter((id) => !no.has(id)));
      const own = answers ? [[transition, new Set([firing])] as const] : [];
      const origin = answers ? { all: new Map([...made.all, ...own]), near: new Map(own) } : made;
      if (origin.all.size > 0) this.#of.set(token.id, origin);
    }
    if (OPENING.has(type)) return;
    const kept = new Set(produced.map(({ token }) => token.id));
    for (const id of ids) if (!kept.has(id)) this.#of.delete(id);
  }

  #union(tokens: readonly string[]): Origin {
    const known = tokens.flatMap((id) => this.#of.get(id) ?? []);
    const [first] = known;
    if (known.length < 2) return first ?? NOTHING;
    return { all: joined(known.map(({ all }) => all)), near: joined(known.map(({ near }) => near)) };
  }
}

function joined(parts: readonly Firings[]): Firings {
  const made = new Map<string, Set<string> | null>();
  for (const part of parts)
    for (const [step, firings] of part) {
      const so = made.get(step);
      const all = so === null || firings === null ? null : new Set([...(so ?? []), ...firings]);
      made.set(step, all && all.size > MOST ? null : all);
    }
  return made;
}
