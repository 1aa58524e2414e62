/** An artefact as it stands in a hand's result. */
import * as z from "zod";

export const keptArtifact = z.object({
  $artifact: z.string(),
  sha256: z.string(),
  size: z.number(),
  type: z.string(),
  name: z.string(),
});
