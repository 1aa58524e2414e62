/** A small rule for tests: tickets of the area `net` go to ada, those of `ui` to bob; of any other area it knows nothing. */
import type { z } from "zod";
import type { PersonaWorker } from "../../src/actors/persona-work.ts";
import type { CrystalFile } from "../../src/net/crystal/definition.ts";
import type { ruleSchema } from "../../src/net/rule/rule.ts";

export type RuleFile = z.input<typeof ruleSchema>;

export const ticketRule: RuleFile = {
  guard: [{ test: "in", path: "/ticket/area", values: ["net", "ui"] }],
  answer: {
    kind: "object",
    fields: {
      owner: {
        kind: "table",
        keys: [{ path: "/ticket/area" }],
        rows: [
          { when: ["net"], give: "ada" },
          { when: ["ui"], give: "bob" },
        ],
      },
    },
  },
};

export const crystalOf = (more: Partial<CrystalFile> = {}): CrystalFile => ({ mode: "live", rule: ticketRule, ...more });

export const triagePersona = {
  ...{ persona: "triage", title: "Triage", flags: "-----", tools: [], tier: "economy", prompt: "Say who." },
  output: { type: "object", required: ["owner"], properties: { owner: { type: "string" } }, additionalProperties: false },
};

/** What stands for its model: says who takes a ticket, by the area that it is asked about. */
export const triageBy =
  (ownerOf: (area: string) => string): PersonaWorker =>
  async ({ firing }) => {
    const area = /area is (\w+)/.exec(firing.ask ?? "")?.[1] ?? "";
    const model = { provider: "test", name: "m", calls: 1, inputTokens: 10, outputTokens: 5, costUsd: 0.01 };
    const outcome = { ok: true as const, value: { owner: ownerOf(area) } };
    return { firing: firing.firing, attempt: firing.attempt, outcome, extra: { model } };
  };

export const triageNet = (crystal: CrystalFile | undefined, transition: object = {}) => ({
  places: { tickets: { open: true }, done: { sink: true }, errors: { sink: true } },
  transitions: {
    triage: {
      kind: "llm" as const,
      persona: "triage",
      ask: "Who takes it? Its area is ${ticket.area}.",
      concurrency: 8,
      in: [{ place: "tickets", as: "ticket" }],
      out: [{ to: "done" }],
      onError: "errors",
      ...(crystal ? { crystal } : {}),
      ...transition,
    },
  },
});
