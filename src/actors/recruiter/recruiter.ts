/**
 * The recruiter at work on the master that owns the net `recruiting`: it looks at the net after each commit, checks drafts, and
 * carries out what people have approved: the persona first, then the edit of the running net, whose actor spawns the specialist's.
 */
import { createActor, fromPromise } from "xstate";
import type { Broker } from "../../contract/broker.ts";
import { type Clock, delay } from "../../contract/clock.ts";
import { errorFromData, PetrelError, Retryable, Terminal } from "../../contract/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../../contract/json.ts";
import type { Logger } from "../../contract/logger.ts";
import { netSchema } from "../../net/definition.ts";
import { versionOf } from "../../net/version.ts";
import type { Term } from "../term/term.ts";
import { proposalProblems } from "./check-proposal.ts";
import {
  hasPosition,
  isEdit,
  type Proposal,
  personaOf,
  proposalSchema,
  RECRUITING,
  type SpecialistProposal,
  withPosition,
} from "./proposal.ts";
import { type Job, recruiterMachine } from "./recruiter-machine.ts";

export interface RecruiterPorts {
  broker: Broker;
  clock: Clock;
  logger: Logger;
  term(): Term | undefined;
}
export interface Recruiter {
  /** Something may have changed in the net. */
  look(): void;
  stop(): void;
}

const BY = { user: "recruiter", roles: [] };
const AGAIN_MS = 1000;

export function startRecruiter(ports: RecruiterPorts): Recruiter {
  const { broker } = ports;
  const put = (place: string, key: string, data: JsonObject) => putOnce(broker, place, key, data);
  const machine = recruiterMachine.provide({
    actors: {
      check: fromPromise<void, Job>(async ({ input, signal }) => {
        const problems = await untilCertain(
          () => problemsOf(broker, input),
          (reason) => [reason],
          ports,
          signal,
        );
        await put("checks", `check-${input.token}`, {
          draft: input.token,
          ok: problems.length === 0,
          findings: problems.length === 0 ? null : problems.join("\n"),
        });
      }),
      hire: fromPromise<void, Job>(async ({ input, signal }) => {
        const outcome = await untilCertain(
          () => hire(broker, input),
          (findings): JsonObject => ({ ok: false, version: null, findings }),
          ports,
          signal,
        );
        await put("outcomes", `hire-${input.token}`, { proposal: input.token, ...outcome });
      }),
    },
  });
  const actor = createActor(machine, { id: "recruiter", systemId: "recruiter" });
  actor.start();
  return {
    look: () => {
      const term = ports.term();
      if (term) actor.send({ type: "jobs.seen", jobs: jobsOf(term) });
    },
    stop: () => actor.stop(),
  };
}

function jobsOf(term: Term): Job[] {
  const at = (place: string) => [...(term.state.places.get(place)?.values() ?? [])].map(({ token }) => token);
  const told = new Set(
    [...at("checks"), ...at("outcomes")].flatMap(({ data }) => (isJsonObject(data) ? [data.draft ?? data.proposal] : [])),
  );
  const waiting = (place: string, kind: Job["kind"]) =>
    at(place).flatMap(({ id, data }): Job[] => (told.has(id) ? [] : [{ kind, token: id, data }]));
  return [...waiting("drafts", "check"), ...waiting("approved", "hire")];
}

async function problemsOf(broker: Broker, { data }: Job): Promise<string[]> {
  const parsed = proposalSchema.safeParse(data);
  if (!parsed.success) return [`The draft has another form: ${parsed.error.issues[0]?.path.join(".")}: ${parsed.error.issues[0]?.message}`];
  return proposalProblems(parsed.data, { ...(await running(broker, parsed.data.net)), personas: await flagsOfAll(broker) });
}

