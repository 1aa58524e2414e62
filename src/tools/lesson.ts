/** A lesson as the memory tools tell it. */
import * as z from "zod";

export const lesson = z.strictObject({
  id: z.string(),
  text: z.string(),
  tags: z.array(z.string()),
  at: z.string(),
  by: z.string(),
  expires: z.string().nullable(),
  score: z.number().optional(),
});
