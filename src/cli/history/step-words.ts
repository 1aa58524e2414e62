/** The lines under a step of a lineage. */

import type { Attempt, Person, Step } from "../../client/history/step-story.ts";
import type { ToolUse } from "../../contract/event.ts";
import { proofWords } from "../../net/crystal/words.ts";
import { readableAge } from "../output.ts";

export function stepDetails(step: Step): string[] {
  return [
    step.summary.replace(/\s+/g, " "),
    ...whoWords(step),
    ...modelWords(step),
    ...ruleStepWords(step),
    ...attemptWords(step),
    ...toolWords(step.tools),
    ...step.refused.map(({ tool, reason, at }) => `✗ refused: ${tool} at ${clockTime(at)}: ${reason}`),
    ...step.ignored.map(({ executor, reason, at }) => `a late result of ${executor} at ${clockTime(at)} was ignored: ${reason}`),
    ...(step.prompt ? [`prompt sha256 ${step.prompt.sha256}`] : []),
    ...gateWords(step),
    ...step.people.map(personWords),
  ];
}

function whoWords({ persona, personaVersion, kind }: Step): string[] {
  if (persona === null) return [];
  const version = personaVersion === null ? "" : `, version ${personaVersion.slice(0, 12)}`;
  return [`persona ${persona}${version}${kind === null ? "" : `, ${kind}`}`];
}

function modelWords({ model }: Step): string[] {
  if (!model) return [];
  const { provider, name, calls, inputTokens, outputTokens, costUsd, listUsd } = model;
  const list = listUsd === undefined ? "" : ` (${Number(listUsd.toFixed(6))} at list prices)`;
  const cost = `${Number(costUsd.toFixed(6))} USD${list}`;
  return [`model ${provider}/${name}: ${calls} ${calls === 1 ? "call" : "calls"}, ${inputTokens} tokens in, ${outputTokens} out, ${cost}`];
}

function ruleStepWords({ rule }: Step): string[] {
  if (!rule) return [];
  const { rule: id, by, mode, same, declined, proof } = rule;
  const origin = proof ? [`  ${proofWords(proof)}`] : [];
  if (by === "rule") return [`rule ${id} answered in the model's place`, ...origin];
  if (declined !== null) return [`rule ${id} left it to the model: ${declined}`];
  const compared = same === null ? "not compared" : same ? "it said the same" : "it said otherwise";
  return [`rule ${id} ${mode === "live" ? "was audited by the model" : "in its shadow"}: ${compared}`];
}

/** One attempt that nobody but the master worked on needs no line. */
function attemptWords({ attempts }: Step): string[] {
  const told = attempts.length > 1 || attempts.some(({ executor, how }) => executor !== null || how === "failed");
  return told ? attempts.map(attemptLine) : [];
}
function attemptLine({ attempt, executor, how, reason, began }: Attempt): string {
  const where = executor === null ? "" : ` on executor ${executor}`;
  return `attempt ${attempt} at ${clockTime(began)}${where}: ${how}${reason === null ? "" : `, ${reason.replace(/\s+/g, " ")}`}`;
}

function toolWords(tools: ToolUse[]): string[] {
  if (tools.length === 0) return [];
  const counts = new Map<string, number>();
  for (const { name, ok, refused } of tools) {
    const word = `${name}${refused ? " (✗ refused)" : ok ? "" : " (failed)"}`;
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [`tools: ${[...counts].map(([word, count]) => (count === 1 ? word : `${word} ×${count}`)).join(", ")}`];
}

function gateWords({ gate, people, open }: Step): string[] {
  if (!gate) return [];
  const decisions = people.filter(({ did }) => did === "approve" || did === "reject");
  const last = decisions.at(-1);
  const waited = last ? `, decided after ${readableAge(Date.parse(last.at) - Date.parse(gate.since))}` : open ? ", undecided" : "";
  return [`gate ${gate.name}: ${gate.quorum} of ${gate.approvers.join(", ")} since ${clockTime(gate.since)}${waited}`];
}

function personWords({ by, roles, did, at, comment }: Person): string {
  if (did === "put") return `from outside, by ${by}`;
  const done =
    {
      ...{ approve: "approved", reject: "rejected", move: "moved it", close: "closed it" },
      ...{ takeover: "took it over", handback: "handed it back" },
    }[did] ?? did;
  return `${by}${roles.length > 0 ? ` (${roles.join(", ")})` : ""} ${done} at ${clockTime(at)}${comment === null ? "" : `: ${comment}`}`;
}

function clockTime(at: string): string {
  return at.slice(0, 19).replace("T", " ");
}
