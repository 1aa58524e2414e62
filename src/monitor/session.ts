/** Who looks: a key (client and secret in one) becomes an access token, which is renewed before it ends. Kept for this tab alone. */
import { sharedLine } from "./shared-line.ts";
import { type Frame, NoStream, requestStream } from "./stream-frames.ts";

const KEY = "petrel.key";
const RENEW_BEFORE_MS = 60_000;

export interface Me {
  client: string;
  scopes: string[];
  nets: string[] | null;
  roles: string[];
  readOnly: boolean;
}
/** May put tokens, pause, kill, fork. */
export const mayOperate = ({ scopes }: Me): boolean => scopes.some((scope) => scope === "petrel:operate" || scope === "petrel:admin");

export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly hint: string | undefined;
  constructor(status: number, body: { error?: string; message?: string; hint?: string }) {
    super(body.message ?? `the gateway answered ${status}`);
    this.status = status;
    this.code = body.error ?? "unknown";
    this.hint = body.hint;
  }
}

const MISSING = "The gateway takes this key no longer: it was removed, or it has a new secret. Ask for a new one.";
let lost: (why: string) => void = () => {};
/** `call` hears when the key is good for nothing any more. Nothing is asked with it again: each try would count as a failed one. */
export function onKeyLost(call: (why: string) => void): void {
  lost = call;
}
function loseKey(): void {
  if (!hasKey()) return;
  logOut();
  lost(MISSING);
}

let token: { text: string; until: number } | null = null;
let asking: Promise<string> | null = null;

/** The key of the address is taken once, and does not stay there to be copied along. */
export function takeKeyFromAddress(): void {
  const key = new URLSearchParams(window.location.hash.slice(1)).get("key");
  if (key === null) return;
  sessionStorage.setItem(KEY, key);
  history.replaceState(null, "", window.location.pathname + window.location.search);
}
export const hasKey = (): boolean => sessionStorage.getItem(KEY) !== null;
export function logOut(): void {
  sessionStorage.removeItem(KEY);
  token = null;
}

/** `readOnly`: the token may do no more than read, whatever the key could. */
export async function logIn(key: string, readOnly: boolean): Promise<void> {
  sessionStorage.setItem(KEY, readOnly ? `${key.trim()}|petrel:read` : key.trim());
  token = null;
  try {
    await accessToken();
  } catch (error) {
    logOut();
    throw error;
  }
}

export function accessToken(): Promise<string> {
  if (token && token.until > Date.now()) return Promise.resolve(token.text);
  asking ??= askToken().finally(() => {
    asking = null;
  });
  return asking;
}

/** For requests: a key that the gateway refuses is lost. */
async function tokenToSend(): Promise<string> {
  try {
    return await accessToken();
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) loseKey();
    throw error;
  }
}

async function askToken(): Promise<string> {
  if (!hasKey()) throw new ApiError(401, { error: "no_key", message: "There is no key." });
  const [key = "", scope] = (sessionStorage.getItem(KEY) ?? "").split("|");
  const dot = key.indexOf(".");
  // Somebody may paste a token itself: it is used as it is, until it ends.
  if (key.startsWith("ey") && key.split(".").length === 3) {
    token = { text: key, until: Number.POSITIVE_INFINITY };
    return key;
  }
  const form = new URLSearchParams({ grant_type: "client_credentials", client_id: key.slice(0, dot), client_secret: key.slice(dot + 1) });
  if (scope !== undefined) form.set("scope", scope);
  const response = await fetch("/oauth2/token", { method: "POST", body: form });
  const body = (await response.json()) as { access_token?: string; expires_in?: number; error?: string; message?: string };
  if (!response.ok || body.access_token === undefined) throw new ApiError(response.status, body);
  token = { text: body.access_token, until: Date.now() + (body.expires_in ?? 3600) * 1000 - RENEW_BEFORE_MS };
  return body.access_token;
}

/** JSON of a route. A token that has become void is asked for anew, once. */
export async function call<T>(path: string, init: { method?: string; body?: unknown; headers?: Record<string, string> } = {}): Promise<T> {
  for (let round = 0; ; round++) {
    const response = await fetch(path, {
      method: init.method ?? "GET",
      headers: {
        authorization: `Bearer ${await tokenToSend()}`,
        ...(init.body === undefined ? {} : { "content-type": "application/json" }),
        ...init.headers,
      },
      ...(init.body === undefined ? {} : { body: JSON.stringify(init.body) }),
    });
    if (response.ok) return (await response.json()) as T;
    if (response.status === 401 && round === 0) {
      token = null;
      continue;
    }
    if (response.status === 401) loseKey();
    throw new ApiError(response.status, (await response.json().catch(() => ({}))) as { error?: string; message?: string });
  }
}

/** By the worker that holds the streams of all tabs, where there is one. Errors: NoStream; what fetch throws. */
export async function openStream(path: string, last: string | null, signal: AbortSignal): Promise<AsyncIterable<Frame[]>> {
  const bearer = await tokenToSend();
  const key = sessionStorage.getItem(KEY) ?? "";
  try {
    const shared = await sharedLine();
    return shared ? await shared.open({ key, path, last, token: bearer }, signal) : await requestStream(path, last, bearer, signal);
  } catch (error) {
    if (error instanceof NoStream && error.status === 401) token = null;
    throw error;
  }
}

/** An artefact's bytes as an address that images and videos can show. */
export async function artifactAddress(id: string, type: string): Promise<string> {
  const response = await fetch(`/api/artifacts/${id}?type=${encodeURIComponent(type)}`, {
    headers: { authorization: `Bearer ${await tokenToSend()}` },
  });
  if (!response.ok) throw new ApiError(response.status, (await response.json().catch(() => ({}))) as { message?: string });
  return URL.createObjectURL(await response.blob());
}
