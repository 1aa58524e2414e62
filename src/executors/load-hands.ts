/**
 * Hands that the owner of a machine adds: a folder with a module that exports one as `hand`, or several as `hands`.
 * H1 What a hand is missing is said at the executor's start, not when its first order comes.
 * H2 No loaded hand is called like one that comes with Petrel, or lies in the room of one.
 */
import { existsSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import * as z from "zod";
import { FLAGS } from "../contract/capability.ts";
import { Cancelled, Refused, Retryable, Terminal } from "../contract/errors.ts";
import { HAND_PATTERN, HAND_RULE } from "../contract/ids.ts";
import { issueLine } from "../contract/issue-line.ts";
import type { Json } from "../contract/json.ts";
import { schemaProblem } from "../net/place-schema.ts";
import type { HandContext, HandDefinition, HandSchema } from "./hand.ts";
import { BUILT_IN_ROOMS, roomOf } from "./hand-cards.ts";
import { asHand, refuseExit } from "./hand-exit.ts";

/** Errors that say whether the same order may succeed later, for hands that are no part of Petrel. */
const errors = {
  retry: (message: string, hint?: string) => new Retryable({ code: "hand-said-retry", message, ...(hint === undefined ? {} : { hint }) }),
  fail: (message: string, hint?: string) => new Terminal({ code: "hand-failed", message, ...(hint === undefined ? {} : { hint }) }),
  refuse: (message: string, hint?: string) => new Refused({ code: "hand-refused", message, ...(hint === undefined ? {} : { hint }) }),
};
export type LoadedContext = HandContext & typeof errors;

const fn = z.custom<(...given: never[]) => unknown>((value) => typeof value === "function", "expected a function");
const schema = z.custom<HandSchema>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  "expected a JSON Schema",
);
const shape = z.looseObject({
  name: z.string().regex(HAND_PATTERN, HAND_RULE),
  about: z.string().min(1),
  input: schema,
  output: schema.optional(),
  flag: z.enum(FLAGS).nullable().optional(),
  enclosed: z.boolean().optional(),
  lack: fn.optional(),
  shortOf: fn.optional(),
  run: fn,
});

/** A module may wait for something while it is imported; for so long, ms. */
const LOAD_MS = 30_000;

interface Patience {
  /** Ends the loading from outside. */
  signal?: AbortSignal;
  limitMs?: number;
}

/** Errors: Terminal `hand-unreadable` and `hand-name-taken`, with the folder; Cancelled `executor-stopping`. */
export async function loadHands(folders: readonly string[], patience: Patience = {}): Promise<HandDefinition[]> {
  const found: HandDefinition[] = [];
  for (const folder of folders) for (const hand of await loadFolder(resolve(folder), patience)) found.push(hand);
  return found;
}

async function loadFolder(folder: string, patience: Patience): Promise<HandDefinition[]> {
  const file = moduleOf(folder);
  let module: Record<string, unknown>;
  try {
    module = await imported(file, patience);
  } catch (cause) {
    if (patience.signal?.aborted)
      throw new Cancelled({ code: "executor-stopping", message: `it was stopped while ${file} was being loaded` });
    throw unreadable(folder, `${file} cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
  const given = module.hands ?? module.hand ?? module.default;
  if (given === undefined) throw unreadable(folder, `${file} exports neither "hand" nor "hands"`);
  return (Array.isArray(given) ? given : [given]).map((one: unknown) => handOf(one, folder));
}

async function imported(file: string, { signal, limitMs = LOAD_MS }: Patience): Promise<Record<string, unknown>> {
  signal?.throwIfAborted();
  let timer: NodeJS.Timeout | undefined;
  let onAbort = () => {};
  const unguard = refuseExit();
  const given = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it waits for something, and was not there after ${limitMs / 1000} s`)), limitMs);
    onAbort = () => reject(signal?.reason as Error);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return (await Promise.race([asHand("it", () => import(pathToFileURL(file).href)), given])) as Record<string, unknown>;
  } finally {
    unguard();
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}

function moduleOf(folder: string): string {
  if (!existsSync(folder)) throw unreadable(folder, "there is no such folder");
  if (!statSync(folder).isDirectory()) return folder;
  const names = [mainOf(folder), "index.mjs", "index.js", "hand.mjs", "hand.js"].filter((name) => name !== null);
  const found = names.map((name) => join(folder, name)).find((file) => existsSync(file));
  if (found === undefined) throw unreadable(folder, "it has no index.mjs");
  return found;
}

function mainOf(folder: string): string | null {
  const file = join(folder, "package.json");
  if (!existsSync(file)) return null;
  try {
    const { main, exports } = JSON.parse(readFileSync(file, "utf8")) as { main?: unknown; exports?: unknown };
    return typeof exports === "string" ? exports : typeof main === "string" ? main : null;
  } catch (cause) {
    throw unreadable(folder, "its package.json is no JSON", cause);
  }
}

/** H1, H2 */
function handOf(given: unknown, folder: string): HandDefinition {
  const parsed = shape.safeParse(given);
  if (!parsed.success) throw unreadable(folder, `what it exports is no hand: ${issueLine(parsed.error)}`);
  const { name, about, input, output = {}, flag = null, enclosed = true, lack, shortOf, run } = parsed.data;
  if (BUILT_IN_ROOMS.has(roomOf(name)))
    throw new Terminal({
      code: "hand-name-taken",
      message: `the hand ${name} of ${folder} lies in the room "${roomOf(name)}", which is Petrel's own`,
      hint: "call it by a room of yours, like hello.greet",
      where: folder,
    });
  for (const [what, one] of [
    ["input", input],
    ["output", output],
  ] as const)
    mustBeSchema(one, `the ${what} schema of ${name}`, folder);
  const work = run as (input: Json, context: LoadedContext) => Promise<Json | undefined>;
  return {
    ...{ name, about, input, output, flag, enclosed, mode: "run" },
    ...(lack ? { lack: lack as NonNullable<HandDefinition["lack"]> } : {}),
    ...(shortOf ? { shortOf: shortOf as NonNullable<HandDefinition["shortOf"]> } : {}),
    run: async (context) => (await asHand(`the hand ${name}`, () => work(context.order.input, { ...context, ...errors }))) ?? null,
  };
}

function mustBeSchema(schema: HandSchema, what: string, folder: string): void {
  if (schema instanceof z.ZodType) return;
  try {
    schemaProblem(schema, null);
  } catch (cause) {
    throw unreadable(folder, `${what} is no JSON Schema: ${(cause as Error).message}`, cause);
  }
}

function unreadable(folder: string, why: string, cause?: unknown): Terminal {
  return new Terminal({
    code: "hand-unreadable",
    message: `no hand can be loaded from ${folder}: ${why}`,
    hint: "docs/hands/README.md shows what a hand is; examples/hands/hello is one",
    where: folder,
    cause,
  });
}
