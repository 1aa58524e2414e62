/**
 * The verbs of `runtime.<verb>`: what no single net owns. One of the masters answers them, the speaker, and asks the others
 * for their part.
 */
import * as z from "zod";
import type { ControlChange, ControlState } from "../contract/broker.ts";
import { errorFromData, Retryable, Terminal } from "../contract/errors.ts";
import type { Json } from "../contract/json.ts";
import type { Serving } from "../contract/serving.ts";
import { personaSchema } from "../personas/persona-schema.ts";
import { type ActorNode, treeJson } from "./actor-tree.ts";
import { killTarget, stoppedTarget } from "./kill-target.ts";
import { unansweredText } from "./kill-word.ts";
import { partBody } from "./knowledge-parts.ts";
import type { MasterFace } from "./master-face.ts";
import { answerWith, MASTER_VERBS, soundRequest, type Verb } from "./master-verbs.ts";

const person = z.object({ user: z.string().min(1), roles: z.array(z.string()).default([]) });
const applyPersonaBody = z.object({
  persona: z.unknown(),
  files: z.record(z.string(), z.union([z.string(), z.object({ artifact: z.string() })])).default({}),
  by: person,
});
const forkBody = z.object({ as: z.string().optional() });
const netBody = z.object({ net: z.string() });
const switchBody = z.object({ by: person, target: z.string().optional(), kind: z.enum(["net", "persona", "executor"]).optional() });
/** One that does not answer in time is left out; its nets are shown again when they have an owner. */
const OTHERS_MS = 3000;
/** For what takes as long as it takes. */
const LONG_MS = 20_000;

const VERBS: Record<string, Verb> = {
  nets: async (master) => (await fromAll(master, "nets")).flat(),
  "apply-net": async (master, body) => askMaster(master, await ownerFor(master, await soundRequest(master, body)), "apply-net", body),
  /** A fork that was cut short goes on where its net is. */
  fork: async (master, body) => {
    const { as } = forkBody.parse(body);
    return askMaster(master, as === undefined ? master.ports.name : await ownerFor(master, as), "fork", body);
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
      await Promise.all(persona.knowledge.map(async (file) => ({ file, text: await textOf(master, file, files[file] ?? "") }))),
    );
    const told = { persona: persona.persona, version: bound.version, by: by.user };
    return { persona: persona.persona, hash: bound.version, nets: (await fromAll(master, "tell-persona", told)).flat() };
  },
  "knowledge-part": async (master, body) => master.knowledgeParts.take(partBody.parse(body)),
  personas: async (master) => {
    const rows = (await fromAll(master, "personas")).flat() as { persona: string; net?: string; version: string }[];
    // One that no net names is known to each master.
    const inNets = new Set(rows.flatMap(({ persona, net }) => (net === undefined ? [] : [persona])));
    const seen = new Set<string>();
    return rows.filter(({ persona, net, version }) => {
      if (net !== undefined) return true;
      if (inNets.has(persona) || seen.has(`${persona} ${version}`)) return false;
      return seen.add(`${persona} ${version}`);
    });
  },
  /** One tree: each net as its owner has it. */
  actors: async (master) => {
    const trees = (await fromAll(master, "actors")) as unknown as ActorNode[];
    const nets = new Map<string, ActorNode>();
    for (const net of trees.flatMap(({ children }) => children)) {
      if (net.state === "owning" || !nets.has(net.id)) nets.set(net.id, net);
    }
    return treeJson({ ...(trees[0] as ActorNode), children: [...nets.values()] });
  },
  /** The owner's state, as it has it in memory, beside what each master makes of the log up to the same event. */
  "state-hashes": async (master, body) => {
    const { net } = netBody.parse(body);
    const answer = await master.ports.broker.commands.ask(net, "state-hash", {});
    if (!answer.ok) throw errorFromData(answer.error ?? { outlook: "terminal", code: "unexpected", message: "no reason was given" });
    const { seq, hash } = answer.value as { seq: number; hash: string };
    return { net, seq, hash, masters: await fromAll(master, "state-hash", { net, seq }) };
  },
  "preview-persona": async (master, body) => {
    const found = (await fromAll(master, "preview-persona", body as Json)).find((each) => each !== null);
    if (found !== undefined) return found;
    const { token } = z.object({ token: z.string() }).parse(body);
    throw new Terminal({
      code: "no-such-token",
      message: `no net holds a token ${token} now`,
      hint: "petrel trace TOKEN finds what it was",
    });
  },
  status,
  kill: async (master, body) => {
    const { by, target, kind } = switchBody.parse(body);
    const part = await killTarget(master, target, kind);
    return switchAll(master, part ? { turn: "killed", ...part } : "killed", by.user);
  },
  /** `lifted: false` when nothing of this name is stopped by a kill; `state` tells whether everything is. */
  resume: async (master, body) => {
    const { by, target, kind } = switchBody.parse(body);
    if (target === undefined || target === "all") return switchAll(master, "running", by.user);
    const control = await master.ports.broker.control.read();
    const part = stoppedTarget(control, target, kind);
    return part ? switchAll(master, { turn: "running", ...part }, by.user) : { lifted: false, state: control.state };
  },
};

async function textOf(master: MasterFace, file: string, given: string | { artifact: string }): Promise<string> {
  if (typeof given === "string") return given;
  const bytes = await master.ports.broker.artifacts.get(given.artifact);
  if (bytes) return new TextDecoder().decode(bytes);
  throw new Terminal({ code: "knowledge-lost", message: `what was sent of ${file} is not in the artefact store`, hint: "apply it again" });
}

