/**
 * A program as the sub-net that it is: a `map` works out what comes next, an `http` or a `command` step does it, and so on to the end.
 * Tokens inside are `{input, calls, made}`: the firing's inputs by name, what the steps have answered so far, and the same as the agent's
 * tools would have said it. What leaves by `done` holds the agent's answer, what leaves by `ask` goes on to its model; both hold what
 * was made.
 */
import type { Json, JsonObject } from "../../contract/json.ts";
import { type Subnet, subnetSchema } from "../definition.ts";
import type { Answer } from "../rule/answer.ts";
import type { Condition } from "../rule/condition.ts";
import type { CallNode, ChooseNode, Program } from "../rule/program.ts";
import { fieldsOf, headerNames } from "../rule/program-problems.ts";
import { rebasedAnswer, rebasedCondition } from "../rule/rebase.ts";
import { toolStep } from "../rule/tool-steps.ts";

export const PROGRAM_PORTS = { begin: "begin", done: "done", ask: "ask" } as const;

/** What its steps get from the agent's transition: never more than that has. */
export interface Performer {
  persona: string;
  pool?: string | undefined;
  labels?: string[] | undefined;
}

/** The name of the sub-net of a transition's program. */
export function programName(transition: string): string {
  return `${transition}-program`;
}

/** Pure: the same program gives the same sub-net. */
export function programToSubnet(program: Program, performer: Performer): Subnet {
  const made = new Maker(performer);
  made.node(program, PROGRAM_PORTS.begin, "", 0, []);
  const places = { [PROGRAM_PORTS.begin]: { port: "in" }, [PROGRAM_PORTS.done]: { port: "out" }, [PROGRAM_PORTS.ask]: { port: "out" } };
  const inner = Object.fromEntries(made.places.map((place) => [place, {}]));
  return subnetSchema.parse({ title: "A settled sequence of calls", places: { ...places, ...inner }, transitions: made.transitions });
}

/** Inside a `map` of the sub-net the token goes by `at`; `/$2/body` of a program is there `/at/calls/1/body`. */
function inside(pointer: string): string {
  const call = /^\/\$(\d+)(\/.*)?$/.exec(pointer);
  return call ? `/at/calls/${Number(call[1]) - 1}${call[2] ?? ""}` : `/at/input${pointer}`;
}

const carried = (path: string): Answer => ({ kind: "copy", path: `/at/${path}` });
const WORK = { input: carried("input"), calls: carried("calls"), made: carried("made") };

class Maker {
  readonly places: string[] = [];
  readonly transitions: Record<string, object> = {};
  readonly #performer: Performer;

  constructor(performer: Performer) {
    this.#performer = performer;
  }

  /** `way` tells branches apart in names; `calls`: how many have been made; `expects`: of the last one's answer. */
  node(node: Program, place: string, way: string, calls: number, expects: Condition[]): void {
    if (node.do === "call") this.#call(node, place, way, calls, expects);
    else if (node.do === "choose") this.#choose(node, place, way, calls, expects);
    else {
      const answer: Answer = { kind: "object", fields: { answer: rebasedAnswer(node.answer, inside), made: carried("made") } };
      this.#map(`answer${way}`, place, expects, answer, [{ to: PROGRAM_PORTS.done }]);
    }
  }

