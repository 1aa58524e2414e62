/** `docs/tools.md`, written from the tools themselves. */
import type { JsonObject } from "../contract/json.ts";
import { COMMON_ERRORS } from "../tools/port.ts";
import type { ToolInfo } from "../tools/tool-info.ts";

const FAMILIES: [title: string, names: RegExp][] = [
  ["Thinking, asking, ending", /^(think|plan|ask|helper\.run|done|fail)$/],
  ["Places and tokens", /^place\./],
  ["Nets", /^net\./],
  ["The event line", /^events\./],
  ["Memory and knowledge", /^(memory|knowledge)\./],
  ["Artefacts", /^artifact\./],
  ["Files", /^fs\./],
  ["git", /^git\./],
  ["Commands", /^(tests|command)\./],
  ["The browser", /^browser\./],
  ["HTTP", /^http\./],
  ["Gates and people", /^gate\./],
  ["Personas", /^persona\./],
  ["Crystallization", /^crystallize\./],
  ["Time", /^time\./],
  ["Data", /^data\./],
  ["Others", /./],
];
const WHERE: Record<string, string> = {
  executor: "on the executor that holds the workspace",
  master: "beside the turn loop",
  loop: "in the turn loop",
};

export function toolsPage(tools: readonly ToolInfo[]): string {
  const left = [...tools];
  const sections = FAMILIES.flatMap(([title, names]) => {
    const mine = left.filter(({ name }) => names.test(name));
    for (const one of mine) left.splice(left.indexOf(one), 1);
    return mine.length === 0 ? [] : [`## ${title}\n\n${mine.map(section).join("\n")}`];
  });
  return `${HEAD(tools.length)}\n${sections.join("\n")}`;
}

const HEAD = (count: number) => `# Tools

Written by \`petrel tools docs\` from the ${count} tools that come with Petrel; \`petrel tools ls\` lists them, with \`--flag r\` those of one flag,
with \`--json\` their JSON Schemas.

A call is allowed where the persona's flags, its list of tools and the net's wiring all allow it, in this order
([personas.md](personas.md#what-a-persona-may-do)). The limits hold for each call: time, and bytes of the answer. Any call can also
meet ${Object.keys(COMMON_ERRORS)
  .map((code) => `\`${code}\``)
  .join(", ")}.
`;

function section({ name, flag, description, input, output, runs, needs, limits, errors }: ToolInfo): string {
  const wants = needs.length === 0 ? "" : `; needs ${needs.join(", ")}`;
  const codes = Object.entries(errors).map(([code, meaning]) => `\`${code}\` ${meaning}`);
  return [
    `### ${name}`,
    `${description}\n`,
    `- ${flag === null ? "no flag" : `flag \`${flag}\``}; runs ${WHERE[runs] ?? runs}${wants}; at most ${limits.seconds} s and ${size(limits.bytes)}`,
    `- in: ${fields(input)}`,
    `- out: ${fields(output)}`,
    ...(codes.length > 0 ? [`- errors: ${codes.join("; ")}`] : []),
    "",
  ].join("\n");
}

function fields({ properties, required }: JsonObject): string {
  if (typeof properties !== "object" || properties === null || Array.isArray(properties)) return "an object";
  const must = Array.isArray(required) ? required : [];
  const words = Object.entries(properties).map(([name, schema]) => {
    const { type, enum: values, default: standard } = (schema ?? {}) as JsonObject;
    const kind = Array.isArray(values) ? values.join(" or ") : typeof type === "string" ? type : "any";
    const extra = standard === undefined ? (must.includes(name) ? "" : ", optional") : `, default ${JSON.stringify(standard)}`;
    return `\`${name}\` (${kind}${extra})`;
  });
  return words.join(", ") || "nothing";
}

function size(bytes: number): string {
  return bytes >= 1024 * 1024 ? `${bytes / 1024 / 1024} MiB` : `${Math.round(bytes / 1024)} KiB`;
}
