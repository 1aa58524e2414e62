/**
 * Errors say what to do next. Four classes, by meaning: try again, do not, somebody called it off, it is not allowed.
 * `code` is stable and for programs, `message` says what and why, `hint` the next command or edit, `where` file:line:column or the element.
 */

export type Outlook = "retryable" | "terminal" | "cancelled" | "refused";

export interface ErrorParts {
  code: string;
  message: string;
  hint?: string;
  where?: string;
  /** For retryable errors: wait at least this long. */
  retryAfterMs?: number;
  /** Exit code for the command line; see design section 11. */
  exitCode?: number;
  cause?: unknown;
}

export class PetrelError extends Error {
  readonly outlook: Outlook;
  readonly code: string;
  readonly hint: string | undefined;
  readonly where: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly exitCode: number | undefined;

  constructor(outlook: Outlook, parts: ErrorParts) {
    super(parts.message, parts.cause === undefined ? undefined : { cause: parts.cause });
    this.outlook = outlook;
    this.name = outlook.charAt(0).toUpperCase() + outlook.slice(1);
    this.code = parts.code;
    this.hint = parts.hint;
    this.where = parts.where;
    this.retryAfterMs = parts.retryAfterMs;
    this.exitCode = parts.exitCode;
  }
}

/** The same call may succeed later: a server that is away, a rate limit, a full queue. */
export class Retryable extends PetrelError {
  constructor(parts: ErrorParts) {
    super("retryable", parts);
  }
}
/** The same call will fail again: bad input, a missing file, a bug. */
export class Terminal extends PetrelError {
  constructor(parts: ErrorParts) {
    super("terminal", parts);
  }
}
/** Somebody called it off: a kill, an abort, a lost lease, a time-out of the caller. */
export class Cancelled extends PetrelError {
  constructor(parts: ErrorParts) {
    super("cancelled", parts);
  }
}
/** It is not allowed: a capability, a policy, a signature, a model that declines. */
export class Refused extends PetrelError {
  constructor(parts: ErrorParts) {
    super("refused", parts);
  }
}

export interface ErrorData {
  outlook: Outlook;
  code: string;
  message: string;
  hint?: string;
  where?: string;
  retryAfterMs?: number;
}

/** The wire form of any error: for envelopes, events and `--json`. */
export function errorData(error: unknown): ErrorData {
  if (error instanceof PetrelError) {
    const data: ErrorData = { outlook: error.outlook, code: error.code, message: error.message };
    if (error.hint !== undefined) data.hint = error.hint;
    if (error.where !== undefined) data.where = error.where;
    if (error.retryAfterMs !== undefined) data.retryAfterMs = error.retryAfterMs;
    return data;
  }
  const message = error instanceof Error ? error.message : String(error);
  return { outlook: "terminal", code: "unexpected", message };
}

const CLASSES = { retryable: Retryable, terminal: Terminal, cancelled: Cancelled, refused: Refused };

/** The inverse of `errorData`, at the receiving end of a wire. */
export function errorFromData(data: ErrorData): PetrelError {
  return new CLASSES[data.outlook](data);
}
