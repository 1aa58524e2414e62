/**
 * One request for all tabs that follow the same: a browser keeps six connections to one address, for all of its tabs and windows together,
 * and a stream holds one for as long as it lives.
 *
 * H1 A reader gets every frame after the one that it names, once, in order. Who names an earlier one than the stream has reached, or none,
 *    lets the stream begin anew from there, and the others leave out what they have.
 * H2 Readers with different keys never share a stream.
 * H3 When the stream ends, all of its readers are told; it is theirs to come back.
 */
import { type Frame, NoStream } from "./stream-frames.ts";

export interface Wanted {
  /** Whose key it is: H2. */
  key: string;
  path: string;
  /** The id of the last frame that the reader has. */
  last: string | null;
  token: string;
}
export interface Reader {
  onOpen: () => void;
  onFrames: (frames: Frame[]) => void;
  /** `status`: what the gateway answered instead of a stream; null where it broke off. */
  onEnd: (status: number | null) => void;
}
export type OpenStream = (wanted: Wanted, signal: AbortSignal) => Promise<AsyncIterable<Frame[]>>;

export class SharedStreams {
  readonly #open: OpenStream;
  readonly #streams = new Map<string, SharedStream>();

  constructor(open: OpenStream) {
    this.#open = open;
  }

  get size(): number {
    return this.#streams.size;
  }

  /** What it returns takes the reader out again. */
  join(wanted: Wanted, reader: Reader): () => void {
    const name = `${wanted.key} ${wanted.path}`;
    let stream = this.#streams.get(name);
    if (stream === undefined) {
      const made: SharedStream = new SharedStream(this.#open, () => this.#streams.get(name) === made && this.#streams.delete(name));
      this.#streams.set(name, made);
      stream = made;
    }
    return stream.join(wanted, reader);
  }
}

class SharedStream {
  readonly #open: OpenStream;
  readonly #gone: () => void;
  /** With the last frame that each has. */
  readonly #readers = new Map<Reader, string | null>();
  #request: AbortController | null = null;
  #isOpen = false;
  #reached: string | null = null;

  constructor(open: OpenStream, gone: () => void) {
    this.#open = open;
    this.#gone = gone;
  }

  join(wanted: Wanted, reader: Reader): () => void {
    this.#readers.set(reader, wanted.last);
    if (this.#request === null || !isAtLeast(wanted.last, this.#reached)) void this.#run(wanted);
    else if (this.#isOpen) reader.onOpen();
    return () => {
      this.#readers.delete(reader);
      if (this.#readers.size > 0) return;
      this.#request?.abort();
      this.#gone();
    };
  }

  async #run(wanted: Wanted): Promise<void> {
    this.#request?.abort();
    const request = new AbortController();
    this.#request = request;
    this.#reached = wanted.last;
    let status: number | null = null;
    try {
      const stream = await this.#open(wanted, request.signal);
      if (request.signal.aborted) return;
      this.#isOpen = true;
      for (const reader of [...this.#readers.keys()]) reader.onOpen();
      for await (const frames of stream) {
        if (request.signal.aborted) return;
        this.#hand(frames);
      }
    } catch (error) {
      if (error instanceof NoStream) status = error.status;
    }
    if (request.signal.aborted) return;
    this.#gone();
    for (const reader of [...this.#readers.keys()]) reader.onEnd(status);
  }

  #hand(frames: Frame[]): void {
    this.#reached = lastId(frames) ?? this.#reached;
    for (const [reader, known] of [...this.#readers]) {
      let last = known;
      const fresh: Frame[] = [];
      for (const frame of frames) {
        const { id, event } = frame;
        // After a `reset` the numbers are those of another log.
        if (id !== null && last !== null && event !== "reset" && Number(id) <= Number(last)) continue;
        fresh.push(frame);
        last = id ?? last;
      }
      this.#readers.set(reader, last);
      if (fresh.length > 0) reader.onFrames(fresh);
    }
  }
}

/** H1: a stream whose frames have no ids is never known to be where the reader is. */
const isAtLeast = (last: string | null, reached: string | null): boolean =>
  last !== null && reached !== null && Number(last) >= Number(reached);
const lastId = (frames: readonly Frame[]): string | null => frames.findLast(({ id }) => id !== null)?.id ?? null;
