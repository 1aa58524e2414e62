/** The events of one net as they are known here: the newest first page, what comes, and what was paged back to. */
import type { NetEvent } from "../contract/event.ts";
import { follow, type StreamState } from "./server-events.ts";
import { call } from "./session.ts";

const FIRST_PAGE = 500;
const MOST = 100_000;
/** Events that come at once are told to the screen together. */
const TELL_MS = 50;

interface Page {
  events: NetEvent[];
  nextBeforeSeq: number | null;
}

export class EventStore {
  readonly net: string;
  /** Ascending. The array is the same while it grows; `version` says that something changed. */
  events: NetEvent[] = [];
  version = 0;
  state: StreamState | "opening" = "opening";
  /** Whether there is more to page back to. */
  more: number | null = null;
  readonly #closing = new AbortController();
  readonly #listeners = new Set<() => void>();
  readonly #arrivals = new Set<(event: NetEvent) => void>();
  #telling: ReturnType<typeof setTimeout> | null = null;
  #paging = false;

  constructor(net: string) {
    this.net = net;
    void this.#run();
  }

  readonly subscribe = (call: () => void): (() => void) => {
    this.#listeners.add(call);
    return () => this.#listeners.delete(call);
  };
  /** Each event that comes, once, as it comes; not those of before. */
  onArrival(take: (event: NetEvent) => void): () => void {
    this.#arrivals.add(take);
    return () => this.#arrivals.delete(take);
  }
  close(): void {
    this.#closing.abort();
    if (this.#telling) clearTimeout(this.#telling);
  }

  async pageBack(): Promise<void> {
    if (this.more === null || this.#paging || this.events.length >= MOST) return;
    this.#paging = true;
    try {
      const page = await call<Page>(`/api/event-line/${this.net}?limit=1000&before=${this.more}`);
      this.events = [...page.events, ...this.events];
      this.more = page.nextBeforeSeq;
      this.#tell();
    } finally {
      this.#paging = false;
    }
  }

  async #run(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      try {
        const page = await call<Page>(`/api/event-line/${this.net}?limit=${FIRST_PAGE}`);
        this.events = page.events;
        this.more = page.nextBeforeSeq;
        this.#tell();
        break;
      } catch {
        this.#is("lost");
        await new Promise((resolve) => setTimeout(resolve, 1000));
      }
    }
    const newest = () => String(this.events.at(-1)?.seq ?? 0);
    await follow(
      (last) => `/api/event-line/${this.net}/stream?after=${last ?? newest()}`,
      newest(),
      this.#closing.signal,
      ({ event, data }) => event === "event" && this.#take(JSON.parse(data) as NetEvent),
      (state) => this.#is(state),
    );
  }

  #take(event: NetEvent): void {
    if (event.seq <= (this.events.at(-1)?.seq ?? 0)) return;
    if (this.events.length >= MOST) this.events = this.events.slice(-MOST * 0.9);
    this.events.push(event);
    for (const take of this.#arrivals) take(event);
    this.#tell();
  }
  #is(state: StreamState): void {
    this.state = state;
    this.#tell();
  }
  #tell(): void {
    this.#telling ??= setTimeout(() => {
      this.#telling = null;
      this.version += 1;
      for (const call of this.#listeners) call();
    }, TELL_MS);
  }
}
