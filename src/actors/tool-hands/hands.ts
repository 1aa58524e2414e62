/** The hands of one call: bound to its firing, and no more of them than the persona's flags call for. */
import { parseFlags } from "../../contract/capability.ts";
import type { ModelUse } from "../../contract/event.ts";
import type { Json } from "../../contract/json.ts";
import type { Step } from "../../personas/capabilities.ts";
import { searchKnowledge } from "../../personas/knowledge.ts";
import type { MasterHands, PlaceReader, PlaceTaker, PlaceWriter } from "../../tools/hands.ts";
import { artifactHands, refuseForeignReferences } from "./artifact-hands.ts";
import { crystalHands } from "./crystal-hands.ts";
import { dataHands } from "./data-hands.ts";
import { eventHands } from "./event-hands.ts";
import { gateHands } from "./gate-hands.ts";
import { runHelper } from "./helper.ts";
import { httpHands } from "./http-hands.ts";
import { memoryHands } from "./memory-hands.ts";
import { netHands } from "./net-hands.ts";
import { personaHands } from "./persona-hands.ts";
import { sayHand } from "./say-hand.ts";
import type { ToolRoom } from "./tool-room.ts";

export function handsOf(room: ToolRoom, call: string, signal: AbortSignal, book: (use: ModelUse) => void): MasterHands {
  const { term, firing, persona, capabilities, clock } = room;
  const flags = parseFlags(persona.flags);
  const { broker, http } = term.ports;
  const key = `${firing.net}/${firing.transition}/${firing.firing}`;
  return {
    call,
    about: {
      net: firing.net,
      transition: firing.transition,
      firing: firing.firing,
      persona: persona.persona,
      flags: persona.flags,
      correlation: firing.correlation,
    },
    clock,
    signal,
    ...placesOf(room, flags.has("r"), flags.has("w")),
    net: flags.has("r") || flags.has("w") ? netHands(term, firing.transition, firing.firing, capabilities, flags.has("l")) : null,
    events: flags.has("l") ? eventHands(broker.log(firing.net)) : null,
    memory: memoryHands(room),
    knowledge: { search: (query, limit) => searchKnowledge(room.knowledge, query, limit) },
    artifacts: artifactHands(broker.artifacts, () => visibleTo(room), room.own),
    http: flags.has("h") && http ? httpHands(http.client, key, signal) : null,
    gates: gateHands(term),
    personas: flags.has("r") || flags.has("w") ? personaHands(term, room.personas) : null,
    crystals: flags.has("l") ? crystalHands(room) : null,
    data: dataHands(clock),
    follow: (listener) => room.follow(listener),
    say: sayHand(room, `${key}/${call}`, signal, book),
    help: (wish) => runHelper(room, wish, call, signal, book),
  };
}

function placesOf(room: ToolRoom, reads: boolean, writes: boolean): Pick<MasterHands, "reads" | "writes" | "takes"> {
  const { capabilities, firing } = room;
  const step = (call: string): Step => ({ firing: firing.firing, attempt: firing.attempt, call });
  const writers = new Map<string, PlaceWriter>();
  const handleBehind = new Map<PlaceWriter, string>();
  for (const [place, handle] of writes ? capabilities.writes : []) {
    const writer: PlaceWriter = {
      place,
      put: async (data, call) => {
        refuseForeignReferences(data, () => visibleTo(room), room.own);
        return handle.put(data, step(call));
      },
    };
    writers.set(place, writer);
    handleBehind.set(writer, place);
  }
  return {
    reads: new Map(
      [...(reads ? capabilities.reads : [])].map(([place, handle]): [string, PlaceReader] => [
        place,
        { place, peek: () => handle.peek(firing.firing) },
      ]),
    ),
    writes: writers,
    takes: new Map(
      [...(writes ? capabilities.takes : [])].map(([place, handle]): [string, PlaceTaker] => [
        place,
        {
          place,
          move: async (id, to, data, call) => {
            if (data !== undefined) refuseForeignReferences(data, () => visibleTo(room), room.own);
            const target = capabilities.writes.get(handleBehind.get(to) ?? "");
            if (!target) throw new Error("a writer of another firing");
            return handle.move(id, target, data, step(call));
          },
        },
      ]),
    ),
  };
}

/** The data of all that the firing was given or can read. */
export function* visibleTo({ capabilities, firing, term, persona }: ToolRoom): Iterable<Json> {
  yield firing.data;
  const open = term.state.firings.get(firing.firing);
  yield* (open?.readTokens ?? []).map(({ data }) => data);
  for (const { place, id } of open?.consumed ?? []) {
    const placed = term.state.places.get(place)?.get(id);
    if (placed) yield placed.token.data;
  }
  if (!parseFlags(persona.flags).has("r")) return;
  for (const handle of capabilities.reads.values()) for (const { token } of handle.peek(firing.firing)) yield token.data;
}
