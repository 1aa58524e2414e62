/** What an open firing waits for: people, its time, an executor, or its answer. */
import { isoTime } from "../contract/clock.ts";
import { DEAD_LETTER } from "./built-in-places.ts";
import type { CompiledNet } from "./compiled-net.ts";
import { DEATHS, deathsText, deathsThatCount, wantedUptime } from "./deaths.ts";
import { lacksOf, missingFor, missingText, type Needs, sessionHand, startCommand, suits } from "./executor-match.ts";
import { contentsOf } from "./instances.ts";
import type { NetState, OpenFiring } from "./state.ts";
import { isStopped } from "./stopped.ts";
import type { Reason } from "./why-reason.ts";

export interface ExecutorSeen {
  name: string;
  /** Which start of it is heard. */
  start?: string;
  pools: string[];
  labels: string[];
  hands?: string[];
  leaving?: boolean;
  full?: string;
  /** ISO time until which it gets no work. */
  heldOff?: string;
  busy: number;
  slots: number;
}

export interface CutOff {
  at: string;
  until: string;
}

export interface ModelWait {
  provider: string;
  model: string;
  reason: "busy" | "limit";
  /** Milliseconds since the epoch. */
  until: number;
}

interface Context {
  state: NetState;
  now: number;
  netOf(firing: OpenFiring): CompiledNet | null;
  executors: ExecutorSeen[] | null;
  waitOf?(firing: OpenFiring): ModelWait | null;
  /** Of an executor that was cut off while it works: ISO times of that, and at which the last lease that it may have had is over. */
  cutOff?: ReadonlyMap<string, CutOff>;
}

export function firingReason(context: Context, firing: OpenFiring): Reason {
  const { now } = context;
  const about = { firing: firing.firing, transition: firing.transition };
  if (firing.gate) return { ...about, ...gateReason(context.state.net, firing) };
  const { attempt, notBefore, claim, subnet } = firing;
  if (subnet) return { ...about, ...instanceReason(context.state, firing, subnet) };
  if (notBefore !== null && notBefore > now) {
    const until = isoTime(notBefore);
    return { ...about, code: "backoff", until, text: `attempt ${attempt - 1} failed; attempt ${attempt} begins at ${until}` };
  }
  if (context.state.killed || isStopped(context.state, "persona", firing.persona ?? undefined))
    return { ...about, code: "killed", text: `attempt ${attempt} was stopped; the next one begins when it is resumed` };
  const cutOff = claim ? context.cutOff?.get(claim.executor) : undefined;
  if (claim && cutOff) {
    const text = `${claim.executor} was revoked at ${cutOff.at}; what it had, attempt ${attempt}, goes to another when its lease is over, at ${cutOff.until}`;
    return { ...about, code: "claimed", text, until: cutOff.until };
  }
  if (claim)
    return {
      ...{ ...about, code: "claimed" },
      text: `${claim.executor} works on it, attempt ${attempt}, since ${isoTime(firing.startedAt)}${diedText(context, firing)}`,
    };
  const needs = needsOf(context, firing);
  if (needs !== null) {
    const reason = executorReason(context, needs, attempt);
    return { ...about, ...reason, text: `${reason.text}${diedText(context, firing)}` };
  }
  const wait = context.waitOf?.(firing);
  if (wait) {
    const until = isoTime(wait.until);
    const why = wait.reason === "busy" ? "is busy" : "has reached its rate limit";
    return { ...about, code: "waiting-for-model", until, text: `${wait.provider}/${wait.model} ${why}; it is asked again at ${until}` };
  }
  return { ...about, code: "under-way", text: `attempt ${attempt} is under way since ${isoTime(firing.startedAt)}` };
}

/** What is to be known of work by which executors die; empty where none did. */
function diedText({ executors }: Context, { deaths = [] }: OpenFiring): string {
  const died = deathsThatCount(deaths, (name) => executors?.find((one) => one.name === name)?.start);
  if (died.length === 0) return "";
  const wanted = wantedUptime(died.length);
  const next = wanted > 0 ? `it is for one that has been up for ${wanted / 1000} s and has no other such work, and ` : "it ";
  return `; its executor died while it worked on it: ${deathsText(died)}; ${next}fails with the ${DEATHS}th death`;
}

