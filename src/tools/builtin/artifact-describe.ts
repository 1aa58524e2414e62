import * as z from "zod";
import { isText } from "../artifact-text.ts";
import { masterTool } from "../port.ts";

export const artifactDescribe = masterTool({
  name: "artifact.describe",
  flag: "r",
  description: "Type, size, hash and beginning of an artefact that a token of your places names, or that you put.",
  input: z.strictObject({ id: z.string().min(1).max(100) }),
  output: z.strictObject({
    id: z.string(),
    type: z.string(),
    size: z.int(),
    sha256: z.string(),
    text: z.boolean(),
    lines: z.int().nullable(),
    beginning: z.string(),
  }),
  limits: { seconds: 30, bytes: 4 * 1024 },
  errors: { "artifact-not-named": "no token of the persona's places names it", "artifact-gone": "it is not in the store any more" },
  run: async ({ id }, { artifacts }) => {
    const { ref, content } = await artifacts.get(id);
    const text = isText(ref.type, content);
    const words = text ? Buffer.from(content).toString("utf8") : "";
    return {
      id,
      type: ref.type,
      size: ref.size,
      sha256: ref.sha256,
      text,
      lines: text ? words.split("\n").length : null,
      beginning: text ? words.slice(0, 200) : Buffer.from(content.subarray(0, 16)).toString("hex"),
    };
  },
});
