/** What a tool is. Definitions stand in `builtin/`, one file a tool; where they run is said here and done elsewhere. */
import type { z } from "zod";
import type { Flag } from "../contract/capability.ts";

export interface ToolDefinition {
  /** `room.verb`, like `fs.read`. */
  name: string;
  /** The capability flag that a persona needs, or null for tools that touch nothing (think, done, fail). */
  flag: Flag | null;
  description: string;
  input: z.ZodType;
  output: z.ZodType;
  /** `executor`: runs where the workspace is. `master`: runs beside the turn loop. `loop`: ends or steers the loop itself. */
  runs: "executor" | "master" | "loop";
  limits: { seconds: number; bytes: number };
}
