/** A value is taken out of a text where it ends, in the unit and the way of writing that were seen; anything else goes to the model. */
import { expect, test } from "vitest";
import type { Chance } from "../../bench/crystallize/draws.ts";
import type { Json } from "../../src/contract/json.ts";
import { crystallize } from "../../src/crystallize/crystallize.ts";
import { evaluateRule, type RuleAnswer } from "../../src/net/rule/rule.ts";
import { madeBy } from "./history.ts";

const SLOW = 120_000;

/** The rule that texts of this kind teach. */
function ruleFor(seed: number, textOf: (chance: Chance) => string, wanted: (text: string) => Json): (text: string) => RuleAnswer {
  const examples = madeBy(
    260,
    seed,
    (chance) => ({ text: textOf(chance) }),
    (input) => wanted(String(input.text)),
  );
  const { rule, promotable, reasons } = crystallize(examples);
  expect({ promotable, reasons }).toEqual({ promotable: true, reasons: [] });
  return (text) => evaluateRule(rule as NonNullable<typeof rule>, { text });
}
const found = (pattern: RegExp, text: string): string => pattern.exec(text)?.[1] ?? "";
const comma = (amount: number): string => amount.toFixed(2).replace(/\B(?=(\d{3})+\.)/g, ",");

test("of a sentence a number is taken by what stands beside it, not as the only one that there is", { timeout: SLOW }, () => {
  const answer = ruleFor(
    1,
    (chance) => {
      const order = `A-${chance.whole(1000, 9999)}`;
      return chance.pick([
        `Hello, my order ${order} has not come yet. Regards`,
        `Hi team, please cancel order ${order} today, thanks`,
        `Order ${order} came broken, what now?`,
      ]);
    },
    (text) => ({ order: found(/(A-\d+)/, text) }),
  );
  expect(answer("Hi team, please cancel order A-4321 today, thanks")).toEqual({ applies: true, value: { order: "A-4321" } });
  // It is no order of the A's, whatever its digits are.
  for (const text of ["Hi team, please cancel order 4321 today, thanks", "Hello, my 3 order has not come yet. Regards"])
    expect([text, answer(text).applies]).toEqual([text, false]);
  const other = answer("Hi team, please cancel order B-4321 today, thanks");
  expect(other.applies ? other.value : null).not.toEqual({ order: "A-4321" });
});

test("digits of a text without words, as many numbers as were seen", { timeout: SLOW }, () => {
  const answer = ruleFor(
    2,
    (chance) => `+49 (${chance.whole(30, 89)}) ${chance.whole(1000, 9999)}-${chance.whole(10, 99)}`,
    (text) => text.replace(/\D+/g, ""),
  );
  expect(answer("+49 (40) 5050-11")).toEqual({ applies: true, value: "4940505011" });
  for (const text of ["+49 (40) 5050-11-12", "+49 (40) 5050", "none"]) expect([text, answer(text).applies]).toEqual([text, false]);
});

test("a number in another unit, or one that goes on", { timeout: SLOW }, () => {
  const answer = ruleFor(
    3,
    (chance) =>
      `2026-05-01T10:00:00Z ${chance.pick(["WARN", "INFO"])} db: ${chance.pick(["timeout", "refused"])} after ${chance.whole(1, 9000)}ms host=app-${chance.whole(1, 40)}`,
    (text) => ({ ms: Number(found(/ (\d+)ms/, text)), host: found(/host=(\S+)/, text) }),
  );
  const line = (rest: string) => `2026-05-01T10:00:00Z WARN db: timeout after ${rest}`;
  expect(answer(line("300ms host=app-3"))).toEqual({ applies: true, value: { ms: 300, host: "app-3" } });
  for (const rest of ["3s host=app-3", "3msec host=app-3", "300ms host=app-3x", "300ms host=app-3-b", "300ms host=app-3 host=app-4"])
    expect([rest, answer(line(rest)).applies]).toEqual([rest, false]);
});

test("an amount that is written in another way", { timeout: SLOW }, () => {
  const answer = ruleFor(
    4,
    (chance) =>
      `Invoice ${chance.whole(100, 999)}\nNet: EUR ${comma(chance.whole(100, 900_000) / 100)}\nTotal: EUR ${comma(chance.whole(100, 999_999) / 100)}\nThank you`,
    (text) => ({ total: Number(found(/^Total: EUR (.+)$/m, text).replaceAll(",", "")) }),
  );
  const bill = (total: string) => `Invoice 123\nNet: EUR 10.00\nTotal: EUR ${total}\nThank you`;
  expect(answer(bill("1,200.50"))).toEqual({ applies: true, value: { total: 1200.5 } });
  for (const total of ["1.200,00", "1.200", "1,20", "12", "-12.00", "12.005", "12.00.00"])
    expect([total, answer(bill(total)).applies]).toEqual([total, false]);
});

