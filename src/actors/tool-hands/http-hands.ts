/** HTTP for tools, through the same client and list of hosts as `http` transitions. */
import { Terminal } from "../../contract/errors.ts";
import type { HttpPort } from "../../http/port.ts";
import type { HttpHands } from "../../tools/hands.ts";

/** Of the connection, or what would say who we are not. */
const NOT_SENT = new Set(["host", "connection", "content-length", "transfer-encoding", "idempotency-key", "cookie", "proxy-authorization"]);
const EVERY_STATUS = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/** `key`: of the firing; each call adds its own part, so that a repeated one has the same (E4). */
export function httpHands(client: HttpPort, key: string, signal: AbortSignal): HttpHands {
  return {
    async send({ method, url, headers, body, maxBytes }, call) {
      const lower = Object.entries(headers).map(([name, value]): [string, string] => [name.toLowerCase(), value]);
      const bad = lower.find(([name]) => NOT_SENT.has(name));
      if (bad) throw new Terminal({ code: "http-bad-request", message: `the header ${bad[0]} is not the caller's to set` });
      const done = await client.send(
        {
          ...{ method, url, body, maxBytes, headers: Object.fromEntries(lower) },
          key: `${key}/${call}`,
          success: EVERY_STATUS,
          redirects: 5,
          allow: null,
          sensitive: ["authorization"],
          strip: (bytes) => bytes,
        },
        signal,
      );
      if ("error" in done) throw done.error;
      return done.answer;
    },
  };
}