/** Checked again: the net may have changed since. What is done already is done. */
async function hire(broker: Broker, { data }: Job): Promise<JsonObject> {
  const proposal = proposalSchema.parse(data);
  const { definition, hash } = await running(broker, proposal.net);
  if (isDone(definition, proposal)) return { ok: true, version: hash, findings: null };
  const personas = new Map(await flagsOfAll(broker));
  // Its persona may be there from a first try that was cut short; another one of the name is what the check was about.
  if (!isEdit(proposal)) personas.delete(proposal.draft.persona.persona);
  const problems = proposalProblems(proposal, { definition, hash, personas });
  if (problems.length > 0) return { ok: false, version: null, findings: problems.join("\n") };
  if (!isEdit(proposal)) await asked(broker, null, "apply-persona", { ...personaOf(proposal), by: BY });
  const next = isEdit(proposal)
    ? (proposal.draft.definition as JsonObject)
    : hasPosition(proposal)
      ? withPosition(definition, proposal)
      : null;
  if (next === null) return { ok: true, version: hash, findings: null };
  const applied = await asked(broker, null, "apply-net", { definition: next, base: hash, by: BY });
  return { ok: true, version: isJsonObject(applied) ? (applied.hash ?? null) : null, findings: null };
}

function isDone(definition: JsonObject, proposal: Proposal): boolean {
  if (isEdit(proposal)) return sameNet(definition, proposal.draft.definition);
  return hasPosition(proposal) && isHired(definition, proposal);
}

/** As they run: with their defaults. */
function sameNet(one: unknown, other: unknown): boolean {
  const [first, second] = [netSchema.safeParse(one), netSchema.safeParse(other)];
  return first.success && second.success && versionOf(first.data) === versionOf(second.data);
}

async function flagsOfAll(broker: Broker): Promise<ReadonlyMap<string, string>> {
  const rows = await asked(broker, null, "personas", {});
  const known = new Map((await broker.personaVersions.names()).map((name): [string, string] => [name, ""]));
  for (const row of Array.isArray(rows) ? rows : []) if (isJsonObject(row)) known.set(String(row.persona), String(row.flags ?? ""));
  return known;
}

function isHired(definition: JsonObject, { draft }: SpecialistProposal): boolean {
  const transition = isJsonObject(definition.transitions) ? definition.transitions[draft.transition.id] : undefined;
  return isJsonObject(transition) && transition.persona === draft.persona.persona;
}

async function running(broker: Broker, net: string): Promise<{ definition: JsonObject; hash: string }> {
  const answer = await asked(broker, net, "definition", {});
  if (isJsonObject(answer) && isJsonObject(answer.definition) && typeof answer.hash === "string")
    return { definition: answer.definition, hash: answer.hash };
  throw new Terminal({ code: "unknown-net", message: `no net ${net} runs`, hint: "petrel net ls" });
}

async function asked(broker: Broker, net: string | null, verb: string, body: Json): Promise<Json> {
  const answer = await broker.commands.ask(net, verb, body);
  if (answer.ok) return answer.value ?? null;
  throw answer.error ? errorFromData(answer.error) : new Terminal({ code: "bad-answer", message: `${verb} was refused without a reason` });
}

async function putOnce(broker: Broker, place: string, token: string, data: JsonObject): Promise<void> {
  const answer = await broker.door.put(RECRUITING, place, Buffer.from(JSON.stringify(data)), { token, timeoutMs: 30_000 });
  if (!answer.ok) throw errorFromData(answer.error);
}

/** What may pass by itself is tried again; what will not is an answer too, made of its reason. */
async function untilCertain<T>(
  work: () => Promise<T>,
  refused: (reason: string) => T,
  { clock, logger }: RecruiterPorts,
  signal: AbortSignal,
): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const passing = error instanceof Retryable || (error instanceof PetrelError && error.code === "outdated-base");
      if (!passing) return refused(error instanceof Error ? error.message : String(error));
      logger.warn({ err: error }, "the recruiter tries again");
      await delay(clock, AGAIN_MS, signal);
    }
  }
}
