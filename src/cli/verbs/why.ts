/** Why something does not fire. */

import { readAnswer, whyAnswer } from "../../client/answers.ts";
import { askNet, checkName } from "../../client/ask.ts";
import { usage } from "../../client/usage.ts";
import type { Json } from "../../contract/json.ts";
import { EXIT, type Verb, type VerbCall } from "../verb.ts";

type Told = ReturnType<typeof whyAnswer.parse>[number];

export const whyVerb: Verb = {
  command: "why <net> <name>",
  summary: "say why a transition, the tokens of a place, or a token does not move on",
  details:
    "A gate and a firing stand for their transition. Each reason names what it is about, with the values that a condition saw, and the command that helps where there is one.",
  examples: ["petrel why safe-teams deliver", "petrel why safe-teams tasks", "petrel why safe-teams t-8msgb7uis30et913k82le --json"],
  run: async (call) => {
    const net = checkName(call.arg("net"), "net");
    const name = call.arg("name");
    if (!/^[A-Za-z0-9_-]{1,200}$/.test(name)) throw usage(`"${name}" names no transition, place or token`, `petrel places ${net}`);
    const answer = readAnswer(whyAnswer, await call.withBroker((broker) => askNet(broker, net, "why", { name })), "why");
    call.out.result(answer as unknown as Json, () => answer.map((one) => whyText(one, call)).join("\n"));
    return EXIT.ok;
  },
};

function whyText({ kind, name, fires, reasons }: Told, call: VerbCall): string {
  const { out } = call;
  const does = kind === "transition" ? (fires ? "fires" : "does not fire") : fires ? "moves on" : "stays";
  // Many firings may wait for the same: it is said once.
  const lines = new Map<string, { about: string; next: string; times: number }>();
  for (const { transition, text, command } of reasons) {
    const about = `${transition !== undefined && transition !== name && kind !== "transition" ? `${transition}: ` : ""}${text}`;
    const next = command ? `\n    next: ${call.pasteable(command)}` : "";
    const line = lines.get(about + next) ?? { about, next, times: 0 };
    line.times += 1;
    lines.set(about + next, line);
  }
  const told = [...lines.values()].map(({ about, next, times }) => `  ${about}${times > 1 ? ` (${times} times)` : ""}${next}`);
  return [`${out.paint.bold(kind === "transition" ? name : `${kind} ${name}`)} ${does}`, ...told].join("\n");
}
