/** Writes the JSON Schemas of the files that people write, or checks that the written ones are current. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Terminal } from "../../contract/errors.ts";
import type { JsonObject } from "../../contract/json.ts";
import { makeFolder } from "../make-folder.ts";
import { EXIT, type Verb } from "../verb.ts";

export const schemasVerb: Verb = {
  command: "schemas",
  summary: "write the JSON Schemas of net, persona and config files",
  examples: ["petrel schemas --out schemas", "petrel schemas --out schemas --check"],
  options: [
    { flags: "--out <dir>", about: "the folder (default: schemas)" },
    { flags: "--check", about: "write nothing; fail when a file is not current" },
  ],
  run: async (call) => {
    const out = call.text("out") ?? "schemas";
    const folder = resolve(call.petrel.cwd, out);
    const texts = schemaTexts(await call.petrel.schemas());
    const stale = staleFiles(folder, texts);
    if (call.on("check") && stale.length > 0) {
      throw new Terminal({
        code: "schemas-stale",
        message: `not current in ${out}: ${stale.join(", ")}`,
        where: out,
        hint: `petrel schemas --out ${out}`,
      });
    }
    if (!call.on("check")) writeSchemas(folder, texts);
    const names = Object.keys(texts);
    call.out.result({ out, schemas: names, written: call.on("check") ? [] : stale }, () =>
      call.on("check") ? `${names.length} schemas are current` : `wrote ${names.length} schemas to ${out} (${stale.length} changed)`,
    );
    return EXIT.ok;
  },
};

/** File name to file content. */
export function schemaTexts(schemas: Record<string, JsonObject>): Record<string, string> {
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, `${JSON.stringify(schema, null, 2)}\n`]));
}

export function writeSchemas(folder: string, texts: Record<string, string>): void {
  makeFolder(folder);
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(folder, name), text);
}

/** Names of files that are missing, differ, or that no code makes any more. */
function staleFiles(folder: string, texts: Record<string, string>): string[] {
  const changed = Object.entries(texts).filter(([name, text]) => read(join(folder, name)) !== text);
  return [...changed.map(([name]) => name), ...list(folder).filter((name) => name.endsWith(".schema.json") && !(name in texts))];
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
