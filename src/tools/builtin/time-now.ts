import * as z from "zod";
import { isoTime } from "../../contract/clock.ts";
import { masterTool } from "../port.ts";

export const timeNow = masterTool({
  name: "time.now",
  flag: null,
  description: "The time now, in UTC.",
  input: z.strictObject({}),
  output: z.strictObject({ now: z.string().describe("ISO 8601"), milliseconds: z.int().describe("Since 1970"), weekday: z.string() }),
  limits: { seconds: 1, bytes: 1024 },
  errors: {},
  run: (_, { clock }) => {
    const now = clock.now();
    const weekday = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"][new Date(now).getUTCDay()] ?? "";
    return { now: isoTime(now), milliseconds: Math.floor(now), weekday };
  },
});
