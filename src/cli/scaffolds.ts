/** The files that `init`, `net new` and `persona new` write. They are sound as they are, and a test checks that. */
import type { JsonObject } from "../contract/json.ts";

/** A net of deterministic kinds alone: it runs without any model and any key. */
export function helloNet(): JsonObject {
  return {
    $schema: "../schemas/net.schema.json",
    net: "hello",
    title: "Greets whoever comes in",
    places: {
      inbox: {
        title: "Visitors",
        open: true,
        schema: { type: "object", required: ["name"], properties: { name: { type: "string", minLength: 1 } } },
      },
      known: { title: "Visitors that have a name" },
      greetings: { title: "What was said", sink: true },
    },
    transitions: {
      welcome: { kind: "pass", title: "Let in", in: [{ place: "inbox", as: "visitor" }], out: [{ to: "known" }] },
      greet: {
        kind: "map",
        title: "Greet",
        summary: `Greeted $\{visitor.name}.`,
        in: [{ place: "known", as: "visitor" }],
        value: { greeting: `Hello, $\{visitor.name}!`, to: `$\{visitor.name}` },
        out: [{ to: "greetings" }],
      },
    },
  };
}

export function newNet(name: string): JsonObject {
  return {
    $schema: "../schemas/net.schema.json",
    net: name,
    title: `What ${name} is for`,
    places: { inbox: { title: "What comes in", open: true }, done: { title: "What is finished", sink: true } },
    transitions: {
      finish: {
        kind: "map",
        title: "Finish",
        in: [{ place: "inbox", as: "item" }],
        value: { item: `$\{item}`, finished: true },
        out: [{ to: "done" }],
      },
    },
  };
}

export function newPersona(name: string): JsonObject {
  return {
    $schema: "../schemas/persona.schema.json",
    persona: name,
    title: name.replaceAll("-", " ").replace(/^[a-z]/, (letter) => letter.toUpperCase()),
    flags: "r----",
    tools: [],
    tier: "standard",
    prompt: `You are the ${name.replaceAll("-", " ")}. Say in one paragraph what you do, what you judge by, and what you never do.`,
    knowledge: [`knowledge/${name}.md`],
    output: { type: "object", required: ["answer"], properties: { answer: { type: "string" } }, additionalProperties: false },
    budget: { usd: 0.5, turns: 20, seconds: 600 },
  };
}

export function newKnowledge(name: string): string {
  return `# What ${name} knows\n\nRules, examples and facts that hold for this project. They are part of every prompt, so keep them short.\n`;
}

export function pretty(value: JsonObject): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
