/** A lineage as a tree to be read from the top: the token, where it came from, what became of it. */

import type { Lineage, Totals } from "../../client/history/lineage.ts";
import type { Step } from "../../client/history/step-story.ts";
import { type Output, oneLine, readableAge } from "../output.ts";
import { stepDetails } from "./step-words.ts";

interface Branch {
  line: string;
  details: string[];
  children: Branch[];
}

export function lineageText(lineage: Lineage, out: Output): string {
  const { token, place, net, now } = lineage;
  const where = now.state === "gone" ? "gone from there" : now.state === "held" ? `held by ${now.firing}` : "at rest";
  const lines = [
    out.paint.bold(`${token.id} in ${place} of ${net}, ${where}`),
    `made ${token.at} by ${token.by}, correlation ${token.correlation}`,
    oneLine(token.data, 200),
    "",
    out.paint.bold("came from"),
    ...draw(new Trees(lineage).before(token.id, place), ""),
    ...cutLine(lineage.cut.before),
    totalsLine(lineage.totals.before),
    "",
    out.paint.bold("became"),
    ...(lineage.after.length === 0 ? ["nothing took it so far"] : draw(new Trees(lineage).after(token.id, place), "")),
    ...cutLine(lineage.cut.after),
    ...(lineage.after.length === 0 ? [] : [totalsLine(lineage.totals.after)]),
    ...prompts(lineage, out),
  ];
  return lines.join("\n");
}

/** Builds branches; a step that several tokens share is told once. */
class Trees {
  readonly #makers = new Map<string, Step>();
  readonly #users = new Map<string, Step[]>();
  readonly #told = new Set<string>();
  readonly #lineage: Lineage;

  constructor(lineage: Lineage) {
    this.#lineage = lineage;
    for (const step of lineage.before) for (const { id } of step.produced) this.#makers.set(id, step);
    for (const step of lineage.after) {
      for (const { id } of [...step.consumed, ...step.read]) this.#users.set(id, [...(this.#users.get(id) ?? []), step]);
    }
  }

  before(id: string, place: string, how = ""): Branch {
    const step = this.#makers.get(id);
    if (!step) return { line: `${place} ${id}${how}`, details: ["(further back; --depth shows more)"], children: [] };
    const line = `${place} ${id}${how} ← ${headOf(step)}`;
    if (this.#told.has(step.step)) return { line: `${line} (told elsewhere)`, details: [], children: [] };
    this.#told.add(step.step);
    const inputs = [
      ...step.consumed.map((one) => this.before(one.id, one.place)),
      ...step.read.map((one) => this.before(one.id, one.place, " (read)")),
    ];
    return { line, details: [...stepDetails(step), ...this.#elsewhere(id)], children: inputs };
  }

  after(id: string, place: string): Branch {
    const steps = this.#users.get(id) ?? [];
    const children = steps.map((step): Branch => {
      const how = step.consumed.some((one) => one.id === id) ? "taken" : "read";
      const line = `→ ${how} by ${headOf(step)}`;
      if (this.#told.has(step.step)) return { line: `${line} (told elsewhere)`, details: [], children: [] };
      this.#told.add(step.step);
      return { line, details: stepDetails(step), children: step.produced.map((one) => this.after(one.id, one.place)) };
    });
    const now = this.#lineage.tokens[id]?.now.state;
    const rests = children.length === 0 && now === "at rest" ? ", at rest" : "";
    return { line: `${place} ${id}${rests}`, details: [], children };
  }

  #elsewhere(id: string): string[] {
    const from = this.#lineage.tokens[id]?.token.from;
    if (!from || "outside" in from || from.net === this.#lineage.net) return [];
    return [`from the net ${from.net}: petrel trace ${from.tokens[0] ?? ""} --net ${from.net}`];
  }
}

function headOf(step: Step): string {
  const { transition, firing, outcome, began, ended, durationMs } = step;
  // A deadline of a place is nobody's transition.
  const named = firing !== null && transition !== null;
  const who = [named ? transition : outcome, firing ?? ""].filter(Boolean).join(" ");
  const seqs = ended === null || ended.seq === began.seq ? `#${began.seq}` : `#${began.seq}-#${ended.seq}`;
  const took = durationMs === null ? "" : durationMs < 10_000 ? ` after ${durationMs} ms` : ` after ${readableAge(durationMs)}`;
  const how = step.open ? (outcome === "gated" ? "waits for people" : "under way") : named ? `${outcome}${took}` : "";
  return [who, seqs, (ended ?? began).at.slice(0, 19).replace("T", " "), how].filter(Boolean).join("  ");
}

/** A chain stands straight; only a fork is indented. */
function draw({ line, details, children }: Branch, prefix: string): string[] {
  const [only] = children;
  const bar = children.length > 0 ? "│  " : "   ";
  const lines = [`${prefix}${line}`, ...details.map((detail) => `${prefix}${bar}${detail}`)];
  if (children.length === 1 && only) return [...lines, ...draw(only, prefix)];
  for (const [at, child] of children.entries()) {
    const last = at === children.length - 1;
    const [first = "", ...rest] = draw(child, "");
    lines.push(`${prefix}${last ? "└─ " : "├─ "}${first}`, ...rest.map((text) => `${prefix}${last ? "   " : "│  "}${text}`));
  }
  return lines;
}

function cutLine(count: number): string[] {
  return count === 0 ? [] : [`… at least ${count} more ${count === 1 ? "step" : "steps"}; --depth and --limit show more`];
}

function totalsLine(totals: Totals): string {
  const { steps, modelCalls, inputTokens, outputTokens, costUsd, listUsd, toolCalls, refusedCalls, people } = totals;
  const parts = [`${steps} ${steps === 1 ? "step" : "steps"}`];
  if (modelCalls > 0)
    parts.push(
      `${modelCalls} model calls, ${inputTokens} tokens in, ${outputTokens} out, ${usd(costUsd)} (${usd(listUsd)} at list prices)`,
    );
  if (toolCalls > 0) parts.push(`${toolCalls} tool calls`);
  if (refusedCalls > 0) parts.push(`${refusedCalls} refused`);
  if (people.length > 0) parts.push(`people: ${people.join(", ")}`);
  return `in all: ${parts.join("; ")}`;
}
function usd(amount: number): string {
  return `${Number(amount.toFixed(6))} USD`;
}

function prompts({ before, after, token }: Lineage, out: Output): string[] {
  const all = [...new Map([...before, ...after].flatMap((step) => (step.prompt ? [[step.step, step] as const] : []))).values()];
  if (all.length === 0) return [];
  if (all.every(({ prompt }) => prompt?.text === undefined)) return ["", `petrel trace ${token.id} --prompts prints the exact prompts`];
  return all.flatMap(({ transition, firing, prompt }) => [
    "",
    out.paint.bold(
      `prompt of ${transition} ${firing}, sha256 ${prompt?.sha256}${prompt?.text && !prompt.intact ? " (its content differs)" : ""}`,
    ),
    prompt?.text ?? "(the artefact store no longer has it)",
  ]);
}
