/** OAuth 2.0: client credentials (RFC 6749, section 4.4), revocation (RFC 7009), keys (RFC 7517), and who am I. */
import type { FastifyReply } from "fastify";
import * as z from "zod";
import { PetrelError, Refused } from "../../contract/errors.ts";
import type { ClientRecord } from "../access/records.ts";
import { type Grant, narrowed, parseScopes, readsOnly, scopeText } from "../access/scopes.ts";
import { secretMatches } from "../access/secret-hash.ts";
import { TOKEN_MS } from "../access/tokens.ts";
import { type Access, type Api, callerOf, described, type House, scope } from "../api.ts";
import { problemOf } from "../problem.ts";

/** Names under which clients of another system know the same clients. */
const ALIASES: Record<string, string> = { "agenticos-admin": "petrel-admin", "agenticos-readonly": "petrel-readonly" };

const tokenForm = z.object({
  grant_type: z.string().default("").describe("client_credentials"),
  client_id: z.string().optional().describe("or by HTTP Basic"),
  client_secret: z.string().optional(),
  scope: z.string().optional().describe("less than the client has, like `petrel:read net:safe-teams`"),
});
const revokeForm = z.object({
  token: z.string(),
  token_type_hint: z.string().optional(),
  client_id: z.string().optional(),
  client_secret: z.string().optional(),
});

export function tokenRoutes(api: Api, { access }: House): void {
  api.post(
    "/oauth2/token",
    {
      ...scope("public"),
      schema: {
        tags: ["access"],
        summary: "An access token for a client",
        consumes: ["application/x-www-form-urlencoded"],
        body: tokenForm,
        response: described("access_token, token_type, expires_in, scope"),
      },
    },
    async (request, reply) => {
      reply.header("cache-control", "no-store");
      if (request.body.grant_type === "")
        return oauthError(reply, 400, "invalid_request", "the form names no grant_type; client_credentials is served");
      if (request.body.grant_type !== "client_credentials")
        return oauthError(reply, 400, "unsupported_grant_type", "only client_credentials is served");
      const client = await authenticated(access, request.ip, credentialsOf(request.headers.authorization, request.body), reply);
      if (!client) return reply;
      const grant = wantedGrant(client, request.body.scope);
      if (!grant) return oauthError(reply, 400, "invalid_scope", `the client ${client.id} has ${scopeText(client)}`);
      const token = await access.tokens.issue(client, grant);
      return { access_token: token, token_type: "Bearer", expires_in: TOKEN_MS / 1000, scope: scopeText(grant) };
    },
  );

  api.post(
    "/oauth2/revoke",
    {
      ...scope("public"),
      schema: {
        tags: ["access"],
        summary: "Void a token of one's own",
        consumes: ["application/x-www-form-urlencoded"],
        body: revokeForm,
        response: described("nothing"),
      },
    },
    async (request, reply) => {
      const client = await authenticated(access, request.ip, credentialsOf(request.headers.authorization, request.body), reply);
      if (!client) return reply;
      // RFC 7009: a token that is void already is no error.
      await revokeOwn(access, client, request.body.token);
      return {};
    },
  );

  api.get(
    "/oauth2/jwks",
    {
      ...scope("public"),
      schema: { tags: ["access"], summary: "The open keys that tokens are signed with", response: described("JWK set") },
    },
    async () => access.keys.jwks(),
  );

  api.get(
    "/api/me",
    {
      ...scope("petrel:read"),
      schema: { tags: ["access"], summary: "Who the token is", response: described("client, scopes, nets, roles, readOnly") },
    },
    async (request) => {
      const caller = callerOf(request);
      const { client, scopes, nets, roles } = caller;
      return { client, scopes, nets, roles, readOnly: readsOnly(caller), expiresAt: new Date(caller.expiresAt).toISOString() };
    },
  );
}

interface Given {
  basic: boolean;
  id: string;
  secret: string;
}

function credentialsOf(header: string | undefined, form: { client_id?: string | undefined; client_secret?: string | undefined }): Given {
  const [kind, value] = (header ?? "").split(" ");
  if (kind?.toLowerCase() !== "basic" || !value) return { basic: false, id: form.client_id ?? "", secret: form.client_secret ?? "" };
  const text = Buffer.from(value, "base64").toString("utf8");
  const colon = text.indexOf(":");
  // RFC 6749, section 2.3.1: both halves are form-encoded.
  const [id, secret] = [text.slice(0, colon), text.slice(colon + 1)].map(formDecoded);
  return { basic: true, id: id ?? "", secret: secret ?? "" };
}

function formDecoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}

/** Null when the answer is given already. */
async function authenticated(access: Access, address: string, given: Given, reply: FastifyReply): Promise<ClientRecord | null> {
  try {
    const client = await access.throttle.guard(address, async () => {
      const known = access.book.client(ALIASES[given.id] ?? given.id);
      return (await secretMatches(given.secret, known?.secret ?? null)) ? known : null;
    });
    if (client) return client;
    // RFC 6749, section 5.2: only to who came by HTTP Basic. A browser would ask its user at such a header.
    if (given.basic) reply.header("www-authenticate", 'Basic realm="petrel"');
    oauthError(reply, 401, "invalid_client", "the client is not known, or its secret is another");
  } catch (error) {
    if (!(error instanceof PetrelError)) throw error;
    const { problem, retryAfterMs } = problemOf(error);
    if (retryAfterMs !== undefined) reply.header("retry-after", Math.ceil(retryAfterMs / 1000));
    oauthError(reply, problem.status, problem.error, problem.message);
  }
  return null;
}

function wantedGrant(client: ClientRecord, text: string | undefined): Grant | null {
  if (text === undefined || text.trim() === "") return client;
  try {
    return narrowed(client, parseScopes(text));
  } catch {
    return null;
  }
}

async function revokeOwn(access: Access, client: ClientRecord, token: string): Promise<void> {
  const caller = await access.tokens.verify(token).catch(() => null);
  if (caller?.client === client.id) await access.tokens.revoke(token);
  else if (caller) throw new Refused({ code: "insufficient_scope", message: "the token is another client's" });
}

/** RFC 6749, section 5.2, with the words of our problems beside it. */
function oauthError(reply: FastifyReply, status: number, error: string, message: string): FastifyReply {
  return reply
    .code(status)
    .type("application/json")
    .send(JSON.stringify({ error, error_description: message, message }));
}
