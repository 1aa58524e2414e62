/** The words that all routes are written in. */
import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyRequest,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import * as z from "zod";
import { Refused } from "../contract/errors.ts";
import { isPath } from "../contract/ids.ts";
import type { AccessBook } from "./access/access-book.ts";
import type { Scope } from "./access/scopes.ts";
import type { SigningKeys } from "./access/signing-keys.ts";
import type { Throttle } from "./access/throttle.ts";
import type { Caller, Tokens } from "./access/tokens.ts";
import type { Feeds } from "./feeds.ts";
import type { Ledger } from "./ledger.ts";
import type { GatewayPorts } from "./ports.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** What a caller needs; every route says it. */
    scope?: Scope | "public";
    /** Does as well. */
    orScope?: Scope;
    /** A write whose Idempotency-Key the log itself keeps. */
    keyInLog?: boolean;
  }
  interface FastifyRequest {
    caller: Caller | null;
  }
}

export type Api = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression<RawServerDefault>,
  RawReplyDefaultExpression<RawServerDefault>,
  FastifyBaseLogger,
  ZodTypeProvider
>;

export interface Access {
  book: AccessBook;
  keys: SigningKeys;
  tokens: Tokens;
  throttle: Throttle;
}
export interface House extends GatewayPorts {
  access: Access;
  feeds: Feeds;
  ledger: Ledger;
  /** Aborted when the gateway stops: streams end. */
  stopping: AbortSignal;
}

/** Of a write whose Idempotency-Key goes into the log. */
export const operateOnce = { config: { scope: "petrel:operate" as const, keyInLog: true } };
export const scope = (wanted: Scope | "public") => ({ config: { scope: wanted } });
export const eitherScope = (scope: Scope, orScope: Scope) => ({ config: { scope, orScope } });

export const netName = z.string().refine(isPath, "names no net").describe("name of a net");
export const netParam = z.object({ net: netName });
export const anyJson = z.json();
const problemSchema = z.any().describe("problem details (RFC 9457), with `error` as a stable code and `hint` where there is a way on");
/** Answers are described for readers of the API; what is sent is not cut down to the description. */
export const described = (text: string) => ({ "2xx": z.any().describe(text), "3xx": z.any(), "4xx": problemSchema, "5xx": problemSchema });

export function callerOf(request: FastifyRequest): Caller {
  if (request.caller) return request.caller;
  throw new Refused({ code: "invalid_token", message: "this needs an access token", hint: "POST /oauth2/token" });
}
/** As the engine logs it. */
export function personOf(request: FastifyRequest): { user: string; roles: string[] } {
  const { client, roles } = callerOf(request);
  return { user: client, roles };
}
