/** A story as one HTML file that needs no network: decisions, cost, and each step with its prompt, diffs and tokens. */

import type { Story, StoryStep } from "../../client/history/story.ts";
import { isJsonObject, type Json } from "../../contract/json.ts";
import { REPORT_STYLE } from "./report-style.ts";
import { stepDetails } from "./step-words.ts";

const DATA_LETTERS = 4000;

export function reportHtml(story: Story): string {
  const { title, net, correlation, from, to, open } = story;
  const state = open === 0 ? "nothing of it is under way" : `${open} under way or waiting for people`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${safe(title)}</title>
<style>${REPORT_STYLE}</style>
</head>
<body>
<h1>${safe(title)}</h1>
<p>${safe(net)}, story <code>${safe(correlation)}</code>, ${safe(from)} to ${safe(to)}; ${state}</p>
<h2>Decisions</h2>
${decisionsTable(story)}
<h2>Cost</h2>
${costTable(story)}
<h2>Steps</h2>
${story.steps.map(stepSection).join("\n")}
</body>
</html>
`;
}

function decisionsTable({ steps }: Story): string {
  const rows = steps.flatMap((step) =>
    step.people
      .filter(({ did }) => did !== "put")
      .map(({ by, roles, did, at, comment }) => [
        step.gate?.name ?? step.transition ?? "by hand",
        by,
        roles.join(", "),
        did,
        at,
        comment ?? "",
      ]),
  );
  const waiting = steps.filter(({ open, gate, outcome }) => open && gate && (outcome === "gated" || outcome === "decided"));
  const open = waiting.map(({ gate }) => [gate?.name ?? "", gate?.approvers.join(", ") ?? "", "", "undecided", gate?.since ?? "", ""]);
  if (rows.length + open.length === 0) return "<p>No person decided anything in this story.</p>";
  return table(["gate or transition", "who", "roles", "decided", "when", "comment"], [...rows, ...open]);
}

function costTable({ steps, totals }: Story): string {
  const rows = steps.flatMap(({ transition, persona, personaVersion, model }) =>
    model
      ? [
          [
            ...[transition ?? "", `${persona ?? ""} ${personaVersion?.slice(0, 12) ?? ""}`, `${model.provider}/${model.name}`],
            ...[model.calls, model.inputTokens, model.outputTokens, usd(model.costUsd), usd(model.listUsd ?? 0)].map(String),
          ],
        ]
      : [],
  );
  if (rows.length === 0) return "<p>No model was asked.</p>";
  const { modelCalls, inputTokens, outputTokens, costUsd, listUsd } = totals;
  const sum = ["in all", "", "", ...[modelCalls, inputTokens, outputTokens, usd(costUsd), usd(listUsd)].map(String)];
  return table(["transition", "persona", "model", "calls", "tokens in", "tokens out", "USD", "USD at list prices"], [...rows, sum]);
}

function stepSection(step: StoryStep): string {
  const { transition, firing, outcome, began, ended, prompt, tokens, durationMs } = step;
  const numbers = ended === null || ended.seq === began.seq ? `#${began.seq}` : `#${began.seq} to #${ended.seq}`;
  const took = durationMs === null ? "" : `, ${durationMs} ms`;
  const [summary = "", ...details] = stepDetails(step);
  const diffs = [...new Set(tokens.flatMap(({ token }) => diffsIn(token.data)))];
  return `<section class="${step.open ? "open" : safe(outcome)}">
<h3>${safe(transition ?? outcome)} <small>${safe(firing ?? "")} ${numbers}, ${safe(began.at)}${took}, ${step.open ? "under way" : safe(outcome)}</small></h3>
<p>${safe(summary)}</p>
${details.length === 0 ? "" : `<ul>${details.map((line) => `<li>${safe(line)}</li>`).join("")}</ul>`}
${prompt ? folded(`prompt, sha256 ${prompt.sha256}${prompt.text && prompt.intact === false ? " (its content differs)" : ""}`, `<pre>${safe(prompt.text ?? "The artefact store no longer has it.")}</pre>`) : ""}
${diffs.map((diff) => folded("diff", `<pre>${diffLines(diff)}</pre>`)).join("\n")}
${tokens.map(({ place, token }) => folded(`${place} ${token.id}`, `<pre>${safe(cut(JSON.stringify(token.data, null, 2)))}</pre>`)).join("\n")}
</section>`;
}

/** Texts anywhere in a token that git made as a diff. */
function diffsIn(data: Json): string[] {
  if (typeof data === "string") return data.startsWith("diff --git ") ? [data] : [];
  const parts = Array.isArray(data) ? data : isJsonObject(data) ? Object.values(data) : [];
  return parts.flatMap(diffsIn);
}

function diffLines(diff: string): string {
  return diff
    .split("\n")
    .map((line) => {
      const kind = /^(\+\+\+|---|diff |index )/.test(line) ? "meta" : line.startsWith("+") ? "add" : line.startsWith("-") ? "del" : "";
      return kind === "" ? safe(line) : `<span class="${kind}">${safe(line)}</span>`;
    })
    .join("\n");
}

function folded(title: string, body: string): string {
  return `<details><summary>${safe(title)}</summary>${body}</details>`;
}
function table(head: string[], rows: string[][]): string {
  const row = (cells: string[], tag: string) => `<tr>${cells.map((cell) => `<${tag}>${safe(cell)}</${tag}>`).join("")}</tr>`;
  return `<table>${row(head, "th")}${rows.map((cells) => row(cells, "td")).join("")}</table>`;
}
function cut(text: string): string {
  return text.length > DATA_LETTERS ? `${text.slice(0, DATA_LETTERS)}\n… ${text.length - DATA_LETTERS} more letters` : text;
}
function usd(amount: number): number {
  return Number(amount.toFixed(6));
}
/** Everything in a log may have been written by anybody. */
function safe(text: string): string {
  return text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
}
