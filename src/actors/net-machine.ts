/**
 * A net's actor: it waits for the lease, opens a term, and as long as the term lasts passes firings to the personas that
 * it has spawned, one actor for each instance. It holds nothing that the log does not.
 */
import { assign, enqueueActions, fromCallback, fromPromise, setup } from "xstate";
import type { FinishedEvent, PersonaEvent, PersonaInput } from "./persona-machine.ts";
import { personaMachine } from "./persona-machine.ts";
import type { AssignedFiring } from "./term/dispatch.ts";
import type { Term } from "./term/term.ts";

export interface RosterEntry extends PersonaInput {
  /** Child id: `<transition>/<instance>`. */
  id: string;
  /** `<net>/<persona>/<n>`, n counting over the persona's transitions. */
  systemId: string;
}
export type NetEventIn =
  | { type: "roster.changed"; roster: RosterEntry[] }
  | { type: "firing.assigned"; firing: AssignedFiring }
  | { type: "firing.cancelled"; firing: string; attempt: number; reason: string }
  | FinishedEvent
  | { type: "term.over"; reason: string }
  | { type: "term.opened"; term: Term }
  | { type: "net.stop" };

export interface NetInput {
  net: string;
}
interface NetContext extends NetInput {
  term: Term | null;
  roster: RosterEntry[];
  /** Firing -> child that works on it. */
  holders: Record<string, string>;
  lastReason: string | null;
}

export const netMachine = setup({
  types: { context: {} as NetContext, events: {} as NetEventIn, input: {} as NetInput },
  actors: {
    persona: personaMachine,
    /** Settles when the lease is ours. */
    acquire: fromPromise<void, NetInput>(() => Promise.reject(new Error("provided by the master"))),
    open: fromPromise<Term, NetInput>(() => Promise.reject(new Error("provided by the master"))),
    /** Renews the lease, and sends `term.over` when it cannot. */
    keepLease: fromCallback<NetEventIn, NetInput & { term: Term | null }>(() => {}),
    wait: fromPromise<void, NetInput>(() => Promise.resolve()),
    close: fromPromise<void, { term: Term | null; net: string }>(({ input }) => input.term?.close() ?? Promise.resolve()),
  },
  actions: {
    dismissAll: enqueueActions(({ context, enqueue }) => {
      for (const { id } of context.roster) enqueue.stopChild(id);
      enqueue.assign({ roster: [], holders: {}, term: null });
    }),
    settle: ({ context, event }) => {
      if (event.type !== "firing.finished" || event.finished.outcome === null) return;
      const { firing, attempt, outcome, extra } = event.finished;
      void context.term?.settle(firing, attempt, outcome, extra);
    },
    abandon: ({ context }) => {
      void context.term?.abandon();
    },
  },
}).createMachine({
  id: "net",
  context: ({ input }) => ({ ...input, term: null, roster: [], holders: {}, lastReason: null }),
  initial: "acquiring",
  on: {
    "term.opened": { actions: assign({ term: ({ event }) => event.term }) },
    "roster.changed": {
      actions: enqueueActions(({ context, event, enqueue }) => {
        const wanted = new Set(event.roster.map(({ id }) => id));
        const there = new Set(context.roster.map(({ id }) => id));
        for (const { id } of context.roster) if (!wanted.has(id)) enqueue.stopChild(id);
        for (const { id, systemId, ...input } of event.roster) if (!there.has(id)) enqueue.spawnChild("persona", { id, systemId, input });
        enqueue.assign({ roster: event.roster });
      }),
    },
    "firing.assigned": {
      actions: enqueueActions(({ event, enqueue, context }) => {
        const id = `${event.firing.transition}/${event.firing.instance}`;
        enqueue.sendTo(id, { type: "firing.assigned", firing: event.firing } satisfies PersonaEvent);
        enqueue.assign({ holders: { ...context.holders, [event.firing.firing]: id } });
      }),
    },
    "firing.cancelled": {
      actions: enqueueActions(({ event, enqueue, context }) => {
        const holder = context.holders[event.firing];
        if (holder === undefined || !context.roster.some(({ id }) => id === holder)) return;
        enqueue.sendTo(holder, {
          type: "firing.cancelled",
          firing: event.firing,
          attempt: event.attempt,
          reason: event.reason,
        } satisfies PersonaEvent);
        const { [event.firing]: _, ...holders } = context.holders;
        enqueue.assign({ holders });
      }),
    },
    "firing.finished": { actions: "settle" },
    "net.stop": { target: ".closing" },
    "term.over": { target: ".acquiring", actions: [assign({ lastReason: ({ event }) => event.reason }), "dismissAll"] },
  },
  states: {
    acquiring: {
      invoke: { src: "acquire", input: ({ context }) => ({ net: context.net }), onDone: "opening", onError: "waiting" },
    },
    opening: {
      invoke: {
        src: "open",
        input: ({ context }) => ({ net: context.net }),
        onDone: { target: "owning", actions: assign({ term: ({ event }) => event.output }) },
        onError: { target: "waiting", actions: [assign({ lastReason: ({ event }) => String(event.error) }), "abandon", "dismissAll"] },
      },
    },
    owning: {
      invoke: { src: "keepLease", input: ({ context }) => ({ net: context.net, term: context.term }) },
    },
    waiting: {
      invoke: { src: "wait", input: ({ context }) => ({ net: context.net }), onDone: "acquiring", onError: "acquiring" },
    },
    closing: {
      invoke: { src: "close", input: ({ context }) => ({ term: context.term, net: context.net }), onDone: "closed", onError: "closed" },
    },
    closed: { type: "final", entry: "dismissAll" },
  },
});
