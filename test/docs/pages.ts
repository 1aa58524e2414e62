/** The pages of the documentation, and what stands in their fences. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface Fence {
  page: string;
  /** Line of the page where the block begins, from 1. */
  line: number;
  /** What stands behind the fence, like `sh run`. */
  kind: string;
  text: string;
}

export const PAGES: readonly string[] = [
  "README.md",
  "AGENTS.md",
  "CHANGELOG.md",
  ...readdirSync("docs", { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => join("docs", name))
    .sort(),
];

export function pageText(page: string): string {
  return readFileSync(page, "utf8");
}

export function fencesOf(page: string): Fence[] {
  const fences: Fence[] = [];
  let open: Fence | null = null;
  for (const [at, line] of pageText(page).split("\n").entries()) {
    const mark = /^```(.*)$/.exec(line);
    if (!mark) {
      if (open) open.text += `${line}\n`;
    } else if (open) {
      fences.push(open);
      open = null;
    } else open = { page, line: at + 1, kind: (mark[1] ?? "").trim(), text: "" };
  }
  if (open) throw new Error(`${page}:${open.line}: this fence is never closed`);
  return fences;
}

/** Text outside of fences. */
export function proseOf(page: string): string {
  return pageText(page).replace(/^```[\s\S]*?^```$/gm, "");
}
