/** What stands for an artefact in the output of a hand. */
import { z } from "zod";

export const artifactOutput = z.object({
  $artifact: z.string(),
  sha256: z.string(),
  size: z.number().describe("Bytes"),
  type: z.string().describe("Media type"),
  name: z.string().optional(),
});
