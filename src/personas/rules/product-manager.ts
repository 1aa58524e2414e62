/** The product manager by template: a request with examples, or with its criteria as a list, becomes a story. Else it declines. */
import type { JsonObject } from "../../contract/json.ts";
import { objectIn, type RuleAnswer, type RuleFacts } from "../../models/providers/rules.ts";
import { readExamples, type Wanted } from "./search/examples.ts";
import { fileName, testName } from "./search/program-text.ts";
import { criteriaIn, examplesIn, slugOf, withoutExamples } from "./structured-request.ts";

const MOST_CRITERIA = 12;

export function productManager({ data }: RuleFacts): RuleAnswer {
  const request = objectIn(data, "request");
  const title = String(request.title ?? "").trim();
  const text = String(request.text ?? "");
  const examples = examplesIn(text);
  if (examples) {
    const wanted = readExamples(examples);
    return {
      answer: {
        slug: slugOf(fileName(wanted.name)),
        title: title.slice(0, 120) || `${wanted.name} gives what its examples say`,
        narrative: [withoutExamples(text), fenced(examples)].filter(Boolean).join("\n\n"),
        criteria: criteriaOf(wanted),
      },
    };
  }
  const criteria = criteriaIn(text);
  if (criteria.length === 0)
    return {
      refusal:
        "No rule makes a story of this request: it has neither examples of inputs and outputs nor a list of criteria. Write each criterion on a line that begins with a dash, or start with a model.",
    };
  return { answer: { slug: slugOf(title), title: title.slice(0, 120), narrative: text, criteria } };
}

/** One criterion for each example; where there are more than the form takes, several stand in one. */
export function criteriaOf({ name, examples }: Wanted): string[] {
  const each = Math.ceil(examples.length / MOST_CRITERIA);
  const lines = examples.map(({ args, out }) => testName(name, args, out));
  return Array.from({ length: Math.ceil(lines.length / each) }, (_, at) => lines.slice(at * each, (at + 1) * each).join("; "));
}

function fenced(examples: JsonObject): string {
  return `\`\`\`json\n${JSON.stringify(examples)}\n\`\`\``;
}
