/** All that waits for people in a net, asked in pages: what lies at many gates is more than one message carries. */
import * as z from "zod";
import type { Broker } from "../contract/broker.ts";
import { type GateRow, gateRows, readAnswer } from "./answers.ts";
import { askNet } from "./ask.ts";

const gatePage = z.looseObject({ gates: gateRows, next: z.string().nullable() });

/** Longest waiting first. Errors: those of asking the owner. */
export async function gatesOf(broker: Broker, net: string): Promise<GateRow[]> {
  const all: GateRow[] = [];
  for (let after: string | null = ""; after !== null; ) {
    const answer = await askNet(broker, net, "gates", { after });
    // A master of an earlier Petrel knows no pages.
    if (Array.isArray(answer)) return readAnswer(gateRows, answer, "gates");
    const page: z.output<typeof gatePage> = readAnswer(gatePage, answer, "gates");
    all.push(...page.gates);
    after = page.next;
  }
  return all;
}
