/** A story as one file: who decided what, which prompts were asked, what changed, and what it cost. */

import { checkName } from "../../client/ask.ts";
import { withPrompts } from "../../client/history/lineage.ts";
import { type Story, storyOf } from "../../client/history/story.ts";
import { noSuchNet } from "../../client/known-nets.ts";
import type { Json } from "../../contract/json.ts";
import { reportHtml } from "../history/report-html.ts";
import { stepDetails } from "../history/step-words.ts";
import type { Output } from "../output.ts";
import { writeNew } from "../read-file.ts";
import { EXIT, type Verb } from "../verb.ts";

export const reportVerb: Verb = {
  command: "report <story>",
  summary: "tell a whole story: decisions, prompts, diffs, approvers and cost",
  details:
    "A story goes by its correlation (c-...) or by any token of it. --html writes one file that needs no network; it holds prompts and data as they are in the log, so mind who gets it.",
  examples: ["petrel report t-8msgb7uis30et913k82le --html", "petrel report c-8msgb7uis30et913k82le --html --out story.html"],
  options: [
    { flags: "--html", about: "write an HTML file, with the prompts from the artefact store" },
    { flags: "--out <file>", about: "where to (default: report-STORY.html)" },
    { flags: "--net <net>", about: "look only in this net (default: in all)" },
  ],
  run: async (call) => {
    const net = call.text("net");
    if (net !== undefined) checkName(net, "net");
    const html = call.on("html") || call.text("out") !== undefined;
    const story = await call.withBroker(async (broker) => {
      if (net !== undefined) await noSuchNet(broker, net);
      const told = await storyOf(broker, call.arg("story"), net === undefined ? await broker.nets() : [net]);
      if (html) await withPrompts(broker, told.steps);
      return told;
    });
    const file = html ? (call.text("out") ?? `report-${story.correlation}.html`) : null;
    if (file !== null) writeNew(call.petrel.cwd, file, reportHtml(story));
    const { steps, ...rest } = story;
    const document = file === null ? story : { ...rest, steps: steps.length, file };
    call.out.result(document as unknown as Json, () => (file === null ? storyText(story, call.out) : `wrote ${file}: ${story.title}`));
    return EXIT.ok;
  },
};

function storyText({ title, net, correlation, from, to, steps }: Story, out: Output): string {
  const head = [out.paint.bold(title), `${net}, story ${correlation}, ${from} to ${to}`];
  const told = steps.map((step) => {
    const name = `${step.transition ?? step.outcome}${step.firing === null ? "" : ` ${step.firing}`}`;
    return [`#${step.began.seq} ${name}${step.open ? ", under way" : ""}`, ...stepDetails(step).map((line) => `  ${line}`)].join("\n");
  });
  return [...head, "", ...told].join("\n");
}
