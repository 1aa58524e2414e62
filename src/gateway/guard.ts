/**
 * The one place where the gateway decides who may do what.
 *
 * H1 Every route names its scope; one that does not keeps the gateway from starting.
 * H2 The scope is looked at before anything of the request is read: what does not exist bounces like what does.
 * H3 A token that names nets reaches these alone, wherever a request names a net, in its path, query or body.
 */
import type { FastifyRequest } from "fastify";
import { Refused } from "../contract/errors.ts";
import type { RateLimit } from "./access/rate-limit.ts";
import { allows, reachesNet, readsOnly, type Scope } from "./access/scopes.ts";
import type { Caller, Tokens } from "./access/tokens.ts";
import type { Api } from "./api.ts";
import { sendProblem } from "./problem.ts";

/** Served by plugins that know nothing of scopes: the readable page of the API and the monitor's files. */
const OPEN_PREFIXES = ["/docs"];

export function guardRoutes(api: Api, { tokens, rate }: { tokens: Tokens; rate: RateLimit }): void {
  api.decorateRequest("caller", null);
  api.addHook("onRoute", (route) => {
    const named = route.config?.scope !== undefined || OPEN_PREFIXES.some((prefix) => route.url.startsWith(prefix));
    if (!named) throw new Error(`the route ${String(route.method)} ${route.url} names no scope`);
  });
  api.addHook("onRequest", async (request, reply) => {
    const { scope: wanted = "public", orScope } = request.routeOptions.config;
    if (wanted === "public") return undefined;
    try {
      const caller = await admitted(request, orScope ? [wanted, orScope] : [wanted], tokens);
      rate.take(caller.client);
      request.caller = caller;
      return undefined;
    } catch (error) {
      sendProblem(reply, error);
      // Waits until it is sent: a hook that settles before lets the request go on to its route.
      return reply;
    }
  });
}

/** For what is asked of the runtime as a whole. Errors: Refused `net_out_of_scope`. */
export function mustReachAll(caller: Caller): void {
  if (caller.nets !== null)
    throw new Refused({ code: "net_out_of_scope", message: `this token is for ${caller.nets.join(", ")}, not for all nets` });
}
/** Errors: Refused `net_out_of_scope`. */
export function mustReach(caller: Caller, net: string): void {
  if (!reachesNet(caller, net))
    throw new Refused({ code: "net_out_of_scope", message: `this token is for ${caller.nets?.join(", ")}, not for ${net}` });
}

async function admitted(request: FastifyRequest, wanted: readonly Scope[], tokens: Tokens): Promise<Caller> {
  const [kind, token] = (request.headers.authorization ?? "").split(" ");
  if (kind?.toLowerCase() !== "bearer" || !token)
    throw new Refused({ code: "invalid_token", message: "this needs an access token", hint: "POST /oauth2/token" });
  const caller = await tokens.verify(token);
  if (!wanted.some((scope) => allows(caller, scope))) throw tooLittle(caller, wanted.join(" or "));
  const net = netOf(request);
  if (net !== null) mustReach(caller, net);
  return caller;
}

function tooLittle(caller: Caller, wanted: string): Refused {
  if (readsOnly(caller)) return new Refused({ code: "readonly_scope", message: `this token only reads; ${wanted} is needed` });
  return new Refused({ code: "insufficient_scope", message: `this token has ${caller.scopes.join(", ")}; ${wanted} is needed` });
}

function netOf(request: FastifyRequest): string | null {
  const { net } = (request.params ?? {}) as { net?: string };
  const { modelId } = (request.query ?? {}) as { modelId?: unknown };
  return net ?? (typeof modelId === "string" ? modelId : null);
}
