/** The architect by template: one task a story, which names its files where examples say what is wanted. */
import { objectIn, type RuleAnswer, type RuleFacts } from "../../models/providers/rules.ts";
import { readExamples } from "./search/examples.ts";
import { fileName } from "./search/program-text.ts";
import { examplesIn, slugOf } from "./structured-request.ts";

export function architect({ data }: RuleFacts): RuleAnswer {
  const story = objectIn(data, "story");
  const title = String(story.title ?? "");
  const narrative = String(story.narrative ?? "");
  const examples = examplesIn(narrative);
  if (!examples) {
    const criteria = Array.isArray(story.criteria) ? story.criteria.map((each) => `- ${String(each)}`) : [];
    const description = [narrative.trim(), "Done when:", ...criteria].join("\n");
    return { answer: { tasks: [{ id: slugOf(title), title: title.slice(0, 120), description }] } };
  }
  const wanted = readExamples(examples);
  const file = fileName(wanted.name);
  const description = [
    `In the new file src/${file}, with its tests in test/${file}.test: the function ${wanted.name} gives what the examples say. Touch no other file.`,
    `\`\`\`json\n${JSON.stringify(examples)}\n\`\`\``,
  ].join("\n\n");
  return { answer: { tasks: [{ id: slugOf(file), title: `Write ${wanted.name}`, description }] } };
}
