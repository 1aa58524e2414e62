/** What the models of `demo --stories` answer: written by this generator, by rules that a person would follow without thinking. */
import type { AnswersFile } from "../../../models/providers/authored.ts";
import type { DemoReport, DemoStory } from "./stories.ts";

type Entry = AnswersFile["answers"][number];

const URGENCY: Record<DemoReport["what"], string> = { crash: "now", wrong: "soon", slow: "soon", wish: "later", question: "later" };
const TEAM: Record<DemoReport["where"], string> = { list: "notes", search: "notes", login: "accounts", export: "files" };
/** What the net tells of a story on its way. */
export const NEWS = ["written", "tested", "accepted", "delivered"] as const;

export function storyAnswers(stories: readonly DemoStory[]): AnswersFile {
  return { answers: stories.flatMap((story) => [...workAnswers(story), ...steadyAnswers(story)]) };
}

function workAnswers(story: DemoStory): Entry[] {
  const { mark, title, slug, files, request } = story;
  const narrative = `${mark}. ${request.text} Nothing else changes.`;
  const task = {
    id: "unit",
    title,
    description: `${narrative} In ${files[0]?.path}, with tests in ${files[1]?.path}. Touch no other file.`,
  };
  return [
    answer("product-manager", [mark], {
      slug,
      title,
      narrative,
      criteria: ["a value comes back with its unit", "what is no number is refused"],
    }),
    answer("architect", [mark], { tasks: [task] }),
    {
      persona: "developer",
      when: [mark],
      turns: [
        { text: "Two new files.", tools: files.map(({ path, text }) => ({ name: "fs.write", input: { path, text } })) },
        { tools: [{ name: "tests.run", input: {} }] },
        { tools: [{ name: "git.commit", input: { message: title } }] },
        { tools: [{ name: "done", input: { status: "done", summary: "the function and its tests are there, all green." } }] },
      ],
    },
    answer("security-reviewer", [mark], { severity: "none", notes: "It takes a number and gives a text." }),
    answer("performance-reviewer", [mark], { severity: "none", notes: "Constant work for each value." }),
    answer("qa", [mark], { verdict: "pass", findings: "Both criteria have a test." }),
  ];
}

function steadyAnswers({ mark, title, slug, reports }: DemoStory): Entry[] {
  return [
    ...reports.map(({ id, what, where }) => answer("triage", [id], { urgency: URGENCY[what], team: TEAM[where] })),
    ...NEWS.map((what) =>
      answer("status-formatter", [mark, `"what": "${what}"`], {
        headline: `${title}: ${what}`,
        state: "on-track",
        lines: [`${title} is ${what}.`],
      }),
    ),
    answer("changelog-writer", [mark], {
      entries: [{ group: "Added", lead: title, text: `${title}. It comes with tests.`, source: slug }],
    }),
  ];
}

function answer(
  persona: string,
  when: string[],
  input: Entry["turns"][number]["tools"] extends (infer Tool)[] | undefined ? (Tool extends { input: infer Input } ? Input : never) : never,
): Entry {
  return { persona, when, turns: [{ tools: [{ name: "answer", input }] }] };
}
