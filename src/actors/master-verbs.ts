/**
 * What each master answers for itself, on `master.<name>.<verb>`: the speaker's questions, and signs of life. The speaker puts
 * the answers together (`runtime-commands.ts`).
 */
import * as z from "zod";
import type { CommandAnswer } from "../contract/broker.ts";
import { errorData, Terminal } from "../contract/errors.ts";
import type { Json } from "../contract/json.ts";
import type { Serving } from "../contract/serving.ts";
import { netChecks } from "../executors/hand-faults.ts";
import { checkNetFile, formatProblem } from "../net/check.ts";
import { netSchema } from "../net/definition.ts";
import { freeze } from "../net/frozen-state.ts";
import { treeJson } from "./actor-tree.ts";
import { badRequest, mustBeSound } from "./bad-request.ts";
import { otherwiseAsked } from "./crystal/asks.ts";
import { type ForkRequest, forkNet } from "./fork.ts";
import type { MasterFace } from "./master-face.ts";
import { pastOf } from "./past.ts";
import type { BoundPersona } from "./persona-book.ts";
import { stoppedClaims } from "./stopped-claims.ts";
import { applyNet, soundNet } from "./term/apply-net.ts";
import { slicedHash } from "./term/state-digest.ts";
import type { Term } from "./term/term.ts";

const person = z.object({ user: z.string().min(1), roles: z.array(z.string()).default([]) });
const applyNetBody = z.object({
  text: z.string().optional(),
  file: z.string().default("net"),
  definition: z.unknown().optional(),
  base: z.string().optional(),
  by: person,
});
const forkBody = z.object({
  net: z.string(),
  at: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("event"), seq: z.int().min(0) }),
    z.object({ kind: z.literal("time"), ms: z.number() }),
    z.object({ kind: z.literal("now") }),
  ]),
  as: z.string().optional(),
  set: z.record(z.string(), z.array(z.json())).default({}),
  definition: z.unknown().optional(),
  askAgain: z.boolean().default(false),
  by: person,
});
const previewBody = z.object({ persona: z.string(), token: z.string(), transition: z.string().optional() });
const takeBody = z.object({ net: z.string() });
const names = z.array(z.string());
const controlBody = z.object({
  generation: z.int(),
  state: z.enum(["running", "killed"]),
  stopped: z.object({ net: names, persona: names, executor: names }),
  by: z.string(),
});
const tellBody = z.object({ persona: z.string(), version: z.string(), by: z.string() });

const momentBody = z.object({ net: z.string(), seq: z.int().min(0) });

export type Verb = (master: MasterFace, body: unknown) => Promise<Json>;

export const MASTER_VERBS: Record<string, Verb> = {
  ping: async () => null,
  /** This master is to own the net: its owner is about to give it back, or nobody has it. */
  take: async (master, body) => {
    master.serve(takeBody.parse(body).net);
    return null;
  },
  nets: async (master) =>
    [...master.terms.values()].map(({ state, net, stalled, projection }) => ({
      net: state.net,
      title: net?.definition.title ?? state.net,
      state: state.killed ? "stopped" : state.paused ? "paused" : "running",
      version: state.definition ?? "",
      seq: state.seq,
      epoch: state.epoch,
      tokens: [...state.places.values()].reduce((sum, tokens) => sum + tokens.size, 0),
      open: [...state.firings.values()].filter(({ gate }) => gate === null).length,
      waiting: [...state.firings.values()].filter(({ gate }) => gate !== null).length,
      stalled: stalled?.message ?? null,
      stalePlaces: projection.stale,
    })),
  /** The nets that this master owns, and those that it cannot open. */
  owned: async (master) =>
    master.served().flatMap((net) => {
      const term = master.terms.get(net);
      const problem = term?.stalled ?? master.problem(net);
      if (!term && problem === null) return [];
      return [
        {
          net,
          owner: term ? master.ports.name : null,
          epoch: term?.state.epoch ?? null,
          ...(term ? { sequence: term.state.sequence, paused: term.state.paused } : {}),
          ...(problem === null ? {} : { stalled: problem.message, ...(problem.hint === undefined ? {} : { hint: problem.hint }) }),
        },
      ];
    }),
  "apply-net": async (master, body) => {
    const request = applyNetBody.parse(body);
    const definition = request.text !== undefined ? parsedNet(request.text, request.file) : netSchema.parse(request.definition);
    master.serve(definition.net);
    const term = await master.termOf(definition.net);
    return applyNet(term, { definition, by: request.by.user, ...(request.base === undefined ? {} : { base: request.base }) });
  },
  fork: async (master, body) => {
    const { definition, as, by, ...request } = forkBody.parse(body);
    return forkNet(master, {
      ...{ net: request.net, at: request.at, set: request.set as ForkRequest["set"], askAgain: request.askAgain, by: by.user },
      ...(as === undefined ? {} : { as }),
      ...(definition === undefined ? {} : { definition: netSchema.parse(definition) }),
    });
  },
  "tell-persona": async (master, body) => {
    const { persona, version, by } = tellBody.parse(body);
    await master.personas.load(persona, version);
    return tellNets(master, persona, version, by);
  },
  /** What a kill stopped here, or a resume took up again: by this call, or by the broker's word that came before it. */
  "follow-control": (master, body) => {
    const { by, ...control } = controlBody.parse(body);
    return master.follow(control, by);
  },
  /** The claims in all that a kill has stopped here, now or before. */
  "stopped-claims": async (master) => [...master.terms.values()].map(({ state }) => ({ net: state.net, stopped: stoppedClaims(state) })),
  personas: async (master) => {
    const named = [...master.terms.values()].flatMap((term) =>
      Object.entries(term.state.personas).map(([name, version]) => {
        const bound = master.personas.bound(name, version);
        return { net: term.state.net, ...personaRow(name, version, bound) };
      }),
    );
    const inNets = new Set(named.map(({ persona }) => persona));
    const waiting = await master.personas.stored((name) => !inNets.has(name));
    return [...named, ...waiting.map((bound) => personaRow(bound.persona.persona, bound.version, bound))];
  },
  actors: async (master) => treeJson(master.tree()),
  /** What this master makes of the log up to an event, whoever owns the net. */
  "state-hash": async (master, body) => {
    const { net, seq } = momentBody.parse(body);
    const { broker, clock, name } = master.ports;
    const { state } = await pastOf(broker, net, { kind: "event", seq });
    return { master: name, hash: await slicedHash(freeze(state), clock) };
  },
  /** Null where no net of this master holds the token. */
  "preview-persona": async (master, body) => {
    const wish = previewBody.parse(body);
    for (const term of master.terms.values()) {
      const found = (await master.ports.preview?.(term, master.personas, wish)) ?? null;
      if (found !== null) return found;
    }
    return null;
  },
};

