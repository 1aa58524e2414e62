/** Gates: what waits for people, and their decisions. Decided by people only, never by a persona's tool. */

import { type GateRow, netRows, readAnswer } from "../../client/answers.ts";
import { askNet, askRuntime } from "../../client/ask.ts";
import { gatesOf } from "../../client/gates-of.ts";
import type { Broker } from "../../contract/broker.ts";
import { Terminal } from "../../contract/errors.ts";
import type { Json } from "../../contract/json.ts";
import { callerOf, ROLE_OPTION } from "../caller.ts";
import { gateEdits } from "../gate-edits.ts";
import { readableAge } from "../output.ts";
import { readText } from "../read-file.ts";
import { EXIT, type ExitCode, type Verb, type VerbCall } from "../verb.ts";

const COMMENT = { flags: "--comment <text>", about: "a reason, kept in the log" };

export const gateLsVerb: Verb = {
  command: "gate ls [net]",
  summary: "list what waits for a decision",
  examples: ["petrel gate ls", "petrel gate ls safe-teams --json"],
  run: async (call) => {
    const waiting = await call.withBroker(async (broker) => {
      const given = call.optionalArg("net");
      const nets = given !== undefined ? [given] : readAnswer(netRows, await askRuntime(broker, "nets"), "nets").map((row) => row.net);
      const rows: ({ net: string } & GateRow)[] = [];
      for (const net of nets) rows.push(...(await waitingAt(broker, net)).map((row) => ({ net, ...row })));
      return rows;
    });
    const now = call.petrel.clock.now();
    call.out.result(waiting as unknown as Json, () =>
      waiting.length === 0
        ? "nothing waits for a decision"
        : call.out.table(
            ["NET", "GATE", "FIRING", "WAITS", "APPROVED", "BY", "WHAT"],
            waiting.map((row) => [
              row.net,
              row.gate,
              row.firing,
              readableAge(now - Date.parse(row.since)),
              `${row.approvals} of ${row.quorum}`,
              row.approvers.join(" "),
              row.summary ?? row.transition,
            ]),
          ),
    );
    return EXIT.ok;
  },
};

export const gateApproveVerb: Verb = {
  command: "gate approve <net> <gate>",
  summary: "approve what waits at a gate, by the gate's name or the firing's id",
  details: "With --set or --edit the data of what waits is changed first, and passes so; the log keeps who changed what.",
  examples: [
    "petrel gate approve safe-teams release",
    `petrel gate approve safe-teams release --comment "looks right"`,
    `petrel gate approve safe-teams release --set 'story.title="Search by tag"'`,
    "petrel gate approve safe-teams release --edit story.json",
  ],
  options: [
    { flags: "--set <path=json...>", about: "change a field first; the path begins with the input's name where several tokens wait" },
    { flags: "--edit <file>", about: "new data as JSON (- for standard input): of the one token that waits, or by token id" },
    COMMENT,
    ROLE_OPTION,
  ],
  run: (call) => decide(call, "approve"),
};

export const gateRejectVerb: Verb = {
  command: "gate reject <net> <gate>",
  summary: "reject what waits at a gate: it goes where the gate escalates to",
  examples: [`petrel gate reject safe-teams release --comment "the price list is missing"`],
  options: [COMMENT, ROLE_OPTION],
  run: (call) => decide(call, "reject"),
};

async function decide(call: VerbCall, decision: "approve" | "reject"): Promise<ExitCode> {
  const net = call.arg("net");
  const file = decision === "approve" ? call.text("edit") : undefined;
  const text = file === undefined ? undefined : file === "-" ? await call.petrel.readStdin() : readText(call.petrel.cwd, file);
  const sets = decision === "approve" ? call.list("set") : [];
  const { row, edits, answer } = await call.withBroker(async (broker) => {
    const chosen = choose(await waitingAt(broker, net), call.arg("gate"), net);
    const comment = call.text("comment");
    const edits = gateEdits(chosen, text, sets);
    // The firing is named, not the gate: between the look and the decision another one may have come to wait.
    const body = {
      firing: chosen.firing,
      decision,
      by: callerOf(call),
      id: call.petrel.ids.next(),
      ...(comment === undefined ? {} : { comment }),
      ...(edits === null ? {} : { edits }),
    };
    return { row: chosen, edits, answer: await askNet(broker, net, "decide", body) };
  });
  const word = decision === "reject" ? "rejected" : edits === null ? "approved" : "changed and approved";
  call.out.result(
    { net, gate: row.gate, firing: row.firing, decision, ...(edits === null ? {} : { edits }), answer },
    () => `${word} ${row.gate} of ${net} (firing ${row.firing})`,
  );
  return EXIT.ok;
}

async function waitingAt(broker: Broker, net: string): Promise<GateRow[]> {
  return gatesOf(broker, net);
}

function choose(waiting: GateRow[], wanted: string, net: string): GateRow {
  const byFiring = waiting.find((row) => row.firing === wanted);
  if (byFiring) return byFiring;
  const byName = waiting.filter((row) => row.gate === wanted);
  const [only] = byName;
  if (only && byName.length === 1) return only;
  if (byName.length > 1) {
    const list = byName.map((row) => `  ${row.firing}  ${row.summary ?? row.transition}`).join("\n");
    throw new Terminal({
      code: "gate-ambiguous",
      message: `${byName.length} firings wait at ${wanted}:\n${list}`,
      hint: "name the firing instead of the gate",
    });
  }
  const names = [...new Set(waiting.map((row) => row.gate))];
  throw new Terminal({
    code: "nothing-waits",
    message: `nothing waits at "${wanted}" in ${net}${names.length > 0 ? `; waiting: ${names.join(", ")}` : ""}`,
    hint: `petrel gate ls ${net}`,
  });
}
