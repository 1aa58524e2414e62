/**
 * The gateway: HTTP in front of the broker. It holds nothing that another gateway lacks, so any number may stand behind any balancer,
 * and one that dies loses nothing.
 */
import type { FastifyBaseLogger } from "fastify";
import { Retryable, Terminal } from "../contract/errors.ts";
import { jsonTextFlaw, type TextFlaw } from "../contract/json-text.ts";
import { sharedQuotas } from "../contract/quotas.ts";
import { openAccess } from "./access/open-access.ts";
import { RateLimit } from "./access/rate-limit.ts";
import { TOKEN_MS } from "./access/tokens.ts";
import type { Access, Api, House } from "./api.ts";
import { Feeds } from "./feeds.ts";
import { guardRoutes } from "./guard.ts";
import { Ledger } from "./ledger.ts";
import { Metrics } from "./metrics.ts";
import { onceRoutes } from "./once.ts";
import type { GatewayPorts } from "./ports.ts";
import { sendProblem } from "./problem.ts";
import { askRoutes } from "./routes/ask.ts";
import { costRoutes } from "./routes/costs.ts";
import { crystalRoutes } from "./routes/crystals.ts";
import { eventRoutes } from "./routes/events.ts";
import { executeRoutes } from "./routes/execute.ts";
import { executorRoutes } from "./routes/executors.ts";
import { firingRoutes } from "./routes/firings.ts";
import { forkRoutes } from "./routes/fork.ts";
import { gateRoutes } from "./routes/gates.ts";
import { healthRoutes } from "./routes/health.ts";
import { mcpRoutes } from "./routes/mcp.ts";
import { netRoutes } from "./routes/nets.ts";
import { proposalRoutes } from "./routes/proposals.ts";
import { runtimeRoutes } from "./routes/runtime.ts";
import { teamRoutes } from "./routes/team.ts";
import { tokenRoutes } from "./routes/token.ts";
import { tokenPlaceRoutes } from "./routes/tokens.ts";
import { exportTraces } from "./traces/trace-exporter.ts";

/** A definition of a net of thousands of transitions fits. */
const BODY_LIMIT = 8 * 1024 * 1024;

const KEYS_MS = 3600 * 1000;

export interface Gateway {
  /** Base address, like `http://127.0.0.1:8080`. */
  url: string;
  access: Access;
  close(): Promise<void>;
}
export interface GatewayOptions {
  host: string;
  /** 0: a free one. */
  port: number;
  /** Addresses of proxies whose word on the client's address counts. */
  trustProxy?: string[];
  /** The most requests of one client in a second, over ten seconds and all gateways. */
  rate?: number;
}

/** Errors: Terminal `port-in-use`; those of the broker. */
export async function startGateway(ports: GatewayPorts, options: GatewayOptions): Promise<Gateway> {
  const access = await openAccess(ports);
  const stopping = new AbortController();
  const feeds = new Feeds(ports.broker, ports.clock);
  const ledger = new Ledger({ ...ports, stopping: stopping.signal });
  const house: House = { ...ports, access, feeds, ledger, stopping: stopping.signal };
  const api = await buildApi(house, options);
  keepKeysFresh(access, ports, stopping.signal);
  if (ports.collector) void exportTraces({ ...ports, collector: ports.collector, id: ports.ids.next(), stopping: stopping.signal });
  try {
    const url = await api.listen({ host: options.host, port: options.port });
    return {
      url,
      access,
      close: async () => {
        stopping.abort();
        feeds.close();
        await api.close();
        await access.book.close();
      },
    };
  } catch (error) {
    stopping.abort();
    feeds.close();
    await api.close();
    await access.book.close();
    throw listenError(error, options);
  }
}

