/** The request that a model got, as people read it: who says what; where it is no request, as it stands. */
import { isJsonObject, type Json } from "../../contract/json.ts";

interface Said {
  by: string;
  text: string;
}

export function PromptText({ text }: { text: string }) {
  return (
    <div className="prompt">
      {saidIn(text).map(({ by, text: said }, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: what was said stays in its order
        <details key={at} open={by !== "system"}>
          <summary>{by}</summary>
          <pre>{said}</pre>
        </details>
      ))}
    </div>
  );
}

function saidIn(text: string): Said[] {
  let request: Json;
  try {
    request = JSON.parse(text) as Json;
  } catch {
    return [{ by: "prompt", text }];
  }
  if (!isJsonObject(request) || !Array.isArray(request.messages)) return [{ by: "prompt", text: JSON.stringify(request, null, 2) }];
  const system = request.system === undefined ? [] : [{ by: "system", text: wordsOf(request.system) }];
  return [
    ...system,
    ...request.messages.filter(isJsonObject).map(({ role, content }) => ({ by: String(role ?? "user"), text: wordsOf(content ?? null) })),
  ];
}

function wordsOf(content: Json): string {
  if (typeof content === "string") return content;
  if (Array.isArray(content)) return content.map(wordsOf).join("\n");
  if (isJsonObject(content) && typeof content.text === "string") return content.text;
  return JSON.stringify(content, null, 2);
}
