import * as z from "zod";
import { delay, isoTime } from "../../contract/clock.ts";
import { Terminal } from "../../contract/errors.ts";
import { masterTool } from "../port.ts";

const MOST = 900;

export const timeWait = masterTool({
  name: "time.wait",
  flag: null,
  description: `Wait until a time, or for some seconds; ${MOST} seconds at most. A longer wait belongs into the net, as a delay.`,
  input: z.strictObject({ until: z.iso.datetime().optional(), seconds: z.number().min(0).max(MOST).optional() }),
  output: z.strictObject({ now: z.string(), waitedSeconds: z.number() }),
  limits: { seconds: MOST + 30, bytes: 1024 },
  errors: { "wait-too-long": `it is more than ${MOST} seconds away`, "wait-for-what": "neither `until` nor `seconds` is there" },
  run: async ({ until, seconds }, { clock, signal }) => {
    const began = clock.now();
    if (until === undefined && seconds === undefined) throw new Terminal({ code: "wait-for-what", message: "give `until` or `seconds`" });
    const ms = Math.max(0, until === undefined ? (seconds ?? 0) * 1000 : Date.parse(until) - began);
    if (ms > MOST * 1000) {
      throw new Terminal({
        code: "wait-too-long",
        message: `${Math.round(ms / 1000)} s are more than ${MOST}`,
        hint: "End your work; a delay in the net is durable.",
      });
    }
    await delay(clock, ms, signal);
    return { now: isoTime(clock.now()), waitedSeconds: (clock.now() - began) / 1000 };
  },
});
