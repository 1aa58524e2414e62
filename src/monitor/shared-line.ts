/** The way from this tab to the worker that holds the streams of all tabs; where there is none, or it falls silent, the tab asks by itself. */
import type { Wanted } from "./shared-streams.ts";
import { type Frame, NoStream } from "./stream-frames.ts";
import type { FromWorker, ToWorker } from "./stream-messages.ts";

/** A worker that cannot be loaded says so at once; one that is slow is waited for. */
const HERE_MS = 20_000;
const ALIVE_MS = 5000;
/** So many beats without an answer, and the worker is gone. */
const UNANSWERED = 8;

type About = Exclude<FromWorker, { say: "here" }>;

class SharedLine {
  readonly #port: MessagePort;
  readonly #heard = new Map<number, (message: About) => void>();
  #count = 0;
  #unanswered = 0;

  constructor(port: MessagePort) {
    this.#port = port;
    port.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      this.#unanswered = 0;
      if (data.say !== "here") this.#heard.get(data.stream)?.(data);
    };
    const beat = setInterval(() => {
      this.#unanswered += 1;
      this.#tell({ say: "alive" });
      if (this.#unanswered <= UNANSWERED) return;
      clearInterval(beat);
      line = Promise.resolve(null);
      this.#endAll();
    }, ALIVE_MS);
    window.addEventListener("pagehide", () => {
      for (const stream of this.#heard.keys()) this.#tell({ say: "leave", stream });
      // A page that the browser brings back takes its streams up again.
      this.#endAll();
    });
  }

  /** Errors: NoStream with the gateway's status, or 0 where it cannot be reached. */
  async open(wanted: Wanted, signal: AbortSignal): Promise<AsyncIterable<Frame[]>> {
    const stream = ++this.#count;
    const came: About[] = [];
    let wake: () => void = () => {};
    this.#heard.set(stream, (message) => {
      came.push(message);
      wake();
    });
    const next = async (): Promise<About> => {
      while (came.length === 0 && !signal.aborted) await new Promise<void>((resolve) => (wake = resolve));
      return came.shift() ?? { say: "end", stream, status: null };
    };
    const leave = () => {
      this.#heard.delete(stream);
      this.#tell({ say: "leave", stream });
    };
    signal.addEventListener("abort", () => {
      leave();
      wake();
    });
    this.#tell({ say: "join", stream, wanted });
    const first = await next();
    if (first.say === "end") {
      this.#heard.delete(stream);
      throw new NoStream(first.status ?? 0);
    }
    return framesUntilTheEnd(first, next, leave);
  }

  #endAll(): void {
    for (const [stream, hear] of [...this.#heard]) hear({ say: "end", stream, status: null });
  }
  #tell(message: ToWorker): void {
    this.#port.postMessage(message);
  }
}

async function* framesUntilTheEnd(first: About, next: () => Promise<About>, leave: () => void): AsyncGenerator<Frame[]> {
  try {
    for (let message = first; message.say !== "end"; message = await next()) if (message.say === "frames") yield message.frames;
  } finally {
    leave();
  }
}

let line: Promise<SharedLine | null> | null = null;

/** Null where this browser has no such worker, or it does not answer. */
export function sharedLine(): Promise<SharedLine | null> {
  line ??= new Promise((resolve) => {
    if (typeof SharedWorker === "undefined") {
      resolve(null);
      return;
    }
    try {
      const worker = new SharedWorker(new URL("./stream-worker.ts", import.meta.url), { name: "petrel-streams" });
      const late = setTimeout(() => resolve(null), HERE_MS);
      worker.onerror = () => resolve(null);
      worker.port.onmessage = () => {
        clearTimeout(late);
        resolve(new SharedLine(worker.port));
      };
    } catch {
      resolve(null);
    }
  });
  return line;
}
