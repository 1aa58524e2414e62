/**
 * Clients, signing keys and revocations as they stand on the broker, followed so that every gateway knows a change at once.
 *
 * G1 All gateways share what is in the bucket; none keeps anything that the others lack.
 * G2 A change is written on the condition of what was read, so that two at once cannot undo each other.
 * G3 What was read last stays known while the broker is away.
 */

import { type Clock, isoTime } from "../../contract/clock.ts";
import { Retryable, Terminal } from "../../contract/errors.ts";
import type { IdSource } from "../../contract/ids.ts";
import type { Json } from "../../contract/json.ts";
import type { KeyValue, StoredValue } from "../../contract/key-value.ts";
import type { Serving } from "../../contract/serving.ts";
import { type AuditRecord, auditRecord, CLIENT_ID, type ClientRecord, clientRecord, type KeyRecord, keyRecord } from "./records.ts";
import { type Grant, type Scope, scopeText } from "./scopes.ts";
import { hashSecret, newSecret } from "./secret-hash.ts";

const AUDIT_MS = 400 * 24 * 3600 * 1000;
const ROUNDS = 20;

export interface NewClient extends Grant {
  id: string;
  roles: string[];
  by: string;
}

export class AccessBook {
  readonly #bucket: KeyValue;
  readonly #clock: Clock;
  readonly #ids: IdSource;
  readonly #clients = new Map<string, ClientRecord>();
  readonly #keys = new Map<string, KeyRecord>();
  readonly #revoked = new Set<string>();
  readonly #keyWatchers = new Set<() => void>();
  readonly #voidWatchers = new Set<() => void>();
  #watching: Serving | null = null;

  constructor({ bucket, clock, ids }: { bucket: KeyValue; clock: Clock; ids: IdSource }) {
    this.#bucket = bucket;
    this.#clock = clock;
    this.#ids = ids;
  }

