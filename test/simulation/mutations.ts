import { CALM, type Weather } from "./network.ts";

/** One rule of the protocol broken at a time: where it stands in the source, and what it would be without. */
export interface Mutation {
  rule: string;
  file: string;
  /** Stands there exactly once; a change of the source moves the mutation along. */
  from: string;
  to: string;
  lanes?: string[];
  /** In which it shows soon: one seed in ten fails, or so. The weather of the seed where it is left out. */
  weather?: Weather;
}

export const MUTATIONS: Mutation[] = [
  {
    rule: "E2: an append expects the last sequence",
    file: "src/jetstream/memory/log.ts",
    from: "if (log.last === expected)",
    to: "if (log.last >= expected)",
  },
  {
    rule: "E7: an answer follows the commit",
    file: "src/actors/term/commit-loop.ts",
    from: "    return settled;\n",
    to: "    return this.#over === null ? Promise.resolve(this.#pending.at(-1)?.event as NetEvent) : settled;\n",
  },
  {
    rule: "E7: a term that is over answers nothing",
    file: "src/actors/term/arrivals.ts",
    from: "this.#ports.loop.backlog === 0 && !this.#ports.loop.isOver",
    to: "this.#ports.loop.backlog === 0",
    weather: { ...CALM, slow: 0.1, lost: 0.02, twice: 0.3, lostAnswer: 0.6, falseLease: 0.6 },
  },
  {
    rule: "E6: a put key counts once",
    file: "src/net/fold.ts",
    from: "state.puts.set(put,",
    to: "void (put,",
  },
  {
    rule: "E6: a letter counts once",
    file: "src/net/fold.ts",
    from: "return state.letter?.created === created &&",
    to: "return false &&",
    lanes: ["letters"],
  },
  {
    rule: "E1: the seen set outlives a crash",
    file: "src/net/frozen-state.ts",
    from: "return {\n    rest: {",
    to: "return {\n    rest: { ...(copied(rest) as typeof rest), seen: new Map(), firings: frozenFirings(firings) } as never,\n    unused: {",
    lanes: ["board"],
  },
  {
    rule: "E4: no effect before its started is in the log",
    file: "src/actors/term/commit-loop.ts",
    from: "    applyEvent(state, written.event);\n",
    to: "    applyEvent(state, written.event);\n    const tokens = (event.produced ?? []).map(({ token }) => JSON.stringify(token));\n    queueMicrotask(() => this.#ports.committed(event, { json: JSON.stringify(event), tokens } as never));\n",
    lanes: ["thought", "web"],
  },
  {
    rule: "E8: a result counts for the open attempt alone",
    file: "src/actors/term/outcomes.ts",
    from: "!firing.gate && firing.attempt === result.attempt && firing.claim?.executor === result.executor;",
    to: "!firing.gate;\n    if (firing) result = { ...result, attempt: firing.attempt };",
    lanes: ["command", "story"],
  },
  {
    rule: "E8: the claim is granted after claimed is in the log",
    file: "src/actors/term/claims.ts",
    from: "await loop.commit({",
    to: "void loop.commit({",
    lanes: ["command", "story"],
  },
  {
    rule: "E8: a result is settled once its end is in the log",
    file: "src/actors/term/claims.ts",
    from: "    await this.#ports.loop.caughtUp();\n    return { ok: true, leaseMs: 0",
    to: "    return { ok: true, leaseMs: 0",
    lanes: ["command"],
  },
  {
    rule: "E8: one executor for an attempt",
    file: "src/actors/term/claims.ts",
    from: "if (firing.claim && firing.claim.executor !== executor) return",
    to: "if (firing.claim && firing.claim.executor === '') return",
    lanes: ["command"],
    weather: { ...CALM, slow: 0.4, twice: 0.6 },
  },
  {
    rule: "E5: places are compared with the log at the start of a term",
    file: "src/actors/term/projection.ts",
    from: "await this.#mend(add, remove);",
    to: "",
  },
  {
    rule: "E10: a number is taken once",
    file: "src/actors/term/link-receiver.ts",
    from: "if (number <= this.#taken(batch)) continue;",
    to: "",
    lanes: ["post-office"],
  },
  {
    rule: "E10: delivered follows the receiver's answer",
    file: "src/actors/term/link-sender.ts",
    from: "const answer = await handover.hand(net, batch);",
    to: "const answer = await handover.hand(net, batch).catch(() => ({ ok: true, identity: batch.peer ?? '', taken: batch.first } as never));",
    lanes: ["post-office"],
  },
  {
    rule: "I3: with an instance those inside it end",
    file: "src/net/instances.ts",
    from: "if (firing.subnet) instances.push(firing.firing);",
    to: "",
    lanes: ["race"],
  },
  {
    rule: "A time of a schedule is remembered",
    file: "src/net/fold.ts",
    from: "known.last = Date.parse(String(stands.at))",
    to: "known.last -= 0",
    lanes: ["times"],
  },
  {
    rule: "A retry whose time has passed is not forgotten",
    file: "src/net/due.ts",
    from: "if (notBefore !== null && !gate && !state.paused) next",
    to: "if (notBefore !== null && notBefore > now && !gate && !state.paused) next",
    lanes: ["command", "web"],
  },
  {
    rule: "T1: a tool call is carried out once",
    file: "src/executors/tool-desk.ts",
    from: "let call = session.calls.get(request.call);",
    to: "let call = undefined as ReturnType<typeof session.calls.get>;",
    lanes: ["craft"],
  },
  {
    rule: "J1: what was done stands in the journal before the loop goes on",
    file: "src/actors/step-journal.ts",
    from: "await this.#commit(`${persona} finished the step ${name}.`",
    to: "void (async () => {})(`${persona} finished the step ${name}.`",
    lanes: ["craft"],
  },
  {
    rule: "M2: what was held in memory is looked at again",
    file: "src/actors/term/map-work.ts",
    from: "return net === current ? stillBound(this.#ports.state, transition, binding, now) : null;",
    to: "return net === current ? binding : null;",
    lanes: ["formula"],
  },
];
