/** The events of one net as they are known here: the newest first page, what comes, and what was paged back to. */
import type { NetEvent } from "../contract/event.ts";
import { follow, type StreamState } from "./server-events.ts";
import { call } from "./session.ts";
import { Telling } from "./telling.ts";

const FIRST_PAGE = 500;
const MOST = 100_000;

interface Page {
  events: NetEvent[];
  nextBeforeSeq: number | null;
}

export class EventStore {
  readonly net: string;
  /** Ascending. The array is the same while it grows; `version` says that something changed. */
  events: NetEvent[] = [];
  state: StreamState | "opening" = "opening";
  /** Whether there is more to page back to. */
  more: number | null = null;
  readonly #closing = new AbortController();
  readonly #telling = new Telling();
  readonly #arrivals = new Set<(event: NetEvent) => void>();
  #paging = false;

  constructor(net: string) {
    this.net = net;
    void this.#run();
  }

  get version(): number {
    return this.#telling.version;
  }
  readonly subscribe = this.#telling.subscribe;
  /** Each event that comes, once, as it comes; not those of before. */
  onArrival(take: (event: NetEvent) => void): () => void {
    this.#arrivals.add(take);
    return () => this.#arrivals.delete(take);
  }
  close(): void {
    this.#closing.abort();
    this.#telling.stop();
  }

  /** What cannot be had now may be asked for again. */
  async pageBack(): Promise<void> {
    if (this.more === null || this.#paging || this.events.length >= MOST) return;
    this.#paging = true;
    try {
      const before = this.more;
      const page = await call<Page>(`/api/event-line/${this.net}?limit=1000&before=${before}`);
      // What lies before has been let go meanwhile: put before what is left, the page would leave a hole.
      if (this.more !== before) return;
      this.events = [...page.events, ...this.events];
      this.more = page.nextBeforeSeq;
      this.#telling.soon();
    } catch {
      // The state of the stream says that the gateway is away.
    } finally {
      this.#paging = false;
    }
  }

  async #run(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      try {
        await this.#load();
        break;
      } catch {
        this.#is("lost");
        await new Promise((resolve) => setTimeout(resolve, 1000));
      }
    }
    await follow(
      `/api/event-line/${this.net}/stream`,
      String(this.events.at(-1)?.seq ?? 0),
      this.#closing.signal,
      ({ event, data }) => {
        if (event === "event") this.#take(JSON.parse(data) as NetEvent);
        else if (event === "reset") this.#begin();
      },
      (state) => this.#is(state),
    );
  }

  async #load(): Promise<void> {
    const page = await call<Page>(`/api/event-line/${this.net}?limit=${FIRST_PAGE}`);
    const last = page.events.at(-1)?.seq ?? 0;
    this.events = [...page.events, ...this.events.filter(({ seq }) => seq > last)];
    this.more = page.nextBeforeSeq;
    this.#telling.soon();
  }
  /** The log ends before what is known here: it is another one, and nothing of before counts. */
  #begin(): void {
    this.events = [];
    this.more = null;
    this.#telling.soon();
    // What cannot be had now comes with a reload; the stream goes on either way.
    void this.#load().catch(() => {});
  }

  #take(event: NetEvent): void {
    if (event.seq <= (this.events.at(-1)?.seq ?? 0)) return;
    if (this.events.length >= MOST) {
      this.events = this.events.slice(-MOST * 0.9);
      // What was let go is what is paged back to next.
      this.more = this.events[0]?.seq ?? null;
    }
    this.events.push(event);
    for (const take of this.#arrivals) take(event);
    this.#telling.soon();
  }
  #is(state: StreamState): void {
    this.state = state;
    this.#telling.soon();
  }
}