  #choose({ by, ways }: ChooseNode, place: string, way: string, calls: number, expects: Condition[]): void {
    const work: Answer = { kind: "object", fields: { ...WORK, way: rebasedAnswer(by, inside) } };
    const next = ways.map(({ way: name, next }, at) => {
      const inner = `${way}-${String.fromCharCode(97 + at)}`;
      const to = this.#place(`way${inner}`);
      this.node(next, to, inner, calls, []);
      return { to, when: `$result.way == ${JSON.stringify(name)}` };
    });
    const name = `choose${way}${calls === 0 ? "" : `-${calls}`}`;
    // A way that the program does not know is the model's.
    this.#map(name, place, expects, work, [...next, { to: PROGRAM_PORTS.ask, otherwise: true, value: leaving("no way of the program") }]);
  }

  #call({ tool, input, expects: expected, next }: CallNode, place: string, way: string, calls: number, expects: Condition[]): void {
    const number = calls + 1;
    const called = rebasedAnswer(input, inside);
    const fields = fieldsOf(called) ?? {};
    const request: Answer = { kind: "object", fields: requestFields(tool, fields) };
    const ready = this.#place(`ready${way}-${number}`);
    const after = this.#place(`after${way}-${number}`);
    this.#map(`plan${way}-${number}`, place, expects, { kind: "object", fields: { ...WORK, called, request } }, [{ to: ready }]);
    const each = (list: string) => Array.from({ length: calls }, (_, at) => `\${job.${list}[${at}]}`);
    const onward = (answer: JsonObject) => ({
      input: "${job.input}",
      calls: [...each("calls"), answer],
      made: [...each("made"), { name: tool, input: "${job.called}", answer }],
    });
    const failed = { name: tool, input: "${job.called}", error: "${$error}" };
    this.transitions[`call${way}-${number}`] = {
      ...stepFor(tool, fields, this.#performer),
      persona: this.#performer.persona,
      in: [{ place: ready, as: "job" }],
      out: [
        ...cutOff(tool, [...each("made"), { ...failed, error: { code: "cut-off", message: "its answer was cut off" } }]),
        { to: after, value: onward(answerOf(tool)) },
        { to: PROGRAM_PORTS.ask, error: true, value: { made: [...each("made"), failed], why: `${tool} failed: \${$error.message}` } },
      ],
    };
    this.node(next, after, way, number, expected);
  }

  #map(name: string, place: string, expects: Condition[], answer: Answer, out: object[]): void {
    this.transitions[name] = {
      kind: "map",
      persona: this.#performer.persona,
      in: [{ place, as: "at" }],
      rule: { guard: expects.map((condition) => rebasedCondition(condition, inside)), answer },
      out: [...out, { to: PROGRAM_PORTS.ask, error: true, value: leaving("${$error.message}") }],
    };
  }

  #place(name: string): string {
    this.places.push(name);
    return name;
  }
}

/** To the model, with what was made so far. */
function leaving(why: string): JsonObject {
  return { made: "${at.made}", why };
}

function requestFields(tool: string, fields: Record<string, Answer>): Record<string, Answer> {
  const named = (name: string, field: Answer | undefined): Record<string, Answer> => (field === undefined ? {} : { [name]: field });
  if (toolStep(tool)?.kind === "command") return { ...named("argv", fields.argv), ...named("stdin", fields.input) };
  const headers = fields.headers ? Object.values(fieldsOf(fields.headers) ?? {}) : [];
  const numbered = Object.fromEntries(headers.map((header, at) => [`h${at}`, header]));
  return { ...named("url", fields.url), ...numbered, ...named("body", fields.json) };
}

const MEBIBYTE = 1024 * 1024;

/** With the same limits as the tool. Every status is an answer: what it means, the program has learned. */
function stepFor(tool: string, fields: Record<string, Answer>, { pool, labels }: Performer): JsonObject {
  const step = toolStep(tool);
  if (step?.kind !== "http") {
    const stdin: JsonObject = fields.input === undefined ? {} : { stdin: "${job.request.stdin}" };
    const { seconds } = fields;
    const timeout = seconds?.kind === "constant" && typeof seconds.value === "number" ? seconds.value : 120;
    const needs = { pool: pool ?? "code", ...(labels === undefined ? {} : { labels }) };
    return { kind: "command", ...needs, input: { argv: "${job.request.argv}", ...stdin }, timeout: `${timeout + 10}s` };
  }
  const names = fields.headers ? (headerNames(fields.headers) ?? []) : [];
  const headers: { [name: string]: Json } = Object.fromEntries(names.map((name, at) => [name, `\${job.request.h${at}}`]));
  const isJson = fields.json !== undefined && !names.some((name) => name.toLowerCase() === "content-type");
  return {
    ...{ kind: "http", method: step.method, url: "${job.request.url}", maxBytes: 2 * MEBIBYTE },
    headers: { ...(isJson ? { "content-type": "application/json" } : {}), ...headers },
    success: ["1xx", "2xx", "3xx", "4xx", "5xx"],
    ...(fields.json === undefined ? {} : { body: "${job.request.body}" }),
  };
}

function answerOf(tool: string): JsonObject {
  const names = toolStep(tool)?.kind === "command" ? ["exitCode", "stdout", "stderr"] : ["status", "type", "body"];
  return Object.fromEntries(names.map((name) => [name, `\${$result.${name}}`]));
}

/** What a command wrote beyond its limit, or until its time was over, is no answer to go on with. */
function cutOff(tool: string, made: Json[]): JsonObject[] {
  if (toolStep(tool)?.kind !== "command") return [];
  const value = { made, why: `${tool} was cut off` };
  return [{ to: PROGRAM_PORTS.ask, when: "$result.truncated == true or $result.timedOut == true", value }];
}
