/**
 * What each user may do on the wire. Deny by default: a user has what is listed and nothing else.
 * `*` stands for a whole subject token only, so pools are listed one by one or by the consumer name that only work queues have.
 */
import { buckets, streams, subjects, WORKERS } from "../../contract/subjects.ts";
import { READ_API } from "./accounts.ts";

export interface Permissions {
  publish: { allow: string[]; deny?: string[] };
  subscribe: { allow: string[]; deny?: string[] };
  /** May answer requests that it received. */
  responses?: { max: number; expiresMs: number };
}

/** The inbox prefix that an executor's user is confined to. */
export function executorInbox(name: string): string {
  return `_INBOX_${name}`;
}

/** Answers to requests, also to those that came from another account. */
const ANSWERS = ["_INBOX.>", "_R_.>"];
const READS = [
  "INFO",
  ...["NAMES", "LIST", "INFO.*", "MSG.GET.*"].map((call) => `STREAM.${call}`),
  "DIRECT.GET.>",
  ...["INFO.*.*", "NAMES.*", "LIST.*"].map((call) => `CONSUMER.${call}`),
];
const under = (prefix: string, calls: string[]) => calls.map((call) => `${prefix}.${call}`);

/** A master keeps logs, places and queues, answers and asks; it never speaks as an executor does. */
export function masterPermissions(): Permissions {
  return {
    publish: {
      allow: [
        ...["$JS.API.>", "$JS.FC.>", "$KV.>", "$O.>"],
        ...["log.*", "place.*.*.*", "work.>", "event.>", "put.*.*"],
        ...["command.*.*", "runtime.*", "handover.*", "master.*.*", "hands.*.*", "saying.>", "printing.>"],
        ...ANSWERS,
      ],
    },
    subscribe: {
      allow: [
        ...["_INBOX.>", "$KV.>", "put.*.*", "place.>", "command.*.*", "runtime.*", "handover.*", "master.*.*", "event.>"],
        ...["claim.>", "done.>", "heartbeat.*", "artifact.*.*", "log.*", "work.>", "lookout.>", "saying.>", "printing.>", "output.*.*.*.*"],
      ],
    },
  };
}

/** The command line: it reads, puts, and asks owners for the rest. */
export function commandLinePermissions(): Permissions {
  const stores = [buckets.artifacts, buckets.checkpoints].map((bucket) => `OBJ_${bucket}`);
  const opening = stores.flatMap((store) => [
    `STREAM.CREATE.${store}`,
    ...["CREATE", "DELETE", "INFO"].map((call) => `CONSUMER.${call}.${store}.>`),
    ...["CREATE", "MSG.NEXT"].flatMap((call) => [`CONSUMER.${call}.${store}`, `CONSUMER.${call}.${store}.>`]),
  ]);
  return {
    publish: {
      allow: [
        ...under("$JS.API", [...READS, ...new Set(opening)]),
        ...[buckets.access, buckets.limits, buckets.secrets, buckets.enrolled].flatMap(writesBucket),
        ...["$JS.FC.>", "put.*.*", "command.*.*", "runtime.*"],
      ],
    },
    subscribe: { allow: ["_INBOX.>", "event.>", "saying.>", "printing.>", "log.*", "heartbeat.*", "$KV.>"] },
  };
}

function writesBucket(bucket: string): string[] {
  return [`$KV.${bucket}.>`, ...["CREATE", "UPDATE", "MSG.DELETE"].map((call) => `$JS.API.STREAM.${call}.KV_${bucket}`)];
}

/** Reading the content of a bucket, by whatever call. */
function readsOf(api: string, bucket: string): string[] {
  const stream = `KV_${bucket}`;
  const calls = [`STREAM.MSG.GET.${stream}`, `DIRECT.GET.${stream}`, `DIRECT.GET.${stream}.>`];
  return under(api, [...calls, ...["CREATE", "MSG.NEXT", "INFO"].map((call) => `CONSUMER.${call}.${stream}.>`)]);
}