test("a value that was never an answer, where there are only a few", { timeout: SLOW }, () => {
  const answer = ruleFor(
    6,
    (chance) =>
      `${chance.pick(["report", "scan", "photo"])}${chance.whole(1, 999)}${chance.pick(["", ".v2"])}.${chance.pick(["pdf", "docx", "png"])}`,
    (text) => ({ type: text.slice(text.lastIndexOf(".") + 1) }),
  );
  expect(answer("scan4711.v2.pdf")).toEqual({ applies: true, value: { type: "pdf" } });
  for (const text of ["scan47.exe", "scan47.PDF", "scan47.pdfx", "scan47.v2"]) expect([text, answer(text).applies]).toEqual([text, false]);
});

test("the parts of a version are numbers of their own", { timeout: SLOW }, () => {
  const answer = ruleFor(
    5,
    (chance) => `${chance.whole(0, 3)}.${chance.whole(0, 12)}.${chance.whole(0, 20)}`,
    (text) => ({ minor: Number(text.split(".")[1]) }),
  );
  expect(answer("2.11.3")).toEqual({ applies: true, value: { minor: 11 } });
  for (const text of ["2.11", "2.11.3.4", "2.11.3-beta", "v2.11.3"]) expect([text, answer(text).applies]).toEqual([text, false]);
});

test("a number of as many digits as always, also one that is taken out of a text", { timeout: SLOW }, () => {
  const region = ruleFor(
    7,
    (chance) => String(chance.whole(10_000, 99_999)),
    (text) => ({ region: text.charAt(0) }),
  );
  expect(region("48149")).toEqual({ applies: true, value: { region: "4" } });
  for (const text of ["4814", "481490", "4", "48149-1", "A8149"]) expect([text, region(text).applies]).toEqual([text, false]);
  const order = ruleFor(
    8,
    (chance) => `${chance.pick(["My order", "It is about"])} SO-${chance.whole(1000, 9999)} ${chance.pick(["came late", "is not here"])}`,
    (text) => ({ order: found(/(SO-\d+)/, text) }),
  );
  expect(order("My order SO-4711 came late")).toEqual({ applies: true, value: { order: "SO-4711" } });
  for (const text of ["SO-471", "SO-47110"].map((id) => `My order ${id} came late`))
    expect([text, order(text).applies]).toEqual([text, false]);
  // Of numbers that had three digits or four, one of two says nothing else.
  const free = ruleFor(
    9,
    (chance) => `T-${chance.whole(100, 9999)}`,
    (text) => text.replace("T-", "Ticket "),
  );
  expect(free("T-12")).toEqual({ applies: true, value: "Ticket 12" });
});

const WORDS = "the report shows that our team had a lot of work with many open points and would like to hear about it soon".split(" ");
const words = (chance: Chance, least: number, most: number) =>
  Array.from({ length: chance.whole(least, most) }, () => chance.pick(WORDS)).join(" ");

test("an amount that stands anywhere, by the unit behind it", { timeout: SLOW }, () => {
  const answer = ruleFor(
    10,
    (chance) => `${words(chance, 3, 7)} ${(chance.whole(100, 99_999) / 100).toFixed(2)} EUR ${words(chance, 1, 4)}`,
    (text) => ({ value: Number(found(/([\d.]+) EUR/, text)) }),
  );
  const of = (amount: string) => `our team had a lot ${amount} of work`;
  expect(answer(of("12.50 EUR"))).toEqual({ applies: true, value: { value: 12.5 } });
  const others = ["12.50 USD", "12.50 EURO", "12.5 EUR", "12 EUR", "12,50 EUR", "1.200,50 EUR", "1 200.50 EUR", "-12.50 EUR", "$12.50 EUR"];
  for (const amount of [...others, "12.50 EUR or 13.50 EUR"]) expect([amount, answer(of(amount)).applies]).toEqual([amount, false]);
});

test("an amount with a comma before its hundredths", { timeout: SLOW }, () => {
  const amountOf = (text: string) => Number(text.replaceAll(".", "").replace(",", "."));
  const written = (chance: Chance) => {
    const [whole, part] = (chance.whole(100, 9_000_000) / 100).toFixed(2).split(".");
    return `${(whole ?? "").replace(/\B(?=(\d{3})+$)/g, ".")},${part}`;
  };
  const answer = ruleFor(
    11,
    (chance) => {
      const amount = written(chance);
      return chance.pick([`Rechnung 17\nBetrag: ${amount} EUR\nDanke`, `Wir haben ${amount} EUR erhalten, danke.`]);
    },
    (text) => ({ amount: amountOf(found(/([\d.,]+) EUR/, text)) }),
  );
  const field = ruleFor(12, written, (text) => ({ amount: amountOf(text) }));
  for (const [text, amount] of [
    ["4.234,50", 4234.5],
    ["17,05", 17.05],
  ] as const) {
    expect(answer(`Rechnung 17\nBetrag: ${text} EUR\nDanke`)).toEqual({ applies: true, value: { amount } });
    expect(field(text)).toEqual({ applies: true, value: { amount } });
  }
  for (const text of ["1,234.56", "1.234", "12,5", "12,505", "12", "12.50", "-12,50", "12.34,50"])
    expect([text, answer(`Rechnung 17\nBetrag: ${text} EUR\nDanke`).applies, field(text).applies]).toEqual([text, false, false]);
});
