/** All tools that come with Petrel, by name, and how they are told to a model. */
import * as z from "zod";
import type { JsonObject } from "../contract/json.ts";
import { artifactDescribe } from "./builtin/artifact-describe.ts";
import { artifactGet } from "./builtin/artifact-get.ts";
import { artifactPut } from "./builtin/artifact-put.ts";
import { artifactText } from "./builtin/artifact-text.ts";
import { ask } from "./builtin/ask.ts";
import { browserCheck } from "./builtin/browser-check.ts";
import { browserClick } from "./builtin/browser-click.ts";
import { browserFill } from "./builtin/browser-fill.ts";
import { browserOpen } from "./builtin/browser-open.ts";
import { browserPress } from "./builtin/browser-press.ts";
import { browserRead } from "./builtin/browser-read.ts";
import { browserScreenshot } from "./builtin/browser-screenshot.ts";
import { browserSelect } from "./builtin/browser-select.ts";
import { browserWait } from "./builtin/browser-wait.ts";
import { commandRun } from "./builtin/command-run.ts";
import { commandScript } from "./builtin/command-script.ts";
import { crystallizeCandidates } from "./builtin/crystallize-candidates.ts";
import { crystallizeLearn } from "./builtin/crystallize-learn.ts";
import { crystallizePromote } from "./builtin/crystallize-promote.ts";
import { crystallizeShadow } from "./builtin/crystallize-shadow.ts";
import { crystallizeShow } from "./builtin/crystallize-show.ts";
import { crystallizeUndo } from "./builtin/crystallize-undo.ts";
import { dataDiff } from "./builtin/data-diff.ts";
import { dataQuery } from "./builtin/data-query.ts";
import { dataSummarise } from "./builtin/data-summarise.ts";
import { dataTabulate } from "./builtin/data-tabulate.ts";
import { dataValidate } from "./builtin/data-validate.ts";
import { done } from "./builtin/done.ts";
import { eventsSearch } from "./builtin/events-search.ts";
import { eventsStatistics } from "./builtin/events-statistics.ts";
import { eventsTail } from "./builtin/events-tail.ts";
import { eventsTrail } from "./builtin/events-trail.ts";
import { fail } from "./builtin/fail.ts";
import { fsDelete } from "./builtin/fs-delete.ts";
import { fsList } from "./builtin/fs-list.ts";
import { fsMove } from "./builtin/fs-move.ts";
import { fsPatch } from "./builtin/fs-patch.ts";
import { fsRead } from "./builtin/fs-read.ts";
import { fsSearch } from "./builtin/fs-search.ts";
import { fsWrite } from "./builtin/fs-write.ts";
import { gateAsk } from "./builtin/gate-ask.ts";
import { gateList } from "./builtin/gate-list.ts";
import { gitBlame } from "./builtin/git-blame.ts";
import { gitBranch } from "./builtin/git-branch.ts";
import { gitCommit } from "./builtin/git-commit.ts";
import { gitDiff } from "./builtin/git-diff.ts";
import { gitLog } from "./builtin/git-log.ts";
import { gitMerge } from "./builtin/git-merge.ts";
import { gitPush } from "./builtin/git-push.ts";
import { gitShow } from "./builtin/git-show.ts";
import { gitStatus } from "./builtin/git-status.ts";
import { helperRun } from "./builtin/helper-run.ts";
import { httpDownload } from "./builtin/http-download.ts";
import { httpGet } from "./builtin/http-get.ts";
import { httpPost } from "./builtin/http-post.ts";
import { knowledgeSearch } from "./builtin/knowledge-search.ts";
import { memoryForget } from "./builtin/memory-forget.ts";
import { memoryList } from "./builtin/memory-list.ts";
import { memoryRecall } from "./builtin/memory-recall.ts";
import { memoryWrite } from "./builtin/memory-write.ts";
import { netCheck } from "./builtin/net-check.ts";
import { netDescribe } from "./builtin/net-describe.ts";
import { netPropose } from "./builtin/net-propose.ts";
import { netWhy } from "./builtin/net-why.ts";
import { personaDescribe } from "./builtin/persona-describe.ts";
import { personaPropose } from "./builtin/persona-propose.ts";
import { placeCount } from "./builtin/place-count.ts";
import { placeEmit } from "./builtin/place-emit.ts";
import { placeMove } from "./builtin/place-move.ts";
import { placePeek } from "./builtin/place-peek.ts";
import { placeQuery } from "./builtin/place-query.ts";
import { placeRead } from "./builtin/place-read.ts";
import { plan } from "./builtin/plan.ts";
import { testsRun } from "./builtin/tests-run.ts";
import { think } from "./builtin/think.ts";
import { timeNow } from "./builtin/time-now.ts";
import { timeWait } from "./builtin/time-wait.ts";
import type { ToolDefinition } from "./port.ts";

const tools = [
  think,
  plan,
  done,
  fail,
  ask,
  helperRun,
  placeCount,
  placeEmit,
  placeMove,
  placePeek,
  placeQuery,
  placeRead,
  netCheck,
  netDescribe,
  netPropose,
  netWhy,
  eventsSearch,
  eventsStatistics,
  eventsTail,
  eventsTrail,
  knowledgeSearch,
  memoryForget,
  memoryList,
  memoryRecall,
  memoryWrite,
  artifactDescribe,
  artifactGet,
  artifactPut,
  artifactText,
  fsDelete,
  fsList,
  fsMove,
  fsPatch,
  fsRead,
  fsSearch,
  fsWrite,
  gitBlame,
  gitBranch,
  gitCommit,
  gitDiff,
  gitLog,
  gitMerge,
  gitPush,
  gitShow,
  gitStatus,
  commandRun,
  commandScript,
  testsRun,
  browserOpen,
  browserClick,
  browserFill,
  browserPress,
  browserSelect,
  browserCheck,
  browserWait,
  browserRead,
  browserScreenshot,
  httpDownload,
  httpGet,
  httpPost,
  gateAsk,
  gateList,
  personaDescribe,
  personaPropose,
  crystallizeCandidates,
  crystallizeLearn,
  crystallizeShow,
  crystallizeShadow,
  crystallizePromote,
  crystallizeUndo,
  timeNow,
  timeWait,
  dataDiff,
  dataQuery,
  dataSummarise,
  dataTabulate,
  dataValidate,
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
  if (tool.schema) return { name: apiName(tool.name), description: tool.description, input: tool.schema };
  const { $schema: _, ...input } = z.toJSONSchema(tool.input, { target: "draft-2020-12", io: "input" });
  return { name: apiName(tool.name), description: tool.description, input: input as JsonObject };
}
