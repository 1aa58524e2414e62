/** A request body that does not fit becomes one sentence, not a schema dump. */
import { ZodError } from "zod";
import { Refused, Terminal } from "../contract/errors.ts";
import { jsonFlaw } from "../contract/json-limits.ts";

/** Before anybody looks into a body. Throws Refused `too-deep`, `reserved-key`. */
export function mustBeSound(body: unknown): void {
  const flaw = jsonFlaw(body);
  if (flaw) throw new Refused({ code: flaw.code, message: `the request cannot be taken: ${flaw.reason}`, hint: flaw.hint });
}

export function badRequest(error: unknown): unknown {
  if (!(error instanceof ZodError)) return error;
  const message = error.issues
    .slice(0, 5)
    .map((issue) => `${issue.path.join(".") || "the request"}: ${issue.message}`)
    .join("; ");
  return new Terminal({ code: "bad-request", message, hint: "see docs/command-line.md for what each verb takes" });
}
