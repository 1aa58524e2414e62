/** Personas: list, apply from a file with its knowledge files. */
import { dirname, join, resolve } from "node:path";
import { applyAnswer, personaRows, readAnswer } from "../../client/answers.ts";
import { askRuntime } from "../../client/ask.ts";
import { sentFiles } from "../../client/persona-files.ts";
import { Terminal } from "../../contract/errors.ts";
import type { Json, JsonObject } from "../../contract/json.ts";
import { callerOf, ROLE_OPTION } from "../caller.ts";
import { knowledgeIn } from "../knowledge-finder.ts";
import { described, fileProblems, readText } from "../read-file.ts";
import { EXIT, type Verb, type VerbCall } from "../verb.ts";

export const personaLsVerb: Verb = {
  command: "persona ls",
  summary: "list the personas",
  examples: ["petrel persona ls", "petrel persona ls --json"],
  run: async (call) => {
    const rows = readAnswer(personaRows, await call.withBroker((broker) => askRuntime(broker, "personas")), "personas");
    call.out.result(rows as Json, () =>
      rows.length === 0
        ? `no persona yet: ${call.pasteable("petrel persona apply personas/developer.json")}`
        : call.out.table(
            ["PERSONA", "FLAGS", "TIER", "VERSION", ""],
            rows.map((row) => [row.persona, row.flags, row.tier, row.version.slice(0, 12), row.title ?? ""]),
          ),
    );
    return EXIT.ok;
  },
};

export const personaApplyVerb: Verb = {
  command: "persona apply <file>",
  summary: "make a persona file the persona's version from now on",
  details: "Its knowledge files go with it; their paths are taken from the persona file's folder.",
  examples: ["petrel persona apply personas/developer.json"],
  options: [ROLE_OPTION],
  run: async (call) => {
    const file = call.arg("file");
    const folder = dirname(resolve(call.petrel.cwd, file));
    const checked = await call.petrel.checkPersona(readText(call.petrel.cwd, file), file, knowledgeIn(folder), { modelsElsewhere: true });
    if (!checked.ok) throw fileProblems(file, checked.problems);
    for (const warning of checked.warnings) call.out.say(`${call.out.paint.yellow("warning:")} ${described(warning)}`);
    const files = knowledge(call, file, checked.knowledge);
    const raw = await call.withBroker(async (broker) =>
      askRuntime(broker, "apply-persona", { persona: checked.persona, files: await sentFiles(broker, files), by: callerOf(call) }),
    );
    const answer = readAnswer(applyAnswer, raw, "apply-persona");
    call.out.result({ ...(raw as JsonObject), persona: checked.name }, () =>
      answer.changed === false
        ? `${checked.name} has this version already (${answer.hash.slice(0, 12)})`
        : `${checked.name} has version ${answer.hash.slice(0, 12)} now`,
    );
    return EXIT.ok;
  },
};

function knowledge(call: VerbCall, file: string, names: string[]): Record<string, string> {
  const files: Record<string, string> = {};
  for (const name of names) {
    const path = join(dirname(file), name);
    try {
      files[name] = readText(call.petrel.cwd, path);
    } catch (cause) {
      throw new Terminal({
        code: "knowledge-missing",
        message: `${file} names the knowledge file ${name}, and ${path} cannot be read`,
        where: file,
        hint: `write ${path}, or take "${name}" out of "knowledge"`,
        cause,
      });
    }
  }
  return files;
}
