/** What running commands print, by firing, as it comes while somebody looks. */
import { useEffect, useState, useSyncExternalStore } from "react";
import type { PrintedPiece } from "../contract/printed.ts";
import { outputKey } from "../contract/printed.ts";
import { follow } from "./server-events.ts";
import { Telling } from "./telling.ts";

/** A run of text of one kind. `missed`: characters left out before it. */
export interface Stretch {
  id: number;
  from: PrintedPiece["from"];
  missed: number;
  text: string;
}

/** Characters that are kept of one firing. */
const KEPT = 40_000;

export class OutputStore {
  readonly #firings = new Map<string, Stretch[]>();
  readonly #ends = new Map<string, number>();
  readonly #closing = new AbortController();
  readonly #telling = new Telling();
  #count = 0;

  /** `path` with its query: all that may be seen, or one firing's. */
  constructor(path: string) {
    void follow(
      path,
      null,
      this.#closing.signal,
      ({ event, data }) => event === "output" && this.take(JSON.parse(data) as PrintedPiece),
      () => {},
    );
  }

  get version(): number {
    return this.#telling.version;
  }
  readonly subscribe = this.#telling.subscribe;

  of(firing: string): readonly Stretch[] {
    return this.#firings.get(firing) ?? [];
  }

  close(): void {
    this.#closing.abort();
    this.#telling.stop();
  }

  /** After a reconnection, what is remembered comes again: it is known by where it stands. */
  take(piece: PrintedPiece): void {
    const key = outputKey(piece);
    const end = this.#ends.get(key);
    if (end !== undefined && piece.at < end) return;
    this.#ends.set(key, piece.end);
    const missed = end === undefined ? piece.at : piece.at - end;
    if (piece.text === "" && missed === 0) return;
    const stretches = this.#firings.get(piece.firing) ?? [];
    this.#firings.set(piece.firing, kept(joined(stretches, { id: ++this.#count, from: piece.from, missed, text: plain(piece.text) })));
    this.#telling.soon();
  }
}

/** A store that lives as long as it is wanted and shown. */
export function useOutput(path: string | null): OutputStore | null {
  const [store, setStore] = useState<OutputStore | null>(null);
  useEffect(() => {
    if (path === null) return;
    const made = new OutputStore(path);
    setStore(made);
    return () => {
      made.close();
      setStore(null);
    };
  }, [path]);
  useSyncExternalStore(store?.subscribe ?? never, () => store?.version ?? 0);
  return store;
}
const never = () => () => {};

function joined(stretches: readonly Stretch[], next: Stretch): Stretch[] {
  const before = stretches.at(-1);
  if (before?.from !== next.from || next.from === "command" || next.missed > 0) return [...stretches, next];
  return [...stretches.slice(0, -1), { ...before, text: before.text + next.text }];
}

/** The end of it that is kept; of the first stretch that is too much, its end. */
function kept(stretches: Stretch[]): Stretch[] {
  const rest: Stretch[] = [];
  let room = KEPT;
  for (const stretch of stretches.toReversed()) {
    if (room <= 0) break;
    const text = stretch.text.slice(-room);
    room -= text.length;
    rest.unshift(text.length === stretch.text.length ? stretch : { ...stretch, text });
  }
  return rest;
}

/** Without colours; what a terminal would write over becomes lines. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
const plain = (text: string): string => text.replaceAll(/\u001b\[[0-9;?]*[ -/]*[@-~]/g, "").replaceAll(/\r\n?/g, "\n");
