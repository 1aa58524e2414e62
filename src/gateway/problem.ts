/** Errors on the wire: problem details (RFC 9457) with the code and the sentence of the error beside them. */
import type { FastifyError, FastifyReply } from "fastify";
import { ZodError } from "zod";
import { errorData, PetrelError } from "../contract/errors.ts";

export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  /** The stable code, for programs. */
  error: string;
  message: string;
  hint?: string;
  where?: string;
}

const STATUS_OF: Record<string, number> = {
  usage: 400,
  "bad-request": 400,
  "bad-scope": 400,
  "bad-client": 400,
  "bad-query": 400,
  "query-invalid": 400,
  "net-invalid": 422,
  "persona-invalid": 422,
  "client-exists": 409,
  "outdated-base": 412,
  "below-floor": 410,
  "log-purged": 410,
  schema: 422,
  "idempotency-key-reused": 422,
  "still-under-way": 409,
  "precondition-required": 428,
  "version-mismatch": 412,
  "message-too-large": 413,
  "no-owner": 503,
  "no-answer": 503,
  invalid_token: 401,
  invalid_client: 401,
  readonly_scope: 403,
  insufficient_scope: 403,
  net_out_of_scope: 403,
  "not-an-approver": 403,
  rate_limit_exceeded: 429,
  "net-closed": 503,
};
/** What the server itself refuses before any route sees it, in words of ours. */
const CODE_OF: Record<string, string> = {
  FST_ERR_CTP_INVALID_JSON_BODY: "bad-json",
  FST_ERR_CTP_EMPTY_JSON_BODY: "bad-json",
  FST_ERR_CTP_BODY_TOO_LARGE: "message-too-large",
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "unsupported-media-type",
};
const TITLES: Record<number, string> = {
  400: "The request makes no sense",
  401: "Who are you?",
  403: "Not allowed",
  404: "Not there",
  409: "Not in this state",
  410: "No longer kept",
  412: "Somebody was first",
  415: "Of a kind that is not read",
  413: "Too large",
  422: "Not valid",
  428: "Say what you change",
  429: "Too many tries",
  500: "A fault of ours",
  503: "Not now",
};

export function problemOf(error: unknown): { problem: Problem; retryAfterMs?: number } {
  if (error instanceof ZodError) return { problem: problem(400, "bad-request", zodSentence(error)) };
  if (error instanceof PetrelError) {
    const { code, message, hint, where } = errorData(error);
    const extra = { ...(hint === undefined ? {} : { hint }), ...(where === undefined ? {} : { where }) };
    const retry = error.outlook === "retryable" ? { retryAfterMs: error.retryAfterMs ?? 1000 } : {};
    return { problem: { ...problem(statusOf(error), code, message), ...extra }, ...retry };
  }
  const { statusCode = 500, validation, message, code } = error as FastifyError;
  if (validation) return { problem: problem(400, "bad-request", message) };
  if (statusCode >= 400 && statusCode < 500) return { problem: problem(statusCode, CODE_OF[code] ?? "bad-request", message) };
  return { problem: problem(500, "unexpected", "something went wrong here; the gateway's log has it") };
}

function statusOf({ code, outlook }: PetrelError): number {
  const known = STATUS_OF[code];
  if (known !== undefined) return known;
  if (/^(no-such|unknown)-/.test(code) || code === "nothing-waits") return 404;
  return outlook === "retryable" ? 503 : outlook === "refused" ? 409 : outlook === "cancelled" ? 409 : 400;
}

function problem(status: number, error: string, message: string): Problem {
  return { type: "about:blank", title: TITLES[status] ?? "Not done", status, detail: message, error, message };
}

function zodSentence(error: ZodError): string {
  return error.issues.map(({ path, message }) => `${path.length > 0 ? `${path.join(".")}: ` : ""}${message}`).join("; ");
}

export function sendProblem(reply: FastifyReply, error: unknown): void {
  const { problem: body, retryAfterMs } = problemOf(error);
  if (retryAfterMs !== undefined && [409, 429, 503].includes(body.status)) reply.header("retry-after", Math.ceil(retryAfterMs / 1000));
  if (body.status === 401) reply.header("www-authenticate", `Bearer error="${body.error}"`);
  void reply.code(body.status).type("application/problem+json").send(JSON.stringify(body));
}
