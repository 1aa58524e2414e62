import * as z from "zod";
import { given } from "../hands.ts";
import { bodyText, httpHead } from "../http-words.ts";
import { masterTool } from "../port.ts";

export const httpPost = masterTool({
  name: "http.post",
  flag: "h",
  description:
    "POST JSON or a text to a host that this installation allows. It carries a stable idempotency key, so that a repeated call is applied once where the server honours it.",
  input: z.strictObject({
    url: z.string().min(1).max(4000),
    headers: z.record(z.string().max(100), z.string().max(2000)).default({}),
    json: z.json().optional(),
    text: z
      .string()
      .max(512 * 1024)
      .optional(),
  }),
  output: z.strictObject({ ...httpHead, text: z.string(), truncated: z.boolean() }),
  limits: { seconds: 60, bytes: 64 * 1024 },
  errors: {
    "http-host-refused": "the host is not on the installation's list",
    "http-bad-url": "the address is not sound",
    "http-unreachable": "the server did not answer",
    "http-answer-too-big": "the answer has more than 2 MiB",
  },
  run: async ({ url, headers, json, text }, { http, call }) => {
    const hand = given(http, "HTTP");
    const body = json === undefined ? (text ?? "") : JSON.stringify(json);
    const type = json === undefined ? "text/plain; charset=utf-8" : "application/json";
    const answer = await hand.send(
      { method: "POST", url, headers: { "content-type": type, ...headers }, body: Buffer.from(body), maxBytes: 2 * 1024 * 1024 },
      call,
    );
    return { status: answer.status, type: answer.type, ...bodyText(answer, true, 48 * 1024) };
  },
});
