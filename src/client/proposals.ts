/** All proposals of specialists: what lies in the net `recruiting`, and what waits at its gate. */
import { RECRUITING } from "../actors/recruiter/proposal.ts";
import type { Broker } from "../contract/broker.ts";
import { Terminal } from "../contract/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../contract/json.ts";
import { definitionAnswer, netRows, readAnswer } from "./answers.ts";
import { askNet, askRuntime } from "./ask.ts";
import { gatesOf } from "./gates-of.ts";
import { type ProposalRow, proposalRows } from "./proposal-rows.ts";

const MOST = 10_000;
const PLACES = ["needs", "drafts", "proposals", "approved", "hired", "applied", "refused"];

/** Those that wait first. */
export async function allProposals(broker: Broker): Promise<ProposalRow[]> {
  const nets = readAnswer(netRows, await askRuntime(broker, "nets"), "nets").map((row) => row.net);
  if (!nets.includes(RECRUITING)) return [];
  const gates = await gatesOf(broker, RECRUITING);
  const { definition } = readAnswer(definitionAnswer, await askNet(broker, RECRUITING, "definition"), "definition");
  // One that was applied by an older Petrel lacks some of them.
  const places = isJsonObject(definition.places) ? definition.places : {};
  const lying = await Promise.all(
    PLACES.filter((place) => place in places).map(
      async (place) => [place, tokensOf(await askNet(broker, RECRUITING, "tokens", { place, limit: MOST }))] as const,
    ),
  );
  return proposalRows(Object.fromEntries(lying), gates);
}

/** By its id, or by the persona that it proposes. Errors: Terminal `no-such-proposal`. */
export function proposalNamed(rows: readonly ProposalRow[], id: string): ProposalRow {
  const found = rows.find((row) => row.id === id) ?? rows.find((row) => row.persona === id);
  if (found) return found;
  throw new Terminal({ code: "no-such-proposal", message: `no proposal ${id} is there to decide on`, hint: "petrel propose ls" });
}

function tokensOf(answer: Json): JsonObject[] {
  return isJsonObject(answer) && Array.isArray(answer.tokens) ? answer.tokens.filter(isJsonObject) : [];
}
