/**
 * The tools that Petrel offers to MCP clients, such as coding agents.
 *
 * M1 Gates are decided by people, so no tool decides one. M2 A read-only server has no tool that changes anything. M3 A caller reaches
 * its own nets alone.
 */
import * as z from "zod";
import { OFFERS, RECRUITING } from "../../actors/recruiter/proposal.ts";
import { askNet, askRuntime, putToken } from "../../client/ask.ts";
import { pageOfEvents } from "../../client/event-pages.ts";
import { gatesOf } from "../../client/gates-of.ts";
import { Refused, Terminal } from "../../contract/errors.ts";
import { EVENT_TYPES } from "../../contract/event.ts";
import { isJsonObject, type Json, type JsonObject } from "../../contract/json.ts";
import { netChecks } from "../../executors/hand-faults.ts";
import { checkNetFile } from "../../net/check.ts";
import type { McpPorts } from "./ports.ts";
import { waitForAnswer } from "./wait-answer.ts";

export interface McpTool {
  name: string;
  title: string;
  description: string;
  writes: boolean;
  input: z.ZodObject;
  run(input: unknown, ports: McpPorts, gone: AbortSignal): Promise<JsonObject>;
}

function tool<I extends z.ZodObject>(
  one: Omit<McpTool, "input" | "run"> & { input: I; run(input: z.output<I>, ports: McpPorts, gone: AbortSignal): Promise<JsonObject> },
): McpTool {
  return { ...one, run: (input, ports, gone) => one.run(one.input.parse(input), ports, gone) };
}

const net = z.string().min(1).max(160).describe("Name of the net");
/** What a person who proposes may have granted; `x` is never among it. */
const GRANT = "rw-hl";
const limit = z.int().min(1).max(200).default(50);
const definition = z.record(z.string(), z.json()).describe("A whole net file");

/** Errors: Refused `net_out_of_scope`. */
export function mustReach({ nets }: McpPorts, name: string): string {
  if (nets === null || nets.some((one) => name === one || name.startsWith(`${one}--`))) return name;
  throw new Refused({ code: "net_out_of_scope", message: `this caller reaches ${nets.join(", ")}, not ${name}` });
}
async function rows(ports: McpPorts): Promise<JsonObject[]> {
  const all = (await askRuntime(ports.broker, "nets")) as JsonObject[];
  return all.filter((row) => ports.nets === null || ports.nets.some((one) => row.net === one || String(row.net).startsWith(`${one}--`)));
}
const asked = async (ports: McpPorts, name: string, verb: string, body: JsonObject = {}) =>
  askNet(ports.broker, mustReach(ports, name), verb, body);

const READS: McpTool[] = [
  tool({
    ...{
      name: "nets_list",
      title: "List nets",
      writes: false,
      description: "The nets that run here, with their state and how many tokens, firings and gates each has.",
    },
    input: z.object({}),
    run: async (_, ports) => ({ nets: await rows(ports) }),
  }),
  tool({
    ...{
      name: "net_read",
      title: "Read a net",
      writes: false,
      description: "The definition that a net runs, with its hash and the versions of its personas.",
    },
    input: z.object({ net }),
    run: async (input, ports) => (await asked(ports, input.net, "definition")) as JsonObject,
  }),
  tool({
    ...{
      name: "net_why",
      title: "Why does it wait",
      writes: false,
      description: "Why a transition, a place or a token of a net does or does not move on.",
    },
    input: z.object({ net, name: z.string().min(1).max(160) }),
    run: async (input, ports) => ({ answers: await asked(ports, input.net, "why", { name: input.name }) }),
  }),
  tool({
    ...{
      name: "net_check",
      title: "Check a net file",
      writes: false,
      description: "Checks a whole net definition as `petrel net check` does. Nothing is applied.",
    },
    input: z.object({ definition }),
    run: async (input) => checked(input.definition),
  }),
  tool({
    ...{
      name: "places_list",
      title: "List places",
      writes: false,
      description: "The places of a net with their tokens: where work piles up, how old the oldest is, what has a capacity.",
    },
    input: z.object({ net }),
    run: async (input, ports) => ({ places: await asked(ports, input.net, "places") }),
  }),
  tool({
    ...{
      name: "tokens_read",
      title: "Read tokens",
      writes: false,
      description: 'Tokens at rest in a place, reserved ones too; `where` is an ArcQL condition like $.stage == "review".',
    },
    input: z.object({ net, place: z.string().min(1).max(160), where: z.string().max(4000).optional(), limit }),
    run: async ({ net: name, ...body }, ports) => (await asked(ports, name, "tokens", body as JsonObject)) as JsonObject,
  }),
  tool({
    ...{
      name: "tokens_query",
      title: "Query tokens",
      writes: false,
      description: "ArcQL over places of a net, like SELECT stage, count(*) AS n FROM $ GROUP BY stage.",
    },
    input: z.object({ net, places: z.array(z.string()).min(1).max(100), query: z.string().min(1).max(4000), limit }),
    run: async ({ net: name, ...body }, ports) => (await asked(ports, name, "query", body)) as JsonObject,
  }),
  tool({
    ...{
      name: "events_read",
      title: "Read the event line",
      writes: false,
      description: "Events of a net, oldest first: the newest that match, or those after a number. `nextAfter` goes on from there.",
    },
    input: z.object({
      net,
      q: z.string().max(200).optional().describe("Words of the summary, ids or names"),
      types: z.array(z.enum(EVENT_TYPES)).optional(),
      correlation: z.string().max(64).optional(),
      after: z.int().min(0).optional(),
      limit,
    }),
    run: async ({ net: name, after, limit: most, ...filter }, ports) => {
      const page = await pageOfEvents(ports.broker, mustReach(ports, name), {
        filter,
        limit: most,
        ...(after === undefined ? {} : { after }),
      });
      return { events: page.events as unknown as Json, nextAfter: page.nextAfterSeq, nextBefore: page.nextBeforeSeq };
    },
  }),
  tool({
    ...{
      name: "gates_list",
      title: "List gates",
      writes: false,
      description: "What waits for people, and who may decide. Gates are decided by people, never through MCP.",
    },
    input: z.object({ net: net.optional() }),
    run: async (input, ports) => {
      const names = input.net === undefined ? (await rows(ports)).map((row) => String(row.net)) : [input.net];
      const found = await Promise.all(names.map((name) => gatesOf(ports.broker, mustReach(ports, name))));
      return { gates: found.flat() as unknown as Json };
    },
  }),
  tool({
    ...{
      name: "personas_list",
      title: "List personas",
      writes: false,
      description: "The personas that nets name: flags, tools, tier, version.",
    },
    input: z.object({}),
    run: async (_, ports) => ({ personas: await askRuntime(ports.broker, "personas") }),
  }),
  tool({
    ...{
      name: "answer_wait",
      title: "Wait for an answer",
      writes: false,
      description:
        "Waits for what comes of a token that token_put has put: the first token of its story that lies in `place`, or meets `where`.",
    },
    input: z.object({
      net,
      id: z.string().min(1).max(64),
      seq: z.int().min(1).describe("As token_put answered"),
      place: z.string().max(160).optional(),
      where: z.string().max(4000).optional(),
      seconds: z.int().min(1).max(600).default(60),
    }),
    run: async (input, ports, gone): Promise<JsonObject> => {
      mustReach(ports, input.net);
      const found = await waitForAnswer(ports, input, gone);
      return found ? { state: "there", place: found.place, token: found.token as unknown as Json, seq: found.seq } : { state: "waiting" };
    },
  }),
];