export function serveRuntime(master: MasterFace): Promise<Serving> {
  return master.ports.broker.commands.serve(null, async (verb, body) => {
    // On a busy machine the lease may have run out between two looks, with nobody else to take it.
    if (!master.circle.speaks) await master.circle.look();
    if (master.circle.speaks) return answerWith(VERBS, master, verb, body);
    const error = new Retryable({ code: "no-owner", message: "this master does not answer for the runtime any more", hint: "ask again" });
    return answerWith({ [verb]: () => Promise.reject(error) }, master, verb, body);
  });
}

/** The answers of this master and of all others that are there, this one's first. Throws what this one's throws. */
async function fromAll(master: MasterFace, verb: string, body: Json = null): Promise<Json[]> {
  const { broker } = master.ports;
  const own = MASTER_VERBS[verb]?.(master, body) ?? Promise.resolve(null);
  const others = master.circle.others().map((name) =>
    broker.masters.ask(name, verb, body, OTHERS_MS).then(
      (answer) => (answer.ok && answer.value !== undefined ? [answer.value] : []),
      () => [],
    ),
  );
  return [await own, ...(await Promise.all(others)).flat()];
}

async function askMaster(master: MasterFace, name: string, verb: string, body: unknown): Promise<Json> {
  if (name === master.ports.name) return (await MASTER_VERBS[verb]?.(master, body)) ?? null;
  const answer = await master.ports.broker.masters.ask(name, verb, body as Json, LONG_MS);
  if (!answer.ok && answer.error) throw errorFromData(answer.error);
  return answer.value ?? null;
}

/** Who has the net; for a new one, who has the fewest. */
async function ownerFor(master: MasterFace, net: string): Promise<string> {
  const me = master.ports.name;
  if (master.terms.has(net)) return me;
  const others = master.circle.others();
  const held = await master.ports.broker.leases.all();
  const owner = held.get(net);
  if (owner !== undefined && others.includes(owner)) return owner;
  const counts = [me, ...others].map((name) => ({ name, nets: [...held.values()].filter((each) => each === name).length }));
  return counts.sort((a, b) => a.nets - b.nets)[0]?.name ?? me;
}

async function status(master: MasterFace): Promise<Json> {
  const { broker, name, version, durability } = master.ports;
  const [rows, held, nets, masters] = await Promise.all([
    fromAll(master, "owned"),
    broker.leases.all(),
    broker.nets(),
    broker.masters.all(),
  ]);
  const owned = rows.flat() as { net: string; owner: string | null; stalled?: string }[];
  const byOwner = new Map<string, { net: string; owner: string | null; stalled?: string }>();
  for (const row of owned) if (row.owner !== null || !byOwner.has(row.net)) byOwner.set(row.net, row);
  return {
    master: name,
    version,
    durability,
    control: (await broker.control.read()).state,
    nets: [...new Set([...nets, ...byOwner.keys()])]
      .sort()
      .map((net) => ({ epoch: null, ...(byOwner.get(net) ?? { net, owner: null }), lease: held.get(net) ?? null })),
    masters: masters.map((each) => ({ ...each, nets: owned.filter(({ owner }) => owner === each.name).length })),
    executors: (await broker.work.executors()) as unknown as Json,
  };
}

/** The record first, then every term of every master: the broker's echo of it finds all done. */
async function switchAll(master: MasterFace, change: ControlChange, by: string): Promise<Json> {
  const since = master.ports.clock.now();
  const control = await master.writeControl(change, by);
  const changed = (await fromAll(master, "follow-control", { ...control, by } as unknown as Json)).flat();
  const { generation, state, stopped } = control;
  const turn = typeof change === "string" ? change : change.turn;
  if (turn === "running") master.killWord.forget(changed);
  const standing = turn === "killed" ? (await fromAll(master, "stopped-claims")).flat() : [];
  const unanswered = turn === "killed" ? await master.killWord.of(changed, standing, since) : [];
  return {
    state,
    generation,
    stopped: stopped as unknown as Json,
    nets: changed,
    ...(turn === "killed" ? { unanswered } : {}),
    summary:
      summaryOf(turn, changed) +
      unansweredText(unanswered, master.ports.leaseMs) +
      (turn === "running" ? stillStopped(control) + stillPaused(changed) : ""),
  };
}

/** After a resume: what was stopped by a kill of its own stays stopped. */
function stillStopped({ state, stopped }: ControlState): string {
  const names = [...stopped.net, ...stopped.persona, ...stopped.executor];
  return state === "running" && names.length > 0 ? `\nstill stopped: ${names.join(", ")} (petrel resume NAME)` : "";
}

/** What was paused before the kill stays so, and what it had under way waits for that. */
function stillPaused(nets: Json[]): string {
  const names = (nets as unknown as { net: string; paused?: boolean }[]).filter(({ paused }) => paused).map(({ net }) => net);
  return names.length > 0 ? `\nstill paused, as before: ${[...new Set(names)].join(", ")} (petrel resume NET)` : "";
}

/** What a kill stopped, or a resume took up again, in a sentence. */
function summaryOf(turn: ControlState["state"], nets: Json[]): string {
  const killed = turn === "killed";
  if (nets.length === 0) return killed ? "no net ran, or all were stopped before" : "nothing was stopped";
  return nets
    .map((row) => {
      const { net, stopped, resumed, part } = row as unknown as { net: string; stopped?: Touched[]; resumed?: Touched[]; part?: string };
      const names = (stopped ?? resumed ?? []).map(({ transition, firing }) => `${transition} (${firing})`);
      return `${killed ? "stopped" : "went on in"} ${part === undefined ? "" : `${part}${killed ? " in" : ","} `}${net}: ${names.length === 0 ? "no firing was under way" : names.join(", ")}`;
    })
    .join("\n");
}
interface Touched {
  transition: string;
  firing: string;
}
