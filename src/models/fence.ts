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
