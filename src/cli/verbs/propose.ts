/** `petrel propose`: a need in words becomes a proposal of a specialist; people see it, and decide. */
import { RECRUITING } from "../../actors/recruiter/proposal.ts";
import { definitionAnswer, netRows, personaRows, readAnswer } from "../../client/answers.ts";
import { askNet, askRuntime } from "../../client/ask.ts";
import type { ProposalRow } from "../../client/proposal-rows.ts";
import { allProposals, proposalNamed } from "../../client/proposals.ts";
import { usage } from "../../client/usage.ts";
import type { Broker } from "../../contract/broker.ts";
import { isJsonObject, type Json, type JsonObject } from "../../contract/json.ts";
import { callerOf, ROLE_OPTION } from "../caller.ts";
import { positionsOf } from "../propose/positions.ts";
import { proposalText } from "../propose/proposal-text.ts";
import { ensureRecruiting } from "../propose/recruiting-net.ts";
import { putToken } from "../team/team-files.ts";
import { EXIT, type ExitCode, type Verb, type VerbCall } from "../verb.ts";

/** What a maintainer may grant; `x` is never among it. */
const GRANT = "rw-hl";

export const proposeVerb: Verb = {
  command: "propose",
  summary: "ask the recruiter for a specialist that a running net needs",
  details:
    "The recruiter drafts a persona and its position; the draft is checked and then waits for a person. Nothing changes before that. What specialists propose by their tools net.propose and persona.propose waits in the same list.",
  examples: ['petrel propose --need "somebody who looks for personal data in every change" --net safe-teams-full', "petrel propose ls"],
  options: [
    { flags: "--need <text>", about: "what is missing, in words" },
    { flags: "--net <net>", about: "the net that the specialist is to join (default: the only one that runs)" },
    ROLE_OPTION,
  ],
  run: async (call) => {
    const need = call.text("need")?.trim();
    if (need === undefined || need.length < 3)
      throw usage("say what is needed", 'petrel propose --need "somebody who looks for personal data"');
    const { petrel, out } = call;
    const asked = await call.withBroker(async (broker) => {
      const nets = readAnswer(netRows, await askRuntime(broker, "nets"), "nets").map((row) => row.net);
      const net = call.text("net") ?? onlyNet(nets.filter((each) => each !== RECRUITING));
      const { definition } = readAnswer(definitionAnswer, await askNet(broker, net, "definition"), "definition");
      await ensureRecruiting(broker, petrel);
      const roster = readAnswer(personaRows, await askRuntime(broker, "personas"), "personas").map(({ persona, title, flags }) => ({
        persona,
        title: title ?? "",
        flags,
      }));
      const data = { need, net, grant: GRANT, places: positionsOf(definition), roster };
      const { id } = await putToken(broker, RECRUITING, "needs", data as unknown as Json, `need-${petrel.ids.next()}`);
      return { need, net, token: id, correlation: `c-${id.slice(2)}` };
    });
    out.result(asked, () => `The recruiter has the need for ${asked.net}. ${call.pasteable("petrel propose ls")} shows what comes of it.`);
    return EXIT.ok;
  },
};

export const proposeLsVerb: Verb = {
  command: "propose ls",
  summary: "list the proposals, those that wait first",
  examples: ["petrel propose ls", "petrel propose ls --json"],
  run: async (call) => {
    const rows = await call.withBroker(allProposals);
    call.out.result(rows as unknown as Json, () =>
      rows.length === 0
        ? `no proposals: ${call.pasteable('petrel propose --need "..."')}`
        : call.out.table(
            ["PROPOSAL", "STATE", "NET", "SPECIALIST", "FLAGS", "WHY OR NEED"],
            rows.map((row) => [
              row.id,
              row.state,
              row.net,
              row.persona ?? (row.kind === "edit" ? "(an edit)" : ""),
              row.flags ?? "",
              (row.findings ?? row.why ?? row.need).slice(0, 90),
            ]),
          ),
    );
    return EXIT.ok;
  },
};

export const proposeShowVerb: Verb = {
  command: "propose show <proposal>",
  summary: "show a proposal whole: the persona, its knowledge, its position, and why",
  examples: ["petrel propose show f-3a1b2c", "petrel propose show f-3a1b2c --json"],
  run: async (call) => {
    const { row, edit } = await call.withBroker(async (broker) => {
      const found = proposalNamed(await allProposals(broker), call.arg("proposal"));
      return { row: found, edit: found.kind === "edit" ? await editOf(call, broker, found) : null };
    });
    call.out.result(row as unknown as Json, () => proposalText(row, edit));
    return EXIT.ok;
  },
};

export const proposeApproveVerb: Verb = {
  command: "propose approve <proposal>",
  summary: "approve a proposal: the specialist joins the running net",
  examples: ["petrel propose approve f-3a1b2c"],
  options: [{ flags: "--comment <text>", about: "a reason, kept in the log" }, ROLE_OPTION],
  run: (call) => decide(call, "approve"),
};

export const proposeRejectVerb: Verb = {
  command: "propose reject <proposal>",
  summary: "reject a proposal: nothing changes",
  examples: ['petrel propose reject f-3a1b2c --comment "the security reviewer does this"'],
  options: [{ flags: "--comment <text>", about: "a reason, kept in the log" }, ROLE_OPTION],
  run: (call) => decide(call, "reject"),
};

async function decide(call: VerbCall, decision: "approve" | "reject"): Promise<ExitCode> {
  const comment = call.text("comment");
  const row = await call.withBroker(async (broker) => {
    const chosen = proposalNamed(
      (await allProposals(broker)).filter(({ state }) => state === "waits"),
      call.arg("proposal"),
    );
    const body = {
      firing: chosen.id,
      decision,
      by: callerOf(call),
      id: call.petrel.ids.next(),
      ...(comment === undefined ? {} : { comment }),
    };
    await askNet(broker, RECRUITING, "decide", body);
    return chosen;
  });
  const comes = row.kind === "edit" ? `the edit of ${row.net} is applied` : `${row.persona} joins ${row.net}`;
  const word = decision === "approve" ? `approved: ${comes}` : "rejected: nothing changes";
  call.out.result({ proposal: row.id, decision, persona: row.persona ?? null, net: row.net }, () => `${row.id} is ${word}`);
  return EXIT.ok;
}

async function editOf(call: VerbCall, broker: Broker, { net, draft }: ProposalRow): Promise<{ from: Json; to: Json }> {
  const { definition } = readAnswer(definitionAnswer, await askNet(broker, net, "definition"), "definition");
  const given = isJsonObject(draft ?? null) ? ((draft as JsonObject).definition ?? {}) : {};
  const checked = await call.petrel.checkNet(JSON.stringify(given), `${net}.json`);
  return { from: definition, to: checked.ok ? checked.definition : given };
}

function onlyNet(nets: string[]): string {
  const [only] = nets;
  if (only !== undefined && nets.length === 1) return only;
  throw usage(
    nets.length === 0 ? "no net runs that a specialist could join" : `say which net: ${nets.join(", ")}`,
    "--net safe-teams-full",
  );
}
