/**
 * A persona's actor: one for each instance. It takes up firings that the net hands it, works on them through the
 * capabilities it was given, and hands the outcome back to the net. It knows no other persona and sends to none.
 */
import { assign, enqueueActions, fromPromise, sendParent, setup, stopChild } from "xstate";
import { errorData } from "../contract/errors.ts";
import type { EventDraft } from "../contract/event.ts";
import type { Outcome } from "../net/outcome.ts";
import type { Capabilities } from "../personas/capabilities.ts";
import type { AssignedFiring } from "./term/dispatch.ts";

export interface PersonaInput {
  persona: string;
  transition: string;
  instance: number;
  capabilities: Capabilities;
}
export interface WorkInput {
  firing: AssignedFiring;
  capabilities: Capabilities;
}
export interface Finished {
  firing: string;
  attempt: number;
  /** Null where the outcome comes by another way: a command's from its executor. */
  outcome: Outcome | null;
  extra: Partial<EventDraft>;
}
export type PersonaEvent =
  | { type: "firing.assigned"; firing: AssignedFiring }
  | { type: "firing.cancelled"; firing: string; attempt: number; reason: string }
  /** Its transition was edited: firings that come from now on work with these. */
  | { type: "capabilities.changed"; capabilities: Capabilities };
export type FinishedEvent = { type: "firing.finished"; finished: Finished };

type ChildEvent =
  | { type: `xstate.done.actor.${string}`; actorId: string; output: Finished }
  | { type: `xstate.error.actor.${string}`; actorId: string; error: unknown };

/** One child for each attempt: a late answer of an earlier attempt belongs to a child that is gone. */
function childId(firing: string, attempt: number): string {
  return `${firing}#${attempt}`;
}

function faulty({ actorId, error }: { actorId: string; error: unknown }): Finished {
  const at = actorId.lastIndexOf("#");
  return {
    firing: actorId.slice(0, at),
    attempt: Number(actorId.slice(at + 1)),
    outcome: { ok: false, error: errorData(error) },
    extra: {},
  };
}

function childOf({ event }: { event: unknown }): string {
  return (event as ChildEvent).actorId;
}

export const personaMachine = setup({
  types: { context: {} as PersonaInput & { busy: string[] }, events: {} as PersonaEvent, input: {} as PersonaInput },
  actors: {
    work: fromPromise<Finished, WorkInput>(() => Promise.reject(new Error("work is provided by the master"))),
  },
}).createMachine({
  id: "persona",
  context: ({ input }) => ({ ...input, busy: [] }),
  initial: "ready",
  states: {
    ready: {
      on: {
        "firing.assigned": {
          actions: enqueueActions(({ context, event, enqueue }) => {
            const id = childId(event.firing.firing, event.firing.attempt);
            if (context.busy.includes(id)) return;
            enqueue.spawnChild("work", { id, input: { firing: event.firing, capabilities: context.capabilities } });
            enqueue.assign({ busy: [...context.busy, id] });
          }),
        },
        "firing.cancelled": {
          actions: enqueueActions(({ context, event, enqueue }) => {
            const id = childId(event.firing, event.attempt);
            if (!context.busy.includes(id)) return;
            enqueue.stopChild(id);
            enqueue.assign({ busy: context.busy.filter((child) => child !== id) });
          }),
        },
        "capabilities.changed": { actions: assign({ capabilities: ({ event }) => event.capabilities }) },
        // A fault in the work itself ends this attempt, never the actors above.
        "xstate.error.actor.*": {
          actions: [
            stopChild(childOf),
            sendParent(({ event }) => ({ type: "firing.finished", finished: faulty(event as unknown as ChildEvent & { error: unknown }) })),
            assign({ busy: ({ context, event }) => context.busy.filter((id: string) => id !== (event as unknown as ChildEvent).actorId) }),
          ],
        },
        "xstate.done.actor.*": {
          actions: [
            // A child that has ended stays in the tree until it is taken out.
            stopChild(childOf),
            sendParent(({ event }) => ({
              type: "firing.finished",
              finished: (event as unknown as ChildEvent & { output: Finished }).output,
            })),
            assign({ busy: ({ context, event }) => context.busy.filter((id: string) => id !== (event as unknown as ChildEvent).actorId) }),
          ],
        },
      },
    },
  },
});
