/** The places of a net with their counts. */

import { placeRows, readAnswer, stateHashAnswer, stateHashesAnswer } from "../../client/answers.ts";
import { askNet, askRuntime } from "../../client/ask.ts";
import type { Json } from "../../contract/json.ts";
import { readableAge } from "../output.ts";
import { EXIT, type ExitCode, type Verb, type VerbCall } from "../verb.ts";

export const placesVerb: Verb = {
  command: "places <net>",
  summary: "list the places of a net with their counts",
  details: "Waiting tokens are free; reserved ones belong to a firing under way and stay visible until it is done.",
  examples: [
    "petrel places safe-teams",
    "petrel places safe-teams --json",
    "petrel places safe-teams --hash",
    "petrel places safe-teams --hash --every-master",
  ],
  options: [
    { flags: "--hash", about: "the hash of the whole state instead: equal for whoever has folded the same events" },
    { flags: "--every-master", about: "with --hash: what each master makes of the log up to the same event; 1 when they differ" },
  ],
  run: async (call) => {
    if (call.on("everyMaster")) return hashes(call);
    if (call.on("hash")) return hash(call);
    const answer = await call.withBroker((broker) => askNet(broker, call.arg("net"), "places"));
    const rows = readAnswer(placeRows, answer, "places");
    call.out.result(rows as Json, () =>
      call.out.table(
        ["PLACE", "WAITING", "RESERVED", "OLDEST", "CAPACITY", ""],
        rows.map((row) => [
          row.place,
          String(row.waiting),
          String(row.reserved),
          row.oldestAgeMs === null || row.oldestAgeMs === undefined ? "-" : readableAge(row.oldestAgeMs),
          row.capacity === null || row.capacity === undefined ? "-" : String(row.capacity),
          [
            row.title,
            row.open ? "open" : "",
            row.stale ? "stream out of reach" : "",
            partial(row.groups),
            ...(row.links ?? []).map(onItsWay),
          ]
            .filter(Boolean)
            .join(", "),
        ]),
      ),
    );
    return EXIT.ok;
  },
};

function partial(groups: readonly unknown[] = []): string {
  return groups.length === 0 ? "" : groups.length === 1 ? "1 group incomplete" : `${groups.length} groups incomplete`;
}

function onItsWay({ net, waiting, problem }: { net: string; waiting: number; problem: { message: string } | null }): string {
  if (waiting === 0) return "";
  return `${waiting} to ${net}${problem ? `: ${problem.message}` : ""}`;
}

async function hash(call: VerbCall): Promise<ExitCode> {
  const net = call.arg("net");
  const { seq, hash: digest } = readAnswer(
    stateHashAnswer,
    await call.withBroker((broker) => askNet(broker, net, "state-hash")),
    "state-hash",
  );
  call.out.result({ net, seq, hash: digest }, () => `${digest}  ${net} after event ${seq}`);
  return EXIT.ok;
}

async function hashes(call: VerbCall): Promise<ExitCode> {
  const net = call.arg("net");
  const answer = await call.withBroker((broker) => askRuntime(broker, "state-hashes", { net }));
  const { seq, hash: digest, masters } = readAnswer(stateHashesAnswer, answer, "state-hashes");
  const equal = masters.every((each) => each.hash === digest);
  call.out.result({ net, seq, hash: digest, masters, equal } as Json, () =>
    call.out.table(
      ["WHO", `${net} AFTER EVENT ${seq}`],
      [["its owner's memory", digest], ...masters.map((each) => [each.master, each.hash])],
    ),
  );
  call.out.say(equal ? "all are equal" : "they differ: petrel verify shows whether the log is sound");
  return equal ? EXIT.ok : EXIT.failed;
}
