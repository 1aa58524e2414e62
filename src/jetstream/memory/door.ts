/** Put, letter box and commands of the in-memory broker. */
import type { CommandAnswer, Commands, Delivery, Door, PutAnswer } from "../../contract/broker.ts";
import { isoTime } from "../../contract/clock.ts";
import { errorData } from "../../contract/errors.ts";
import type { Json } from "../../contract/json.ts";
import type { MemoryHub } from "./hub.ts";
import { MemoryStream } from "./stream.ts";
import type { MemoryWire } from "./wire.ts";

export function memoryDoor(hub: MemoryHub, wire: MemoryWire): Door {
  return {
    servePut: async (net, handle) =>
      hub.serve(`put.${net}`, wire, (delivery: Delivery) =>
        handle(delivery).catch((error: unknown): PutAnswer => ({ ok: false, error: errorData(error) })),
      ),
    put: (net, place, payload, options) => {
      const delivery: Delivery = { place, payload, by: options?.by ?? "put", ...(options?.token ? { put: options.token } : {}) };
      return hub.ask<PutAnswer>(`put.${net}`, wire, delivery);
    },
    openLetterBox: async (net, places, after, take) => {
      wire.check();
      const box = hub.letterBoxes.get(net) ?? { open: new Set<string>(), stream: new MemoryStream<Uint8Array>(isoTime(hub.clock.now())) };
      box.open = new Set(places);
      hub.letterBoxes.set(net, box);
      const closing = new AbortController();
      const stray = (strayNet: string, place: string, payload: Uint8Array) => {
        if (wire.up && strayNet === net) take({ place, payload, by: "letter" });
      };
      hub.strayLetters.add(stray);
      const created = box.stream.created;
      const known = after();
      const from = known && known.created === created ? known.seq : 0;
      const reading = (async () => {
        for await (const message of box.stream.tail(from, wire, closing.signal)) {
          take({ place: message.subject, payload: message.value, letter: { created, seq: message.seq }, by: "letter" });
        }
      })();
      return {
        stop: async () => {
          hub.strayLetters.delete(stray);
          closing.abort();
          await reading;
        },
      };
    },
    purgeLetters: async (net, upTo) => {
      wire.check();
      const stream = hub.letterBoxes.get(net)?.stream;
      if (stream?.created === upTo.created) stream.removeWhere((message) => message.seq <= upTo.seq);
    },
  };
}

export function memoryCommands(hub: MemoryHub, wire: MemoryWire): Commands {
  const name = (net: string | null) => (net === null ? "runtime" : `command.${net}`);
  return {
    serve: async (net, handle) =>
      hub.serve(name(net), wire, ({ verb, body }: { verb: string; body: Json }) =>
        handle(verb, body).catch((error: unknown): CommandAnswer => ({ ok: false, error: errorData(error) })),
      ),
    ask: (net, verb, body) => hub.ask<CommandAnswer>(name(net), wire, { verb, body }),
  };
}
