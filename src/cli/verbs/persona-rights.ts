/** What personas may do: the chain of rules for one tool or place, and the whole table of a net. */
import type { NetRights } from "../../client/net-rights.ts";
import { usage } from "../../client/usage.ts";
import { Terminal } from "../../contract/errors.ts";
import type { Json } from "../../contract/json.ts";
import { nearest, nearestHint } from "../../net/check-nearest.ts";
import { explain, rightsRow } from "../../personas/rights-table.ts";
import { toolCatalogue } from "../../tools/catalogue.ts";
import { rightsOf, rightsOfAll } from "../net-rights.ts";
import { EXIT, type Verb } from "../verb.ts";

export const personaExplainVerb: Verb = {
  command: "persona explain <persona> <name>",
  summary: "why a persona may or may not use a tool, or reach a place",
  details: "The rules in the order in which they are asked: flag, list, net. Without --net: in all running nets that have the persona.",
  examples: ["petrel persona explain qa git.push", "petrel persona explain developer backlog --net nets/safe-teams.json"],
  options: [{ flags: "--net <net>", about: "a running net, or a net file with its personas beside it" }],
  run: async (call) => {
    const [persona, name] = [call.arg("persona"), call.arg("name")];
    const wanted = call.text("net");
    const nets = wanted === undefined ? await rightsOfAll(call) : [await rightsOf(call, wanted)];
    const rows = nets.flatMap(({ net, compiled, positions }) => {
      const places = new Set(Object.keys(compiled.definition.places));
      return positions
        .filter((position) => position.persona.persona === persona)
        .flatMap((position) => {
          const found = explain(position, name, places);
          return found ? [{ net, persona, name, ...found }] : [];
        });
    });
    if (rows.length === 0) throw nothing(nets, persona, name);
    call.out.result(rows as unknown as Json, () =>
      rows
        .map(({ net, transition, allowed, rules }) =>
          [
            `${allowed ? call.out.paint.green("yes") : call.out.paint.red("no")}  ${persona} at ${transition} of ${net}`,
            ...rules.map(({ rule, allows, says }) => `  ${allows ? "+" : "-"} ${rule.padEnd(5)} ${says}`),
          ].join("\n"),
        )
        .join("\n"),
    );
    return EXIT.ok;
  },
};

export const personaMatrixVerb: Verb = {
  command: "persona matrix <net>",
  summary: "who may do what in a net: tools, places, the release",
  examples: ["petrel persona matrix safe-teams", "petrel persona matrix nets/safe-teams.json --json"],
  run: async (call) => {
    const { positions } = await rightsOf(call, call.arg("net"));
    const rows = positions.map(rightsRow);
    const words = (names: string[]) => names.join(" ") || "-";
    call.out.result(rows as unknown as Json, () =>
      rows.length === 0
        ? "no transition of the net has a persona that is known"
        : call.out.table(
            ["TRANSITION", "PERSONA", "FLAGS", "TOOLS", "READS", "WRITES", ""],
            rows.map((row) => [
              row.transition,
              row.persona,
              row.flags,
              row.kind === "agent" ? words(row.tools) : `(${row.kind})`,
              words(row.reads),
              words(row.writes),
              row.releases ? "releases" : "",
            ]),
          ),
    );
    return EXIT.ok;
  },
};

function nothing(nets: NetRights[], persona: string, name: string): Terminal {
  const personas = [...new Set(nets.flatMap(({ positions }) => positions.map((one) => one.persona.persona)))];
  if (nets.length === 0) throw usage("no net is running", `petrel persona explain ${persona} ${name} --net nets/safe-teams.json`);
  if (!personas.includes(persona)) {
    return new Terminal({
      code: "no-such-persona",
      message: `no net has the persona ${persona}`,
      hint: nearestHint(persona, personas, "personas"),
    });
  }
  const having = nets.filter(({ positions }) => positions.some((one) => one.persona.persona === persona));
  const places = [...new Set(having.flatMap(({ compiled }) => Object.keys(compiled.definition.places)))];
  const near = nearest(name, [...toolCatalogue.keys(), ...places]);
  return new Terminal({
    code: "nothing-of-that-name",
    message: `"${name}" is neither a tool nor a place of a net that has ${persona}`,
    hint: near === undefined ? `places: ${places.join(", ")}; for the tools: petrel tools ls` : `did you mean "${near}"?`,
  });
}
