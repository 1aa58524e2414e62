/** All tools that come with Petrel, by name, and how they are told to a model. */
import { z } from "zod";
import type { JsonObject } from "../contract/json.ts";
import { done } from "./builtin/done.ts";
import { fail } from "./builtin/fail.ts";
import { fsDelete } from "./builtin/fs-delete.ts";
import { fsList } from "./builtin/fs-list.ts";
import { fsPatch } from "./builtin/fs-patch.ts";
import { fsRead } from "./builtin/fs-read.ts";
import { fsSearch } from "./builtin/fs-search.ts";
import { fsWrite } from "./builtin/fs-write.ts";
import { gitCommit } from "./builtin/git-commit.ts";
import { gitDiff } from "./builtin/git-diff.ts";
import { gitLog } from "./builtin/git-log.ts";
import { gitStatus } from "./builtin/git-status.ts";
import { knowledgeSearch } from "./builtin/knowledge-search.ts";
import { placeRead } from "./builtin/place-read.ts";
import { testsRun } from "./builtin/tests-run.ts";
import { think } from "./builtin/think.ts";
import type { ToolDefinition } from "./port.ts";

const tools = [
  think,
  done,
  fail,
  placeRead,
  knowledgeSearch,
  fsRead,
  fsList,
  fsSearch,
  fsWrite,
  fsPatch,
  fsDelete,
  gitStatus,
  gitDiff,
  gitLog,
  gitCommit,
  testsRun,
];

export const toolCatalogue: ReadonlyMap<string, ToolDefinition> = new Map(tools.map((tool) => [tool.name, tool]));

/** The model APIs allow no dot in a tool's name. Our names have no underscore, so the mapping loses nothing. */
export function apiName(name: string): string {
  return name.replaceAll(".", "_");
}
export function fromApiName(name: string): string {
  return name.replaceAll("_", ".");
}

/** What a model is told of a tool: its API-safe name, its description and the JSON Schema 2020-12 of its input. */
export function toolSpec(tool: ToolDefinition): { name: string; description: string; input: JsonObject } {
  const { $schema: _, ...input } = z.toJSONSchema(tool.input, { target: "draft-2020-12", io: "input" });
  return { name: apiName(tool.name), description: tool.description, input: input as JsonObject };
}
