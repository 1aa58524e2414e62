import * as z from "zod";
import { masterTool } from "../port.ts";

export const artifactPut = masterTool({
  name: "artifact.put",
  flag: "w",
  description: "Keep a text or bytes as an artefact. The answer is what stands for it in a token: {$artifact, sha256, size, type}.",
  input: z.strictObject({
    content: z.string().max(512 * 1024),
    encoding: z.enum(["utf8", "base64"]).default("utf8"),
    type: z
      .string()
      .regex(/^[a-z0-9.+-]+\/[a-z0-9.+-]+$/)
      .default("text/plain")
      .describe("Media type"),
  }),
  output: z.strictObject({ $artifact: z.string(), sha256: z.string(), size: z.int(), type: z.string() }),
  limits: { seconds: 60, bytes: 1024 },
  errors: {},
  run: async ({ content, encoding, type }, { artifacts }) => ({ ...(await artifacts.put(Buffer.from(content, encoding), type)) }),
});
