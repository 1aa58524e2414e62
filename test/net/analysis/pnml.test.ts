/** PNML in and out: what round-trips, what is refused, and where an error is said to be. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PetrelError } from "../../../src/contract/errors.ts";
import { asWritten } from "../../../src/net/analysis/as-written.ts";
import { oneCase } from "../../../src/net/analysis/from-definition.ts";
import { type PetriNet, transition, weights } from "../../../src/net/analysis/petri-net.ts";
import { readPnml } from "../../../src/net/analysis/pnml.ts";
import { writePnml } from "../../../src/net/analysis/pnml-write.ts";
import { netFileOf } from "../../../src/net/analysis/to-definition.ts";
import { netSchema } from "../../../src/net/definition.ts";

const PT = 'type="http://www.pnml.org/version-2009/grammar/ptnet"';
const inNet = (inner: string, type = PT) => `<?xml version="1.0"?>\n<pnml>\n<net id="n" ${type}>\n${inner}\n</net>\n</pnml>`;

function refusal(text: string): PetrelError {
  try {
    readPnml(text, "a.pnml");
  } catch (error) {
    if (error instanceof PetrelError) return error;
    throw error;
  }
  throw new Error("it was read");
}

describe("reading", () => {
  test("places, markings, weights and names, over pages, references, prefixes, graphics and tool data", () => {
    const net = readPnml(
      `<?xml version="1.0" encoding="UTF-8"?>\r
<x:pnml xmlns:x="http://www.pnml.org/version-2009/grammar/pnml"><!-- <!DOCTYPE in a comment is none --> <x:net id="n1" ${PT}>
  <x:name><x:text>A &amp; B &#233;</x:text></x:name>
  <x:page id="pg1">
    <x:place id="p1"><x:name><x:graphics><x:offset x="1" y="2"/></x:graphics><x:text><![CDATA[free <1>]]></x:text></x:name>
      <x:initialMarking><x:toolspecific tool="t" version="1"><x:tokengraphics/></x:toolspecific><x:text> 3 </x:text></x:initialMarking></x:place>
    <x:page id="pg2"><x:referencePlace id="r1" ref="p1"/><x:transition id="t1"/>
      <x:arc id="a1" source="r1" target="t1"><x:inscription><x:text>2</x:text></x:inscription></x:arc></x:page>
    <x:arc id="a2" source="t1" target="p2"/><x:place id="p2"/>
  </x:page></x:net></x:pnml>`,
      "a.pnml",
    );
    expect(net).toEqual({
      id: "n1",
      name: "A & B é",
      places: [
        { id: "p1", name: "free <1>", initial: 3 },
        { id: "p2", name: "p2", initial: 0 },
      ],
      transitions: [transition("t1", { consume: [{ place: 0, weight: 2, id: "a1" }], produce: [{ place: 1, weight: 1, id: "a2" }] })],
    });
  });

  test("an error names line and column", () => {
    expect(refusal(inNet('<page id="g">\n  <place id="p"/>\n  <arc id="a" source="p" target="q"/></page>')).where).toBe("a.pnml:6:3");
    expect(refusal(inNet('<place id="p"/>\n <place id="p"/>')).where).toBe("a.pnml:5:2");
    expect(refusal(inNet('<place id="p">\n<initialMarking><text>-1</text></initialMarking></place>')).where).toBe("a.pnml:5:1");
    expect(refusal("<pnml>\n<net>\n</pnml>").where).toBe("a.pnml:3:1");
    expect(refusal(inNet('<place id="p"/><place id="q"/><arc id="a" source="p" target="q"/>')).message).toContain("joins two places");
    expect(refusal(inNet('<referencePlace id="r" ref="r"/><arc id="a" source="r" target="r"/>')).message).toContain("back to itself");
    // Cut off within or behind an element: where the text ends.
    expect(refusal('<pnml>\n <net id="a">\n  <place id="p"></place>\n')).toMatchObject({
      where: "a.pnml:4:1",
      message: expect.stringContaining("it ends while <net> is open, as if it were cut off"),
    });
    expect(refusal([..."<pnml></pnml>"].join("\u0000")).message).toContain("no UTF-8");
    expect(refusal("").code).toBe("xml-syntax");
    expect(refusal("<html/>").message).toContain("not <pnml>");
  });

  test("what is no P/T net is refused, and not read as one", () => {
    expect(refusal(inNet("", 'type="http://www.pnml.org/version-2009/grammar/symmetricnet"')).message).toContain("symmetricnet");
    const inhibitor = '<place id="p"/><transition id="t"/><arc id="a" source="p" target="t"><type value="inhibitor"/></arc>';
    expect(refusal(inNet(inhibitor)).message).toContain('"inhibitor"');
  });

  test("entities are never expanded, nor looked up", () => {
    const lol = '<!DOCTYPE pnml [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>';
    expect(refusal(`<?xml version="1.0"?>\n${lol}\n<pnml>&b;</pnml>`)).toMatchObject({ code: "xml-unsafe", where: "a.pnml:2:1" });
    expect(refusal(`<!doctype pnml SYSTEM "file:///etc/passwd"><pnml/>`).code).toBe("xml-unsafe");
    expect(refusal(inNet('<place id="p"><name><text>&b;</text></name></place>')).message).toContain("&b;");
    expect(refusal(`<pnml>${"<page>".repeat(5000)}${"</page>".repeat(5000)}</pnml>`).code).toBe("xml-syntax");
    expect(refusal(" ".repeat(17 * 1024 * 1024)).code).toBe("xml-too-large");
    expect(refusal(inNet('<__proto__ id="p"/>')).code).toBe("xml-syntax");
  });
});

describe("round trip", () => {
  const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }).map((one) => one.trim() || "x");
  const arcs = (places: number) =>
    fc.array(fc.record({ place: fc.nat(places - 1), weight: fc.integer({ min: 1, max: 9 }) }), { maxLength: 4 });
  const nets = fc.integer({ min: 1, max: 5 }).chain((count) =>
    fc.record({
      name: text,
      places: fc.array(fc.record({ name: text, initial: fc.nat(5) }), { minLength: count, maxLength: count }),
      transitions: fc.array(fc.record({ name: text, consume: arcs(count), produce: arcs(count) }), { maxLength: 4 }),
    }),
  );

  test("a net comes back as it was: ids, names, markings, weights, parallel arcs", () => {
    fc.assert(
      fc.property(nets, (raw) => {
        let arc = 0;
        const net: PetriNet = {
          id: 'net "<&>"',
          name: raw.name,
          places: raw.places.map((place, at) => ({ id: `p${at}`, ...place })),
          transitions: raw.transitions.map(({ name, consume, produce }, at) =>
            transition(`t${at}`, {
              name,
              consume: consume.map((one) => ({ ...one, id: `a${arc++}` })),
              produce: produce.map((one) => ({ ...one, id: `a${arc++}` })),
            }),
          ),
        };
        const written = writePnml(net);
        expect(readPnml(written, "a.pnml")).toEqual(net);
        expect(writePnml(readPnml(written, "a.pnml"))).toBe(written);
      }),
      { numRuns: 100 },
    );
  });

  test("an inhibitor arc is not left out silently", () => {
    const net = { id: "n", name: "n", places: [{ id: "p", name: "p", initial: 0 }], transitions: [transition("t", { reset: [0] })] };
    expect(() => writePnml(net)).toThrow(/inhibitor or reset/);
  });
});

describe("weights of a net file", () => {
  test("become inscriptions, and come back as weights", () => {
    const definition = netSchema.parse({
      net: "parts",
      places: { a: { open: true }, parts: {}, b: { sink: true } },
      transitions: {
        split: { kind: "pass", in: [{ place: "a" }], out: [{ to: "parts", weight: 6 }] },
        join: { kind: "pass", in: [{ place: "parts", take: 2 }], out: [{ to: "b", weight: 3 }] },
      },
    });
    const { net } = oneCase(definition);
    const text = writePnml(net);
    expect([...text.matchAll(/<inscription><text>(\d+)</g)].map(([, weight]) => Number(weight)).sort()).toEqual([2, 3, 6]);
    const back = readPnml(text, "parts.pnml");
    const weights = (one: typeof net) =>
      one.transitions.map(({ consume, produce }) => [consume, produce].map((arcs) => arcs.map(({ weight }) => weight)));
    expect(weights(back)).toEqual(weights(net));
  });
});

describe("over a net file", () => {
  const again = (net: PetriNet): PetriNet => {
    const file = netFileOf(net);
    const definition = netSchema.parse(file);
    return readPnml(writePnml(asWritten(oneCase(definition).net, definition)), "again.pnml");
  };
  const bare = ({ places, transitions }: PetriNet) => ({
    places: places.map(({ name, initial }) => ({ name, initial })),
    transitions: transitions.map(({ name, consume, produce }) => ({
      name,
      consume: [...weights(consume)],
      produce: [...weights(produce)],
    })),
  });

  test("names, markings and weights come back, and nothing is added", () => {
    const net = readPnml(
      inNet(`<page id="g"><place id="Fork_1"><name><text>Fork 1</text></name><initialMarking><text>2</text></initialMarking></place>
        <place id="P2"/><transition id="t.1"><name><text>take it</text></name></transition><transition id="t2"/>
        <arc id="a1" source="Fork_1" target="t.1"><inscription><text>2</text></inscription></arc><arc id="a2" source="t.1" target="P2"/>
        <arc id="a3" source="P2" target="t2"/><arc id="a4" source="t2" target="Fork_1"><inscription><text>2</text></inscription></arc></page>`),
      "a.pnml",
    );
    expect(bare(again(net))).toEqual(bare(net));
    expect(netFileOf(again(net))).toEqual(netFileOf(net));
  });

  test("a step with two outcomes stays two transitions, and a dead letter that something leads to stays a place", () => {
    const definition = netSchema.parse({
      net: "two",
      places: { inbox: { open: true, title: "What comes" }, small: { sink: true }, large: { sink: true } },
      transitions: {
        sort: {
          ...{ kind: "map", in: [{ place: "inbox", as: "task" }], value: { n: "${task.n}" } },
          // What is neither matches no output, and fails.
          out: [
            { to: "small", when: "$result.n < 3" },
            { to: "large", when: "$result.n > 9" },
          ],
        },
      },
    });
    const { places, transitions } = asWritten(oneCase(definition).net, definition);
    expect(places.map(({ name }) => name)).toEqual(expect.arrayContaining(["What comes", "small", "large"]));
    expect(transitions.length).toBeGreaterThan(1);
    expect(new Set(transitions.map(({ id }) => id)).size).toBe(transitions.length);
    const ends = transitions.flatMap(({ produce }) => produce.map(({ place }) => places[place]?.id));
    expect(ends).toEqual(expect.arrayContaining(["small", "large", "dead-letter"]));
    expect(places.map(({ id }) => id)).not.toContain("rejected");
  });
});
