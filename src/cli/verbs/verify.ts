/** Checks a net's log and everything that follows from it. */

import { checkName } from "../../client/ask.ts";
import { type VerifiedLog, verifyLog } from "../../client/history/verify-log.ts";
import { noSuchNet } from "../../client/known-nets.ts";
import type { Json } from "../../contract/json.ts";
import { EXIT, type Verb } from "../verb.ts";

/** Lines of one kind; the document of --json has all. */
const MOST = 20;

export const verifyVerb: Verb = {
  command: "verify <net>",
  summary: "check a net's log: its chain of hashes, and what follows from it",
  details:
    "Each entry names the hash of the one before it. Checked are that chain, the epochs, the numbers of the events, each checkpoint and the owner's state against the fold of the log, and the place streams. Ends with 1 when something is wrong, and names the first bad entry.",
  examples: ["petrel verify safe-teams", "petrel verify safe-teams --json"],
  run: async (call) => {
    const net = checkName(call.arg("net"), "net");
    const verified = await call.withBroker(async (broker) => {
      await noSuchNet(broker, net);
      return verifyLog(broker, net, call.petrel.clock);
    });
    call.out.result(verified as unknown as Json, () => verifiedText(verified));
    return verified.ok ? EXIT.ok : EXIT.failed;
  },
};

function verifiedText(verified: VerifiedLog): string {
  const { net, ok, seq, from, entries, unchained, ignored, checkpoints, hash, owner, firstBad, faults, places } = verified;
  const first = firstBad === null ? "" : `: the first bad entry is ${firstBad}`;
  return [
    ok ? `sound: ${net}, events ${from} to ${seq} in ${entries} ${entries === 1 ? "entry" : "entries"}` : `not sound: ${net}${first}`,
    `  state after event ${seq}: ${hash}`,
    `  compared with ${checkpoints} ${checkpoints === 1 ? "checkpoint" : "checkpoints"}, the place streams${owner ? " and the owner" : "; nobody owns the net now"}`,
    ...(unchained === null ? [] : [`  entries up to ${unchained} are of before there was a chain`]),
    ...(ignored === 0 ? [] : [`  ${ignored} ${ignored === 1 ? "message" : "messages"} of stale or foreign writers do not count`]),
    ...faults.slice(0, MOST).map(({ sequence, what }) => (sequence > 0 ? `  entry ${sequence}: ${what}` : `  ${what}`)),
    ...places.slice(0, MOST).map((line) => `  ${line}`),
  ].join("\n");
}
