/**
 * The lines of a log, one after another, in memory that does not grow with it.
 * R1 What the machine's policy does not let hands reach is not read: a file by its real path, a host by name.
 * R2 A line is cut at 64 KiB, and reading ends with the attempt.
 */
import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { isAbsolute } from "node:path";
import { createGunzip } from "node:zlib";
import { delay } from "../../../contract/clock.ts";
import { Refused, Retryable, Terminal } from "../../../contract/errors.ts";
import type { HandContext } from "../../hand.ts";
import { secretOf } from "../secret-of.ts";
import type { LogSource } from "./card.ts";
import type { Following } from "./following.ts";
import { journalLines } from "./journal.ts";

const LONGEST_LINE = 64 * 1024;
const LOOK_MS = 100;

/** Errors: Refused `policy-path` and `policy-host`, Terminal `log-not-there` and `log-refused`, Retryable `log-unreachable`. */
export async function* linesOf(context: HandContext, source: LogSource, following: Following | null): AsyncGenerator<string> {
  if (source.text !== undefined) yield* split(once(source.text));
  else if (source.file !== undefined) yield* split(fileBytes(context, source.file, following));
  else if (source.url !== undefined) yield* split(httpBytes(context, source.url, source.tokenFrom, following));
  else if (source.journal) yield* journalLines(context, source.journal, following);
}

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

/** R2 */
async function* split(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let rest = Buffer.alloc(0);
  let cut = false;
  for await (const chunk of chunks) {
    let bytes = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk]);
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10)) {
      if (!cut) yield lineOf(bytes.subarray(0, Math.min(end, LONGEST_LINE)));
      cut = false;
      bytes = bytes.subarray(end + 1);
    }
    if (bytes.length > LONGEST_LINE) {
      if (!cut) yield lineOf(bytes.subarray(0, LONGEST_LINE));
      cut = true;
      bytes = Buffer.alloc(0);
    }
    rest = Buffer.from(bytes);
  }
  if (rest.length > 0 && !cut) yield lineOf(rest);
}

function lineOf(bytes: Buffer): string {
  return bytes.toString("utf8").replace(/\r$/, "");
}

async function* fileBytes(context: HandContext, given: string, following: Following | null): AsyncGenerator<Uint8Array> {
  if (!isAbsolute(given)) throw new Terminal({ code: "log-not-there", message: `${given} is no absolute path`, hint: "/var/log/..." });
  const file = context.checkPath(given); // R1
  const found = await stat(file).catch(() => null);
  if (!found?.isFile() && !following) throw notThere(given);
  if (file.endsWith(".gz")) return yield* createReadStream(file).pipe(createGunzip());
  if (!following) return yield* createReadStream(file);
  yield* followed(context, given, following);
}

/** What is there and what is appended; a file that was rotated or cut is read from its new beginning. */
async function* followed(context: HandContext, given: string, { end, fromEnd }: Following): AsyncGenerator<Uint8Array> {
  const { clock } = context.workshop;
  const buffer = Buffer.alloc(256 * 1024);
  let inode: number | null = null;
  let offset = 0;
  for (let isFirst = true; ; isFirst = false) {
    const last = clock.now() >= end;
    const path = context.checkPath(given);
    // To open a pipe that nobody writes to would wait for ever.
    const handle = (await stat(path).catch(() => null))?.isFile() ? await open(path).catch(() => null) : null;
    if (handle) {
      try {
        const { ino, size } = await handle.stat();
        if (ino !== inode || size < offset) offset = isFirst && fromEnd ? size : 0;
        inode = ino;
        for (;;) {
          const { bytesRead } = await handle.read(buffer, 0, buffer.length, offset);
          if (bytesRead === 0) break;
          offset += bytesRead;
          yield Buffer.from(buffer.subarray(0, bytesRead));
        }
      } finally {
        await handle.close();
      }
    }
    if (last) return;
    await delay(clock, Math.min(LOOK_MS, Math.max(1, end - clock.now())), context.signal);
  }
}

async function* httpBytes(
  context: HandContext,
  url: string,
  tokenFrom: string | undefined,
  following: Following | null,
): AsyncGenerator<Uint8Array> {
  context.checkHost(url); // R1
  const over = new AbortController();
  const timer = following
    ? context.workshop.clock.after(Math.max(0, following.end - context.workshop.clock.now()), () => over.abort())
    : null;
  try {
    const token: Record<string, string> = tokenFrom === undefined ? {} : { authorization: `Bearer ${secretOf(context, tokenFrom)}` };
    const response = await fetch(url, {
      headers: { traceparent: context.traceparent, ...token },
      redirect: "manual",
      signal: AbortSignal.any([context.signal, over.signal]),
    });
    const host = new URL(url).host;
    if (response.status >= 500 || response.status === 429)
      throw new Retryable({ code: "log-unreachable", message: `${host} answered ${response.status}` });
    if (!response.ok)
      throw new Terminal({
        code: "log-refused",
        message: `${host} answered ${response.status}`,
        hint: "check the URL and its token; redirects are not followed",
      });
    if (response.body) for await (const chunk of response.body) yield chunk as Uint8Array;
  } catch (error) {
    context.signal.throwIfAborted();
    if (over.signal.aborted) return;
    if (error instanceof Retryable || error instanceof Terminal || error instanceof Refused) throw error;
    throw new Retryable({
      code: "log-unreachable",
      message: `${new URL(url).host} did not answer: ${(error as Error).message}`,
      cause: error,
    });
  } finally {
    timer?.cancel();
    over.abort();
  }
}

function notThere(file: string): Terminal {
  return new Terminal({
    code: "log-not-there",
    message: `there is no file ${file} on this executor`,
    hint: "name one that is there, or give the order to another pool",
  });
}
