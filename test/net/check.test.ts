// biome-ignore-all lint/suspicious/noTemplateCurlyInString: templates are what is checked
import { readdirSync, readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../../src/contract/json.ts";
import { checkNet, checkNetFile, formatProblem, type Problem } from "../../src/net/check.ts";
import { type NetFile, netSchema } from "../../src/net/definition.ts";
import { netJsonSchema } from "../../src/net/file-schema.ts";

const personas = new Set(["product-manager", "architect", "developer", "security-reviewer", "devops"]);

/** A net with one of everything, and nothing wrong. */
const good = (): NetFile => ({
  $schema: "../schemas/net.schema.json",
  net: "teams",
  places: {
    inbox: { open: true, capacity: 10, schema: { type: "object", required: ["title"], properties: { title: { type: "string" } } } },
    story: {},
    task: { index: ["$.priority", "$meta.at"] },
    review: {},
    accepted: {},
    opinions: {},
    findings: { sink: true },
    shipped: { sink: true },
    escalations: { sink: true },
  },
  transitions: {
    intake: {
      kind: "llm",
      persona: "product-manager",
      in: [{ place: "inbox", as: "request", orderBy: "$.priority DESC, $meta.at" }],
      out: [{ to: "story" }],
      ask: "Write a story for ${request.title}. ${default(request.details, '')}",
      onError: "escalations",
      summary: "The story ${$result.title} is written for ${request.$meta.by}",
    },
    plan: {
      kind: "agent",
      persona: "architect",
      in: [{ place: "story", mode: "read" }],
      ask: "Split ${story.title}",
      workspace: { repository: "${story.repository}" },
      out: [
        { to: "task", each: "$result.tasks", value: "${$item}", set: { number: "${$index + 1}", story: "${story.$meta.id}" } },
        { to: "escalations", error: true, value: { why: "${$error.message}" } },
      ],
    },
    build: {
      kind: "command",
      pool: "code",
      in: [{ place: "task", where: "$.attempt < 3 AND $meta.by != 'nobody'" }],
      argv: ["npm", "run", "${task.script}"],
      out: [
        { to: "review", when: "$result.exitCode == 0" },
        { to: "task", when: "task.attempt < 2", set: { attempt: "${task.attempt + 1}" } },
      ],
      onError: "escalations",
    },
    security: {
      kind: "llm",
      persona: "security-reviewer",
      in: [{ place: "review", as: "change", mode: "read" }],
      ask: "${change}",
      guard: "change.attempt < 3",
      out: [
        { to: "findings", when: '$result.severity != "none"' },
        { to: "opinions", otherwise: true },
      ],
    },
    judge: {
      kind: "pass",
      in: [
        { place: "review", as: "change" },
        { place: "opinions", where: "$meta.correlation == change.$meta.correlation" },
      ],
      out: [{ to: "accepted", value: { task: "${change}", opinion: "${opinions.text}" } }],
    },
    deliver: {
      kind: "command",
      persona: "devops",
      pool: "code",
      hand: "code.deliver",
      in: [
        { place: "story", as: "story" },
        {
          place: "accepted",
          as: "done",
          gather: { by: "$meta.correlation", count: "story.taskCount", onIncomplete: { after: "2h", to: "escalations" } },
        },
      ],
      input: { first: "${done[0].task}", ids: "${done[*].$meta.id}", count: "${len(done)}" },
      gate: { approvers: ["role:maintainer"], expires: "24h", escalate: "escalations" },
      out: [{ to: "shipped" }],
    },
  },
  tokens: { inbox: [{ title: "First" }] },
});

/** What to write at which paths; undefined removes. */
type Edit = { [path: string]: Json | undefined };

function problemsOf(edit: Edit): Problem[] {
  const net = structuredClone(good()) as JsonObject;
  for (const [path, value] of Object.entries(edit)) {
    const keys = path.split(".");
    const last = keys.pop() as string;
    const parent = keys.reduce((inner, key) => inner[key] as JsonObject, net);
    if (value === undefined && Array.isArray(parent)) (parent as Json[]).splice(Number(last), 1);
    else if (value === undefined) delete parent[last];
    else parent[last] = value;
  }
  return checkNetFile(JSON.stringify(net, null, 2), "nets/teams.json", { personas }).problems;
}
const brief = (problems: Problem[]) => problems.map(({ severity, code, path }) => `${severity} ${code} ${path}`);

describe("a net where all is right", () => {
  it("gives no problems and the definition", () => {
    const checked = checkNetFile(JSON.stringify(good()), "nets/teams.json", { personas });
    expect(checked.problems.map(formatProblem)).toEqual([]);
    expect(checked.definition).toEqual(netSchema.parse(good()));
    expect(checkNet(netSchema.parse(good()))).toEqual([]);
  });
});

describe("fields and types", () => {
  it("names an unknown field with its line, column and the nearest known one", () => {
    const text = '{"net": "a",\n "places": {"p": {"open": true,\n   "capasity": 3, "sink": true}},\n "transitions": {}}';
    const [problem] = checkNetFile(text, "nets/a.json").problems;
    expect(problem).toMatchObject({ line: 3, column: 4, code: "unknown-field", file: "nets/a.json", path: "places.p.capasity" });
    expect(formatProblem(problem as Problem)).toBe(
      'nets/a.json:3:4: error: unknown field "capasity" in place "p" (unknown-field)\n  hint: did you mean "capacity"?',
    );
  });

  it.each<[string, Edit, string, string]>([
    ["unknown-field", { "transitions.build.in.0.wehre": "true" }, 'unknown field "wehre" in transition "build", input 1', '"where"'],
    ["unknown-field", { "transitions.deliver.gate.quorom": 1 }, 'unknown field "quorom" in transition "deliver", "gate"', '"quorum"'],
    ["unknown-field", { "transitions.deliver.in.1.gather.onIncomplete.at": 1 }, 'unknown field "at"', "known fields: after, to"],
    ["unknown-field", { "transitions.intake.argv": [] }, 'unknown field "argv" in transition "intake"', "known fields: kind"],
    ["unknown-field", { place: {} }, 'unknown field "place" in the net', '"places"'],
    ["missing-field", { "transitions.intake.persona": undefined }, 'transition "intake" has no "persona"', "persona"],
    ["missing-field", { "transitions.intake.kind": undefined }, 'transition "intake" has no "kind"', "kind"],
    [
      "missing-field",
      { "transitions.deliver.in.1.gather.count": undefined },
      'transition "deliver", input 2, "gather" has no "count"',
      "count",
    ],
    ["missing-field", { net: undefined }, 'the net has no "net"', "net"],
    ["unknown-kind", { "transitions.intake.kind": "lmm" }, '"lmm"', '"llm"'],
    ["wrong-type", { "transitions.build.out.0.to": 3 }, "must be a text, not a number", ""],
    ["wrong-type", { "places.task": [] }, 'place "task" must be an object, not an array', ""],
    ["wrong-type", { "transitions.build.in.0.take": true }, 'must be a number, "all" or a text, not true', ""],
    ["wrong-value", { "transitions.build.in.0.mode": "eat" }, 'not "eat"', ""],
    ["out-of-range", { "transitions.build.in.0.take": 0 }, "at least 1", ""],
    ["out-of-range", { "transitions.build.out.0.weight": 0 }, "at least 1", ""],
    ["bad-name", { "places.Bad": {} }, '"Bad" cannot be a name', ""],
    ["wrong-format", { "transitions.build.timeout": "soon" }, '"soon"', "duration"],
  ])("%s: %j", (code, edit, message, hint) => {
    const problems = problemsOf(edit);
    expect(brief(problems)[0]).toContain(`error ${code} `);
    expect(problems).toHaveLength(1);
    expect(problems[0]?.message).toContain(message);
    expect(problems[0]?.hint ?? "").toContain(hint);
    expect(problems[0]?.line).toBeGreaterThanOrEqual(code === "missing-field" ? 1 : 2);
  });

  it("reports a syntax error as a problem at its place", () => {
    expect(checkNetFile('{"net": "a",\n}', "nets/a.json")).toEqual({
      definition: null,
      problems: [expect.objectContaining({ code: "json-syntax", line: 2, column: 1, file: "nets/a.json" })],
    });
  });

  it.each(["[]", "null", '"net"', "{}", '{"places": []}'])("takes %s for no net and does not throw", (text) => {
    const { definition, problems } = checkNetFile(text, "nets/a.json");
    expect(definition).toBeNull();
    expect(problems.length).toBeGreaterThan(0);
  });
});

describe("any text at all", () => {
  it("is checked without throwing, and a definition comes out only without errors", () => {
    const paths = [
      "net",
      "places.task",
      "places.task.schema",
      "transitions.plan",
      "transitions.plan.out.0",
      "transitions.build.in.0",
      "tokens",
    ];
    const fields = [
      "",
      ".where",
      ".take",
      ".gather",
      ".each",
      ".value",
      ".set",
      ".guard",
      ".kind",
      ".constructor",
      ".__proto__",
      ".schema",
      ".in",
      ".0",
    ];
    const path = fc.tuple(fc.constantFrom(...paths), fc.constantFrom(...fields)).map((parts) => parts.join(""));
    const text = fc.constantFrom("${", "${change.x}", "$", "$.a =", "all", "constructor", "__proto__", "pass", "link", "reset");
    fc.assert(
      fc.property(path, fc.oneof(text, fc.jsonValue({ maxDepth: 3 })), (where, value) => {
        const net = structuredClone(good()) as JsonObject;
        const keys = where.split(".");
        const parent = keys.slice(0, -1).reduce((inner: JsonObject, key) => (inner[key] ?? {}) as JsonObject, net);
        if (typeof parent === "object")
          Object.defineProperty(parent, keys.at(-1) ?? "", { value, enumerable: true, configurable: true, writable: true });
        const checked = checkNetFile(JSON.stringify(net), "nets/any.json", { personas });
        expect(checked.definition === null).toBe(checked.problems.some(({ severity }) => severity === "error"));
        expect(checked.problems.map(formatProblem).join("\n")).not.toContain("undefined");
      }),
      { numRuns: 300 },
    );
  }, 180_000);
});

describe("arcs and times", () => {
  const inhibit = { place: "task", mode: "inhibit" };
  const reset = { place: "task", mode: "reset" };
  it.each<[string, Edit, string]>([
    ["field-of-mode", { "transitions.build.in.1": { ...inhibit, as: "x" } }, "nothing goes by that name"],
    ["field-of-mode", { "transitions.build.in.1": { ...reset, take: 2 } }, "takes whatever is there"],
    ["bad-take", { "transitions.build.in.1": { ...inhibit, take: "all" } }, "a plain number"],
    ["unknown-name", { "transitions.build.in.1": { ...inhibit, where: "$.n == nobody.n" } }, '"nobody" names no input'],
    ["no-input", { "transitions.build.in": [inhibit] }, "no input that sets it off"],
    ["batch-with-other", { "transitions.build.in.0.batch": { size: 2, within: "1s" }, "transitions.build.in.0.take": 2 }, '"take"'],
    ["batch-reads", { "transitions.build.in.0.batch": { size: 2, within: "1s" }, "transitions.build.in.0.mode": "read" }, "only reads"],
    ["bad-schedule", { "transitions.build.schedule": {} }, 'either "cron" or "every"'],
    ["bad-schedule", { "transitions.build.schedule": { cron: "0 9 * * *", every: "1h" } }, 'either "cron" or "every"'],
    ["bad-schedule", { "transitions.build.schedule": { cron: "61 * * * *" } }, "minute"],
    ["bad-schedule", { "transitions.build.schedule": { cron: "0 9 * * *", timezone: "Mars/Base" } }, "Mars/Base"],
    ["bad-schedule", { "transitions.build.schedule": { cron: "0 0 30 2 *" } }, "never comes"],
    ["bad-schedule", { "transitions.build.schedule": { every: "1h", timezone: "UTC" } }, "no time zone"],
    ["bad-schedule", { "transitions.build.schedule": { every: "5ms" } }, "one second at least"],
    ["wrong-format", { "transitions.build.delay": "soon" }, "delay"],
    ["nothing-to-correlate", { "transitions.build.correlate": "$.id" }, "one token"],
    ["unknown-name", { "transitions.build.correlate": { nobody: "$.id" } }, "which is no input"],
    ["deadline-to-itself", { "places.task.deadline": { after: "1h", to: "task" } }, "to itself"],
    ["unknown-place", { "places.task.deadline": { after: "1h", to: "nowhere" } }, '"nowhere"'],
  ])("%s: %j", (code, edit, message) => {
    const problems = problemsOf(edit).filter(({ severity }) => severity === "error");
    expect(problems.map((problem) => problem.code)).toContain(code);
    expect(problems.map((problem) => problem.message).join("\n")).toContain(message);
  });
});

describe("names and places", () => {
  it.each<[string[], Edit]>([
    [["error unknown-place transitions.judge.out.0.to"], { "transitions.judge.out.0.to": "acepted" }],
    [["error unknown-place transitions.judge.out.0.to"], { "transitions.judge.out.0.to": "constructor" }],
    [["error unknown-place transitions.intake.onError"], { "transitions.intake.onError": "nowhere" }],
    [["error unknown-place transitions.deliver.gate.escalate"], { "transitions.deliver.gate.escalate": "up" }],
    [["error unknown-place transitions.deliver.in.1.gather.onIncomplete.to"], { "transitions.deliver.in.1.gather.onIncomplete.to": "up" }],
    [["error unknown-place tokens.inbx"], { "tokens.inbx": [] }],
    [["error reserved-place places.rejected"], { "places.rejected": { sink: true } }],
    [["error unknown-name transitions.judge.in.0.where"], { "transitions.judge.in.0.where": "opinions.x == 1" }],
    [["error unknown-name transitions.judge.in.1.where"], { "transitions.judge.in.1.where": "opinions.x == 1" }],
    [["error unknown-name transitions.judge.guard"], { "transitions.judge.guard": "$result.ok" }],
    [["error unknown-name transitions.judge.guard"], { "transitions.judge.guard": "$meta.by == 'ada'" }],
    [["error unknown-name transitions.intake.ask"], { "transitions.intake.ask": "${$result}" }],
    [["error unknown-name transitions.intake.ask"], { "transitions.intake.ask": "a ${reqest.title}" }],
    [["error unknown-name transitions.build.argv.1"], { "transitions.build.argv.1": "${tsk.script}" }],
    [["error unknown-name transitions.plan.workspace.a.b"], { "transitions.plan.workspace": { a: { b: "${nobody}" } } }],
    [["error unknown-name transitions.intake.out.0.value"], { "transitions.intake.out.0.value": "${$error.code}" }],
    [["error unknown-name transitions.plan.out.1.value.why"], { "transitions.plan.out.1.value.why": "${$result}" }],
    [["error unknown-name transitions.intake.out.0.set.a"], { "transitions.intake.out.0.set": { a: "${$item}" } }],
    [
      ["error unknown-name transitions.plan.out.0.when"],
      { "transitions.plan.out.0.when": "$items.x == 1", "transitions.plan.onError": "escalations" },
    ],
    [["error unknown-name transitions.intake.summary"], { "transitions.intake.summary": "${$error.code}" }],
    [["error unknown-name transitions.judge.in.1.orderBy"], { "transitions.judge.in.1.orderBy": "change.at" }],
    [["error unknown-name transitions.deliver.in.1.gather.count"], { "transitions.deliver.in.1.gather.count": "$.n" }],
    [
      ["error unknown-name transitions.judge.in.1.take", "error array-input transitions.judge.out.0.value.opinion"],
      { "transitions.judge.in.1.take": "${opinions.n}" },
    ],
    [["error array-input transitions.deliver.input.first"], { "transitions.deliver.input.first": "${done.title}" }],
    [["error expression-syntax transitions.build.in.0.where"], { "transitions.build.in.0.where": "$.attempt = 3" }],
    [["error expression-syntax transitions.intake.in.0.orderBy"], { "transitions.intake.in.0.orderBy": "$.a UP" }],
    [["error expression-syntax places.task.index.0"], { "places.task.index.0": "$." }],
    [["error template-syntax transitions.intake.ask"], { "transitions.intake.ask": "${request.title" }],
    [
      ["error duplicate-alias transitions.judge.in.1.as", "error unknown-name transitions.judge.out.0.value.opinion"],
      { "transitions.judge.in.1.as": "change" },
    ],
    [["error reserved-name transitions.build.in.1.as"], { "transitions.build.in.1": { place: "opinions", as: "contains" } }],
    [
      ["error duplicate-read transitions.security.in.1.place"],
      { "transitions.security.in.1": { place: "review", as: "again", mode: "read" } },
    ],
    [["error take-with-gather transitions.deliver.in.1.take"], { "transitions.deliver.in.1.take": 2 }],
    [
      ["error gather-without-key transitions.deliver.in.0.gather"],
      { "transitions.deliver.in.0.gather": { by: "$.a", count: "2" }, "transitions.deliver.in.1.gather.count": "story[0].n" },
    ],
    [
      ["error bad-take transitions.judge.in.1.take"],
      { "transitions.judge.in.1.take": "${change.n} or so", "transitions.judge.out.0.value": "${opinions}" },
    ],
    [["error bad-count transitions.deliver.in.1.gather.count"], { "transitions.deliver.in.1.gather.count": "0" }],
    [["error each-not-array transitions.plan.out.0.each"], { "transitions.plan.out.0.each": "'tasks'" }],
    [
      ["error when-and-otherwise transitions.security.out.1.otherwise"],
      { "transitions.security.out.1.when": "true", "transitions.security.onError": "escalations" },
    ],
    [
      ["warning no-route transitions.plan.out.0"],
      {
        "transitions.plan.route": "first",
        "transitions.plan.out": [
          { to: "task", each: "$result.tasks", when: "$item.size < 3" },
          { to: "escalations", otherwise: true },
        ],
      },
    ],
    [
      [],
      {
        "transitions.plan.route": "first",
        "transitions.plan.out": [
          { to: "task", each: "$result.tasks", when: "$item.size < 3" },
          { to: "escalations", each: "$result.tasks", otherwise: true },
        ],
      },
    ],
    [
      ["warning unreachable-arc transitions.plan.out.1"],
      {
        "transitions.plan.route": "first",
        "transitions.plan.out": [
          { to: "task", each: "$result.tasks" },
          { to: "escalations", each: "$result.tasks", when: "$item.size > 3" },
          { to: "escalations", each: "$result.others" },
        ],
      },
    ],
    [["warning unreachable-arc transitions.judge.out.1"], { "transitions.judge.out.1": { to: "escalations" } }],
    [
      ["warning no-route transitions.security.out"],
      { "transitions.security.out.1": undefined, "transitions.intake.out.1": { to: "opinions", error: true } },
    ],
    [["error unknown-persona transitions.plan.persona"], { "transitions.plan.persona": "architekt" }],
    [
      ["error gate-quorum transitions.judge.gate.quorum"],
      { "transitions.judge.gate": { approvers: ["user:ada"], quorum: 2, escalate: "escalations" } },
    ],
    [["warning short-max-delay transitions.build.retry.maxDelay"], { "transitions.build.retry": { delay: "20m", maxDelay: "10m" } }],
    [[], { "transitions.build.retry": { delay: "20m" } }],
    [["warning gate-without-escalation transitions.judge.gate"], { "transitions.judge.gate": { approvers: ["user:ada"] } }],
    [["error no-command transitions.build"], { "transitions.build.argv": undefined }],
    [["error bad-schema places.task.schema"], { "places.task.schema": { type: "objekt" } }],
    [["error bad-schema places.task.schema"], { "places.task.schema": { $ref: "other.json" } }],
    [["warning loose-schema places.task.schema"], { "places.task.schema": { typ: "object" } }],
    [["error token-schema tokens.inbox.1"], { "tokens.inbox.1": { title: 3 } }],
    [["error over-capacity tokens.inbox"], { "tokens.inbox": [{ title: "a" }, { title: "b" }], "places.inbox.capacity": 1 }],
    [["error unreachable-place places.inbox"], { "places.inbox": {}, tokens: undefined }],
    [["warning never-consumed places.shipped"], { "places.shipped": {} }],
    [["warning no-sink places.task.sink"], { "places.task.sink": true }],
  ])("%j: %j", (wanted, edit) => {
    // A net with one wrong name may also have a place that this leaves without use.
    const follows = (line: string) => /unreachable-place|never-consumed/.test(line) && !wanted.includes(line);
    expect(brief(problemsOf(edit)).filter((line) => !follows(line))).toEqual(wanted);
  });

  it("knows the element in what an arc with each says", () => {
    const edit = { "transitions.plan.out.0.when": "$item.size < 3 AND $index < 9", "transitions.plan.onError": "escalations" };
    expect(problemsOf(edit)).toEqual([]);
    expect(brief(problemsOf({ "transitions.intake.out.0.when": "$item.size < 3" }))).toEqual([
      "error unknown-name transitions.intake.out.0.when",
    ]);
  });

  it("finds a ring that no token ever enters", () => {
    const ring: NetFile = {
      net: "ring",
      places: { a: {}, b: {} },
      transitions: {
        there: { kind: "pass", in: [{ place: "a" }], out: [{ to: "b" }] },
        back: { kind: "pass", in: [{ place: "b" }], out: [{ to: "a" }] },
      },
    };
    expect(brief(checkNet(netSchema.parse(ring)))).toEqual(["error unreachable-place places.a", "error unreachable-place places.b"]);
    expect(checkNet(netSchema.parse({ ...ring, tokens: { a: [1] } }))).toEqual([]);
  });

  it("points into the expression with a caret", () => {
    const [problem] = problemsOf({ "transitions.build.in.0.where": "$.attempt = 3" });
    expect(formatProblem(problem as Problem)).toMatch(
      /^nets\/teams\.json:\d+:\d+: error: transition "build", input 1, "where": unexpected = \(expression-syntax\)\n {2}\$\.attempt = 3\n {12}\^\n {2}hint: write == to compare$/,
    );
  });

  it("lets arcs use the places that every net has", () => {
    const net = netSchema.parse({
      net: "mend",
      places: {},
      transitions: { mend: { kind: "pass", in: [{ place: "rejected" }], out: [{ to: "dead-letter" }] } },
    });
    expect(checkNet(net)).toEqual([]);
  });
});

describe("the nets that are shipped", () => {
  const files = readdirSync("nets").filter((name) => name.endsWith(".json") && !name.endsWith(".answers.json"));
  it.each(files)("%s has no problems", (name) => {
    expect(checkNetFile(readFileSync(`nets/${name}`, "utf8"), `nets/${name}`).problems.map(formatProblem)).toEqual([]);
  });
});

describe("the JSON Schema of net files", () => {
  it("is valid and agrees with the checker about a good net and a bad one", () => {
    const schema = netJsonSchema();
    expect(schema.$id).toBeUndefined();
    expect(schema.$schema).toBe("https://json-schema.org/draft/2020-12/schema");
    const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(schema);
    expect(validate(good())).toBe(true);
    expect(validate({ ...good(), extra: 1 })).toBe(false);
    expect(validate({ ...good(), transitions: { a: { kind: "pass", in: [{}] } } })).toBe(false);
  });
});
