/** A hand in 40 lines: `hello.greet` greets somebody, keeps the card as an artefact, and may have `figlet` draw it. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";

export const hand = {
  name: "hello.greet",
  about: "Greets somebody, and keeps the greeting as an artefact",
  // JSON Schema 2020-12: an order that does not fit is refused before `run` is called.
  input: {
    type: "object",
    properties: { who: { type: "string", minLength: 1 }, draw: { type: "boolean" } },
    required: ["who"],
    additionalProperties: false,
  },
  output: {
    type: "object",
    properties: { said: { type: "string" }, firing: { type: "string" }, card: { type: "object" } },
    required: ["said", "firing", "card"],
  },
  // No flag: it does nothing outside its work directory. With "x" only a persona that has x could order it.
  flag: null,

  /** `context` has what an attempt may use; whatever is started or waited for ends with `context.signal`. */
  async run({ who, draw = false }, context) {
    if (who.toLowerCase() === "nobody") throw context.fail("nobody cannot be greeted", "name somebody");
    const cwd = join(context.workDir, "tree");
    mkdirSync(cwd, { recursive: true });
    // A clean environment, its own process group, the machine's policy and limits.
    const argv = draw ? ["figlet", who] : ["printf", "Hello, %s!\\n", who];
    const { exitCode, stdout, stderr } = await context.run({ argv, cwd, timeoutMs: 10_000 });
    if (exitCode !== 0) throw context.retry(`${argv[0]} ended with ${exitCode}: ${stderr.trim()}`);
    const card = await context.artifact(stdout, { name: "card.txt", mediaType: "text/plain" });
    // The firing's key is the same in every attempt: give it to whoever must do something once.
    return { said: stdout.trim(), firing: context.key, card };
  },
};