  /** Knows everything that stood there when it settles. */
  async open(): Promise<void> {
    for (const pattern of ["client.*", "key.*", "revoked.*"]) for (const stored of await this.#bucket.list(pattern)) this.#learn(stored);
    this.#watching = await this.#bucket.watch((stored) => this.#learn(stored));
  }
  async close(): Promise<void> {
    await this.#watching?.stop();
  }

  client(id: string): ClientRecord | null {
    const found = this.#clients.get(id);
    return found && !found.removed ? found : null;
  }
  clients(): ClientRecord[] {
    return [...this.#clients.values()].filter(({ removed }) => !removed).sort((a, b) => (a.id < b.id ? -1 : 1));
  }
  /** Newest first. */
  keys(): KeyRecord[] {
    return [...this.#keys.values()].sort((a, b) =>
      a.createdAt < b.createdAt ? 1 : a.createdAt > b.createdAt ? -1 : a.kid < b.kid ? 1 : -1,
    );
  }
  isRevoked(jti: string): boolean {
    return this.#revoked.has(jti);
  }
  onKeys(call: () => void): void {
    this.#keyWatchers.add(call);
  }
  /** Called when a client or a token may have lost what it had; what it returns ends that. */
  onVoid(call: () => void): () => void {
    this.#voidWatchers.add(call);
    return () => this.#voidWatchers.delete(call);
  }

  /** The secret is shown here and never again. Errors: Terminal `bad-client`, `client-exists`. */
  async add(wanted: NewClient, given?: string): Promise<{ clientId: string; clientSecret: string }> {
    mustBeSound(wanted);
    const secret = given ?? newSecret();
    const hash = await hashSecret(secret);
    await this.#change(wanted.id, "add", wanted.by, (before) => {
      if (before && !before.removed)
        throw new Terminal({
          code: "client-exists",
          message: `there is a client ${wanted.id} already`,
          hint: `petrel auth client rotate ${wanted.id}`,
        });
      const now = isoTime(this.#clock.now());
      const { id, scopes, nets, roles, by } = wanted;
      return { id, scopes, nets, roles, secret: hash, createdAt: now, createdBy: by, notBefore: now, removed: false };
    });
    return { clientId: wanted.id, clientSecret: secret };
  }

  /** A new secret; tokens issued before are void. Errors: Terminal `no-such-client`. */
  async rotate(id: string, by: string): Promise<{ clientId: string; clientSecret: string }> {
    const secret = newSecret();
    const hash = await hashSecret(secret);
    await this.#change(id, "rotate", by, (before) => ({ ...living(id, before), secret: hash, notBefore: isoTime(this.#clock.now()) }));
    return { clientId: id, clientSecret: secret };
  }

  /** Errors: Terminal `no-such-client`. */
  async remove(id: string, by: string): Promise<void> {
    await this.#change(id, "remove", by, (before) => ({ ...living(id, before), notBefore: isoTime(this.#clock.now()), removed: true }));
  }

  async revoke(jti: string, client: string, livesMs: number): Promise<void> {
    await this.#bucket.put(`revoked.${jti}`, { client, at: isoTime(this.#clock.now()) }, { ttlMs: livesMs });
    this.#void(() => this.#revoked.add(jti));
    await this.#audit("revoke a token", client, client);
  }

  async addKey(record: KeyRecord, by: string): Promise<void> {
    await this.#bucket.put(`key.${record.kid}`, record as unknown as Json, { expected: 0 });
    this.#learnKey(record);
    await this.#audit("add a signing key", by, record.kid);
  }
  async removeKey(kid: string, by: string): Promise<void> {
    const stored = await this.#bucket.get(`key.${kid}`);
    this.#keys.delete(kid);
    if (!stored) return;
    await this.#bucket.remove(stored.key, stored.revision);
    await this.#audit("remove a signing key", by, kid);
  }

  async audit(): Promise<AuditRecord[]> {
    const found = await this.#bucket.list("audit.*");
    return found.sort((a, b) => a.revision - b.revision).flatMap(({ value }) => auditRecord.safeParse(value).data ?? []);
  }

  /** G2. */
  async #change(id: string, did: string, by: string, next: (before: ClientRecord | null) => ClientRecord): Promise<void> {
    for (let round = 0; round < ROUNDS; round++) {
      const stored = await this.#bucket.get(`client.${id}`);
      const before = clientRecord.safeParse(stored?.value).data ?? null;
      const after = next(before);
      const revision = await this.#bucket.put(`client.${id}`, after as unknown as Json, { expected: stored?.revision ?? 0 });
      if (revision === null) continue;
      this.#void(() => this.#clients.set(id, after));
      await this.#audit(`${did} ${scopeText(after)}`, by, id);
      return;
    }
    throw new Retryable({ code: "access-contended", message: `others keep changing the client ${id} at the same time`, hint: "try again" });
  }

  async #audit(did: string, by: string, client: string): Promise<void> {
    const record: AuditRecord = { at: isoTime(this.#clock.now()), by, did, client };
    await this.#bucket.put(`audit.${this.#ids.next()}`, record as unknown as Json, { ttlMs: AUDIT_MS });
  }

  #learn({ key, value }: StoredValue): void {
    const [kind, name = ""] = key.split(".");
    if (kind === "client") {
      const record = clientRecord.safeParse(value).data;
      this.#void(() => (record ? this.#clients.set(name, record) : this.#clients.delete(name)));
    } else if (kind === "revoked") this.#void(() => this.#revoked.add(name));
    else if (kind === "key") {
      const record = keyRecord.safeParse(value).data;
      if (record) this.#learnKey(record);
    }
  }
  #void(change: () => void): void {
    change();
    for (const call of [...this.#voidWatchers]) call();
  }
  #learnKey(record: KeyRecord): void {
    this.#keys.set(record.kid, record);
    for (const call of this.#keyWatchers) call();
  }
}

function living(id: string, record: ClientRecord | null): ClientRecord {
  if (record && !record.removed) return record;
  throw new Terminal({ code: "no-such-client", message: `there is no client ${id}`, hint: "petrel auth client ls" });
}

function mustBeSound({ id, scopes, roles }: NewClient): void {
  const people: Scope = "petrel:gate";
  if (!CLIENT_ID.test(id))
    throw new Terminal({
      code: "bad-client",
      message: `"${id}" is no name of a client`,
      hint: "small letters, digits and dashes, at most 48",
    });
  if (scopes.includes(people) && roles.length === 0)
    throw new Terminal({
      code: "bad-client",
      message: "whoever decides gates is a person with a role",
      hint: `petrel auth client add ${id} --scope petrel:gate --role maintainer`,
    });
}