const WRITES: McpTool[] = [
  tool({
    ...{
      name: "token_put",
      title: "Put a token",
      writes: true,
      description: "Puts a token into an open place of a net. With `token` it happens once, however often it is asked within 24 hours.",
    },
    input: z.object({ net, place: z.string().min(1).max(160), data: z.json(), token: z.string().max(64).optional() }),
    run: async (input, ports) => put(ports, input.net, input.place, input.data as Json, input.token),
  }),
  tool({
    ...{
      name: "net_propose",
      title: "Propose an edit",
      writes: true,
      description:
        "Checks a new definition of a net and puts it as a proposal into an open place of it (default `proposals`), where people decide. Nothing is applied.",
    },
    input: z.object({ net, definition, reason: z.string().min(1).max(4000), place: z.string().max(160).optional() }),
    run: async (input, ports): Promise<JsonObject> => {
      const { ok, problems } = checked(input.definition);
      if (!ok) return { ok: false, problems: problems ?? [] };
      const running = (await asked(ports, input.net, "definition")) as JsonObject;
      const proposal = {
        kind: "net",
        net: input.net,
        base: running.hash ?? null,
        definition: input.definition as JsonObject,
        reason: input.reason,
        by: ports.by,
        grant: GRANT,
      };
      const places = isJsonObject(running.definition ?? null) ? (running.definition as JsonObject).places : {};
      const place = input.place ?? (isJsonObject(places ?? null) && "proposals" in (places as JsonObject) ? "proposals" : null);
      if (place !== null) return { ok: true, ...(await put(ports, input.net, place, proposal)) };
      mustReach(ports, input.net);
      const everywhere = { ...ports, nets: null };
      if (!(await rows(everywhere)).some((row) => row.net === RECRUITING)) {
        throw new Terminal({
          code: "unknown-place",
          message: `${input.net} has no place for proposals, and the net ${RECRUITING}, which takes all, does not run`,
          hint: `a person starts it with petrel propose --need "..." --net ${input.net}`,
        });
      }
      // Before people it lies with all other proposals, whatever nets the caller may reach.
      return { ok: true, ...(await put(everywhere, RECRUITING, OFFERS, proposal)) };
    },
  }),
];

export function mcpTools(readOnly: boolean): McpTool[] {
  return readOnly ? READS : [...READS, ...WRITES]; // M2
}

function checked(given: Record<string, unknown>): JsonObject {
  const { problems } = checkNetFile(JSON.stringify(given, null, 2), `${String(given.net)}.json`, netChecks);
  return { ok: !problems.some(({ severity }) => severity === "error"), problems: problems as unknown as Json };
}

async function put(ports: McpPorts, name: string, place: string, data: Json, token?: string): Promise<JsonObject> {
  const body = Buffer.from(JSON.stringify(data));
  const answer = await putToken(ports.broker, mustReach(ports, name), place, body, {
    by: ports.by,
    ...(token === undefined ? {} : { token }),
  });
  const { ok: _, ...rest } = answer;
  return isJsonObject(rest) ? rest : {};
}
