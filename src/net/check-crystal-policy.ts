/** A net's policy for rules: what its schema cannot say. */
import { nearestHint } from "./check-nearest.ts";
import { type Finding, failure, warning } from "./check-problem.ts";
import type { NetDefinition } from "./definition.ts";

export function policyFindings(net: NetDefinition): Finding[] {
  const { crystallize } = net;
  if (!crystallize) return [];
  const kinds = new Map(kindsOf(net, ""));
  const asking = [...kinds].flatMap(([name, kind]) => (kind === "llm" || kind === "agent" ? [name] : []));
  const named = (crystallize.transitions ?? []).flatMap((name, at): Finding[] => {
    if (asking.includes(name)) return [];
    const path = ["crystallize", "transitions", at];
    const kind = kinds.get(name);
    return kind === undefined
      ? [
          failure(
            "unknown-transition",
            path,
            `"crystallize" names "${name}", and there is no such transition`,
            nearestHint(name, asking, "steps that ask a model"),
          ),
        ]
      : [
          failure(
            "no-model-step",
            path,
            `"crystallize" names "${name}", which is of kind ${kind} and asks no model`,
            nearestHint(name, asking, "steps that ask a model"),
          ),
        ];
  });
  const { promote, approvers } = crystallize;
  if (promote !== "policy" || approvers === undefined) return named;
  const hint = 'they are asked about a rule that was demoted; for each promotion, say "promote": "people"';
  return [
    ...named,
    warning(
      "approvers-unasked",
      ["crystallize", "approvers"],
      "the policy promotes by itself, so its approvers are not asked before",
      hint,
    ),
  ];
}

/** Transitions as the log names them, those of sub-nets with logs of their own aside. */
function kindsOf({ transitions, subnets }: Pick<NetDefinition, "transitions" | "subnets">, way: string): [string, string][] {
  return [
    ...Object.entries(transitions).map(([name, { kind }]): [string, string] => [`${way}${name}`, kind]),
    ...Object.entries(subnets ?? {}).flatMap(([name, subnet]) => (subnet.log === "own" ? [] : kindsOf(subnet, `${way}${name}--`))),
  ];
}
