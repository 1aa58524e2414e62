/** The verbs of `runtime.<verb>`: what no single net owns. */
import { z } from "zod";
import type { CommandAnswer, Serving } from "../contract/broker.ts";
import { errorData, Terminal } from "../contract/errors.ts";
import type { Json } from "../contract/json.ts";
import { jsonataFault } from "../executors/expressions/jsonata-syntax.ts";
import { checkNetFile, formatProblem } from "../net/check.ts";
import { netSchema } from "../net/definition.ts";
import { personaSchema } from "../personas/persona-schema.ts";
import { treeJson } from "./actor-tree.ts";
import { badRequest } from "./bad-request.ts";
import { type ControlState, followControl } from "./control-switch.ts";
import { type ForkRequest, forkNet } from "./fork.ts";
import type { Master } from "./master.ts";
import type { BoundPersona } from "./persona-book.ts";
import { applyNet, soundNet } from "./term/apply-net.ts";

const person = z.object({ user: z.string().min(1), roles: z.array(z.string()).default([]) });
const applyNetBody = z.object({
  text: z.string().optional(),
  file: z.string().default("net"),
  definition: z.unknown().optional(),
  base: z.string().optional(),
  by: person,
});
const applyPersonaBody = z.object({ persona: z.unknown(), files: z.record(z.string(), z.string()).default({}), by: person });
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
const byBody = z.object({ by: person });

type Verb = (master: Master, body: unknown) => Promise<Json>;

const VERBS: Record<string, Verb> = {
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
  "apply-net": async (master, body) => {
    const request = applyNetBody.parse(body);
    const definition = request.text !== undefined ? parsedNet(request.text, request.file) : netSchema.parse(request.definition);
    // Before the net has a log: a definition that is refused leaves nothing behind.
    await soundNet(master.personas, definition);
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
  "apply-persona": async (master, body) => {
    const { persona: given, files, by } = applyPersonaBody.parse(body);
    const persona = personaSchema.parse(given);
    const missing = persona.knowledge.filter((file) => files[file] === undefined);
    if (missing.length > 0)
      throw new Terminal({
        code: "knowledge-missing",
        message: `no content was sent for ${missing.join(", ")}`,
        hint: "petrel persona apply FILE sends it along",
      });
    const bound = await master.personas.apply(
      persona,
      persona.knowledge.map((file) => ({ file, text: files[file] ?? "" })),
    );
    const nets = await tellNets(master, persona.persona, bound.version, by.user);
    return { persona: persona.persona, hash: bound.version, nets };
  },
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
  status: async (master) => ({
    master: master.ports.name,
    version: master.ports.version,
    durability: master.ports.durability,
    control: (await master.ports.broker.control.read()).state,
    nets: master.served().map((net) => {
      const term = master.terms.get(net);
      const problem = term?.stalled ?? master.problem(net);
      return {
        net,
        owner: term ? master.ports.name : null,
        epoch: term?.state.epoch ?? null,
        ...(term ? { sequence: term.state.sequence } : {}),
        ...(problem === null ? {} : { stalled: problem.message, ...(problem.hint === undefined ? {} : { hint: problem.hint }) }),
      };
    }),
    executors: (await master.ports.broker.work.executors()) as unknown as Json,
  }),
  kill: (master, body) => switchAll(master, "killed", byBody.parse(body).by.user),
  resume: (master, body) => switchAll(master, "running", byBody.parse(body).by.user),
};

export function serveRuntime(master: Master): Promise<Serving> {
  return master.ports.broker.commands.serve(null, async (verb, body): Promise<CommandAnswer> => {
    try {
      const handle = VERBS[verb];
      if (!handle)
        throw new Terminal({ code: "unknown-verb", message: `no verb ${verb}`, hint: `verbs: ${Object.keys(VERBS).join(", ")}` });
      return { ok: true, value: await handle(master, body) };
    } catch (error) {
      return { ok: false, error: errorData(badRequest(error)) };
    }
  });
}

function parsedNet(text: string, file: string) {
  const { definition, problems } = checkNetFile(text, file, { jsonataFault });
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
async function tellNets(master: Master, name: string, version: string, by: string): Promise<string[]> {
  const told: string[] = [];
  for (const term of master.terms.values()) {
    const uses = Object.values(term.net?.definition.transitions ?? {}).some(({ persona }) => persona === name);
    if (!uses || term.state.personas[name] === version) continue;
    await term.commit({
      category: "net",
      type: "edited",
      status: "ok",
      persona: name,
      personaVersion: version,
      attributes: { by, personas: { [name]: version } },
      summary: `${by} gave ${name} in ${term.state.net} a new version.`,
    });
    told.push(term.state.net);
  }
  return told;
}

/** The record first, then every term of this master, in one turn of its own: the broker's echo of it finds all done. */
function switchAll(master: Master, state: ControlState["state"], by: string): Promise<Json> {
  return master.inTurn(async () => {
    const { generation } = await master.ports.broker.control.write(state);
    const nets = await Promise.all([...master.terms.values()].map((term) => followControl(term, { generation, state }, by)));
    const changed = nets.filter((net) => net !== null);
    return { state, generation, nets: changed, summary: summaryOf(state, changed) };
  });
}

/** What a kill stopped, or a resume took up again, in a sentence. */
function summaryOf(state: ControlState["state"], nets: Json[]): string {
  const killed = state === "killed";
  if (nets.length === 0) return killed ? "no net ran, or all were stopped before" : "nothing was stopped";
  return nets
    .map((row) => {
      const { net, stopped, resumed } = row as unknown as { net: string; stopped?: Touched[]; resumed?: Touched[] };
      const names = (stopped ?? resumed ?? []).map(({ transition, firing }) => `${transition} (${firing})`);
      return `${killed ? "stopped" : "went on in"} ${net}: ${names.length === 0 ? "no firing was under way" : names.join(", ")}`;
    })
    .join("\n");
}
interface Touched {
  transition: string;
  firing: string;
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
