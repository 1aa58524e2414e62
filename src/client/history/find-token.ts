/** A token by its id alone, or by the beginning of its id: where it was made. The logs stream by, and nothing of them is kept. */
import { beginningOf } from "../../actors/past.ts";
import type { Broker, LogEntry } from "../../contract/broker.ts";
import { PetrelError, Terminal } from "../../contract/errors.ts";
import type { NetEvent } from "../../contract/event.ts";
import { isId } from "../../contract/ids.ts";
import { editDistance } from "../../net/check-nearest.ts";
import { closedNets } from "../known-nets.ts";
import { usage } from "../usage.ts";

const MOST = 5;
/** Beyond so many ids only those that begin alike are compared letter by letter. */
const COMPARED = 20_000;

export interface FoundToken {
  net: string;
  id: string;
  correlation: string;
  /** Of the event that made it, and of the log entry that holds the event. */
  made: { seq: number; sequence: number };
  /** It was taken over from the parent of a fork. */
  forked: boolean;
  /** Where terms began: entry and epoch, for reading the log from its middle. */
  epochs: { sequence: number; epoch: number }[];
}

/** Errors: usage; Terminal `no-such-token` with the nearest ids, `ambiguous-token`; `below-floor` where only a cleared event told who made it. */
export async function findToken(broker: Broker, text: string, nets: string[]): Promise<FoundToken> {
  if (!isId(text)) throw usage(`"${text}" names no token`, "an id like t-8msgb7uis30et913k82le; petrel tokens NET PLACE lists them");
  const search = new Search(text);
  const cleared: { net: string; floor: number; there: boolean }[] = [];
  const damaged: string[] = [];
  for (const net of nets) {
    const { first } = await broker.log(net).bounds();
    if (first > 1) {
      const { state } = await beginningOf(broker, net);
      cleared.push({ net, floor: state.seq, there: [...state.places.values()].some((tokens) => tokens.has(text)) });
    }
    search.begin(net);
    const take = ({ sequence, epoch, events }: LogEntry) => {
      for (const event of events) search.take(event, sequence, epoch);
    };
    try {
      await broker.log(net).read(first - 1, take, first > 1 ? { epoch: 0 } : {});
    } catch (error) {
      // The log of another net is no reason to know nothing of this token.
      if (nets.length === 1 || !(error instanceof PetrelError) || error.code !== "log-gap") throw error;
      damaged.push(net);
    }
  }
  const found = search.found();
  if (found.length === 1 && found[0]) return found[0];
  if (found.length > 1) throw ambiguous(text, found);
  const there = cleared.find((one) => one.there);
  if (there) {
    throw new Terminal({
      code: "below-floor",
      message: `token ${text} was made before event ${there.floor}, up to which the log of ${there.net} was cleared: where it came from cannot be told any more`,
      hint: `petrel replay ${there.net} --at ${there.floor}`,
    });
  }
  const gone =
    cleared.length > 0
      ? `; the log of ${cleared.map(({ net, floor }) => `${net} up to event ${floor}`).join(", and of ")} was cleared`
      : "";
  const closed = nets.length === 1 ? [] : (await closedNets(broker)).map(({ net }) => net);
  const unread = [
    ...(closed.length > 0 ? [`; the log of ${closed.join(", and of ")} cannot be opened`] : []),
    ...(damaged.length > 0 ? [`; the log of ${damaged.join(", and of ")} has a gap: petrel verify tells where`] : []),
  ].join("");
  throw new Terminal({
    code: "no-such-token",
    message: `no token ${text} was ever in ${nets.length === 1 ? nets[0] : "any net"}${gone}${unread}`,
    hint: search.hint(),
  });
}

class Search {
  readonly #text: string;
  readonly #exact = new Map<string, FoundToken>();
  readonly #begun = new Map<string, FoundToken>();
  #net = "";
  #epochs: FoundToken["epochs"] = [];
  #firing: string[] | null = null;
  #near: { id: string; distance: number }[] = [];
  #seen = 0;

  constructor(text: string) {
    this.#text = text;
  }

  begin(net: string): void {
    this.#net = net;
    this.#epochs = [];
  }

  take(event: NetEvent, sequence: number, epoch: number): void {
    if (event.type === "epoch") this.#epochs.push({ sequence, epoch });
    if (event.firing === this.#text) this.#firing ??= [];
    for (const { token } of event.produced ?? []) {
      const { id, correlation } = token;
      if (event.firing === this.#text) this.#firing?.push(id);
      const about = {
        net: this.#net,
        id,
        correlation,
        made: { seq: event.seq, sequence },
        forked: event.type === "forked",
        epochs: this.#epochs,
      };
      if (id === this.#text) this.#exact.set(this.#net, about);
      else if (id.startsWith(this.#text) && this.#begun.size <= MOST) this.#begun.set(`${this.#net} ${id}`, about);
      else if (this.#exact.size + this.#begun.size === 0) this.#compare(id);
    }
  }

  /** Of a token that forks took over, the net that made it. */
  found(): FoundToken[] {
    const all = [...(this.#exact.size > 0 ? this.#exact : this.#begun).values()];
    const made = all.filter(({ forked }) => !forked);
    return made.length > 0 ? made : all;
  }

  hint(): string {
    if (this.#firing) {
      const made = this.#firing.slice(0, MOST).join(", ");
      return made === "" ? "it is a firing that made no token" : `it is a firing; it made ${made}`;
    }
    return this.#near.length > 0
      ? `the nearest ids: ${this.#near.map(({ id }) => id).join(", ")}`
      : "petrel events NET shows what a log holds";
  }

  #compare(id: string): void {
    this.#seen += 1;
    if (this.#seen > COMPARED && !id.startsWith(this.#text.slice(0, 4))) return;
    const distance = editDistance(this.#text, id);
    if (this.#near.length >= MOST && distance >= (this.#near.at(-1)?.distance ?? 0)) return;
    this.#near = [...this.#near, { id, distance }].sort((one, other) => one.distance - other.distance).slice(0, MOST);
  }
}

function ambiguous(text: string, found: FoundToken[]): PetrelError {
  const nets = [...new Set(found.map(({ net }) => net))];
  const same = nets.length > 1 && found.every(({ id }) => id === text);
  return new Terminal({
    code: "ambiguous-token",
    message: same ? `the logs of ${nets.join(" and ")} have a token ${text}` : `several tokens begin with ${text}`,
    hint: same
      ? `petrel trace ${text} --net ${nets[0]}`
      : found
          .slice(0, MOST)
          .map(({ id }) => id)
          .join(", "),
  });
}
