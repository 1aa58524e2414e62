/**
 * A net's actor: it waits for the lease, opens a term, and as long as the term lasts passes firings to the personas that
 * it has spawned, one actor for each instance. It holds nothing that the log does not.
 */
import { assign, enqueueActions, fromCallback, fromPromise, setup } from "xstate";
import type { FinishedEvent, PersonaEvent, PersonaInput } from "./persona-machine.ts";
import { personaMachine } from "./persona-machine.ts";
import { type SubnetInput, subnetMachine } from "./subnet-machine.ts";
import type { AssignedFiring } from "./term/dispatch.ts";
import type { Term } from "./term/term.ts";

/** Where one instance of a persona is wanted. */
export interface Post extends PersonaInput {
  /** `<transition>/<instance>`. */
  id: string;
}
interface Holder extends Post {
  /** Of the child; the post's, with a mark when the post went to another persona. */
  child: string;
  /** `<net>/<persona>/<n>`, n counting over the persona's transitions; kept as long as the actor lives. */
  systemId: string;
  /** The post is gone: the actor ends what it holds, and goes. */
  retired: boolean;
}
/** Before the path in a sub-net actor's id. */
export const SUBNET = "subnet:";

export type NetEventIn =
  | { type: "roster.changed"; roster: Post[]; subnets: SubnetInput[] }
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
  roster: Holder[];
  /** Paths of the sub-nets that have an actor. */
  subnets: string[];
  /** Firing -> child that works on it. */
  holders: Record<string, string>;
  lastReason: string | null;
}

/**
 * The actors after an edit: those that stay keep their system ids, those whose post is gone leave when they hold nothing,
 * and new ones take the lowest number of their persona that is free.
 */
function reassigned(context: NetContext, posts: Post[]): { next: Holder[]; gone: Holder[]; fresh: Set<string> } {
  const held = new Set(Object.values(context.holders));
  const next: Holder[] = [];
  const gone: Holder[] = [];
  for (const holder of context.roster) {
    const post = posts.find(({ id, persona }) => id === holder.id && persona === holder.persona);
    if (post && !holder.retired) next.push({ ...holder, ...post });
    else if (held.has(holder.child)) next.push({ ...holder, retired: true });
    else gone.push(holder);
  }
  const fresh = new Set<string>();
  for (const post of posts) {
    if (next.some(({ id, retired }) => id === post.id && !retired)) continue;
    const taken = new Set(next.map(({ systemId }) => systemId));
    let n = 1;
    while (taken.has(`${context.net}/${post.persona}/${n}`)) n += 1;
    const child = next.some((each) => each.child === post.id) || gone.some((each) => each.child === post.id) ? `${post.id}/${n}` : post.id;
    next.push({ ...post, child, systemId: `${context.net}/${post.persona}/${n}`, retired: false });
    fresh.add(child);
  }
  return { next, gone, fresh };
}

export const netMachine = setup({
  types: { context: {} as NetContext, events: {} as NetEventIn, input: {} as NetInput },
  actors: {
    persona: personaMachine,
    subnet: subnetMachine,
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
      for (const { child } of context.roster) enqueue.stopChild(child);
      for (const path of context.subnets) enqueue.stopChild(`${SUBNET}${path}`);
      enqueue.assign({ roster: [], subnets: [], holders: {}, term: null });
    }),
    settle: ({ context, event }) => {
      if (event.type !== "firing.finished" || event.finished.outcome === null) return;
      const { firing, attempt, outcome, extra } = event.finished;
      context.term?.outcomes.settleSoon(firing, attempt, outcome, extra);
    },
  },
}).createMachine({
  id: "net",
  context: ({ input }) => ({ ...input, term: null, roster: [], subnets: [], holders: {}, lastReason: null }),
  initial: "acquiring",
  on: {
    "term.opened": { actions: assign({ term: ({ event }) => event.term }) },
    "roster.changed": {
      actions: enqueueActions(({ context, event, enqueue }) => {
        const { next, gone, fresh } = reassigned(context, event.roster);
        for (const { child } of gone) enqueue.stopChild(child);
        for (const { child, retired, capabilities } of next) {
          if (!retired && !fresh.has(child)) enqueue.sendTo(child, { type: "capabilities.changed", capabilities } satisfies PersonaEvent);
        }
        for (const { child, systemId, persona, transition, instance, capabilities } of next) {
          const input = { persona, transition, instance, capabilities };
          if (fresh.has(child)) enqueue.spawnChild("persona", { id: child, systemId, input });
        }
        const paths = event.subnets.map(({ path }) => path);
        for (const path of context.subnets) if (!paths.includes(path)) enqueue.stopChild(`${SUBNET}${path}`);
        for (const input of event.subnets) {
          if (context.subnets.includes(input.path)) continue;
          enqueue.spawnChild("subnet", { id: `${SUBNET}${input.path}`, systemId: `${context.net}/${input.path}`, input });
        }
        enqueue.assign({ roster: next, subnets: paths });
      }),
    },
    "firing.assigned": {
      actions: enqueueActions(({ event, enqueue, context }) => {
        // An instance that an edit took away meanwhile: another one of the transition does it.
        const posted = context.roster.filter(({ transition, retired }) => transition === event.firing.transition && !retired);
        const taker = posted.find(({ instance }) => instance === event.firing.instance) ?? posted[0];
        if (!taker) return;
        enqueue.sendTo(taker.child, { type: "firing.assigned", firing: event.firing } satisfies PersonaEvent);
        enqueue.assign({ holders: { ...context.holders, [event.firing.firing]: taker.child } });
      }),
    },
    "firing.cancelled": {
      actions: enqueueActions(({ event, enqueue, context }) => {
        const holder = context.holders[event.firing];
        const entry = context.roster.find(({ child }) => child === holder);
        if (holder === undefined || !entry) return;
        enqueue.sendTo(holder, {
          type: "firing.cancelled",
          firing: event.firing,
          attempt: event.attempt,
          reason: event.reason,
        } satisfies PersonaEvent);
        const { [event.firing]: _, ...holders } = context.holders;
        const leaves = entry.retired && !Object.values(holders).includes(holder);
        if (leaves) enqueue.stopChild(holder);
        enqueue.assign({ holders, roster: leaves ? context.roster.filter((each) => each !== entry) : context.roster });
      }),
    },
    "firing.finished": { actions: "settle" },
    "net.stop": { target: ".closing" },
    // Not at once: two owners that fight would otherwise do nothing else.
    "term.over": { target: ".waiting", actions: [assign({ lastReason: ({ event }) => event.reason }), "dismissAll"] },
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
        onError: { target: "waiting", actions: [assign({ lastReason: ({ event }) => String(event.error) }), "dismissAll"] },
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
