/**
 * Checkpoints: the engine's whole state, so that a recovery reads only the rest of the log. A checkpoint is a row of msgpack
 * documents: a head with everything small, then the long parts in pieces, so that neither writing nor reading stands still long.
 */
import { once } from "node:events";
import { buffer } from "node:stream/consumers";
import { createGzip, type Gzip, gunzipSync } from "node:zlib";
import { Packr } from "msgpackr";
import type { Broker, Checkpoints } from "../../contract/broker.ts";
import { type Clock, delay } from "../../contract/clock.ts";
import type { Logger } from "../../contract/logger.ts";
import { type FrozenMap, type FrozenPlace, type FrozenState, putBack, putBackMap } from "../../net/frozen-state.ts";
import { emptyState, type NetState } from "../../net/state.ts";

/** Raised when a field of the state changes its meaning; older checkpoints are then passed over and the log is read whole. */
const LAYOUT = 3;
/** The state in one document, as versions before wrote it: still read. */
const WHOLE = 2;
/** Objects as records, maps as maps, sets as sets: each comes back as what it was. */
const packr = new Packr({ structuredClone: true });
/** Tokens or entries in one piece. */
const PIECE = 500;
/** Bytes packed before others get a turn. */
const SLICE = 256 * 1024;
const COMPRESSED_FROM = 1024 * 1024;

type Piece = FrozenPlace | { field: FrozenMap["field"]; keys: string[]; values: unknown[] };

/** In slices of a few ms each. `at`: the entry that it stands behind; what of later entries is in it already is passed over by a fold. */
export async function packCheckpoint(frozen: FrozenState, at: { sequence: number; chain: string }, clock: Clock): Promise<Uint8Array> {
  const packed = new Packed();
  await packed.take(packr.pack({ layout: LAYOUT, state: { ...frozen.rest, ...at } }));
  let sliced = 0;
  for (const piece of piecesOf(frozen)) {
    const bytes = packr.pack(piece);
    await packed.take(bytes);
    sliced += bytes.length;
    if (sliced < SLICE) continue;
    sliced = 0;
    await delay(clock, 0);
  }
  return packed.end();
}

/**
 * What is long is compressed piece by piece, so that it never lies whole in memory; beside the loop of events, and a tenth of the
 * bytes: the object store's client hashes them in JavaScript.
 */
class Packed {
  #plain: Uint8Array[] = [];
  #length = 0;
  #gzip: { into: Gzip; out: Promise<Buffer> } | null = null;

  async take(bytes: Uint8Array): Promise<void> {
    this.#plain.push(bytes);
    this.#length += bytes.length;
    if (this.#length < COMPRESSED_FROM) return;
    if (!this.#gzip) {
      const into = createGzip({ level: 1 });
      this.#gzip = { into, out: buffer(into) };
      this.#gzip.out.catch(() => {});
    }
    const { into } = this.#gzip;
    let hasRoom = true;
    for (const each of this.#plain.splice(0)) hasRoom = into.write(each);
    if (!hasRoom) await once(into, "drain");
  }

  async end(): Promise<Uint8Array> {
    if (!this.#gzip) return Buffer.concat(this.#plain);
    this.#gzip.into.end();
    return this.#gzip.out;
  }
}

/** Gzip's own mark; a msgpack map begins otherwise. */
function plainBytes(bytes: Uint8Array): Uint8Array {
  return bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes;
}

function* piecesOf({ places, maps }: FrozenState): Generator<Piece> {
  for (const { place, tokens, holders, since, origins } of places) {
    // An empty place too: a net may know it from its log alone.
    for (let at = 0; at < Math.max(1, tokens.length); at += PIECE) {
      const cut = <T>(list: T[]) => list.slice(at, at + PIECE);
      yield { place, tokens: cut(tokens), holders: cut(holders), since: cut(since), origins: cut(origins) };
    }
  }
  for (const { field, keys, values } of maps) {
    for (let at = 0; at < keys.length; at += PIECE) yield { field, keys: keys.slice(at, at + PIECE), values: values.slice(at, at + PIECE) };
  }
}

/** Null for another layout. Throws for what is no checkpoint. */
export function unpackCheckpoint(net: string, bytes: Uint8Array): NetState | null {
  let state: NetState | null = null;
  packr.unpackMultiple(plainBytes(bytes), (document: unknown) => {
    if (state === null) {
      state = headOf(net, document as { layout?: number; state?: Partial<NetState> });
      return state !== null;
    }
    putIn(state, document as Piece);
    return true;
  });
  return state;
}

function headOf(net: string, { layout, state }: { layout?: number; state?: Partial<NetState> }): NetState | null {
  if ((layout !== LAYOUT && layout !== WHOLE) || typeof state !== "object") return null;
  for (const record of state.crystals?.values() ?? []) record.recent = record.recent.filter(isToken);
  return { ...emptyState(net), ...state };
}

/**
 * Versions before kept the correlations of a rule's answers there, which say nothing any more: such answers are blamed for nothing. The
 * layout stays, since a log may have been cleared up to such a checkpoint.
 */
const isToken = (id: string): boolean => !id.startsWith("c-") && id !== "";

function putIn(state: NetState, piece: Piece): void {
  if ("place" in piece) putBack(state, piece);
  else putBackMap(state, piece);
}

/** The newest that can be read, or null: with the whole log, it only saves time. `before`: none that stands behind a later event. */
export async function loadCheckpoint(store: Checkpoints, net: string, logger: Logger, before = Infinity): Promise<NetState | null> {
  for (const { sequence } of await store.list(net)) {
    const bytes = await store.load(net, sequence);
    if (!bytes) continue;
    try {
      const state = unpackCheckpoint(net, bytes);
      if (state && state.seq <= before) return state;
      if (!state) logger.info({ net, sequence }, "a checkpoint of another layout was passed over");
    } catch (error) {
      logger.warn({ err: error, net, sequence }, "a checkpoint could not be read");
    }
  }
  return null;
}

/** The sequence from which the log is still there, as far as it matters: 0 when it is whole. */
export async function logFloor(broker: Broker, net: string): Promise<number> {
  return (await broker.log(net).bounds()).first - 1;
}
