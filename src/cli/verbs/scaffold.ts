/** Writes first files: a whole folder (`init`), one net, one persona. Never over a file that is there. */
import { existsSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { checkNewName } from "../../client/ask.ts";
import type { JsonObject } from "../../contract/json.ts";
import { defaultConfig } from "../../models/default-config.ts";
import { writeNew } from "../read-file.ts";
import { helloNet, newKnowledge, newNet, newPersona, pretty } from "../scaffolds.ts";
import { petrelCommand, quoted } from "../team/paste.ts";
import { EXIT, type Verb, type VerbCall } from "../verb.ts";
import { schemaTexts } from "./schemas.ts";

export const initVerb: Verb = {
  command: "init [dir]",
  summary: "write a config, the schemas and a hello net that runs without any key",
  examples: ["petrel init .", "petrel init my-organisation"],
  run: async (call) => {
    const root = resolve(call.petrel.cwd, call.optionalArg("dir") ?? ".");
    const files: Record<string, string> = {
      "petrel.config.json": pretty({ $schema: "./schemas/config.schema.json", ...(defaultConfig as unknown as JsonObject) }),
      "nets/hello.json": pretty(helloNet()),
      "personas/.gitkeep": "",
      ".gitignore": ".petrel/\n",
    };
    for (const [name, text] of Object.entries(schemaTexts(await call.petrel.schemas()))) files[`schemas/${name}`] = text;
    const written: string[] = [];
    const kept: string[] = [];
    for (const [name, text] of Object.entries(files)) {
      // A folder that has some of it already is completed, and nothing in it is changed.
      if (existsSync(join(root, name))) kept.push(name);
      else {
        writeNew(root, name, text);
        written.push(name);
      }
    }
    const shown = relative(call.petrel.cwd, root) || ".";
    call.out.result({ dir: root, written, kept }, () => {
      const lines = written.map((name) => `wrote ${join(shown, name)}`);
      return [...lines, ...kept.map((name) => `kept ${join(shown, name)}, which was there`)].join("\n");
    });
    const enter = shown === "." ? "" : `cd ${quoted(shown)} && `;
    const petrel = petrelCommand({ ...call.petrel, cwd: root });
    call.out.say(`next, in one terminal:  ${enter}${petrel} up`);
    call.out.say(
      `and in another:         ${enter}${petrel} net apply nets/hello.json && ${petrel} put hello inbox '{"name":"Ada"}' && ${petrel} tokens hello greetings`,
    );
    return EXIT.ok;
  },
};

export const netNewVerb: Verb = {
  command: "net new <name>",
  summary: "write a first net file",
  examples: ["petrel net new invoices", "petrel net new invoices --out nets"],
  options: [{ flags: "--out <dir>", about: "the folder (default: nets)" }],
  run: async (call) => {
    const name = checkNewName(call.arg("name"), "net");
    const file = join(call.text("out") ?? "nets", `${name}.json`);
    writeNew(call.petrel.cwd, file, pretty(newNet(name)));
    return done(call, [file], `petrel net check ${quoted(file)}`);
  },
};

export const personaNewVerb: Verb = {
  command: "persona new <name>",
  summary: "write a first persona file and its knowledge file",
  examples: ["petrel persona new tax-adviser"],
  options: [{ flags: "--out <dir>", about: "the folder (default: personas)" }],
  run: async (call) => {
    const name = checkNewName(call.arg("name"), "persona");
    const file = join(call.text("out") ?? "personas", `${name}.json`);
    const knowledge = join(dirname(file), "knowledge", `${name}.md`);
    writeNew(call.petrel.cwd, file, pretty(newPersona(name)));
    const files = [file];
    if (!existsSync(resolve(call.petrel.cwd, knowledge))) {
      writeNew(call.petrel.cwd, knowledge, newKnowledge(name));
      files.push(knowledge);
    }
    return done(call, files, `petrel persona apply ${quoted(file)}`);
  },
};

function done(call: VerbCall, files: string[], next: string) {
  call.out.result({ written: files }, () => files.map((file) => `wrote ${file}`).join("\n"));
  call.out.say(`next: ${call.pasteable(next)}`);
  return EXIT.ok;
}
