import * as z from "zod";
import { Terminal } from "../../contract/errors.ts";
import type { NetEvent } from "../../contract/event.ts";
import { handleOf } from "../hands.ts";
import { masterTool } from "../port.ts";
import { waitFor } from "../wait-for.ts";

interface Decision {
  decision: "approve" | "reject";
  by: string;
  comment: string | null;
}

export const gateAsk = masterTool({
  name: "gate.ask",
  flag: "w",
  description:
    "Ask a human: puts {question, data} into a place that your output arcs name and that a gate stands behind, and waits for the decision. It decides nothing itself.",
  input: z.strictObject({
    place: z.string().min(1).max(160),
    question: z.string().min(1).max(8000),
    data: z.json().optional(),
    seconds: z.int().min(1).max(1800).default(600),
  }),
  output: z.strictObject({
    id: z.string(),
    state: z.enum(["decided", "waiting"]),
    decision: z.enum(["approve", "reject"]).nullable(),
    by: z.string().nullable(),
    comment: z.string().nullable(),
  }),
  needs: ["writes"],
  limits: { seconds: 1830, bytes: 8 * 1024 },
  errors: {
    "place-not-wired": "no output arc leads to the place",
    "no-gate-there": "nobody is asked behind the place",
    schema: "the question does not meet the place's schema",
    "place-full": "the place holds as many tokens as it may",
  },
  run: async ({ place, question, data, seconds }, { writes, gates, call, clock, signal, follow }) => {
    const writer = handleOf(writes, place, "write to");
    if (gates.behind(place).length === 0) {
      const others = [...writes.keys()].filter((one) => gates.behind(one).length > 0);
      throw new Terminal({
        code: "no-gate-there",
        message: `no gate stands behind ${place}`,
        hint: others.length > 0 ? `People are asked behind ${others.join(", ")}.` : "No place on your output arcs has a gate behind it.",
      });
    }
    const heard: NetEvent[] = [];
    let id: string | null = null;
    let look = () => {};
    const decided = waitFor<Decision>(clock, signal, seconds, (done) => {
      look = () => {
        const found = id === null ? null : decisionOn(heard, id);
        if (found) done(found);
      };
      return follow((event) => {
        heard.push(event);
        look();
      });
    });
    try {
      ({ id } = await writer.put({ question, ...(data === undefined ? {} : { data }) }, call));
      look();
      const found = await decided.settled;
      return found
        ? { id, state: "decided" as const, ...found }
        : { id, state: "waiting" as const, decision: null, by: null, comment: null };
    } finally {
      decided.stop();
    }
  },
});

/** The last decision of the firing that holds the token, once the gate has passed or said no. */
function decisionOn(events: readonly NetEvent[], id: string): Decision | null {
  const firing = events.find(({ type, consumed }) => type === "gated" && consumed?.some((one) => one.id === id))?.firing;
  if (firing === undefined) return null;
  const last = events.filter((event) => event.type === "decided" && event.firing === firing).at(-1)?.attributes;
  if (!last || (last.decision === "approve" && last.passed !== true)) return null;
  return {
    decision: last.decision === "approve" ? "approve" : "reject",
    by: String(last.by ?? ""),
    comment: typeof last.comment === "string" ? last.comment : null,
  };
}
