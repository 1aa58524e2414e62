import * as z from "zod";
import { given } from "../hands.ts";
import { httpHead } from "../http-words.ts";
import { masterTool } from "../port.ts";

export const httpDownload = masterTool({
  name: "http.download",
  flag: "h",
  description: "GET a file from a host that this installation allows, and keep it as an artefact. `artifact` stands for it in a token.",
  input: z.strictObject({ url: z.string().min(1).max(4000), headers: z.record(z.string().max(100), z.string().max(2000)).default({}) }),
  output: z.strictObject({
    ...httpHead,
    artifact: z.strictObject({ $artifact: z.string(), sha256: z.string(), size: z.int(), type: z.string() }).nullable(),
  }),
  limits: { seconds: 300, bytes: 2 * 1024 },
  errors: {
    "http-host-refused": "the host is not on the installation's list",
    "http-bad-url": "the address is not sound",
    "http-unreachable": "the server did not answer",
    "http-answer-too-big": "the file has more than 32 MiB",
  },
  run: async ({ url, headers }, { http, artifacts, call }) => {
    const hand = given(http, "HTTP");
    const answer = await hand.send({ method: "GET", url, headers, body: null, maxBytes: 32 * 1024 * 1024 }, call);
    const { status, type, body } = answer;
    const ok = status >= 200 && status < 300;
    return { status, type, artifact: ok ? { ...(await artifacts.put(body, type || "application/octet-stream")) } : null };
  },
});
