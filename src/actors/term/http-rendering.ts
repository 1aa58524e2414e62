/** From a rendered template to a request: query behind the url, and a body of bytes. */
import { isIP } from "node:net";
import type { Artifacts } from "../../contract/broker.ts";
import { Terminal } from "../../contract/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../../contract/json.ts";
import { bareHost, type Target } from "../../http/host-list.ts";
import type { HttpRequest } from "../../http/port.ts";
import { HTTP_METHODS, OWN_HEADERS } from "../../net/http-definition.ts";
import { type HttpTransition, lowerCased, sensitiveHeaders } from "../../net/http-request.ts";

/** Errors: Terminal `http-bad-request`, `artifact-missing`. */
export async function requestOf(
  definition: HttpTransition,
  rendered: JsonObject,
  key: string,
  artifacts: Artifacts,
): Promise<Omit<HttpRequest, "strip">> {
  const { success, redirects, maxBytes, allow } = definition;
  const method = String(rendered.method).toUpperCase();
  if (!HTTP_METHODS.some((known) => known === method))
    throw new Terminal({ code: "http-bad-request", message: "the method is none", hint: HTTP_METHODS.join(", ") });
  const given = lowerCased(isJsonObject(rendered.headers) ? rendered.headers : {});
  const headers = Object.fromEntries(Object.entries(given).filter(([name]) => !OWN_HEADERS.has(name)));
  const { bytes, type } = await bodyOf(rendered.body, headers["content-type"] ?? "", artifacts);
  if (type !== "" && headers["content-type"] === undefined) headers["content-type"] = type;
  return {
    method,
    url: withQuery(String(rendered.url), isJsonObject(rendered.query) ? rendered.query : {}),
    headers: { accept: "*/*", "user-agent": "petrel", ...headers },
    body: bytes,
    key,
    ...{ success, redirects, maxBytes },
    allow: allow ?? null,
    sensitive: sensitiveHeaders(definition),
  };
}

/** Null leaves a parameter out, an array repeats it. */
function withQuery(url: string, query: JsonObject): string {
  const pairs = Object.entries(query).flatMap(([name, value]): [string, string][] =>
    (Array.isArray(value) ? value : [value]).flatMap((each): [string, string][] => (each === null ? [] : [[name, textOf(each)]])),
  );
  if (pairs.length === 0) return url;
  const [front = "", fragment] = url.split("#", 2);
  const mark = front.includes("?") ? "&" : "?";
  return `${front}${mark}${new URLSearchParams(pairs)}${fragment === undefined ? "" : `#${fragment}`}`;
}

async function bodyOf(body: Json | undefined, header: string, artifacts: Artifacts): Promise<{ bytes: Uint8Array | null; type: string }> {
  if (body === undefined || body === null) return { bytes: null, type: "" };
  if (typeof body === "string") return { bytes: Buffer.from(body), type: "text/plain; charset=utf-8" };
  if (isJsonObject(body) && typeof body.$artifact === "string") {
    const bytes = await artifacts.get(body.$artifact);
    if (!bytes) {
      const hint = "restore the bucket petrel-artifacts";
      throw new Terminal({ code: "artifact-missing", message: `the artefact ${body.$artifact} is gone`, hint });
    }
    return { bytes, type: typeof body.type === "string" ? body.type : "application/octet-stream" };
  }
  if (isJsonObject(body) && header.toLowerCase().startsWith("application/x-www-form-urlencoded"))
    return { bytes: Buffer.from(withQuery("", body).slice(1)), type: header };
  return { bytes: Buffer.from(JSON.stringify(body)), type: "application/json" };
}

function textOf(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Null where the url is not sound, which the client says. */
export function targetOf(url: string): Target | null {
  if (!URL.canParse(url)) return null;
  const { hostname, port, protocol } = new URL(url);
  const host = bareHost(hostname).toLowerCase();
  return { host: isIP(host) === 0 ? host.replace(/\.$/, "") : host, port: Number(port) || (protocol === "https:" ? 443 : 80) };
}
