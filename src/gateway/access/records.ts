/** What lies in the bucket `petrel-access`. What cannot be read there counts as absent: nobody gets in on a guess. */
import * as z from "zod";
import { SCOPES } from "./scopes.ts";

export const CLIENT_ID = /^[a-z][a-z0-9-]{0,47}$/;

/** `client.<id>`. A client that is removed stays as a record, so that everybody hears of it. */
export const clientRecord = z.object({
  id: z.string().regex(CLIENT_ID),
  secret: z.string().describe("scrypt hash"),
  scopes: z.array(z.enum(SCOPES)).min(1),
  nets: z.array(z.string()).nullable(),
  /** Roles that gates ask for, like `maintainer`. */
  roles: z.array(z.string()),
  createdAt: z.string(),
  createdBy: z.string(),
  /** Tokens issued before it are void: ISO time. */
  notBefore: z.string(),
  removed: z.boolean(),
});
export type ClientRecord = z.output<typeof clientRecord>;

/** `key.<kid>`: a signing key of all gateways. Old ones verify until the tokens that they signed are over. */
export const keyRecord = z.object({
  kid: z.string(),
  createdAt: z.string(),
  /** JWK of an Ed25519 key pair (RFC 8037). */
  jwk: z.record(z.string(), z.json()),
});
export type KeyRecord = z.output<typeof keyRecord>;

/** `revoked.<jti>`: lives as long as the token would. */
export const revokedRecord = z.object({ client: z.string(), at: z.string() });

/** `tries.<hash of the address>`. */
export const triesRecord = z.object({ failed: z.int(), since: z.number().describe("ms since the epoch") });

/** `requests.<hash of the client>`, in the bucket `limits`: how many came in one window. */
export const requestsRecord = z.object({ window: z.int(), count: z.int() });

/** `audit.<id>`: who changed what of the access. */
export const auditRecord = z.object({ at: z.string(), by: z.string(), did: z.string(), client: z.string() });
export type AuditRecord = z.output<typeof auditRecord>;
