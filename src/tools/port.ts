/** What a tool is. Definitions stand in `builtin/`, one file a tool; those that run beside the turn loop say there what they do. */
import type { z } from "zod";
import type { Flag } from "../contract/capability.ts";
import type { Json, JsonObject } from "../contract/json.ts";
import type { MasterHands } from "./hands.ts";

/**
 * What the net must give a firing before a tool can be called in it: an executor's workspace, one with a browser, arcs that read,
 * write or take tokens, the position that releases, a memory place.
 */
export type Need = "workspace" | "browser" | "reads" | "writes" | "takes" | "release" | "memory";

export interface ToolDefinition {
  /** `room.verb`, like `fs.read`; of an MCP server `mcp.<server>.<tool>`. */
  name: string;
  /** The capability flag that a persona needs, or null for tools that touch nothing (think, done, fail). */
  flag: Flag | null;
  /** One more that it takes, whatever its own is. */
  also?: Flag;
  description: string;
  input: z.ZodType;
  /** JSON Schema that the model is shown in place of what `input` says: an MCP server's own. */
  schema?: JsonObject;
  output: z.ZodType;
  /** `executor`: runs where the workspace is. `master`: runs beside the turn loop. `loop`: ends or steers the loop itself. */
  runs: "executor" | "master" | "loop";
  needs?: readonly Need[];
  /** `bytes`: of what it answers, in JSON. */
  limits: { seconds: number; bytes: number };
  /** Codes of its errors, each with what it means. Those that every call can meet stand in `COMMON_ERRORS`. */
  errors: Readonly<Record<string, string>>;
  /** Of tools that run on the master. */
  run?(input: Json, hands: MasterHands): Promise<Json>;
}

/** What any call can be answered with, by the policy and the loop. */
export const COMMON_ERRORS: Readonly<Record<string, string>> = {
  "tool-unknown": "there is no such tool",
  "flag-missing": "the persona has not the tool's flag",
  "tool-not-listed": "the tool is not on the persona's list",
  "tool-not-wired": "the net gives this firing nothing that the tool could work with",
  "tool-input": "the input does not fit the tool's schema",
  "tool-timeout": "the tool took longer than its limit",
};

/** A tool that runs on the master: its input comes to `run` as its schema yields it. */
export function masterTool<I extends z.ZodType, O extends z.ZodType>(
  tool: Omit<ToolDefinition, "input" | "output" | "runs" | "run"> & {
    input: I;
    output: O;
    run(input: z.output<I>, hands: MasterHands): Promise<z.input<O>> | z.input<O>;
  },
): ToolDefinition {
  return { ...tool, runs: "master", run: async (input, hands) => (await tool.run(tool.input.parse(input), hands)) as Json };
}
