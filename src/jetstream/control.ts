/** Pause and kill: a generation number, read through the leader before anything starts (E9). */
import type { Control, ControlChange, ControlState } from "../contract/broker.ts";
import { changedControl, RUNNING } from "../contract/control.ts";
import { Retryable } from "../contract/errors.ts";
import type { Serving } from "../contract/serving.ts";
import { buckets } from "../contract/subjects.ts";
import { Bucket } from "./bucket.ts";
import { apiCodes, isApiCode } from "./jetstream-api.ts";
import type { Keeping } from "./keeping.ts";
import type { Link } from "./link.ts";
import { backoffMs, pause, persist } from "./retry.ts";
import { tail } from "./tail.ts";

const KEY = "runtime";

export class JetStreamControl implements Control {
  readonly #link: Link;
  readonly #bucket: Bucket;

  constructor(link: Link, keeping: Keeping) {
    this.#link = link;
    this.#bucket = new Bucket(link, buckets.control, { ...keeping, description: "Pause and kill: a generation number" });
  }

  async read(): Promise<ControlState> {
    const message = await this.#bucket.get(KEY);
    return message ? parse(message.data) : RUNNING;
  }

  async write(change: ControlChange): Promise<ControlState> {
    for (let round = 0; round < 20; round++) {
      const before = await this.#bucket.get(KEY);
      const next = changedControl(before ? parse(before.data) : RUNNING, change);
      const stored = await persist(this.#link, 5, () => this.#store(JSON.stringify(next), before?.seq ?? 0));
      if (stored !== null) return next;
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

  async watch(call: (control: ControlState) => void): Promise<Serving> {
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
function parse(data: Uint8Array): ControlState {
  try {
    const value = JSON.parse(new TextDecoder().decode(data)) as Partial<ControlState>;
    if (typeof value.generation === "number" && (value.state === "running" || value.state === "killed")) {
      return { ...RUNNING, generation: value.generation, state: value.state, stopped: { ...RUNNING.stopped, ...value.stopped } };
    }
  } catch {
    // Falls through.
  }
  return { ...RUNNING, state: "killed" };
}
