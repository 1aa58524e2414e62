import * as z from "zod";
import { plainText } from "../artifact-text.ts";
import { masterTool } from "../port.ts";

export const artifactText = masterTool({
  name: "artifact.text",
  flag: "r",
  description:
    "The readable text of an artefact that a token of your places names, or that you put: plain text, Markdown, CSV, JSON, XML or HTML without its tags. Not of PDF and office documents.",
  input: z.strictObject({
    id: z.string().min(1).max(100),
    from: z.int().min(0).default(0).describe("First character"),
    characters: z.int().min(1).max(40_000).default(20_000),
  }),
  output: z.strictObject({
    id: z.string(),
    type: z.string(),
    text: z.string(),
    characters: z.int().describe("Of the whole text"),
    more: z.boolean(),
  }),
  limits: { seconds: 30, bytes: 64 * 1024 },
  errors: {
    "artifact-not-named": "no token of the persona's places names it",
    "artifact-gone": "it is not in the store any more",
    "no-text": "nothing is known of how to read text out of it",
    document: "a PDF or an office document: a command transition on an executor reads it out",
  },
  run: async ({ id, from, characters }, { artifacts }) => {
    const { ref, content } = await artifacts.get(id);
    const text = plainText(ref.type, content);
    return {
      id,
      type: ref.type,
      text: text.slice(from, from + characters),
      characters: text.length,
      more: from + characters < text.length,
    };
  },
});
