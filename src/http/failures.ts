/** Which coded error a failed request is: what may pass is retryable, what will not is terminal. */
import { STATUS_CODES } from "node:http";
import { PetrelError, Retryable, Terminal } from "../contract/errors.ts";
import { retryAfterMs } from "./retry-after.ts";

/** 409: a server that honours keys is still at the first request with this one (draft-ietf-httpapi-idempotency-key-header). */
const MAY_PASS = new Set([408, 409, 425, 429, 500, 502, 503, 504]);
const EXCERPT = 200;

export function statusError(what: string, status: number, text: string, retryAfter: string | undefined, now: number): PetrelError {
  const excerpt = text.replace(/\s+/g, " ").trim().slice(0, EXCERPT);
  const message = `${what} answered ${status} ${STATUS_CODES[status] ?? ""}`.trim() + (excerpt === "" ? "" : `: ${excerpt}`);
  if (!MAY_PASS.has(status)) {
    return new Terminal({
      code: "http-status",
      message,
      hint: 'list the status in "success" if it is a good answer, or route the error by an output with "error": true',
    });
  }
  const wait = retryAfterMs(retryAfter, now);
  return new Retryable({ code: "http-status", message, ...(wait === undefined ? {} : { retryAfterMs: wait }) });
}

/** What undici, a socket or the DNS threw. Their messages may hold what was sent: only the code is told on. */
export function connectionError(what: string, error: unknown): PetrelError {
  if (error instanceof PetrelError) return error;
  const code = codeOf(error);
  if (/^(CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERR_TLS_|ERR_SSL_)/.test(code)) {
    return new Terminal({ code: "http-tls", message: `${what}: the server's certificate is not trusted (${code})` });
  }
  if (code === "UND_ERR_INVALID_ARG" || code === "ERR_INVALID_URL" || code === "ERR_INVALID_CHAR") {
    return new Terminal({ code: "http-bad-request", message: `${what}: a header or the method holds what HTTP does not allow` });
  }
  if (code === "UND_ERR_HEADERS_OVERFLOW" || code.startsWith("HPE_")) {
    return new Terminal({ code: "http-bad-answer", message: `${what}: the answer is not sound HTTP (${code})` });
  }
  if (code === "")
    return new Terminal({ code: "unexpected", message: `${what}: ${error instanceof Error ? error.name : "an error without a name"}` });
  return new Retryable({ code: "http-unreachable", message: `${what}: no connection, or it broke off (${code})` });
}

function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  if (!(error instanceof Error)) return "";
  const { code } = error as NodeJS.ErrnoException;
  if (typeof code === "string" && code !== "") return code;
  return codeOf(error.cause);
}
