import * as z from "zod";
import { given } from "../hands.ts";
import { bodyText, httpHead } from "../http-words.ts";
import { masterTool } from "../port.ts";

export const httpGet = masterTool({
  name: "http.get",
  flag: "h",
  description: "GET a page or a document from a host that this installation allows. HTML comes as readable text unless `raw`.",
  input: z.strictObject({
    url: z.string().min(1).max(4000),
    headers: z.record(z.string().max(100), z.string().max(2000)).default({}),
    raw: z.boolean().default(false),
  }),
  output: z.strictObject({ ...httpHead, text: z.string(), truncated: z.boolean() }),
  limits: { seconds: 60, bytes: 64 * 1024 },
  errors: {
    "http-host-refused": "the host is not on the installation's list",
    "http-bad-url": "the address is not sound",
    "http-unreachable": "the server did not answer",
    "http-answer-too-big": "the answer has more than 2 MiB",
  },
  run: async ({ url, headers, raw }, { http, call }) => {
    const hand = given(http, "HTTP");
    const answer = await hand.send({ method: "GET", url, headers, body: null, maxBytes: 2 * 1024 * 1024 }, call);
    return { status: answer.status, type: answer.type, ...bodyText(answer, raw, 48 * 1024) };
  },
});
