/** Which small functions may lie between a value of the input and a value of the answer: short chains, tried by enumeration. */
import type { Json } from "../contract/json.ts";
import { applyChanges, type Change } from "../net/rule/change.ts";
import { DATE_FORMS, parseDate } from "../net/rule/date-format.ts";
import { COMMA_NUMBER, isCommaNumber } from "./anchors.ts";

const TEXT_CHAINS: Change[][] = [
  ...(["lower", "upper", "title", "sentence", "trim", "squeeze", "slug", "digits", "number"] as const).map((name): Change[] => [
    { do: name },
  ]),
  [{ do: "trim" }, { do: "lower" }],
  [{ do: "trim" }, { do: "upper" }],
  [{ do: "squeeze" }, { do: "title" }],
  [{ do: "squeeze" }, { do: "lower" }],
  [{ do: "digits" }, { do: "number" }],
  ...[0, -1].map((at): Change[] => [
    { do: "split", at: " " },
    { do: "item", at },
  ]),
  ...[0, -1].map((at): Change[] => [{ do: "split", at: " " }, { do: "item", at }, { do: "title" }]),
  [{ do: "first", length: 1 }],
  [{ do: "first", length: 1 }, { do: "upper" }],
];
const MARKS = ["@", ":", "-", "/", ",", "_", "."];
const PARTS: Change[][] = MARKS.flatMap((text) => (["before", "after"] as const).map((side): Change[] => [{ do: side, text }]));
const AFTER_PART: Change[][] = [[], [{ do: "trim" }], [{ do: "upper" }], [{ do: "lower" }], [{ do: "title" }]];

const NUMBER_CHAINS: Change[][] = [
  [{ do: "text" }],
  ...[0, 1, 2].map((digits): Change[] => [{ do: "fixed", digits }]),
  ...[0, 2].map((digits): Change[] => [{ do: "fixed", digits, group: "," }]),
  [{ do: "fixed", digits: 2, group: ".", decimal: "," }],
  ...[0, 1, 2].map((digits): Change[] => [{ do: "round", digits }]),
  ...[0.01, 100, 0.001, 1000, 60, 1 / 60].map((by): Change[] => [{ do: "scale", by }]),
  [
    { do: "scale", by: 0.01 },
    { do: "fixed", digits: 2 },
  ],
  [
    { do: "scale", by: 0.01 },
    { do: "fixed", digits: 2, group: "," },
  ],
  [
    { do: "scale", by: 100 },
    { do: "fixed", digits: 0 },
  ],
  [
    { do: "scale", by: 100 },
    { do: "fixed", digits: 1 },
  ],
  ...[3, 4, 5, 6, 8].map((length): Change[] => [{ do: "text" }, { do: "pad", length, with: "0" }]),
];
const JOINS: Change[][] = [", ", ",", "; ", " ", "-", "/", " and ", "\n"].map((text): Change[] => [{ do: "join", with: text }]);

/** Chains that make something of this value, with what they make; the empty chain first. */
export function chainsFor(value: Json): { change: Change[]; made: Json }[] {
  const made: { change: Change[]; made: Json }[] = [{ change: [], made: value }];
  for (const change of candidates(value)) {
    const result = applyChanges(value, change);
    if (result !== undefined) made.push({ change, made: result });
  }
  return made;
}

function candidates(value: Json): Change[][] {
  if (typeof value === "number") return NUMBER_CHAINS;
  if (typeof value === "string") return [...textChains(value), ...partsIn(value), ...datesIn(value)];
  return Array.isArray(value) ? listChains(value) : [];
}

/** Which number of a sentence is meant is told by what stands beside it, which the digits of all of it would not look at. */
function textChains(value: string): Change[][] {
  const more = isCommaNumber(value) ? [COMMA_NUMBER] : [];
  const isSentence = /\p{L}.*\s.*\p{L}/su.test(value);
  return isSentence ? TEXT_CHAINS.filter(([first]) => first?.do !== "digits") : [...TEXT_CHAINS, ...more];
}

function partsIn(value: string): Change[][] {
  const there = PARTS.filter(([first]) => first?.do === "before" || first?.do === "after").filter(
    ([first]) => first !== undefined && "text" in first && value.includes(first.text),
  );
  return there.flatMap((change) => AFTER_PART.map((more) => [...change, ...more]));
}

function datesIn(value: string): Change[][] {
  return DATE_FORMS.flatMap((from) =>
    parseDate(value, from) === null ? [] : DATE_FORMS.filter((to) => to !== from).map((to): Change[] => [{ do: "date", from, to }]),
  );
}

function listChains(value: Json[]): Change[][] {
  const [first] = value;
  const chains: Change[][] = [
    [{ do: "count" }],
    [{ do: "count" }, { do: "text" }],
    [{ do: "item", at: 0 }],
    [{ do: "item", at: -1 }],
    ...JOINS,
  ];
  if (typeof first === "object" && first !== null && !Array.isArray(first)) {
    for (const key of Object.keys(first).slice(0, 20)) {
      const each: Change = { do: "each", path: `/${key.replaceAll("~", "~0").replaceAll("/", "~1")}` };
      chains.push([each], ...JOINS.map((join) => [each, ...join]));
    }
  } else if (typeof first === "string") {
    for (const name of ["title", "upper", "lower"] as const) chains.push(...JOINS.map((join): Change[] => [{ do: name }, ...join]));
  }
  return chains;
}
