/**
 * The accounts of a Petrel and what leads from one to another (design section 9).
 * R1 Everything lies in the account `petrel`. Masters and the command line log in there.
 * R2 Each executor, the readers, and the people with the NATS CLI have accounts of their own: what they publish, the reply
 *    subjects of their requests among it, ends in that account, unless it is one of the few services that are imported there.
 * R3 What an executor's account imports carries its name or its pools, so nothing said there can be said in another's name.
 */
import type { Account, Export, Import } from "@nats-io/jwt";
import { streams, subjects, WORKERS } from "../../contract/subjects.ts";

/** Where readers and people find the part of JetStream's API that is theirs: `$JS.API` itself cannot be imported. */
export const READ_API = "PETREL.API";
/** How much of a lookout's own API they have: see `lookout.ts`. */
export const LOOKOUT = "lookout";

const NEXT = "$JS.API.CONSUMER.MSG.NEXT";
const ACK = "$JS.ACK";
const UNLIMITED = -1;

/** Calls of JetStream's API that read, with the kind of their answers. */
const READS: readonly [call: string, answers: "one" | "many"][] = [
  ["INFO", "one"],
  ["STREAM.NAMES", "one"],
  ["STREAM.LIST", "one"],
  ["STREAM.INFO.*", "one"],
  ["STREAM.MSG.GET.*", "one"],
  ["DIRECT.GET.*", "many"],
  ["DIRECT.GET.*.>", "many"],
  ["CONSUMER.NAMES.*", "one"],
  ["CONSUMER.LIST.*", "one"],
  ["CONSUMER.INFO.*.*", "one"],
  ["CONSUMER.MSG.NEXT.*.*", "many"],
];
const LOOKOUT_CALLS = ["CONSUMER.CREATE.>", "CONSUMER.DELETE.*.*"];
const DOORS = ["put.*.*", "place.*.*"];
const VIEWS = ["event.>", "saying.>", "printing.>", "log.*", "place.*.*.*"];

const service = (subject: string, answers: "one" | "many" = "one"): Export => ({
  name: subject,
  subject,
  type: "service",
  response_type: answers === "one" ? "Singleton" : "Stream",
});
const from = (account: string, subject: string, local?: string): Import => ({
  name: subject,
  subject,
  account,
  type: "service",
  ...(local === undefined ? {} : { local_subject: local }),
});
const limits = (over: object): NonNullable<Account["limits"]> => ({
  ...{ subs: UNLIMITED, data: UNLIMITED, payload: UNLIMITED, imports: UNLIMITED, exports: UNLIMITED, wildcards: true },
  ...{ conn: UNLIMITED, leaf: 0 },
  ...over,
});
const NO_STORE = { mem_storage: 0, disk_storage: 0, streams: 0, consumer: 0 };

/** Of the servers themselves: claims are pushed and connections seen from here. */
export function systemAccount(): Partial<Account> {
  return {
    exports: [
      {
        name: "account-monitoring-services",
        subject: "$SYS.REQ.ACCOUNT.*.*",
        type: "service",
        account_token_position: 4,
        response_type: "Stream",
      },
      { name: "account-monitoring-streams", subject: "$SYS.ACCOUNT.*.>", type: "stream", account_token_position: 3 },
    ],
    limits: limits(NO_STORE),
  };
}

/** R1. `executors`: the public keys of their accounts by name. */
export function petrelAccount(executors: Record<string, string>): Partial<Account> {
  const store = { mem_storage: UNLIMITED, disk_storage: UNLIMITED, streams: UNLIMITED, consumer: UNLIMITED };
  return {
    exports: [
      ...READS.map(([call, answers]) => service(`$JS.API.${call}`, answers)),
      service(`${ACK}.*.${WORKERS}.>`),
      ...["claim.>", "done.>", "heartbeat.*", "artifact.*.*", subjects.outputAll(), `${LOOKOUT}.>`, ...DOORS].map((subject) =>
        service(subject),
      ),
      ...VIEWS.map((subject): Export => ({ name: subject, subject, type: "stream" })),
    ],
    imports: Object.entries(executors).map(([name, account]) => from(account, subjects.handsAll(name))),
    limits: limits({ ...store, mem_max_stream_bytes: 0, disk_max_stream_bytes: 0, max_ack_pending: UNLIMITED }),
  };
}

/** R3. `pools`: those it may pull from, null for all. */
export function executorAccount(name: string, pools: string[] | null, petrel: string): Partial<Account> {
  const queues = pools === null ? ["*"] : pools.map((pool) => streams.work(pool));
  const own = [subjects.claimsOf(name), `done.${name}.>`, subjects.heartbeat(name), subjects.outputsOf(name)];
  const artifacts = (["put", "get"] as const).map((verb) => subjects.artifact(verb, name));
  return {
    imports: [
      ...queues.map((queue) => from(petrel, `${NEXT}.${queue}.${WORKERS}`, `pull.${queue === "*" ? "$1" : queue}`)),
      ...queues.map((queue) => from(petrel, `${ACK}.${queue}.${WORKERS}.>`)),
      ...[...own, ...artifacts].map((subject) => from(petrel, subject)),
    ],
    exports: [service(subjects.handsAll(name))],
    limits: limits({ ...NO_STORE, conn: 8 }),
  };
}

/** Looking at everything. `people` may put tokens and post letters besides. */
export function lookingAccount(petrel: string, kind: "readers" | "people"): Partial<Account> {
  return {
    imports: [
      ...READS.map(([call]) => from(petrel, `$JS.API.${call}`, renamed(READ_API, call))),
      ...LOOKOUT_CALLS.map((call) => from(petrel, `${LOOKOUT}.${call}`, renamed(READ_API, call))),
      ...VIEWS.map((subject): Import => ({ name: subject, subject, account: petrel, type: "stream" })),
      ...(kind === "people" ? DOORS.map((subject) => from(petrel, subject)) : []),
    ],
    limits: limits({ ...NO_STORE, conn: 256 }),
  };
}

/** A subject under another beginning, its wildcards by their numbers, as a renaming import wants them. */
function renamed(prefix: string, call: string): string {
  let at = 0;
  return `${prefix}.${call.replaceAll("*", () => `$${++at}`)}`;
}