/** What the command line may, but for the secrets of models and requests. */
export function gatewayPermissions(): Permissions {
  const { publish, subscribe } = commandLinePermissions();
  // It makes none of its own: who may work here is said at the master's side.
  const secrets = [buckets.secrets, buckets.enrolled].flatMap(writesBucket);
  return {
    publish: { allow: publish.allow.filter((subject) => !secrets.includes(subject)), deny: readsOf("$JS.API", buckets.secrets) },
    subscribe: { allow: [...subscribe.allow, "place.*.*.*"], deny: [`$KV.${buckets.secrets}.>`] },
  };
}

/**
 * In an account of its own (`accounts.ts`): looks at everything but secrets, listens to the live events. Consumers it gets from a lookout,
 * which makes none that delivers by itself; the one of the work queues is not its to pull from.
 */
export function readerPermissions(): Permissions {
  const pulls = ["CONSUMER.CREATE.>", "CONSUMER.DELETE.*.*", "CONSUMER.MSG.NEXT.*.*"];
  return {
    // Who pages through a stream acknowledges what it sees: in this account that leads nowhere.
    publish: {
      allow: [...under(READ_API, [...READS, ...pulls]), "$JS.ACK.>"],
      deny: [
        ...[`${READ_API}.CONSUMER.*.*.${WORKERS}`, `${READ_API}.CONSUMER.MSG.NEXT.*.${WORKERS}`],
        ...[buckets.access, buckets.secrets].flatMap((bucket) => readsOf(READ_API, bucket)),
      ],
    },
    subscribe: { allow: ["event.>", "saying.>", "printing.>", "place.*.*.*", "log.*", "_INBOX.>"] },
  };
}

/** A person with the NATS CLI: looks at everything, puts tokens and posts letters. */
export function peoplePermissions(): Permissions {
  const { publish, subscribe } = readerPermissions();
  return { publish: { ...publish, allow: [...publish.allow, "put.*.*", "place.*.*"] }, subscribe };
}

/** Exactly an executor's own doings, in an account of its own: pull, claim, deliver, heartbeat, artefacts, and requests to it. */
export function executorPermissions(name: string, pools: string[] | null): Permissions {
  const queues = pools === null ? ["*"] : pools.map((pool) => streams.work(pool));
  const pulls = queues.flatMap((queue) => [`pull.${queue}`, `$JS.ACK.${queue}.${WORKERS}.>`]);
  return ownDoings(name, pulls);
}

function ownDoings(name: string, pulls: string[]): Permissions {
  return {
    publish: {
      allow: [
        ...pulls,
        subjects.claimsOf(name),
        `done.${name}.>`,
        subjects.heartbeat(name),
        subjects.outputsOf(name),
        subjects.artifact("put", name),
        subjects.artifact("get", name),
      ],
    },
    subscribe: { allow: [subjects.handsAll(name), `${executorInbox(name)}.>`] },
    responses: { max: 1, expiresMs: 60_000 },
  };
}

/** As executors had them where all users share one account: on servers that were set up with a list of passwords. */
export function sharedExecutorPermissions(name: string, pools: string[] | null): Permissions {
  const queues = pools === null ? ["*"] : pools.map((pool) => streams.work(pool));
  const pulls = queues.flatMap((queue) => [
    `$JS.API.CONSUMER.MSG.NEXT.${queue}.${WORKERS}`,
    `$JS.API.CONSUMER.INFO.${queue}.${WORKERS}`,
    `$JS.ACK.${queue}.${WORKERS}.>`,
  ]);
  return ownDoings(name, pulls);
}

/** A reader where all users share one account. It makes no consumers: one could deliver into the doors of a net. */
export function sharedReaderPermissions(): Permissions {
  return {
    publish: { allow: under("$JS.API", READS) },
    subscribe: { allow: ["event.>", "saying.>", "printing.>", "place.>", "log.>", "_INBOX.>"] },
  };
}
