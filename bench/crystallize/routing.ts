/** Routing by rules with one to five features, and by words. */
import type { JsonObject } from "../../src/contract/json.ts";
import type { Chance } from "./draws.ts";
import type { Item, Stream } from "./stream.ts";
import { COUNTRIES, FILLER, FIRST, LAST } from "./words.ts";

export const QUEUES = ["billing", "support", "sales", "legal", "returns"];

export function orderOf(chance: Chance): JsonObject {
  return {
    id: `A-${chance.whole(10_000, 99_999)}`,
    country: chance.zipf(COUNTRIES),
    tier: chance.pick(["free", "free", "plus", "plus", "gold"]),
    channel: chance.pick(["web", "mail", "phone"]),
    total: Math.round(chance.draw() ** 2 * 400_000) / 100,
    items: chance.whole(1, 9),
    returning: chance.chance(0.4),
    customer: `${chance.pick(FIRST)} ${chance.pick(LAST)}`,
  };
}

/** Another queue than the right one, of those that the stream has: what models take for each other. */
export const otherOf =
  (queues: readonly string[]) =>
  (truth: unknown, chance: Chance): string =>
    chance.pick(queues.filter((queue) => queue !== truth));

const routed = (name: string, queues: string[], route: (order: JsonObject) => string): Stream => ({
  name,
  kind: "learnable",
  item: (_, chance): Item => {
    const order = orderOf(chance);
    return { input: { order }, truth: route(order) };
  },
  slip: otherOf(queues),
});

const EUROPE = ["DE", "FR", "ES", "IT", "PL", "NL"];

export const BY_COUNTRY = ["billing", "support", "sales"];

export function byCountry(order: JsonObject): string {
  if (EUROPE.includes(String(order.country))) return "billing";
  return order.country === "US" ? "sales" : "support";
}

const one = routed("routing, 1 feature", BY_COUNTRY, byCountry);
const three = routed("routing, 3 features", ["billing", "support", "sales", "legal"], (order) => {
  if (Number(order.total) >= 1000) return order.tier === "gold" ? "sales" : "legal";
  return order.channel === "phone" ? "support" : "billing";
});
const five = routed("routing, 5 features", QUEUES, (order) => {
  if (order.country === "DE" && Number(order.total) >= 1500) return "legal";
  if (order.tier === "gold") return "sales";
  if (order.returning === true && Number(order.items) >= 7) return "returns";
  return order.channel === "web" ? "billing" : "support";
});

const SAID: Record<string, string[]> = {
  billing: ["invoice", "refund", "charged", "payment"],
  support: ["crash", "error", "login", "password"],
  sales: ["upgrade", "quote", "licence", "seats"],
  returns: ["broken", "parcel", "damaged", "exchange"],
};

export function message(chance: Chance, words: string[]): string {
  const filler = Array.from({ length: chance.whole(8, 25) }, () => chance.pick(FILLER));
  for (const word of words) filler.splice(chance.whole(0, filler.length), 0, word);
  const text = filler.join(" ");
  return text.charAt(0).toUpperCase() + text.slice(1) + chance.pick([".", "!", "", "?"]);
}

const byWords: Stream = {
  name: "triage by words",
  kind: "learnable",
  item: (_, chance) => {
    const queue = chance.pick(Object.keys(SAID));
    const text = message(chance, [chance.pick(SAID[queue] ?? [])]);
    return { input: { mail: { from: `${chance.pick(FIRST).toLowerCase()}@example.org`, text } }, truth: { queue, urgent: false } };
  },
  slip: (truth, chance) => ({ ...(truth as JsonObject), queue: otherOf(Object.keys(SAID))((truth as JsonObject).queue, chance) }),
};

export const ROUTING = [one, three, five, byWords];
