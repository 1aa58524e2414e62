/**
 * The recruiter's actor: for each draft that waits for its check, and each approved proposal that is to join its net, it spawns a
 * child of its own. It holds nothing: what is to be done follows from the log of the net `recruiting`, and doing it again changes
 * nothing.
 */
import { enqueueActions, fromPromise, setup } from "xstate";

export interface Job {
  kind: "check" | "hire";
  /** Of the token that it is about. */
  token: string;
  data: unknown;
}
export type RecruiterEvent = { type: "jobs.seen"; jobs: Job[] };
type ChildEvent = { type: `xstate.done.actor.${string}` | `xstate.error.actor.${string}`; actorId: string };

const unprovided = () => Promise.reject(new Error("provided by the master"));

export const recruiterMachine = setup({
  types: { context: {} as { busy: string[] }, events: {} as RecruiterEvent | ChildEvent },
  actors: { check: fromPromise<void, Job>(unprovided), hire: fromPromise<void, Job>(unprovided) },
  actions: {
    dismiss: enqueueActions(({ context, event, enqueue }) => {
      const { actorId } = event as ChildEvent;
      enqueue.stopChild(actorId);
      enqueue.assign({ busy: context.busy.filter((each) => each !== actorId) });
    }),
  },
}).createMachine({
  id: "recruiter",
  context: { busy: [] },
  initial: "watching",
  states: {
    watching: {
      on: {
        "jobs.seen": {
          actions: enqueueActions(({ context, event, enqueue }) => {
            const fresh = event.jobs.filter(({ kind, token }) => !context.busy.includes(`${kind}/${token}`));
            for (const job of fresh) enqueue.spawnChild(job.kind, { id: `${job.kind}/${job.token}`, input: job });
            enqueue.assign({ busy: [...context.busy, ...fresh.map(({ kind, token }) => `${kind}/${token}`)] });
          }),
        },
        "xstate.done.actor.*": { actions: "dismiss" },
        "xstate.error.actor.*": { actions: "dismiss" },
      },
    },
  },
});
