/** What holds for a net's rules: its file, then the configuration, then what is usual; and what `net check` says of it. */
import { expect, test } from "vitest";
import { CRYSTAL_POLICY } from "../../../src/contract/crystal-policy.ts";
import { checkNetFile } from "../../../src/net/check.ts";
import { crystallizeSchema, policyOf } from "../../../src/net/crystal/definition.ts";
import { triageNet } from "../../support/ticket-rule.ts";

test("the net's own word counts first, then the configuration's, and nothing is left open", () => {
  expect(policyOf(undefined)).toEqual(CRYSTAL_POLICY);
  const configured = { bound: 0.02, shadow: 100, approvers: ["user:ada"] };
  expect(policyOf(undefined, configured)).toEqual({ ...CRYSTAL_POLICY, ...configured });
  const file = crystallizeSchema.parse({ shadow: 7, transitions: ["triage"] });
  expect(policyOf(file, configured)).toEqual({ ...CRYSTAL_POLICY, ...configured, shadow: 7, transitions: ["triage"] });
});

const problems = (crystallize: object, transitions: object = {}) => {
  const net = { net: "desk", ...triageNet(undefined), crystallize };
  Object.assign(net.transitions, transitions);
  return checkNetFile(JSON.stringify(net, null, 2), "desk.json").problems.map(({ code, message, hint, line }) => ({
    code,
    message,
    hint,
    line,
  }));
};
const move = { kind: "pass", in: [{ place: "tickets", as: "one", where: "$.area == null" }], out: [{ to: "done" }] };

test("a name that is no step, one that asks no model, and nonsense are errors with their place", () => {
  expect(problems({ transitions: ["triage"] })).toEqual([]);
  expect(problems({ transitions: ["traige"] })).toMatchObject([
    { code: "unknown-transition", hint: 'did you mean "triage"?', line: expect.any(Number) },
  ]);
  expect(problems({ transitions: ["move"] }, { move })).toMatchObject([{ code: "no-model-step" }]);
  expect(problems({ promote: "nobody" })).not.toEqual([]);
  expect(problems({ bound: 0.9 })).not.toEqual([]);
  expect(problems({ promote: "policy", approvers: ["role:maintainer"] })).toMatchObject([{ code: "approvers-unasked" }]);
});
