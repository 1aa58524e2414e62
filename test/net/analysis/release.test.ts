/** An agent in the position that releases pushes by a tool: the analysis looks at it as at any other push. */
import { expect, test } from "vitest";
import { capabilityFlow } from "../../../src/net/analysis/capability-flow.ts";
import { netSchema } from "../../../src/net/definition.ts";

const net = (release: boolean) =>
  netSchema.parse({
    net: "n",
    places: { ready: {}, done: { sink: true } },
    transitions: {
      ship: {
        kind: "agent",
        persona: "releaser",
        ask: "Release.",
        pool: "code",
        workspace: {},
        release,
        in: [{ place: "ready" }],
        out: [{ to: "done" }],
      },
    },
  });
const codes = (release: boolean, flags: string) => capabilityFlow(net(release), () => flags).findings.map(({ code }) => code);

test("it needs x, and is listed among the pushes", () => {
  expect(capabilityFlow(net(true), () => "r-x--").pushes).toEqual([{ transition: "ship", persona: "releaser" }]);
  expect(codes(true, "r-x--")).not.toContain("push-without-flag");
  expect(codes(true, "rw---")).toContain("push-without-flag");
  expect(capabilityFlow(net(false), () => "r-x--").pushes).toEqual([]);
});
