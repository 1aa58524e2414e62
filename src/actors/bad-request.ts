/** A request body that does not fit becomes one sentence, not a schema dump. */
import { ZodError } from "zod";
import { Terminal } from "../contract/errors.ts";

export function badRequest(error: unknown): unknown {
  if (!(error instanceof ZodError)) return error;
  const message = error.issues
    .slice(0, 5)
    .map((issue) => `${issue.path.join(".") || "the request"}: ${issue.message}`)
    .join("; ");
  return new Terminal({ code: "bad-request", message, hint: "see docs/command-line.md for what each verb takes" });
}
