/** Answers from a cassette. No model runs, nothing is spent; the same request gets the same answer. */
import { type Clock, delay } from "../../contract/clock.ts";
import { Terminal } from "../../contract/errors.ts";
import { type CanonicalOptions, type CanonicalRequest, canonicalRequest, requestKey } from "../canonical-request.ts";
import type { Cassette } from "../cassette.ts";
import { withDeadline } from "../deadline.ts";
import { nearest, requestLines, shortDiff } from "../nearest-recording.ts";
import type { AskOptions, ModelAnswer, ModelProvider } from "../port.ts";

export const RECORDED = "recorded";

export interface RecordedOptions extends CanonicalOptions {
  clock: Clock;
  /** Milliseconds that each answer takes: time for eyes, and for a kill in the middle of a call. Default 0. */
  paceMs?: number;
}

export function recordedProvider(cassette: Cassette, options: RecordedOptions): ModelProvider {
  const answers = new Map<string, ModelAnswer>();
  for (const recording of cassette.recordings) if (!answers.has(recording.key)) answers.set(recording.key, recording.answer);
  return {
    name: RECORDED,
    ask: (request, call) =>
      withDeadline(options.clock, call, `the recording for ${request.persona}`, async (signal) => {
        const canonical = canonicalRequest(request, options);
        const answer = answers.get(requestKey(canonical));
        if (!answer) throw noRecording(canonical, cassette);
        await speak(answer, options.clock, options.paceMs ?? 0, signal, call.onText);
        return structuredClone(answer);
      }),
  };
}

const STEPS = 8;

/** Lets the text out bit by bit over `paceMs`, as a model would. */
export async function speak(
  answer: ModelAnswer,
  clock: Clock,
  paceMs: number,
  signal: AbortSignal,
  onText: AskOptions["onText"],
): Promise<void> {
  const text = answer.content.flatMap((block) => (block.type === "text" ? [block.text] : [])).join("");
  const size = Math.max(1, Math.ceil(text.length / STEPS));
  for (let step = 0; step < STEPS; step++) {
    if (paceMs > 0) await delay(clock, paceMs / STEPS, signal);
    const piece = text.slice(step * size, (step + 1) * size);
    if (piece !== "") onText?.(piece);
  }
}

function noRecording(canonical: CanonicalRequest, cassette: Cassette): Terminal {
  const own = cassette.recordings.filter((recording) => recording.persona === canonical.persona);
  const like = nearest(canonical, own);
  const difference = like
    ? [
        "The nearest recorded request differs here (- recorded, + asked):",
        ...shortDiff(requestLines(like.request), requestLines(canonical)),
      ]
    : [`The cassette has no recording of this persona; it has ${names(cassette)}.`];
  return new Terminal({
    code: "no-recording",
    message: [`${cassette.file} has no recorded answer for persona ${canonical.persona} (tier ${canonical.tier}).`, ...difference].join(
      "\n  ",
    ),
    where: cassette.file,
    hint: "To ask a live model instead, set ANTHROPIC_API_KEY or OPENAI_API_KEY and add --live; with --record its answers join the cassette.",
  });
}

function names(cassette: Cassette): string {
  const all = [...new Set(cassette.recordings.map((recording) => recording.persona))].sort();
  return all.length === 0 ? "none at all" : all.join(", ");
}