/** A gateway that runs for months rotates its keys too, and forgets those whose tokens are over. */
function keepKeysFresh({ keys }: Access, { clock, logger }: GatewayPorts, stopping: AbortSignal): void {
  let timer = clock.after(KEYS_MS, look);
  function look(): void {
    keys
      .prepare(TOKEN_MS)
      .catch((error: unknown) => logger.warn({ error: String(error) }, "the signing keys could not be looked at; again in an hour"));
    timer = clock.after(KEYS_MS, look);
  }
  stopping.addEventListener("abort", () => timer.cancel(), { once: true });
}

export async function buildApi(house: House, options: Pick<GatewayOptions, "trustProxy" | "rate"> = {}): Promise<Api> {
  // Read only where a gateway is: no other command waits for these modules.
  const [{ fastify, LogController }, zodProvider] = await Promise.all([import("fastify"), import("fastify-type-provider-zod")]);
  const rate = new RateLimit(sharedQuotas(house.broker.keyValue("limits")), house.clock, options.rate);
  house.stopping.addEventListener("abort", () => rate.close(), { once: true });
  const api = fastify({
    bodyLimit: BODY_LIMIT,
    trustProxy: options.trustProxy ?? false,
    loggerInstance: requestLogger(house),
    logController: new LogController({ disableRequestLogging: true }),
    forceCloseConnections: true,
  }).withTypeProvider<import("fastify-type-provider-zod").ZodTypeProvider>() as unknown as Api;
  api.setValidatorCompiler(zodProvider.validatorCompiler);
  api.setSerializerCompiler(() => (payload) => JSON.stringify(payload));
  api.setErrorHandler((error, request, reply) => {
    const status = (error as { statusCode?: number }).statusCode ?? 500;
    if (status >= 500) house.logger.error({ error: String(error), url: request.url }, "a request failed");
    sendProblem(reply, error);
  });
  guardRoutes(api, { tokens: house.access.tokens, rate });
  onceRoutes(api, house.broker.keyValue("limits"));
  await documented(api, house);
  bodies(api);
  api.addHook("onSend", async (_, reply) => {
    reply.header("x-content-type-options", "nosniff").header("referrer-policy", "no-referrer");
  });
  const metrics = new Metrics(house);
  for (const routes of [
    tokenRoutes,
    eventRoutes,
    netRoutes,
    tokenPlaceRoutes,
    executeRoutes,
    firingRoutes,
    gateRoutes,
    teamRoutes,
    costRoutes,
    crystalRoutes,
    executorRoutes,
    proposalRoutes,
    forkRoutes,
    runtimeRoutes,
    mcpRoutes,
    askRoutes,
  ])
    routes(api, house);
  healthRoutes(api, house, metrics);
  await monitorFiles(api, house);
  return api;
}

async function documented(api: Api, { version }: House): Promise<void> {
  const [{ default: swagger }, { default: swaggerUi }, { jsonSchemaTransform }] = await Promise.all([
    import("@fastify/swagger"),
    import("@fastify/swagger-ui"),
    import("fastify-type-provider-zod"),
  ]);
  await api.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: { title: "Petrel", version, description: "A runtime for organisations of AI specialists." },
      components: {
        securitySchemes: {
          oauth2: {
            type: "oauth2",
            flows: {
              clientCredentials: {
                tokenUrl: "/oauth2/token",
                scopes: {
                  "petrel:read": "look at everything but secrets",
                  "petrel:operate": "put, pause, retry",
                  "petrel:gate": "decide gates, for people",
                  "petrel:admin": "apply nets",
                },
              },
            },
          },
        },
      },
    },
    transform: (input) => {
      const out = jsonSchemaTransform(input as Parameters<typeof jsonSchemaTransform>[0]);
      const { scope, orScope } = input.route.config ?? {};
      const schema = out.schema as Record<string, unknown>;
      if (scope !== undefined && scope !== "public") {
        const scopes = orScope ? [scope, orScope] : [scope];
        // Any one of the list is enough.
        Object.assign(schema, { security: scopes.map((one) => ({ oauth2: [one] })), "x-petrel-scope": scopes.join(" or ") });
      }
      return out;
    },
  });
  await api.register(swaggerUi, { routePrefix: "/docs" });
  api.get("/openapi.json", { config: { scope: "public" }, schema: { hide: true } }, async () => api.swagger());
}