export function serveMaster(master: MasterFace): Promise<Serving> {
  return master.ports.broker.masters.serve(master.ports.name, (verb, body) => answerWith(MASTER_VERBS, master, verb, body));
}

export async function answerWith(verbs: Record<string, Verb>, master: MasterFace, verb: string, body: unknown): Promise<CommandAnswer> {
  try {
    const handle = verbs[verb];
    if (!handle) throw new Terminal({ code: "unknown-verb", message: `no verb ${verb}`, hint: `verbs: ${Object.keys(verbs).join(", ")}` });
    mustBeSound(body);
    return { ok: true, value: await handle(master, body) };
  } catch (error) {
    return { ok: false, error: errorData(badRequest(error)) };
  }
}

/** The definition of a request to apply a net, checked before the net has a log: what is refused leaves nothing behind. */
export async function soundRequest(master: MasterFace, body: unknown): Promise<string> {
  const request = applyNetBody.parse(body);
  const definition = request.text !== undefined ? parsedNet(request.text, request.file) : netSchema.parse(request.definition);
  await soundNet(master.personas, definition);
  return definition.net;
}

function parsedNet(text: string, file: string) {
  const { definition, problems } = checkNetFile(text, file, netChecks);
  const errors = problems.filter(({ severity }) => severity === "error");
  if (!definition || errors.length > 0) {
    throw new Terminal({
      code: "net-invalid",
      message: errors.map((problem) => formatProblem(problem)).join("\n"),
      hint: `petrel net check ${file}`,
    });
  }
  return definition;
}

/** Running nets that name the persona take up its new version; firings under way end with the old one. */
async function tellNets(master: MasterFace, name: string, version: string, by: string): Promise<string[]> {
  const told: string[] = [];
  for (const term of master.terms.values()) if (await tellNet(term, name, version, by)) told.push(term.state.net);
  return told;
}

async function tellNet(term: Term, name: string, version: string, by: string): Promise<boolean> {
  const transitions = term.net?.definition.transitions ?? {};
  const { definition } = term.state;
  const personas = { ...term.state.personas };
  if (personas[name] === version || !Object.values(transitions).some(({ persona }) => persona === name)) return false;
  const after = { transitions, personas: { ...personas, [name]: version } };
  const stages = await otherwiseAsked(term.ports.broker.personaVersions, { transitions, personas }, after, by);
  // An edit was faster: what its steps ask is looked at again.
  if (term.state.definition !== definition || term.state.personas[name] !== personas[name]) return tellNet(term, name, version, by);
  await term.commit({
    category: "net",
    type: "edited",
    status: "ok",
    persona: name,
    personaVersion: version,
    attributes: { by, personas: { [name]: version }, ...(stages.length > 0 ? { crystallized: stages } : {}) },
    summary: `${by} gave ${name} in ${term.state.net} a new version.`,
  });
  return true;
}

function personaRow(name: string, version: string, bound: BoundPersona | null) {
  return {
    persona: name,
    version,
    title: bound?.persona.title ?? name,
    flags: bound?.persona.flags ?? "-----",
    tier: bound?.persona.tier ?? "unknown",
    tools: bound?.persona.tools ?? [],
  };
}
