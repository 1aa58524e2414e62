/** Access tokens: JWT (RFC 7519, profile of RFC 9068) signed with a key that all gateways share. */
import { type JWTPayload, jwtVerify, SignJWT } from "jose";
import type { Clock } from "../../contract/clock.ts";
import { Refused, Retryable } from "../../contract/errors.ts";
import type { IdSource } from "../../contract/ids.ts";
import type { AccessBook } from "./access-book.ts";
import type { ClientRecord } from "./records.ts";
import { type Grant, parseScopes, scopeText } from "./scopes.ts";
import type { SigningKeys } from "./signing-keys.ts";

export const ISSUER = "petrel";
export const AUDIENCE = "petrel";
export const TOKEN_MS = 3600 * 1000;
const MOST_KNOWN = 10_000;

/** Who calls, as a verified token says. */
export interface Caller extends Grant {
  client: string;
  roles: string[];
  jti: string;
  /** ms since the epoch. */
  issuedAt: number;
  expiresAt: number;
}

export class Tokens {
  readonly #book: AccessBook;
  readonly #keys: SigningKeys;
  readonly #clock: Clock;
  readonly #ids: IdSource;

  constructor({ book, keys, clock, ids }: { book: AccessBook; keys: SigningKeys; clock: Clock; ids: IdSource }) {
    this.#book = book;
    this.#keys = keys;
    this.#clock = clock;
    this.#ids = ids;
  }

  async issue(client: ClientRecord, grant: Grant, livesMs = TOKEN_MS): Promise<string> {
    const signing = await this.#keys.signing();
    if (!signing) throw new Retryable({ code: "no-signing-key", message: "no signing key is there yet", hint: "try again in a second" });
    const seconds = this.#clock.now() / 1000;
    // Issue times with a fraction: a token drawn in the second of a rotation is told apart from one before it.
    return await new SignJWT({ scope: scopeText(grant), roles: client.roles, client_id: client.id })
      .setProtectedHeader({ alg: "EdDSA", kid: signing.kid, typ: "at+jwt" })
      .setIssuer(ISSUER)
      .setAudience(AUDIENCE)
      .setSubject(client.id)
      .setJti(this.#ids.next())
      .setIssuedAt(seconds)
      .setExpirationTime(Math.floor(seconds + livesMs / 1000))
      .sign(signing.key);
  }

  /** What was signed stays signed: what a token says is read once. Whether it still counts is looked at each time. */
  readonly #read = new Map<string, JWTPayload>();

  /** Errors: Refused `invalid_token`. */
  async verify(token: string): Promise<Caller> {
    const payload = await this.#known(token);
    const { sub = "", jti = "", iat = 0, exp = 0 } = payload;
    const client = this.#standing({ client: sub, jti, issuedAt: iat * 1000 });
    if (!client) throw invalid("the token was revoked");
    const grant = parseScopes(typeof payload.scope === "string" ? payload.scope : "");
    const roles = Array.isArray(payload.roles) ? payload.roles.filter((role): role is string => typeof role === "string") : [];
    return {
      ...grant,
      client: sub,
      roles: roles.filter((role) => client.roles.includes(role)),
      jti,
      issuedAt: iat * 1000,
      expiresAt: exp * 1000,
    };
  }

  /** For answers that take long: calls once, when a token that was good is revoked. What it returns ends the watch. */
  onRevoked(caller: Caller, call: () => void): () => void {
    const look = () => {
      if (this.#standing(caller)) return;
      stop();
      call();
    };
    const stop = this.#book.onVoid(look);
    look();
    return stop;
  }

  #standing({ client, jti, issuedAt }: Pick<Caller, "client" | "jti" | "issuedAt">): ClientRecord | null {
    const known = this.#book.client(client);
    return known && issuedAt >= Date.parse(known.notBefore) && !this.#book.isRevoked(jti) ? known : null;
  }

  async revoke(token: string): Promise<void> {
    const caller = await this.verify(token);
    await this.#book.revoke(caller.jti, caller.client, Math.max(1000, caller.expiresAt - this.#clock.now()));
  }

  async #known(token: string): Promise<JWTPayload> {
    const known = this.#read.get(token);
    if (known && (known.exp ?? 0) * 1000 > this.#clock.now()) return known;
    const payload = await this.#payload(token);
    if (this.#read.size >= MOST_KNOWN) this.#read.clear();
    this.#read.set(token, payload);
    return payload;
  }

  async #payload(token: string): Promise<JWTPayload> {
    try {
      const { payload } = await jwtVerify(
        token,
        async ({ kid }) => {
          const key = kid === undefined ? null : await this.#keys.verifying(kid);
          if (!key) throw invalid("the token was signed with a key that is not known here");
          return key;
        },
        {
          issuer: ISSUER,
          audience: AUDIENCE,
          algorithms: ["EdDSA"],
          typ: "at+jwt",
          currentDate: new Date(this.#clock.now()),
          requiredClaims: ["sub", "jti", "iat", "exp", "scope"],
        },
      );
      return payload;
    } catch (error) {
      if (error instanceof Refused) throw error;
      throw invalid(error instanceof Error ? error.message : "the token cannot be read");
    }
  }
}

function invalid(message: string): Refused {
  return new Refused({ code: "invalid_token", message, hint: "ask for a new one: POST /oauth2/token" });
}