/** What would not arrive as it was written is refused here: behind the parser nobody sees it any more. */
function bodies(api: Api): void {
  const parsed = api.getDefaultJsonParser("error", "error");
  api.addContentTypeParser("application/json", { parseAs: "string" }, (request, body, done) => {
    void parsed(request, body as string, (error, value) => {
      const flaw = error ? null : jsonTextFlaw(body as string);
      done(error ?? (flaw && bodyFlaw(flaw)), value);
    });
  });
  api.addContentTypeParser("application/x-www-form-urlencoded", { parseAs: "string" }, (_, body, done) => {
    done(null, Object.fromEntries(new URLSearchParams(body as string)));
  });
}

function bodyFlaw({ code, reason, hint, line, column }: TextFlaw): Terminal {
  return new Terminal({ code, message: `the body would not arrive as it was written: line ${line}, column ${column}: ${reason}`, hint });
}

/** The monitor is one page: what is no file and no part of the API is shown by it. */
async function monitorFiles(api: Api, { monitor }: House): Promise<void> {
  const missing = (path: string) =>
    new Terminal({ code: "no-such-route", message: `there is nothing at ${path}`, hint: "GET /openapi.json" });
  if (monitor === null) {
    api.setNotFoundHandler((request, reply) => sendProblem(reply, missing(request.url)));
    return;
  }
  const { default: files } = await import("@fastify/static");
  await api.register(files, { root: monitor, serve: false, preCompressed: true });
  const asset = { config: { scope: "public" as const }, schema: { hide: true } };
  api.get("/assets/*", asset, (request, reply) =>
    reply.sendFile(`assets/${(request.params as { "*": string })["*"]}`, { maxAge: "1y", immutable: true }),
  );
  api.get("/favicon.svg", asset, (_, reply) => reply.sendFile("favicon.svg"));
  const policy =
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; media-src 'self' blob:; worker-src 'self' blob:; frame-ancestors 'none'";
  api.get("/", { config: { scope: "public" }, schema: { hide: true } }, (_, reply) =>
    reply.header("content-security-policy", policy).sendFile("index.html"),
  );
  api.setNotFoundHandler((request, reply) => {
    const page =
      request.method === "GET" && !/^\/(api|oauth2|docs)\b/.test(request.url) && (request.headers.accept ?? "").includes("text/html");
    if (page) return reply.header("content-security-policy", policy).sendFile("index.html");
    return sendProblem(reply, missing(request.url));
  });
}

function requestLogger({ logger }: House): FastifyBaseLogger {
  const write = (level: "debug" | "info" | "warn" | "error") => (fields: unknown, message?: string) =>
    typeof fields === "string" ? logger[level]({}, fields) : logger[level](fields as object, message ?? "");
  const own = {
    level: "info",
    silent: () => {},
    trace: write("debug"),
    debug: write("debug"),
    info: write("debug"),
    warn: write("warn"),
    error: write("error"),
    fatal: write("error"),
    child: () => own,
  } as unknown as FastifyBaseLogger;
  return own;
}

function listenError(error: unknown, { host, port }: GatewayOptions): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "EADDRINUSE")
    return new Terminal({
      code: "port-in-use",
      message: `another program listens on ${host}:${port} already`,
      hint: "--gateway-port 0 takes a free one",
    });
  if (code === "EACCES" || code === "EADDRNOTAVAIL")
    return new Terminal({
      code: "cannot-listen",
      message: `this machine does not let us listen on ${host}:${port}`,
      hint: "--host 127.0.0.1 --port 8080",
    });
  return error instanceof Error ? error : new Retryable({ code: "cannot-listen", message: String(error) });
}