/** An instance waits for what failed inside: it goes on when that is put back. */
function instanceReason(state: NetState, firing: OpenFiring, subnet: string): Pick<Reason, "code" | "text" | "token" | "command"> {
  const text = `its work is under way in an instance of ${subnet} since ${isoTime(firing.startedAt)}`;
  const failed = contentsOf(state, firing.firing).tokens.find(({ place }) => place === DEAD_LETTER)?.id;
  if (failed === undefined) return { code: "under-way", text };
  return {
    code: "under-way",
    text: `${text}; ${failed} of it failed and lies in ${DEAD_LETTER}`,
    command: `petrel retry ${state.net} ${failed}`,
  };
}

function gateReason(net: string, { gate, firing }: OpenFiring): Pick<Reason, "code" | "text" | "have" | "want" | "until" | "command"> {
  if (!gate) return { code: "other", text: "" };
  const have = gate.decisions.filter(({ approve }) => approve).length;
  if (gate.passed) return { code: "gate", text: `the gate ${gate.name} is open; it starts when there is room`, have, want: gate.quorum };
  const until = gate.expiresAt === null ? {} : { until: isoTime(gate.expiresAt) };
  const code = gate.budget === undefined ? "gate" : "budget";
  const who = `${gate.approvers.join(" or ")}${gate.notAuthor ? ", not its author," : ""}`;
  return {
    ...{ code, have, want: gate.quorum, ...until, command: `petrel gate approve ${net} ${firing}` },
    text: `${code === "budget" ? "a budget is spent, and " : ""}the gate ${gate.name} holds it: ${have} of ${gate.quorum} approvals, ${who} must decide`,
  };
}

function needsOf({ netOf }: Context, firing: OpenFiring): Needs | null {
  const definition = netOf(firing)?.transitions.get(firing.transition)?.definition;
  if (definition?.kind === "command") return { pool: definition.pool, labels: definition.labels ?? [], hand: definition.hand };
  const isHeld = definition?.kind === "agent" && definition.workspace !== undefined;
  return isHeld ? { pool: definition.pool ?? "code", labels: definition.labels ?? [], hand: sessionHand(definition) } : null;
}

function executorReason(
  { executors, state }: Context,
  needs: Needs,
  attempt: number,
): Pick<Reason, "code" | "text" | "command"> & { missing?: string[] } {
  const { pool } = needs;
  const lack = executors === null ? null : missingFor(needs, executors);
  if (lack) {
    const command = startCommand(needs, executors ?? []);
    const code =
      lack.full !== undefined
        ? "disk-full"
        : lack.nearest === null
          ? "no-executor"
          : lack.labels.length > 0
            ? "label-missing"
            : "hand-missing";
    const missing = lacksOf(lack);
    return { code, text: `blocked: ${missingText(lack)}`, command, ...(missing.length > 0 ? { missing } : {}) };
  }
  const able = executors?.filter((one) => suits(needs, one)) ?? null;
  const members = able?.filter(({ name }) => !isStopped(state, "executor", name)) ?? null;
  const [stopped] = able ?? [];
  if (members?.length === 0 && stopped) {
    const names = able?.map(({ name }) => name).join(", ");
    return { code: "killed", text: `who could do it is stopped: ${names}`, command: `petrel resume ${stopped.name}` };
  }
  const free = members?.filter(({ heldOff }) => heldOff === undefined);
  if (members?.length && free?.length === 0) {
    const names = members.map(({ name, heldOff }) => `${name} until ${heldOff}`).join(", ");
    const text = `who could do it lets its claims lapse and gets no work: ${names}`;
    return { code: "executor-held-off", text, command: startCommand(needs, executors ?? []) };
  }
  const busy = free?.every((one) => one.busy >= one.slots) ? `; all are busy: ${free.map(({ name }) => name).join(", ")}` : "";
  return { code: "waiting-for-executor", text: `attempt ${attempt} is offered to the pool ${pool} and not claimed yet${busy}` };
}
