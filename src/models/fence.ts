/** Data inside a prompt stands in a fence, as JSON, and cannot close it. The canonical form of a request reads the same fences. */
import type { Json } from "../contract/json.ts";

/** `<data name="...">`, a line of JSON, `</data>`. A fence in the data itself is escaped, which JSON undoes. */
export function fenceData(name: string, data: Json): string {
  const body = JSON.stringify(data, null, 1).replace(/<(?=\/?data\b)/gi, "\\u003c");
  return `<data name="${name.replace(/[^\w.$-]/g, "_")}">\n${body}\n</data>`;
}

/** Each fence of a text through `change`, which gets its data; what is no JSON stays. */
export function mapFences(text: string, change: (data: Json) => string): string {
  return text.replace(/(<data name="[^"\n]*">\n)([\s\S]*?)(\n<\/data>)/g, (whole, open: string, body: string, close: string) => {
    try {
      return `${open}${change(JSON.parse(body) as Json)}${close}`;
    } catch {
      return whole;
    }
  });
}

/** The data of a text by the names of their fences, and the text without them. Of two fences of one name the first counts. */
export function fences(text: string): { plain: string; data: Record<string, Json> } {
  const data = new Map<string, Json>();
  const plain = text.replace(/<data name="([^"\n]*)">\n([\s\S]*?)\n<\/data>/g, (whole, name: string, body: string) => {
    try {
      const value = JSON.parse(body) as Json;
      if (!data.has(name)) data.set(name, value);
      return "";
    } catch {
      return whole;
    }
  });
  return { plain: plain.trim(), data: Object.fromEntries(data) };
}
