/**
 * The cassette: recorded answers, one JSON line each, under a header line that says where they come from.
 * Header {"cassette":1,"origin","model","date","note"}, then {"key","persona","tier","request","answer"}.
 */
import * as z from "zod";
import { Terminal } from "../contract/errors.ts";
import type { CanonicalRequest } from "./canonical-request.ts";
import type { ModelAnswer } from "./port.ts";

const blockSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("text"), text: z.string() }),
  z.strictObject({ type: z.literal("tool-call"), id: z.string(), name: z.string(), input: z.json() }),
]);
const headerSchema = z.strictObject({
  cassette: z.literal(1),
  origin: z.enum(["authored", "live"]),
  model: z.string(),
  date: z.string(),
  note: z.string().optional(),
});
const recordingSchema = z.strictObject({
  key: z.string().regex(/^[0-9a-f]{64}$/),
  persona: z.string(),
  tier: z.string(),
  request: z.looseObject({
    persona: z.string(),
    tier: z.string(),
    system: z.string(),
    messages: z.array(z.looseObject({})),
    tools: z.array(z.string()),
  }),
  answer: z.strictObject({
    content: z.array(blockSchema),
    stop: z.enum(["end", "tool-call", "length", "refusal"]),
    usage: z.strictObject({
      inputTokens: z.int().min(0),
      outputTokens: z.int().min(0),
      cacheReadTokens: z.int().min(0).optional(),
      cacheWriteTokens: z.int().min(0).optional(),
    }),
    model: z.string(),
    costUsd: z.number().min(0).optional(),
  }),
});

export type CassetteHeader = z.output<typeof headerSchema>;
export interface Recording {
  key: string;
  persona: string;
  tier: string;
  request: CanonicalRequest;
  answer: ModelAnswer;
}
export interface Cassette {
  file: string;
  header: CassetteHeader;
  recordings: Recording[];
}

/** Throws Terminal `cassette-invalid` with file and line. A last line without its newline was cut by a crash and is left out. */
export function parseCassette(text: string, file: string): Cassette {
  const lines = text.slice(0, text.lastIndexOf("\n") + 1).split("\n");
  const header = check(headerSchema, lines[0] ?? "", file, 1);
  const recordings: Recording[] = [];
  for (const [index, line] of lines.entries()) {
    if (index === 0 || line.trim() === "") continue;
    recordings.push(check(recordingSchema, line, file, index + 1) as Recording);
  }
  return { file, header, recordings };
}

export function cassetteLine(entry: CassetteHeader | Recording): string {
  return `${JSON.stringify(entry)}\n`;
}

function check<T>(schema: z.ZodType<T>, line: string, file: string, number: number): T {
  const where = `${file}:${number}`;
  try {
    const result = schema.safeParse(JSON.parse(line));
    if (result.success) return result.data;
    throw invalid(where, z.prettifyError(result.error).replace(/\s+/g, " "));
  } catch (error) {
    throw error instanceof Terminal ? error : invalid(where, "the line is no JSON");
  }
}

function invalid(where: string, why: string): Terminal {
  return new Terminal({
    code: "cassette-invalid",
    message: `${where}: ${why}`,
    where,
    hint: "A cassette is written by --record or by the authored provider; restore the file, or record it anew.",
  });
}
