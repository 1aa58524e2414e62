/** `logs.read` and `logs.compare`. */

import { once } from "node:events";
import { createWriteStream, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Json, JsonObject } from "../../../contract/json.ts";
import type { HandContext, HandDefinition } from "../../hand.ts";
import { parseInput } from "../../hand-input.ts";
import { compareCard, compareInput, type LogSource, readCard, readInput } from "./card.ts";
import { verdictOf } from "./compare.ts";
import { type Signature, Tally } from "./figures.ts";
import type { Following } from "./following.ts";
import { linesOf } from "./lines.ts";
import { type FieldNames, type LogFormat, parseLine } from "./parse.ts";

const MOST_SIGNATURES = 50;

interface Wanted {
  source: LogSource;
  format: LogFormat | "auto";
  fields: FieldNames;
  since?: string | undefined;
  before?: string | undefined;
  contains?: string | undefined;
}

async function logsRead(context: HandContext): Promise<Json> {
  const input = parseInput(readInput, context.order);
  const { follow, keep, baseline } = input;
  const following = follow ? { end: context.workshop.clock.now() + follow.seconds * 1000, fromEnd: follow.fromEnd } : null;
  const shown: string[] = [];
  const full = matchingLines(context);
  let matched = false;
  const tally = await tallied(context, input, following, async (line) => {
    if (shown.length < keep) shown.push(line.slice(0, 2000));
    await full.write(line);
    matched = follow?.until !== undefined && line.includes(follow.until);
    return matched;
  });
  const signatures = tally.signatures();
  const known = baseline && new Set(baseline);
  const artifact = full.count > shown.length ? await full.keep() : null;
  return {
    ...tally.figures(),
    signatures: listed(signatures),
    newErrors: known ? listed(signatures.filter(({ signature }) => !known.has(signature))) : null,
    ...{ lines: shown, full: artifact, matched },
  };
}

async function logsCompare(context: HandContext): Promise<Json> {
  const input = parseInput(compareInput, context.order);
  const { format, fields } = input;
  const [before, after] = [
    await tallied(context, { format, fields, ...input.before }, null),
    await tallied(context, { format, fields, ...input.after }, null),
  ];
  const known = new Set(before.signatures().map(({ signature }) => signature));
  const newErrors = after.signatures().filter(({ signature }) => !known.has(signature));
  const [was, is] = [before.figures(), after.figures()];
  return { ...verdictOf(was, is, newErrors, input), before: was, after: is, newErrors: listed(newErrors) } as unknown as Json;
}

/** `each` is told of every line that counts, and ends the reading by true. */
async function tallied(
  context: HandContext,
  { source, format, fields, since, before, contains }: Wanted,
  following: Following | null,
  each: (line: string) => Promise<boolean> = async () => false,
): Promise<Tally> {
  const tally = new Tally();
  const [from, to] = [since === undefined ? null : Date.parse(since), before === undefined ? null : Date.parse(before)];
  for await (const line of linesOf(context, source, following)) {
    context.signal.throwIfAborted();
    if (line.trim() === "" || (contains !== undefined && !line.includes(contains))) continue;
    const entry = parseLine(line, format, context.workshop.clock.now(), fields);
    // What tells no time cannot be said to lie outside.
    if (entry.at !== null && ((from !== null && entry.at < from) || (to !== null && entry.at >= to))) continue;
    tally.take(entry);
    if (await each(line)) break;
  }
  return tally;
}

/** All matching lines in a file of the attempt, up to the machine's limit. */
function matchingLines(context: HandContext) {
  const folder = join(context.workDir, "logs");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "lines.txt");
  const stream = createWriteStream(file);
  stream.on("error", () => {});
  let bytes = 0;
  const it = {
    count: 0,
    write: async (line: string) => {
      it.count += 1;
      bytes += line.length + 1;
      if (bytes > context.keepBytes || stream.errored) return;
      if (!stream.write(`${line}\n`)) await once(stream, "drain");
    },
    keep: async (): Promise<JsonObject> => {
      await new Promise<void>((done) => stream.end(done));
      return { ...(await context.artifact({ file }, { name: "lines.txt", mediaType: "text/plain" })) };
    },
  };
  return it;
}

function listed(signatures: readonly Signature[]): JsonObject[] {
  return signatures.slice(0, MOST_SIGNATURES).map((one) => ({ ...one }));
}

export const logsHands: readonly HandDefinition[] = [
  { ...readCard, run: logsRead },
  { ...compareCard, run: logsCompare },
];
