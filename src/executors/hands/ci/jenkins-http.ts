/**
 * Requests to Jenkins (https://www.jenkins.io/doc/book/using/remote-access-api/).
 * J1 The user's token goes to the address of the order and nowhere else: addresses in answers are never followed, nor are redirects.
 * J2 Reading is tried again while Jenkins starts or a wire breaks; what changes something is sent once, unless it was surely not taken.
 * J3 A crumb belongs to the session of its cookie; a stale one is fetched anew, once.
 */
import { PetrelError, Refused, Retryable, Terminal } from "../../../contract/errors.ts";
import type { CiAccess } from "./port.ts";

const READ_TRIES = 6;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;
const ANSWER_MS = 30_000;
const WORDS = 300;

interface Crumb {
  field: string;
  value: string;
  cookie: string;
}

export interface Answer {
  status: number;
  headers: Headers;
  bytes: Uint8Array;
}

export class JenkinsHttp {
  readonly #access: CiAccess;
  #crumb: Crumb | null | "unknown" = "unknown";

  constructor(access: CiAccess) {
    this.#access = access;
  }

  /** 200 or 404; anything else throws. */
  async read(path: string): Promise<Answer> {
    for (let tries = 1; ; tries += 1) {
      try {
        const answer = await this.#send("GET", path);
        if (answer.status === 200 || answer.status === 404) return answer;
        throw this.#problem(answer, path);
      } catch (error) {
        if (!(error instanceof Retryable) || tries >= READ_TRIES || this.#access.signal.aborted) throw error;
        await this.#access.pause(pauseBefore(tries, error.retryAfterMs)); // J2
      }
    }
  }

  async json<T>(path: string): Promise<T | null> {
    const { status, bytes } = await this.read(path);
    if (status === 404) return null;
    try {
      return JSON.parse(Buffer.from(bytes).toString("utf8")) as T;
    } catch (cause) {
      throw new Terminal({ code: "ci-answer", message: `${this.#access.url} answers ${path} with what is no JSON`, cause });
    }
  }

  /** Changes something. `ok`: statuses that are answers. */
  async change(path: string, form: Readonly<Record<string, string>>, ok: readonly number[]): Promise<Answer> {
    let renewed = false;
    for (let tries = 1; ; tries += 1) {
      const crumb = await this.#crumbOf();
      const answer = await this.#send("POST", path, { form, crumb });
      if (ok.includes(answer.status)) return answer;
      if (answer.status === 403 && !renewed && /crumb/i.test(wordsOf(answer))) {
        this.#crumb = "unknown"; // J3
        renewed = true;
        continue;
      }
      const problem = this.#problem(answer, path);
      // 503 is said before anything is taken: Jenkins starts, or is told to take nothing.
      if (answer.status !== 503 || tries >= READ_TRIES) throw problem;
      await this.#access.pause(pauseBefore(tries, problem.retryAfterMs));
    }
  }

  async #crumbOf(): Promise<Crumb | null> {
    if (this.#crumb !== "unknown") return this.#crumb;
    const { status, headers, bytes } = await this.read("/crumbIssuer/api/json");
    // 404: the protection is off, or the token makes it needless.
    if (status === 404) this.#crumb = null;
    else {
      const said = JSON.parse(Buffer.from(bytes).toString("utf8")) as { crumb: string; crumbRequestField: string };
      const cookie = headers
        .getSetCookie()
        .map((one) => one.split(";")[0])
        .join("; ");
      this.#crumb = { field: said.crumbRequestField, value: said.crumb, cookie };
    }
    return this.#crumb;
  }

  async #send(
    method: "GET" | "POST",
    path: string,
    body?: { form: Readonly<Record<string, string>>; crumb: Crumb | null },
  ): Promise<Answer> {
    const { url, signal, checkHost } = this.#access;
    checkHost(url);
    const headers: Record<string, string> = { accept: "application/json, text/plain", ...this.#authorization() };
    if (body) headers["content-type"] = "application/x-www-form-urlencoded";
    if (body?.crumb) {
      headers[body.crumb.field] = body.crumb.value;
      if (body.crumb.cookie !== "") headers.cookie = body.crumb.cookie;
    }
    try {
      const response = await fetch(`${url}${path}`, {
        method,
        headers,
        redirect: "manual", // J1
        signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
        ...(body ? { body: new URLSearchParams(body.form).toString() } : {}),
      });
      return { status: response.status, headers: response.headers, bytes: new Uint8Array(await response.arrayBuffer()) };
    } catch (cause) {
      if (signal.aborted) throw signal.reason;
      if (cause instanceof PetrelError) throw cause;
      const why = cause instanceof Error ? ((cause.cause as Error | undefined)?.message ?? cause.message) : String(cause);
      const hint = "it will be tried again";
      throw new Retryable({ code: "ci-unreachable", message: `the CI system at ${url} does not answer: ${why}`, hint, cause });
    }
  }

  #authorization(): Record<string, string> {
    const { user, token } = this.#access;
    if (user === null || token === null) return {};
    return { authorization: `Basic ${Buffer.from(`${user}:${token}`).toString("base64")}` };
  }

  #problem(answer: Answer, path: string): PetrelError {
    const { url, user, job } = this.#access;
    const { status } = answer;
    const who = user === null ? "nobody in particular" : user;
    const said = `${url} answers ${path.split("?")[0]} with ${status}: ${wordsOf(answer) || "no words"}`;
    if (status === 401)
      return new Refused({
        code: "ci-login",
        message: `the CI system does not know ${who}. ${said}`,
        hint: "set the secret anew with the user's API token",
      });
    if (status === 403)
      return new Refused({
        code: "ci-forbidden",
        message: `${who} may not do this there. ${said}`,
        hint: `give the user the right to build and read the job ${job}`,
      });
    if (status === 404) return new Terminal({ code: "ci-job-unknown", message: `there is no job ${job}. ${said}`, hint: "correct `job`" });
    if (status === 429 || status >= 500)
      return new Retryable({ code: "ci-not-ready", message: said, hint: "it will be tried again", ...retryAfter(answer) });
    return new Terminal({ code: "ci-answer", message: said });
  }
}

function retryAfter({ headers }: Answer): { retryAfterMs?: number } {
  const seconds = Number(headers.get("retry-after"));
  return Number.isFinite(seconds) && seconds > 0 ? { retryAfterMs: Math.min(seconds, 600) * 1000 } : {};
}

function pauseBefore(tries: number, atLeast = 0): number {
  return Math.max(atLeast, Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (tries - 1)));
}

/** Jenkins answers errors with a page: its words without its markup. */
function wordsOf({ bytes }: Answer): string {
  return Buffer.from(bytes.subarray(0, 20_000))
    .toString("utf8")
    .replace(/<(script|style|head)\b[\s\S]*?<\/\1>/gi, " ")
    .replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, WORDS);
}
