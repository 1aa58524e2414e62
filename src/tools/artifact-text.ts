/** Text out of bytes of a known media type. */
import { Terminal } from "../contract/errors.ts";

const TEXT = /^(text\/|application\/(json|xml|javascript|x-ndjson|yaml|toml|x-sh|sql)|[a-z]+\/[a-z0-9.-]+\+(json|xml)$)/;
const strict = new TextDecoder("utf-8", { fatal: true });

/** A type that says nothing is judged by its bytes. */
export function isText(type: string, content: Uint8Array): boolean {
  if (TEXT.test(type)) return true;
  if (type !== "" && type !== "application/octet-stream") return false;
  if (content.includes(0)) return false;
  try {
    strict.decode(content);
    return true;
  } catch {
    return false;
  }
}

/** Formats that programs write, and what reads them out. They come from anybody: a parser for them has no place in a master's process. */
const DOCUMENTS: readonly [RegExp, name: string, reader: string][] = [
  [/^application\/pdf$/, "PDF", '["pdftotext", "in.pdf", "-"]'],
  [/officedocument|msword|opendocument|rtf/, "office document", '["soffice", "--headless", "--convert-to", "txt", "in.docx"]'],
];

const READS = "plain text, Markdown, CSV, JSON, XML and HTML";
const article = (name: string) => (/^[aeiou]/.test(name) ? "an" : "a");

/** Errors: Terminal `no-text`, `document`. */
export function plainText(type: string, content: Uint8Array): string {
  const isPdf = content.length > 4 && Buffer.from(content.subarray(0, 5)).toString("latin1") === "%PDF-";
  const document = DOCUMENTS.find(([pattern]) => pattern.test(isPdf ? "application/pdf" : type));
  if (document) {
    const [, name, reader] = document;
    throw new Terminal({
      code: "document",
      message: `the artefact is ${article(name)} ${name}, and artifact.text reads ${READS}: a document may come from anybody`,
      hint: `a command transition before this one can, on an executor with its limits: ${reader}`,
    });
  }
  if (!isText(type, content)) {
    throw new Terminal({
      code: "no-text",
      message: `an artefact of type ${type || "unknown"} holds no text that could be read out; artifact.text reads ${READS}`,
      hint: "artifact.get gives its bytes",
    });
  }
  const text = new TextDecoder().decode(content);
  return /html|xml|svg/.test(type) ? withoutTags(text) : text;
}

const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: " " };

/** What a reader of the page would see, roughly: no scripts, no styles, a line for each block. In one pass, so that no input is slow. */
export function withoutTags(html: string): string {
  let out = "";
  let at = 0;
  while (at < html.length) {
    const open = html.indexOf("<", at);
    if (open < 0) {
      out += html.slice(at);
      break;
    }
    out += html.slice(at, open);
    if (html.startsWith("<!--", open)) {
      at = after(html, "-->", open + 4);
      continue;
    }
    const close = html.indexOf(">", open);
    if (close < 0) break;
    const name = /^<\/?([a-zA-Z0-9:-]+)/.exec(html.slice(open, open + 40))?.[1]?.toLowerCase() ?? "";
    at = close + 1;
    if ((name === "script" || name === "style") && html[open + 1] !== "/") at = after(html.toLowerCase(), `</${name}`, at, ">");
    out += /^(p|div|br|li|tr|h[1-6]|ul|ol|table|section|article|header|footer|pre|blockquote)$/.test(name) ? "\n" : "";
  }
  return out
    .replace(/&(#\d{1,7}|#x[0-9a-fA-F]{1,6}|[a-z]{2,6});/g, (whole, entity: string) => entityOf(entity) ?? whole)
    .replace(/[ \t\f\v\r]+/g, " ")
    .replace(/ ?\n ?/g, "\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}

function after(text: string, mark: string, from: number, then?: string): number {
  const found = text.indexOf(mark, from);
  if (found < 0) return text.length;
  return then === undefined ? found + mark.length : after(text, then, found);
}

function entityOf(entity: string): string | undefined {
  if (!entity.startsWith("#")) return ENTITIES[entity];
  const code = entity[1] === "x" ? Number.parseInt(entity.slice(2), 16) : Number(entity.slice(1));
  return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
}
