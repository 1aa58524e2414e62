/**
 * The HTTP client of `http` transitions, on undici.
 *
 * C1 Every connection passes `permits` (H1 to H3), the one after a redirect too. C2 To another origin go neither credentials, nor
 * secrets, nor the key, nor a request that changes something there. C3 Nothing that was sent stands in an error.
 */
import { lookup } from "node:dns";
import { Agent, type Dispatcher } from "undici";
import type { Clock } from "../contract/clock.ts";
import { Refused, Terminal } from "../contract/errors.ts";
import { connectionError, statusError } from "./failures.ts";
import { guardedConnector, type LookUp, notAllowed } from "./guarded-connector.ts";
import { bareHost, excludesName, type HostList, parseHostList, permits, type Target } from "./host-list.ts";
import type { HttpAnswer, HttpFacts, HttpOutcome, HttpPort, HttpRequest } from "./port.ts";
import { decoded, readLimited } from "./read-body.ts";

export interface HttpOptions {
  clock: Clock;
  /** `http.allow` of the configuration; null: every public host. */
  allow: readonly string[] | null;
  lookUp?: LookUp;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const CREDENTIALS = new Set(["authorization", "cookie", "proxy-authorization", "idempotency-key"]);
/** Of the connection, or a server's secret for its next visitor. */
const NOT_TOLD = new Set(["connection", "keep-alive", "transfer-encoding", "date", "set-cookie", "set-cookie2", "content-length"]);

/** Errors: Terminal `host-list`. */
export function httpClient({ clock, allow, lookUp = lookup as LookUp }: HttpOptions): HttpPort {
  const installation = allow === null ? null : parseHostList(allow);
  const agents = new Map<string, { agent: Agent; net: HostList | null }>();
  // A kept connection was allowed by one list: requests under another list have their own.
  const agentFor = (list: readonly string[] | null) => {
    const key = JSON.stringify(list);
    const known = agents.get(key);
    if (known) return known;
    const net = list === null ? null : parseHostList(list);
    const connect = guardedConnector((target, address) => permits(installation, net, target, address), lookUp);
    const made = { agent: new Agent({ connect, headersTimeout: 0, bodyTimeout: 0 }), net };
    agents.set(key, made);
    return made;
  };
  return {
    async send(request, signal) {
      const facts: HttpFacts = { method: request.method, host: "" };
      try {
        const { agent, net } = agentFor(request.allow);
        return await follow(request, facts, agent, (target) => excludesName(installation, net, target), clock, signal);
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        return { facts, error: connectionError(`${request.method} ${facts.host}`.trim(), error) };
      }
    },
    close: async () => {
      await Promise.all([...agents.values()].map(({ agent }) => agent.destroy()));
    },
  };
}

async function follow(
  request: HttpRequest,
  facts: HttpFacts,
  agent: Agent,
  excluded: (target: Target) => boolean,
  clock: Clock,
  signal: AbortSignal,
): Promise<HttpOutcome> {
  let url = checkedUrl(request.url);
  let { method, body } = request;
  let headers: Record<string, string> = { ...request.headers, "idempotency-key": request.key };
  for (let hop = 0; ; hop += 1) {
    const target: Target = { host: bareHost(url.hostname), port: Number(url.port) || (url.protocol === "https:" ? 443 : 80) };
    facts.host = url.host;
    if (excluded(target)) throw notAllowed(target);
    const answer = await agent.request({
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method: method as Dispatcher.HttpMethod,
      headers,
      body,
      signal,
    });
    // A body that is ended early says so by an error, which nobody waits for any more.
    answer.body.on("error", () => {});
    facts.status = answer.statusCode;
    const location = answer.headers.location;
    if (
      !REDIRECTS.has(answer.statusCode) ||
      typeof location !== "string" ||
      succeeds(request, answer.statusCode) ||
      request.redirects === 0
    )
      return finish(request, facts, answer, url, clock);
    answer.body.destroy();
    if (hop >= request.redirects) throw new Terminal({ code: "http-redirects", message: `${facts.host} redirects more than ${hop} times` });
    const next = checkedUrl(location, url);
    ({ method, body, headers } = redirected({ method, body, headers }, answer.statusCode, next.origin === url.origin, request.sensitive));
    url = next;
    facts.redirects = hop + 1;
  }
}

interface Sent {
  method: string;
  body: Uint8Array | null;
  headers: Record<string, string>;
}

/** C2. 303, and by custom a POST after 301 and 302, becomes a GET (Fetch standard). */
function redirected({ method, body, headers }: Sent, status: number, sameOrigin: boolean, sensitive: readonly string[]): Sent {
  const isRead = method === "GET" || method === "HEAD";
  const becomesGet = (status === 303 && !isRead) || (status < 303 && method === "POST");
  if (!sameOrigin && !isRead && !becomesGet) {
    throw new Refused({
      code: "http-redirect-refused",
      message: `a ${method} is redirected to another origin, where its key does not hold`,
      hint: "ask that server itself",
    });
  }
  const drops = (name: string) =>
    (becomesGet && name.startsWith("content-")) || (!sameOrigin && (CREDENTIALS.has(name) || sensitive.includes(name)));
  return {
    method: becomesGet ? "GET" : method,
    body: becomesGet ? null : body,
    headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !drops(name))),
  };
}

async function finish(request: HttpRequest, facts: HttpFacts, raw: Dispatcher.ResponseData, url: URL, clock: Clock): Promise<HttpOutcome> {
  const text = (name: string) => textOf(raw.headers[name]);
  const clean = (said: string) => Buffer.from(request.strip(Buffer.from(said))).toString("utf8");
  const body = await readLimited(raw.body, request.method === "HEAD" ? undefined : text("content-length"), request.maxBytes);
  facts.size = body.byteLength;
  const answer: HttpAnswer = {
    status: raw.statusCode,
    headers: Object.fromEntries(
      Object.entries(raw.headers).flatMap(([name, value]) => (NOT_TOLD.has(name) ? [] : [[name, clean(textOf(value) ?? "")]])),
    ),
    type: (text("content-type") ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "",
    body: request.strip(await decoded(body, text("content-encoding"), request.maxBytes)),
  };
  if (succeeds(request, raw.statusCode)) return { facts, answer };
  const said = /json|text|xml/.test(answer.type) ? Buffer.from(answer.body).toString("utf8") : "";
  return { facts, answer, error: statusError(`${request.method} ${url.host}`, raw.statusCode, said, text("retry-after"), clock.now()) };
}

function succeeds({ success }: HttpRequest, status: number): boolean {
  return success.some((each) => each === status || String(each).toLowerCase() === `${Math.floor(status / 100)}xx`);
}

function textOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(", ") : value;
}

/** The URL itself is in no message: it may hold a secret. */
function checkedUrl(text: string, base?: URL): URL {
  if (!URL.canParse(text, base?.href)) {
    throw new Terminal({
      code: "http-bad-url",
      message: "the url is not sound",
      hint: 'it begins with "https://" or "http://" and a host',
    });
  }
  const url = new URL(text, base);
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    throw new Terminal({ code: "http-bad-url", message: `${url.protocol} is not spoken here`, hint: "https: and http: are" });
  }
  if (url.username !== "" || url.password !== "") {
    const hint = 'send them in a header by reference, like "Authorization": "Bearer ${secret.NAME}"';
    throw new Terminal({ code: "http-bad-url", message: "the url holds a user name or a password", hint });
  }
  return url;
}
