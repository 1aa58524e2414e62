/** Pause and kill: a generation number, read through the leader before anything starts (E9). */
import type { Control, Serving } from "../contract/broker.ts";
import { Retryable } from "../contract/errors.ts";
import { buckets } from "../contract/subjects.ts";
import { Bucket } from "./bucket.ts";
import { apiCodes, isApiCode } from "./jetstream-api.ts";
import type { Keeping } from "./keeping.ts";
import type { Link } from "./link.ts";
import { backoffMs, pause, persist } from "./retry.ts";
import { tail } from "./tail.ts";

type State = { generation: number; state: "running" | "killed" };
const KEY = "runtime";
const START: State = { generation: 0, state: "running" };

export class JetStreamControl implements Control {
  readonly #link: Link;
  readonly #bucket: Bucket;

  constructor(link: Link, keeping: Keeping) {
    this.#link = link;
    this.#bucket = new Bucket(link, buckets.control, { ...keeping, description: "Pause and kill: a generation number" });
  }

  async read(): Promise<State> {
    const message = await this.#bucket.get(KEY);
    return message ? parse(message.data) : START;
  }

  async write(state: "running" | "killed"): Promise<{ generation: number }> {
    for (let round = 0; round < 20; round++) {
      const before = await this.#bucket.get(KEY);
      const generation = (before ? parse(before.data).generation : 0) + 1;
      const value = JSON.stringify({ generation, state });
      const stored = await persist(this.#link, 5, () => this.#store(value, before?.seq ?? 0));
      if (stored !== null) return { generation };
      await pause(this.#link.clock, backoffMs(round) / 2);
    }
    throw new Retryable({ code: "control-contended", message: "others keep changing pause and kill at the same time", hint: "try again" });
  }

  /** Null when somebody else was faster. */
  async #store(value: string, expected: number): Promise<number | null> {
    try {
      return await this.#bucket.put(KEY, value, { expected });
    } catch (error) {
      // On three servers two who write at one moment may both be turned away before either is stored: look again.
      if (isApiCode(error, apiCodes.wrongLastSequenceUnknown)) return null;
      throw error;
    }
  }

  async watch(call: (control: State) => void): Promise<Serving> {
    const closing = new AbortController();
    const reading = (async () => {
      for await (const message of tail(this.#link, this.#bucket.stream, 0, this.#bucket.subject(KEY), closing.signal)) {
        call(parse(message.data));
      }
    })();
    return {
      stop: async () => {
        closing.abort();
        await reading;
      },
    };
  }
}

/** What cannot be read counts as killed: nothing starts on a guess. */
function parse(data: Uint8Array): State {
  try {
    const value = JSON.parse(new TextDecoder().decode(data)) as Partial<State>;
    if (typeof value.generation === "number" && (value.state === "running" || value.state === "killed")) {
      return { generation: value.generation, state: value.state };
    }
  } catch {
    // Falls through.
  }
  return { generation: 0, state: "killed" };
}
