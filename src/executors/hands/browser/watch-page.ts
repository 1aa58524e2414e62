/** What a page says and asks for while a flow runs: console, uncaught errors, requests that fail, and how long it took until answers began. */
import type { ConsoleMessage, Page, Request, Response } from "playwright-core";

const SHOWN = 100;
const TEXT = 500;

export type ConsoleLine = { type: string; text: string; url: string; line: number };
export type FailedRequest = { method: string; url: string; status: number | null; error: string | null };
export type RequestTimes = { count: number; failed: number; p50Ms: number; p95Ms: number; slowestMs: number };

export class PageWatch {
  readonly console: ConsoleLine[] = [];
  readonly errors: string[] = [];
  readonly failed: FailedRequest[] = [];
  readonly #times: number[] = [];
  #requests = 0;
  #failures = 0;

  constructor(page: Page) {
    page.on("console", (message) => this.#said(message));
    page.on(
      "pageerror",
      (error) => void (this.errors.length < SHOWN && this.errors.push(`${error.name}: ${error.message}`.slice(0, TEXT))),
    );
    page.on("requestfailed", (request) => this.#failedOf(request, null, request.failure()?.errorText ?? "it failed"));
    // Not when it is read to its end: a page that looks at the status alone never does.
    page.on("response", (response) => this.#answered(response));
  }

  times(): RequestTimes {
    const sorted = [...this.#times].sort((one, other) => one - other);
    const at = (share: number) => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
    return { count: this.#requests, failed: this.#failures, p50Ms: at(0.5), p95Ms: at(0.95), slowestMs: sorted.at(-1) ?? 0 };
  }

  #said(message: ConsoleMessage): void {
    const type = message.type();
    if ((type !== "error" && type !== "warning") || this.console.length >= SHOWN) return;
    const { url, lineNumber } = message.location();
    this.console.push({ type, text: message.text().slice(0, TEXT), url, line: lineNumber + 1 });
  }

  #answered(response: Response): void {
    this.#requests += 1;
    const { responseStart } = response.request().timing();
    if (responseStart >= 0) this.#times.push(Math.round(responseStart));
    // Browsers ask for an icon by themselves; that there is none is nothing that a person would notice.
    if (response.status() >= 400 && !response.url().endsWith("/favicon.ico")) this.#note(response.request(), response.status(), null);
  }

  #failedOf(request: Request, status: number | null, error: string): void {
    // What a page itself calls off, by leaving, has not failed.
    if (error === "net::ERR_ABORTED") return;
    this.#note(request, status, error);
  }

  #note(request: Request, status: number | null, error: string | null): void {
    this.#failures += 1;
    if (this.failed.length < SHOWN) this.failed.push({ method: request.method(), url: request.url(), status, error });
  }
}
