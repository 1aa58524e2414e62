/** The keys that sign access tokens, one pair for all gateways: Ed25519 (RFC 8037), made when there is none, and rotated. */
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type JWK } from "jose";
import { type Clock, isoTime } from "../../contract/clock.ts";
import type { AccessBook } from "./access-book.ts";
import type { KeyRecord } from "./records.ts";

export type SigningKey = Awaited<ReturnType<typeof importJWK>>;
/** A new pair signs after so long, and the old one verifies until its last token is over. */
export const ROTATE_MS = 30 * 24 * 3600 * 1000;

export class SigningKeys {
  readonly #book: AccessBook;
  readonly #clock: Clock;
  readonly #imported = new Map<string, { secret: SigningKey; open: SigningKey }>();

  constructor(book: AccessBook, clock: Clock) {
    this.#book = book;
    this.#clock = clock;
  }

  /** Makes a pair where none signs any more. Two gateways that start at once may make two: both verify everywhere. */
  async prepare(tokenMs: number): Promise<void> {
    const now = this.#clock.now();
    const [newest] = this.#book.keys();
    if (!newest || Date.parse(newest.createdAt) + ROTATE_MS < now) await this.rotate("the gateway");
    for (const key of this.#book.keys().slice(1)) {
      const next = this.#book.keys().find(({ createdAt }) => createdAt > key.createdAt);
      if (next && Date.parse(next.createdAt) + tokenMs * 2 < now) await this.#book.removeKey(key.kid, "the gateway");
    }
  }

  async rotate(by: string): Promise<KeyRecord> {
    const { privateKey } = await generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });
    const jwk = await exportJWK(privateKey);
    const record = {
      kid: (await calculateJwkThumbprint(jwk)).slice(0, 16),
      createdAt: isoTime(this.#clock.now()),
      jwk: jwk as KeyRecord["jwk"],
    };
    await this.#book.addKey(record, by);
    return record;
  }

  async signing(): Promise<{ kid: string; key: SigningKey } | null> {
    const [newest] = this.#book.keys();
    return newest ? { kid: newest.kid, key: (await this.#import(newest)).secret } : null;
  }
  async verifying(kid: string): Promise<SigningKey | null> {
    const record = this.#book.keys().find((each) => each.kid === kid);
    return record ? (await this.#import(record)).open : null;
  }

  /** RFC 7517: the open halves. */
  jwks(): { keys: JWK[] } {
    return { keys: this.#book.keys().map(({ kid, jwk }) => ({ ...openHalf(jwk), kid, use: "sig", alg: "EdDSA" })) };
  }

  async #import(record: KeyRecord): Promise<{ secret: SigningKey; open: SigningKey }> {
    const known = this.#imported.get(record.kid);
    if (known) return known;
    const pair = {
      secret: await importJWK(record.jwk as unknown as JWK, "EdDSA"),
      open: await importJWK(openHalf(record.jwk), "EdDSA"),
    };
    this.#imported.set(record.kid, pair);
    return pair;
  }
}

function openHalf(jwk: KeyRecord["jwk"]): JWK {
  const { d: _, ...open } = jwk;
  return open as unknown as JWK;
}
