/** The tools that come with Petrel: for people, for programs, and as the page of the documentation. */
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { usage } from "../../client/usage.ts";
import { FLAGS } from "../../contract/capability.ts";
import { Terminal } from "../../contract/errors.ts";
import type { Json } from "../../contract/json.ts";
import { toolCatalogue } from "../../tools/catalogue.ts";
import { type ToolInfo, toolInfo } from "../../tools/tool-info.ts";
import { toolsPage } from "../tools-page.ts";
import { EXIT, type Verb } from "../verb.ts";

export const toolsLsVerb: Verb = {
  command: "tools ls",
  summary: "list the tools that personas can be given",
  details: "A persona may call a tool that its flags, its list and its place in the net all allow.",
  examples: ["petrel tools ls", "petrel tools ls --flag r", "petrel tools ls --flag none --json"],
  options: [{ flags: "--flag <flag>", about: `only tools that need this flag: ${FLAGS.join(", ")} or none` }],
  run: async (call) => {
    const flag = call.text("flag");
    if (flag !== undefined && flag !== "none" && !(FLAGS as readonly string[]).includes(flag)) {
      throw usage(`--flag takes one of ${FLAGS.join(", ")} and none, not "${flag}"`, "petrel tools ls --flag r");
    }
    const chosen = allTools().filter((tool) => flag === undefined || (tool.flag ?? "none") === flag);
    call.out.result(chosen as unknown as Json, () =>
      call.out.table(
        ["TOOL", "FLAG", "RUNS", ""],
        chosen.map((tool) => [tool.name, tool.flag ?? "-", tool.runs, firstSentence(tool.description)]),
      ),
    );
    return EXIT.ok;
  },
};

export const toolsDocsVerb: Verb = {
  command: "tools docs",
  summary: "write the page of the tools, or check that the written one is current",
  examples: ["petrel tools docs --out docs/tools.md", "petrel tools docs --check"],
  options: [
    { flags: "--out <file>", about: "the page (default: docs/tools.md)" },
    { flags: "--check", about: "write nothing; fail when the page is not current" },
  ],
  run: async (call) => {
    const out = call.text("out") ?? "docs/tools.md";
    const path = resolve(call.petrel.cwd, out);
    const page = toolsPage(allTools());
    const current = written(path) === page;
    if (call.on("check") && !current) {
      throw new Terminal({
        code: "tools-page-stale",
        message: `${out} is not current`,
        where: out,
        hint: `petrel tools docs --out ${out}`,
      });
    }
    if (!call.on("check") && !current) writeFileSync(path, page);
    call.out.result({ out, current, tools: toolCatalogue.size }, () =>
      current ? `${out} is current` : `wrote ${out} (${toolCatalogue.size} tools)`,
    );
    return EXIT.ok;
  },
};

function allTools(): ToolInfo[] {
  return [...toolCatalogue.values()].map(toolInfo);
}

function firstSentence(text: string): string {
  // A colon in brackets ends nothing.
  return text.split(/(?<=[.:]) (?![^(]*\))/)[0]?.replace(/[.:]$/, "") ?? text;
}

function written(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
