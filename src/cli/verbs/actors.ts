/** The tree of actors of the running system. */

import { type ActorNode, actorTree, readAnswer } from "../../client/answers.ts";
import { askRuntime } from "../../client/ask.ts";
import type { Json } from "../../contract/json.ts";
import type { Output } from "../output.ts";
import { EXIT, type Verb } from "../verb.ts";

export const actorsVerb: Verb = {
  command: "actors",
  summary: "print the tree of actors: runtime, nets, personas",
  examples: ["petrel actors", "petrel actors --json"],
  run: async (call) => {
    const tree = readAnswer(actorTree, await call.withBroker((broker) => askRuntime(broker, "actors")), "actors");
    call.out.result(tree as unknown as Json, () => draw(tree, call.out).join("\n"));
    return EXIT.ok;
  },
};

function draw(node: ActorNode, out: Output, before = "", branch = ""): string[] {
  const about = [node.kind, node.state].filter(Boolean).join(", ");
  const own = `${before}${branch}${node.id}${about ? out.paint.dim(` (${about})`) : ""}`;
  const inner = branch === "" ? before : `${before}${branch.startsWith("└") ? "   " : "│  "}`;
  const children = node.children.flatMap((child, at) => draw(child, out, inner, at === node.children.length - 1 ? "└─ " : "├─ "));
  return [own, ...children];
}
