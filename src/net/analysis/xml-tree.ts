/**
 * XML as a tree with the line and column of every element, read defensively: no document type, so no entities beyond the
 * five of XML and character references; a cap on size and depth. The file may come from anybody.
 */
import { XMLParser, XMLValidator } from "fast-xml-parser";
import { Terminal } from "../../contract/errors.ts";

export interface XmlElement {
  name: string;
  attributes: ReadonlyMap<string, string>;
  children: XmlElement[];
  /** Its own text, references resolved, children's left out. */
  text: string;
  /** From 1. */
  line: number;
  column: number;
}

export const MOST_XML_CHARACTERS = 16 * 1024 * 1024;
const DEEPEST = 64;
const CDATA = "#cdata";
const TEXT = "#text";
const ATTRIBUTES = ":@";
const POSITION = XMLParser.getMetaDataSymbol() as symbol;

type Raw = { [key: string]: unknown; [position: symbol]: { startIndex?: number } | undefined };

/** The root element. Errors: Terminal `xml-too-large`, `xml-unsafe`, `xml-syntax`, with `where` as file:line:column. */
export function parseXml(text: string, file: string): XmlElement {
  if (text.length > MOST_XML_CHARACTERS) {
    const message = `${file} has ${text.length} characters: ${MOST_XML_CHARACTERS} are the most`;
    throw new Terminal({ code: "xml-too-large", message, where: file, hint: "leave graphics and tool data out of it" });
  }
  // As the parser sees it, so that its offsets fit.
  const source = text.replace(/^\uFEFF/, "").replace(/\r\n?/g, "\n");
  if (source.slice(0, 200).includes("\u0000")) throw xmlError(file, 1, 1, "it is no UTF-8; UTF-16 is read where a byte order mark says so");
  refuseDoctype(source, file);
  const flaw = XMLValidator.validate(source);
  if (flaw !== true) throw cutOff(source, file, flaw.err.msg) ?? xmlError(file, flaw.err.line, flaw.err.col || 1, flaw.err.msg);
  return rootOf(parsed(source, file), source, file);
}

/** Everything that is declared in a file stands in its document type: what has none can expand to nothing. */
function refuseDoctype(source: string, file: string): void {
  const at = source
    .replace(/<!--[\s\S]*?-->|<!\[CDATA\[[\s\S]*?\]\]>/g, (skipped) => " ".repeat(skipped.length))
    .search(/<!(DOCTYPE|ENTITY)/i);
  if (at < 0) return;
  const { line, column } = positionIn(source, at);
  throw new Terminal({
    code: "xml-unsafe",
    message: `${file}:${line}:${column} declares a document type, which could name entities: it is not read`,
    where: `${file}:${line}:${column}`,
    hint: "remove the <!DOCTYPE ...> declaration",
  });
}

function parsed(source: string, file: string): Raw[] {
  const parser = new XMLParser({
    preserveOrder: true,
    ignoreAttributes: false,
    attributeNamePrefix: "",
    parseTagValue: false,
    parseAttributeValue: false,
    trimValues: false,
    processEntities: false,
    removeNSPrefix: true,
    ignoreDeclaration: true,
    ignorePiTags: true,
    captureMetaData: true,
    cdataPropName: CDATA,
    maxNestedTags: DEEPEST,
  });
  try {
    return parser.parse(source) as Raw[];
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw cutOff(source, file, message) ?? xmlError(file, 1, 1, message);
  }
}

/** The parser lists the elements that were open when the text ended. Null: its message is another one. */
function cutOff(source: string, file: string, message: string): Terminal | null {
  const open = [...(/^Invalid '\[([\s\S]*)\]' found/.exec(message)?.[1] ?? "").matchAll(/"([^"]+)"/g)].map(([, name]) => name);
  if (open.length === 0) return null;
  const { line, column } = positionIn(source, source.length);
  return xmlError(file, line, column, `it ends while <${open.at(-1)}> is open, as if it were cut off`);
}

function rootOf(raw: Raw[], source: string, file: string): XmlElement {
  const roots = raw.filter((one) => nameOf(one) !== null);
  const [root, second] = roots;
  if (!root) throw xmlError(file, 1, 1, "there is no element in it");
  if (second) {
    const { line, column } = positionIn(source, second[POSITION]?.startIndex ?? 0);
    throw xmlError(file, line, column, "a second element stands beside the first");
  }
  return elementFrom(root, linesOf(source), file);
}

function elementFrom(raw: Raw, lines: number[], file: string): XmlElement {
  const name = nameOf(raw) ?? "";
  const { line, column } = positionAt(lines, raw[POSITION]?.startIndex ?? 0);
  const decode = (text: string) => decoded(text, file, line, column);
  const inner = raw[name] as Raw[];
  const attributes = new Map(Object.entries((raw[ATTRIBUTES] ?? {}) as Record<string, string>).map(([key, value]) => [key, decode(value)]));
  const children: XmlElement[] = [];
  let text = "";
  for (const child of inner) {
    if (TEXT in child) text += decode(String(child[TEXT]));
    else if (CDATA in child) text += (child[CDATA] as Raw[]).map((part) => String(part[TEXT])).join("");
    else if (nameOf(child) !== null) children.push(elementFrom(child, lines, file));
  }
  return { name, attributes, children, text, line, column };
}

function nameOf(raw: Raw): string | null {
  return Object.keys(raw).find((key) => key !== ATTRIBUTES && key !== TEXT && key !== CDATA) ?? null;
}

const FIVE: Record<string, string> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

function decoded(text: string, file: string, line: number, column: number): string {
  if (!text.includes("&")) return text;
  return text.replace(/&([^;&\s]{0,32});?/g, (whole, name: string) => {
    const number = /^#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}))$/.exec(name);
    const code = number ? Number.parseInt(number[1] ?? number[2] ?? "", number[1] ? 16 : 10) : Number.NaN;
    const known = FIVE[name] ?? (code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : undefined);
    if (known === undefined || !whole.endsWith(";"))
      throw xmlError(file, line, column, `"${whole}" is no reference that XML knows by itself`);
    return known;
  });
}

export function xmlError(file: string, line: number, column: number, problem: string): Terminal {
  const where = `${file}:${line}:${column}`;
  return new Terminal({
    code: "xml-syntax",
    message: `${where} is no valid XML: ${problem}`,
    where,
    hint: "correct the file, or export it again",
  });
}

function linesOf(source: string): number[] {
  const starts = [0];
  for (let at = source.indexOf("\n"); at >= 0; at = source.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

function positionIn(source: string, offset: number): { line: number; column: number } {
  return positionAt(linesOf(source), offset);
}

function positionAt(starts: readonly number[], offset: number): { line: number; column: number } {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((starts[middle] as number) <= offset) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: offset - (starts[low] as number) + 1 };
}
