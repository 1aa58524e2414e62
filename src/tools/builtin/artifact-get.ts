import * as z from "zod";
import { isText } from "../artifact-text.ts";
import { masterTool } from "../port.ts";

export const artifactGet = masterTool({
  name: "artifact.get",
  flag: "r",
  description: "Read a piece of an artefact that a token of your places names, or that you put: as text where it is text, else in base64.",
  input: z.strictObject({
    id: z.string().min(1).max(100),
    from: z.int().min(0).default(0).describe("First byte"),
    bytes: z
      .int()
      .min(1)
      .max(48 * 1024)
      .default(16 * 1024),
  }),
  output: z.strictObject({
    id: z.string(),
    type: z.string(),
    size: z.int(),
    from: z.int(),
    encoding: z.enum(["utf8", "base64"]),
    content: z.string(),
    more: z.boolean(),
  }),
  limits: { seconds: 30, bytes: 80 * 1024 },
  errors: { "artifact-not-named": "no token of the persona's places names it", "artifact-gone": "it is not in the store any more" },
  run: async ({ id, from, bytes }, { artifacts }) => {
    const { ref, content } = await artifacts.get(id);
    const piece = Buffer.from(content.subarray(from, from + bytes));
    const text = isText(ref.type, content);
    return {
      id,
      type: ref.type,
      size: ref.size,
      from,
      encoding: text ? ("utf8" as const) : ("base64" as const),
      content: piece.toString(text ? "utf8" : "base64"),
      more: from + bytes < content.byteLength,
    };
  },
});
