/**
 * Writes a cassette while a provider answers.
 * - R1 One line a recording, written in one append, after the answer is whole: a crash leaves whole lines and at most one torn tail.
 * - R2 A torn tail is cut off before the first append.
 * - R3 The first answer to a request stays; asked again, nothing is written.
 * - R4 Secrets are taken out of request and answer before either is hashed or written.
 */
import { existsSync } from "node:fs";
import { mkdir, open, readFile, truncate } from "node:fs/promises";
import { dirname } from "node:path";
import { Terminal } from "../contract/errors.ts";
import type { Json } from "../contract/json.ts";
import { type CanonicalOptions, canonicalRequest, requestKey } from "./canonical-request.ts";
import { type CassetteHeader, cassetteLine, parseCassette, type Recording } from "./cassette.ts";
import type { Block, ModelAnswer, ModelProvider, ModelRequest } from "./port.ts";
import { mapStrings, type Redact, redactor } from "./redact.ts";

export interface RecorderOptions extends CanonicalOptions {
  file: string;
  /** Header of a new cassette. */
  header: CassetteHeader;
  redact?: Redact;
}

export interface Recorder {
  /** A provider that answers as `inner` does and writes each new answer down before it gives it. */
  wrap(inner: ModelProvider): ModelProvider;
  /** Recordings written so far. */
  count(): number;
}

/** Opens or begins a cassette. Throws Terminal `cassette-invalid`, or `cassette-origin` when live answers would join authored ones. */
export async function openRecorder(options: RecorderOptions): Promise<Recorder> {
  const redact = options.redact ?? redactor();
  const known = await begin(options);
  let written = 0;
  let queue: Promise<void> = Promise.resolve();

  async function record(request: ModelRequest, answer: ModelAnswer): Promise<void> {
    const canonical = canonicalRequest(request, { ...options, redact });
    const key = requestKey(canonical);
    if (known.has(key)) return; // R3
    known.add(key);
    const recording: Recording = { key, persona: request.persona, tier: request.tier, request: canonical, answer: clean(answer, redact) };
    const next = queue.then(() => appendDurably(options.file, cassetteLine(recording))); // R1
    queue = next.catch(() => {});
    await next;
    written++;
  }

  return {
    wrap: (inner) => ({
      name: inner.name,
      ...(inner.body ? { body: inner.body } : {}),
      ask: async (request, call) => {
        const answer = await inner.ask(request, call);
        await record(request, answer);
        return answer;
      },
    }),
    count: () => written,
  };
}

async function begin(options: RecorderOptions): Promise<Set<string>> {
  const { file, header } = options;
  if (!existsSync(file)) {
    await mkdir(dirname(file), { recursive: true });
    await appendDurably(file, cassetteLine(header));
    return new Set();
  }
  const text = await readFile(file, "utf8");
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  const cassette = parseCassette(text, file);
  if (whole.length < text.length) await truncate(file, Buffer.byteLength(whole)); // R2
  if (cassette.header.origin !== header.origin) {
    throw new Terminal({
      code: "cassette-origin",
      message: `${file} holds ${cassette.header.origin} answers, and ${header.origin} ones must not mix with them`,
      hint: "Give --record another file.",
      where: file,
    });
  }
  return new Set(cassette.recordings.map((recording) => recording.key));
}

/** R4. Opaque blocks serve only the model that wrote them, which will not answer again. */
function clean(answer: ModelAnswer, redact: Redact): ModelAnswer {
  const content = answer.content.filter((block) => block.type !== "opaque");
  return { ...answer, content: mapStrings(content as unknown as Json, redact) as unknown as Block[] };
}

async function appendDurably(file: string, line: string): Promise<void> {
  const handle = await open(file, "a");
  try {
    await handle.appendFile(line);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
