/**
 * What each user may do on the wire. Deny by default: a user has what is listed and nothing else.
 * `*` stands for a whole subject token only, so pools are listed one by one or by the consumer name that only work queues have.
 */
import { streams, subjects, WORKERS } from "../../contract/subjects.ts";
import type { Credentials, ExecutorUser } from "./credentials.ts";
import { executorInbox } from "./credentials.ts";

export interface Permissions {
  publish: { allow: string[]; deny?: string[] };
  subscribe: { allow: string[]; deny?: string[] };
  /** May answer requests that it received. */
  responses?: { max: number; expires: string };
}
export interface ServerUser {
  user: string;
  password: string;
  permissions: Permissions | null;
}

/**
 * Looks at everything: reads of streams, the live events. It makes no consumers: the server publishes to whatever subject a
 * consumer names, also where this user may not.
 */
export function readonlyPermissions(): Permissions {
  const api = "$JS.API";
  return {
    publish: {
      allow: [
        `${api}.INFO`,
        ...["NAMES", "LIST", "INFO.*", "MSG.GET.*"].map((call) => `${api}.STREAM.${call}`),
        `${api}.DIRECT.GET.>`,
        ...["INFO.*.*", "NAMES.*", "LIST.*"].map((call) => `${api}.CONSUMER.${call}`),
      ],
    },
    subscribe: { allow: ["event.>", "saying.>", "place.>", "log.>", "_INBOX.>"] },
  };
}

/** Exactly an executor's own doings: pull, claim, deliver, heartbeat, artefacts, and requests addressed to it. */
export function executorPermissions(name: string, pools: string[] | null): Permissions {
  const queues = pools === null ? ["*"] : pools.map((pool) => streams.work(pool));
  return {
    publish: {
      allow: [
        ...queues.flatMap((queue) => [
          `$JS.API.CONSUMER.MSG.NEXT.${queue}.${WORKERS}`,
          `$JS.API.CONSUMER.INFO.${queue}.${WORKERS}`,
          `$JS.ACK.${queue}.${WORKERS}.>`,
        ]),
        subjects.claimsOf(name),
        `done.${name}.>`,
        subjects.heartbeat(name),
        subjects.artifact("put", name),
        subjects.artifact("get", name),
      ],
    },
    subscribe: { allow: [subjects.handsAll(name), `${executorInbox(name)}.>`] },
    responses: { max: 1, expires: "1m" },
  };
}

export function serverUsers(credentials: Credentials): ServerUser[] {
  const executors = Object.entries(credentials.executors).map(
    ([name, { user, password, pools }]: [string, ExecutorUser]): ServerUser => ({
      user,
      password,
      permissions: executorPermissions(name, pools),
    }),
  );
  return [
    { ...credentials.master, permissions: null },
    { ...credentials.admin, permissions: null },
    { ...credentials.readonly, permissions: readonlyPermissions() },
    ...executors,
  ];
}
