/** ArcQL and JSON Schema for tools, with a limit in time. */
import type { Clock } from "../../contract/clock.ts";
import { Terminal } from "../../contract/errors.ts";
import { answerOf, compileQuery } from "../../net/arcql.ts";
import { mismatches, schemaFault } from "../../personas/output-check.ts";
import type { DataHands } from "../../tools/hands.ts";

/** A query holds the master up, so it has to be over soon. */
const QUERY_MS = 2000;

export function dataHands(clock: Clock): DataHands {
  return {
    placesOf(query) {
      const compiled = compileQuery(query);
      if (compiled.asOf) {
        throw new Terminal({
          code: "query-past",
          message: "a tool sees what lies there now; AS OF asks for the past",
          hint: "Leave AS OF out.",
        });
      }
      return compiled.from ?? null;
    },
    query(query, candidates, limit) {
      const now = clock.now();
      return answerOf(compileQuery(query), candidates, now, limit, () => clock.now() - now > QUERY_MS);
    },
    mismatches(schema, value) {
      // Under a field, since a schema of a persona's answer is always that of an object.
      const wrapped = { type: "object", properties: { value: schema }, required: ["value"] };
      const fault = schemaFault(wrapped);
      if (fault !== null) throw new Terminal({ code: "schema-unsound", message: `it is no JSON Schema: ${fault}` });
      return mismatches(wrapped, { value }).map((line) => line.replace(/^\/value ?/, (found) => (found.endsWith(" ") ? "it " : "")));
    },
  };
}
