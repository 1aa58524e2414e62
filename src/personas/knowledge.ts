/** Knowledge files: small ones stand in the prompt, big ones are looked up passage by passage. Each is known by its content's hash. */
import { sha256 } from "../contract/hash.ts";
import type { JsonObject } from "../contract/json.ts";
import type { Knowledge } from "./persona-schema.ts";
import { RankedText } from "./ranked-text.ts";

/** Bytes of a file that still stands in the prompt whole. */
export const PASTED_BYTES = 16 * 1024;
const PASSAGE_CHARS = 1200;
export const SEARCH = "knowledge.search";

export interface Passage {
  file: string;
  sha256: string;
  /** First and last line, from 1. */
  lines: [number, number];
  /** The nearest heading above it, or empty. */
  heading: string;
  text: string;
}

/** What a file is called among the parts of a request. */
export function knowledgePart(file: string): string {
  return file.startsWith("knowledge/") ? file : `knowledge/${file}`;
}

export function isBig({ text }: Knowledge): boolean {
  return Buffer.byteLength(text) > PASTED_BYTES;
}

/** What an event says of the knowledge that a firing had. */
export function knowledgeUsed(knowledge: readonly Knowledge[]): JsonObject[] {
  return knowledge.map((each) => ({ file: each.file, sha256: sha256(each.text), looked: isBig(each) ? "up" : "whole" }));
}

/** The passages that fit best, of all files, big and small; the best first. */
export function searchKnowledge(knowledge: readonly Knowledge[], query: string, limit: number): (Passage & { score: number })[] {
  const { passages, index } = shelfOf(knowledge);
  return index.find(query, limit).flatMap(({ id, score }) => {
    const passage = passages[Number(id)];
    return passage ? [{ ...passage, score }] : [];
  });
}

interface Shelf {
  passages: Passage[];
  index: RankedText;
}
const shelves = new WeakMap<readonly Knowledge[], Shelf>();

/** Made once for each version of a persona: its knowledge is one list for all its firings. */
function shelfOf(knowledge: readonly Knowledge[]): Shelf {
  const known = shelves.get(knowledge);
  if (known) return known;
  const passages = knowledge.flatMap(passagesOf);
  const index = new RankedText(passages.map(({ file, heading, text }, at) => ({ id: String(at), text: `${file} ${heading} ${text}` })));
  const shelf = { passages, index };
  shelves.set(knowledge, shelf);
  return shelf;
}

/** Paragraphs together up to a size; a new heading begins a new passage. */
export function passagesOf({ file, text }: Knowledge): Passage[] {
  const hash = sha256(text);
  const found: Passage[] = [];
  let open: { from: number; heading: string; lines: string[]; size: number } = { from: 1, heading: "", lines: [], size: 0 };
  const close = (next: number, heading: string) => {
    const body = open.lines.join("\n").trim();
    const lines: [number, number] = [open.from, next - 1];
    if (body !== "") found.push({ file, sha256: hash, lines, heading: open.heading, text: body });
    open = { from: next, heading, lines: [], size: 0 };
  };
  for (const [at, line] of text.split("\n").entries()) {
    const heading = /^#{1,6}\s+(.+)$/.exec(line)?.[1];
    const isFull = open.size > PASSAGE_CHARS / 2 && line.trim() === "";
    if (heading !== undefined || isFull || open.size + line.length > PASSAGE_CHARS) close(at + 1, heading ?? open.heading);
    for (const piece of pieces(line)) {
      if (open.size > 0 && open.size + piece.length > PASSAGE_CHARS) close(at + 1, open.heading);
      open.lines.push(piece);
      open.size += piece.length + 1;
    }
  }
  close(text.split("\n").length + 1, "");
  return found;
}

function pieces(line: string): string[] {
  return line.match(new RegExp(`.{1,${PASSAGE_CHARS}}`, "gs")) ?? [""];
}

/** What stands in the prompt in place of a big file: its headings, and how to look into it. */
export function contentsOf({ file, text }: Knowledge): string {
  const headings = text.split("\n").flatMap((line) => /^#{1,3}\s+(.+)$/.exec(line)?.[1] ?? []);
  const shown = headings.slice(0, 40).map((heading) => `- ${heading.slice(0, 120)}`);
  const more = headings.length > 40 ? [`- and ${headings.length - 40} more`] : [];
  const size = `${text.split("\n").length} lines`;
  return [`${file} is too long to stand here (${size}). Look into it with the tool ${SEARCH}.`, ...shown, ...more].join("\n");
}
