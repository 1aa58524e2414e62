/** A master with one agent whose model is a script, for tests of the tools that run beside the turn loop. */
import { personaWorker } from "../../src/actors/persona-work.ts";
import type { Json, JsonObject } from "../../src/contract/json.ts";
import { httpClient } from "../../src/http/client.ts";
import type { SecretSource } from "../../src/http/secrets.ts";
import type { Block } from "../../src/models/port.ts";
import type { TierRequest, Tiers } from "../../src/models/tiers.ts";
import { eventsOf } from "./log-check.ts";
import { type MasterKit, masterKit } from "./master-kit.ts";
import { realClock } from "./model-clock.ts";
import { waitUntil } from "./wait-until.ts";

export interface ScriptedCall {
  name: string;
  input: Json;
}
/** Results of the calls in order, as the model was told them. */
export interface ToolRun {
  results: { output: Json; isError: boolean }[];
  /** The model's requests. */
  requests: TierRequest[];
  firing: string;
}

export interface ToolKit {
  kit: MasterKit;
  net: string;
  /** Gives the worker these rights. */
  grant(flags: string, tools: string[], more?: JsonObject): Promise<void>;
  /** Puts a task for the worker, whose model makes these calls, one a turn, and then ends. Settles when the firing is over. */
  run(calls: ScriptedCall[], task?: Json): Promise<ToolRun>;
  /** The same without waiting for the end. */
  begin(calls: ScriptedCall[], task?: Json): Promise<{ done: Promise<ToolRun> }>;
  /** What the model says when a tool asks it. */
  says(answer: (request: TierRequest) => string): void;
  denied(): Promise<{ tool: string; code: string }[]>;
  data(place: string): Json[];
  stop(): Promise<void>;
}

/** `obey`: chooses the model's next call from what it was shown, in place of a script; null ends the work. */
export async function toolKit(
  definition: JsonObject,
  place: string,
  obey?: (request: TierRequest) => ScriptedCall | null,
  secrets: SecretSource = () => ({ value: "" }) as never,
): Promise<ToolKit> {
  let script: ScriptedCall[] = [];
  let requests: TierRequest[] = [];
  let answerOf: (request: TierRequest) => string = () => "It is about nothing much.";
  const usage = { inputTokens: 100, outputTokens: 10 };
  const ask: Tiers["ask"] = async (_, request) => {
    const use = { provider: "script", name: "script", calls: 1, ...usage, costUsd: 0.01 };
    const answered = (content: Block[], stop: "end" | "tool-call") => ({ answer: { content, stop, usage, model: "script" }, use });
    if (request.tools.length === 0) return answered([{ type: "text", text: answerOf(request) }], "end");
    requests.push(structuredClone(request));
    const turn = request.messages.filter(({ role }) => role === "assistant").length;
    const call = (obey ? obey(request) : script[turn]) ?? { name: "done", input: { summary: "done" } };
    return answered([{ type: "tool-call", id: `call-${turn}`, name: call.name, input: call.input }], "tool-call");
  };
  const tiers: Tiers = {
    ask,
    spentUsd: () => 0,
    plan: () => [],
    preview: () => {
      throw new Error("nobody looks");
    },
  };
  const client = httpClient({ clock: realClock, allow: ["127.0.0.1"] });
  const kit = await masterKit({ work: personaWorker(tiers, realClock), http: { client, secrets } });
  const net = String(definition.net);
  let isApplied = false;
  const tools: ToolKit = {
    kit,
    net,
    async grant(flags, tools, more = {}) {
      const persona = {
        persona: "worker",
        title: "Worker",
        flags,
        tools,
        tier: "economy",
        prompt: "Work.",
        budget: { turns: 30 },
        ...more,
      };
      await kit.ask(null, "apply-persona", { persona, files: {} });
      if (!isApplied) await kit.ask(null, "apply-net", { definition });
      isApplied = true;
    },
    async begin(calls, task = { n: 1 }) {
      script = calls;
      requests = [];
      const before = kit.stateOf(net).seq;
      await kit.put(net, place, task);
      const done = (async (): Promise<ToolRun> => {
        const ended = async () =>
          (await eventsOf(kit.broker, net)).find(
            ({ seq, type, transition, attributes }) =>
              seq > before && transition === "work" && (type === "fired" || (type === "failed" && attributes?.final === true)),
          );
        await waitUntil("the worker has ended", async () => (await ended()) !== undefined);
        const end = await ended();
        const results = (requests.at(-1)?.messages ?? []).flatMap(({ content }) =>
          content.flatMap((block) => (block.type === "tool-result" ? [{ output: block.output, isError: block.isError === true }] : [])),
        );
        return { results, requests, firing: end?.firing ?? "" };
      })();
      done.catch(() => {});
      return { done };
    },
    async run(calls, task) {
      return (await tools.begin(calls, task)).done;
    },
    says: (answer) => {
      answerOf = answer;
    },
    denied: async () =>
      (await eventsOf(kit.broker, net))
        .filter(({ type }) => type === "denied")
        .map(({ attributes }) => ({ tool: String(attributes?.tool), code: String(attributes?.code) })),
    data: (name) => [...(kit.stateOf(net).places.get(name)?.values() ?? [])].map(({ token }) => token.data),
    async stop() {
      await kit.stop();
      await client.close();
    },
  };
  return tools;
}
