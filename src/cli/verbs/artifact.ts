/** `petrel artifact get`: what a token or an event names and does not hold itself. */
import { existsSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { usage } from "../../client/usage.ts";
import { Terminal } from "../../contract/errors.ts";
import { EXIT, type Verb } from "../verb.ts";

export const artifactGetVerb: Verb = {
  command: "artifact get <id>",
  summary: "write an artefact, like a log, a screenshot or a video, into a file or to stdout",
  details: "The id is the `$artifact` in a token or an event. With --json only its size is printed.",
  examples: [
    "petrel artifact get 2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
    "petrel artifact get 2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824 --out full.log",
  ],
  options: [
    { flags: "--out <file>", about: "where it is written (default: stdout)" },
    { flags: "--force", about: "write over a file that is there" },
  ],
  run: async (call) => {
    const id = call.arg("id");
    if (!/^[0-9a-f]{64}$/.test(id)) throw usage(`"${id}" is no artefact: an id has 64 hex digits`, "petrel tokens NET PLACE --json");
    const out = call.text("out");
    const file = out === undefined ? null : resolve(call.petrel.cwd, out);
    if (file !== null && existsSync(file) && !call.on("force"))
      throw new Terminal({ code: "file-exists", message: `${file} is there already`, hint: "name another with --out, or add --force" });
    const bytes = await call.withBroker((broker) => broker.artifacts.get(id));
    if (bytes === null)
      throw new Terminal({ code: "no-such-artifact", message: `there is no artefact ${id}`, hint: "petrel gc may have cleared it" });
    if (file !== null) writeFileSync(file, bytes);
    else if (!call.out.json) call.petrel.stdout.write(bytes);
    if (file !== null || call.out.json)
      call.out.result({ artifact: id, size: bytes.length, file }, () => `wrote ${file} (${bytes.length} bytes)`);
    return EXIT.ok;
  },
};
