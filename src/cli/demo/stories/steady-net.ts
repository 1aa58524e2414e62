/** `safe-teams` with three steps beside its main job that soon do the same again and again, and the policy by which they settle. */
import { type NetDefinition, type NetFile, netSchema } from "../../../net/definition.ts";
import { NEWS } from "./answers.ts";

export const STEADY = ["triage", "status", "changelog"] as const;
/** Where the curve lies, a token for each story, for the monitor and for whoever reads along. */
export const CURVE = "curve";

/** So small a history would not do outside of a demo: the bound is wide, and the shadow short. */
const POLICY = {
  transitions: [...STEADY],
  ...{ every: 2, least: 12, holdout: 0.4, bound: 0.35, confidence: 0.8, coverage: 0.5, shadow: 2, audit: 0.02 },
  promote: "policy" as const,
};

/** Where each piece of news is seen, and what it is told from. */
const SEEN_IN: Record<(typeof NEWS)[number], string> = {
  written: "changes",
  tested: "review",
  accepted: "accepted",
  delivered: "delivered",
};

export function withSteadySteps(definition: NetDefinition): NetDefinition {
  const added: Pick<NetFile, "places" | "transitions"> = {
    places: {
      reports: { title: "Reports of users", open: true },
      triaged: { title: "Reports with urgency and team", sink: true },
      news: { title: "What happened to a story" },
      updates: { title: "Status lines for people", sink: true },
      shipped: { title: "Stories to be told of" },
      changelog: { title: "Lines of the changelog", sink: true },
      [CURVE]: { title: "What the models of each story cost", open: true, sink: true },
    },
    transitions: {
      triage: {
        ...{
          kind: "llm",
          persona: "triage",
          title: "Triage",
          ask: "Say how urgent the report is, and whose.",
          data: { report: "${report}" },
        },
        in: [{ place: "reports", as: "report" }],
        out: [{ to: "triaged", value: { report: "${report.id}", urgency: "${$result.urgency}", team: "${$result.team}" } }],
      },
      status: {
        ...{ kind: "llm", persona: "status-formatter", title: "Status", ask: "Write the status of this story.", data: { item: "${item}" } },
        in: [{ place: "news", as: "item" }],
        out: [{ to: "updates" }],
      },
      changelog: {
        ...{
          kind: "llm",
          persona: "changelog-writer",
          title: "Changelog",
          ask: "Write the line of this story.",
          data: { story: "${story}" },
        },
        in: [{ place: "shipped", as: "story" }],
        out: [{ to: "changelog" }],
      },
      "tell-shipped": {
        kind: "pass",
        in: [{ place: "delivered", as: "story", mode: "read" }],
        out: [{ to: "shipped", value: { title: "${story.title}", name: "${story.story}" } }],
      },
      ...Object.fromEntries(
        NEWS.map((what) => [
          `tell-${what}`,
          {
            kind: "pass" as const,
            in: [{ place: SEEN_IN[what], as: "work", mode: "read" as const }],
            out: [{ to: "news", value: { what, title: "${work.title}" } }],
          },
        ]),
      ),
    },
  };
  const { $schema: _, ...file } = definition;
  return netSchema.parse({
    ...file,
    crystallize: POLICY,
    places: { ...file.places, ...added.places },
    transitions: { ...file.transitions, ...added.transitions },
  });
}
