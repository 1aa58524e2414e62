/** What a persona was asked, as the logs and the artefacts tell it word by word, and what it answered then. */
import { answerOf } from "../actors/term/recordings.ts";
import type { Broker } from "../contract/broker.ts";
import type { NetEvent } from "../contract/event.ts";
import type { Json } from "../contract/json.ts";
import { type CompiledNet, compileNet } from "../net/compiled-net.ts";
import { policyOf, stepPolicy } from "../net/crystal/definition.ts";
import { netSchema } from "../net/definition.ts";
import type { Equality } from "../net/rule/agree.ts";

export interface PastRequest {
  net: string;
  seq: number;
  transition: string;
  firing: string;
  personaVersion: string;
  /** The two parts of the first request, as they were sent. */
  system: string;
  user: string;
  /** Undefined: the firing failed. */
  answer: Json | undefined;
  outcome: string;
  /** At list prices where nothing was paid. */
  usd: number;
  ms: number;
  /** What the step says of when two of its answers count as the same; undefined: nothing. */
  equality: Equality | undefined;
  /** It was answered from a recording. */
  recorded: boolean;
}

/** The newest first requests of a persona's `llm` steps, newest last. Errors: those of reading the logs. */
export async function pastRequests(
  broker: Broker,
  nets: readonly string[],
  wanted: { persona: string; transition?: string; last: number },
): Promise<{ requests: PastRequest[]; agents: number }> {
  const found: NetEvent[] = [];
  const kinds = new Map<string, string>();
  let agents = 0;
  for (const net of nets) {
    const own: NetEvent[] = [];
    await broker.log(net).read(0, ({ events }) => {
      for (const event of events) {
        if (event.persona !== wanted.persona || (wanted.transition !== undefined && event.transition !== wanted.transition)) continue;
        if (event.type === "started" && event.firing !== undefined) kinds.set(event.firing, String(event.attributes?.kind));
        if ((event.type !== "fired" && event.type !== "failed") || !event.prompt) continue;
        // An agent acts: to ask it again would be to act again.
        if (kinds.get(event.firing ?? "") === "agent") agents += 1;
        else own.push(event);
        if (own.length > 2 * wanted.last) own.splice(0, own.length - wanted.last);
      }
    });
    found.push(...own.slice(-wanted.last));
  }
  found.sort((one, other) => Date.parse(one.ts) - Date.parse(other.ts));
  const requests: PastRequest[] = [];
  const declared = equalities(broker);
  for (const event of found.slice(-wanted.last)) {
    const request = await requestOf(broker, event, declared);
    if (request) requests.push(request);
  }
  return { requests, agents };
}

type Declared = (event: NetEvent) => Promise<Equality | undefined>;

/** As the version of the net said under which it was asked. */
function equalities(broker: Broker): Declared {
  const nets = new Map<string, Promise<CompiledNet | null>>();
  const netOf = async (net: string, version: string) => {
    const { data } = netSchema.safeParse(await broker.netVersions.get(net, version));
    return data ? compileNet(data, version) : null;
  };
  return async ({ net, netVersion, transition }) => {
    if (netVersion === undefined || transition === undefined) return undefined;
    const key = `${net} ${netVersion}`;
    const known = nets.get(key) ?? netOf(net, netVersion);
    nets.set(key, known);
    const compiled = await known;
    return stepPolicy(policyOf(compiled?.source.crystallize), compiled?.transitions.get(transition)?.definition).equality;
  };
}

async function requestOf(broker: Broker, event: NetEvent, declared: Declared): Promise<PastRequest | null> {
  const bytes = event.prompt ? await broker.artifacts.get(event.prompt.artifact) : null;
  const text = bytes === null ? "" : new TextDecoder().decode(bytes);
  const cut = text.indexOf("\n\n[user]\n");
  if (!text.startsWith("[system]\n") || cut < 0) return null;
  const model = event.model;
  return {
    ...{ net: event.net, seq: event.seq, transition: event.transition ?? "", firing: event.firing ?? "" },
    personaVersion: event.personaVersion ?? "",
    system: text.slice("[system]\n".length, cut),
    user: text.slice(cut + "\n\n[user]\n".length).replace(/\n$/, ""),
    answer: event.type === "fired" ? await answerOf(event, broker.artifacts) : undefined,
    outcome: String(event.attributes?.outcome ?? (event.type === "fired" ? "answered" : "failed")),
    usd: model?.listUsd ?? model?.costUsd ?? 0,
    ms: event.durationMs ?? 0,
    equality: await declared(event),
    recorded: model?.provider === "recorded" || model?.provider === "authored",
  };
}
