/** The shapes that a master answers with, as far as the command line reads them. More fields are welcome and printed by `--json`. */
import * as z from "zod";
import { Terminal } from "../contract/errors.ts";
import type { Json } from "../contract/json.ts";

const json = z.json() as z.ZodType<Json>;
const time = z.string().describe("ISO 8601");

/** `nets`: one row for each net that this runtime knows. */
export const netRows = z.array(
  z.looseObject({
    net: z.string(),
    title: z.string().optional(),
    state: z.string().describe("running, paused or stopped"),
    version: z.string().describe("SHA-256 of the definition"),
    seq: z.int().optional(),
    tokens: z.int().optional(),
    open: z.int().optional().describe("firings under way"),
    waiting: z.int().optional().describe("firings that wait for people"),
  }),
);

/** `places`: waiting tokens are free, reserved ones belong to a firing under way; both lie in the place's stream. */
export const placeRows = z.array(
  z.looseObject({
    place: z.string(),
    title: z.string().optional(),
    waiting: z.int(),
    reserved: z.int(),
    oldestAgeMs: z.number().nullable().optional(),
    capacity: z.int().nullable().optional(),
    open: z.boolean().optional(),
    stale: z.boolean().optional().describe("its stream is out of reach"),
    groups: z
      .array(
        z.looseObject({
          transition: z.string(),
          key: json,
          since: time,
          inputs: z.array(z.looseObject({ input: z.string(), place: z.string(), have: z.int(), wanted: z.int() })),
        }),
      )
      .optional()
      .describe("joins that some of its tokens wait in, the oldest 100 of the net"),
    links: z
      .array(z.looseObject({ net: z.string(), waiting: z.int(), problem: z.looseObject({ message: z.string() }).nullable() }))
      .optional()
      .describe("of the place in-transit: what is on its way to each net, and why it waits"),
  }),
);

/** `state-hash`: of the whole state after event `seq`; `tip` is the last entry that the owner knows to be in its log. */
export const stateHashAnswer = z.looseObject({
  seq: z.int(),
  hash: z.string(),
  tip: z.looseObject({ sequence: z.int(), chain: z.string() }),
});

export const stateHashesAnswer = z.looseObject({
  seq: z.int(),
  hash: z.string(),
  masters: z.array(z.looseObject({ master: z.string(), hash: z.string() })),
});

export const token = z.looseObject({
  id: z.string(),
  data: json,
  from: json,
  by: z.string(),
  at: time,
  correlation: z.string(),
});
/** `tokens`: those at rest, reserved ones too, in order of arrival or as asked for. */
export const tokensAnswer = z.looseObject({ tokens: z.array(token), total: z.int(), next: z.string().nullable().optional() });
export type TokensAnswer = z.output<typeof tokensAnswer>;

/** `retry` of one token: `again` is false where it had been put back before. */
export const retryAnswer = z.looseObject({
  id: z.string(),
  again: z.boolean(),
  tokens: z.array(z.looseObject({ place: z.string(), id: z.string() })),
});
export const retryAllAnswer = z.looseObject({
  retried: z.array(retryAnswer),
  refused: z.array(z.looseObject({ id: z.string(), reason: z.string() })),
});

/** `query`: tokens with what was selected of them, or a row for each group. */
export const queryAnswer = z.looseObject({ rows: z.array(z.record(z.string(), z.json())), total: z.int() });

/** `gates`: one row for each firing that waits. */
export const gateRows = z.array(
  z.looseObject({
    gate: z.string(),
    firing: z.string(),
    transition: z.string(),
    summary: z.string().optional(),
    since: time,
    expires: time.nullable().optional(),
    approvers: z.array(z.string()),
    quorum: z.int(),
    approvals: z.int(),
  }),
);
export type GateRow = z.output<typeof gateRows>[number];

export const definitionAnswer = z.looseObject({ definition: z.record(z.string(), json), hash: z.string(), text: z.string().optional() });
/** `rules`: what the edit is for rules in a model's place. */
export const applyAnswer = z.looseObject({
  hash: z.string(),
  changed: z.boolean().optional(),
  rules: z.array(z.looseObject({ transition: z.string(), rule: z.string(), stage: z.string(), says: z.string() })).default([]),
});
/** `why`: one for each thing of that name. */
export const whyAnswer = z.array(
  z.looseObject({
    kind: z.enum(["transition", "place", "token"]),
    name: z.string(),
    fires: z.boolean(),
    reasons: z.array(
      z.looseObject({ code: z.string(), text: z.string(), transition: z.string().optional(), command: z.string().optional() }),
    ),
  }),
);

export interface ActorNode {
  id: string;
  kind?: string | undefined;
  state?: string | undefined;
  children: ActorNode[];
}
/** `actors`: the tree under the runtime actor. */
export const actorTree: z.ZodType<ActorNode> = z.looseObject({
  id: z.string(),
  kind: z.string().optional(),
  state: z.string().optional(),
  get children() {
    return z.array(actorTree).default([]);
  },
}) as z.ZodType<ActorNode>;

export const personaRows = z.array(
  z.looseObject({ persona: z.string(), title: z.string().optional(), flags: z.string(), tier: z.string(), version: z.string() }),
);
/** `status`: what `doctor` asks the master itself. */
export const statusAnswer = z.looseObject({
  master: z.string(),
  version: z.string(),
  durability: z.string(),
  control: z.string().describe("running or killed"),
  masters: z.array(z.looseObject({ name: z.string(), host: z.string().optional(), pid: z.int().optional(), nets: z.int() })).optional(),
  nets: z.array(
    z.looseObject({
      net: z.string(),
      owner: z.string().nullable(),
      lease: z.string().nullable().optional(),
      epoch: z.int().nullable().optional(),
      sequence: z.int().optional(),
      paused: z.boolean().optional(),
      stalled: z.string().optional(),
      hint: z.string().optional(),
    }),
  ),
});

/** Errors: Terminal `bad-answer`, when the master is of another version than this command line. */
export function readAnswer<T>(schema: z.ZodType<T>, answer: Json, verb: string): T {
  const read = schema.safeParse(answer);
  if (read.success) return read.data;
  const issue = read.error.issues[0];
  throw new Terminal({
    code: "bad-answer",
    message: `the master answered "${verb}" in a form that this command line does not know: ${issue?.path.join(".")} ${issue?.message}`,
    hint: "the master runs another version: stop it and start `petrel up` again",
  });
}
