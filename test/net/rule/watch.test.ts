/** The watch: how soon a change is seen, how seldom noise is taken for one, and what audits cost (W1 to W3). */
import { describe, expect, test } from "vitest";
import { auditShare, goesOn, startWatch, verdict, type Watch, type WatchPolicy, wantsAudit, watched } from "../../../src/net/rule/watch.ts";
import { seededDraws } from "../../support/draws.ts";

interface Course {
  firings: number;
  /** Chance that an audit of a firing disagrees. */
  wrong: number;
  seed: number;
  policy?: Partial<WatchPolicy>;
  from?: Watch;
  /** Chance that a later stage reworks a wrong answer. */
  reworks?: number;
  declines?: number;
}

function course({ firings, wrong, seed, policy, from, reworks = 0, declines = 0 }: Course): { watch: Watch; drift: number | null } {
  const draw = seededDraws(seed);
  let watch = from ?? startWatch(policy);
  for (let firing = 1; firing <= firings; firing++) {
    if (draw() < declines) watch = watched(watch, { kind: "declined" });
    else if (wantsAudit(watch, draw())) watch = watched(watch, { kind: "audited", agreed: draw() >= wrong });
    else {
      watch = watched(watch, { kind: "crystallized" });
      if (draw() < wrong * reworks) watch = watched(watch, { kind: "outcome", good: false });
    }
    if (verdict(watch).drift) return { watch, drift: firing };
  }
  return { watch, drift: null };
}
const seeds = Array.from({ length: 200 }, (_, seed) => seed + 1);

describe("audits", () => {
  test("take two per cent of the firings when nothing is the matter, and more of the first ones", () => {
    const { watch } = course({ firings: 10_000, wrong: 0, seed: 1 });
    expect(watch.audited).toBeGreaterThanOrEqual(200);
    expect(watch.audited).toBeLessThanOrEqual(215);
    expect(course({ firings: 110, wrong: 0, seed: 1 }).watch.audited).toBeGreaterThanOrEqual(10);
  });

  test("W2: of each block, one is audited, wherever the draw puts it", () => {
    for (const seed of seeds.slice(0, 20)) {
      const draw = seededDraws(seed);
      let watch = course({ firings: 200, wrong: 0, seed }).watch;
      const gaps: number[] = [];
      let gap = 0;
      for (let firing = 0; firing < 3000; firing++) {
        gap++;
        const audit = wantsAudit(watch, draw());
        watch = watched(watch, audit ? { kind: "audited", agreed: true } : { kind: "crystallized" });
        if (audit) gap = gaps.push(gap) * 0;
      }
      expect(Math.max(...gaps.slice(1))).toBeLessThan(100);
      expect(new Set(gaps).size).toBeGreaterThan(10);
    }
  });

  test("W5: what was missed is made up when the model answers again, one for one, ten at most, and not while it does not", () => {
    const start = course({ firings: 2000, wrong: 0, seed: 1 }).watch;
    const having = (missed: number) => Array.from({ length: missed }).reduce((watch: Watch) => watched(watch, { kind: "missed" }), start);
    /** Firings in a row that are audited whatever the draw, with so many more under way at once. */
    const inRow = (from: Watch) => {
      let [watch, count] = [from, 0];
      while (count < 1000 && wantsAudit(watch, 0.999_999)) {
        watch = watched(watch, { kind: "begun" });
        count += 1;
      }
      return count;
    };
    const plain = inRow(start);
    expect(inRow(watched(start, { kind: "heard" }))).toBe(plain);
    for (const [missed, made] of [
      [1, 1],
      [4, 4],
      [10, 10],
      [500, 10],
    ] as const) {
      expect(inRow(having(missed)), "nobody has answered yet").toBe(plain);
      expect(inRow(watched(having(missed), { kind: "heard" }))).toBe(made);
    }
    // Out of reach once more: that one is owed too, and the rest waits.
    let watch = watched(having(4), { kind: "heard" });
    watch = watched(watched(watch, { kind: "begun" }), { kind: "missed" });
    expect(inRow(watch)).toBe(plain);
    expect(inRow(watched(watch, { kind: "heard" }))).toBe(4);
    expect(JSON.parse(JSON.stringify(watch))).toEqual(watch);
  });

  test("W4: however the blocks of many regions lie, none of 2/share firings is without one, and no region waits for longer than its own", () => {
    for (const seed of seeds.slice(0, 20)) {
      const draw = seededDraws(seed);
      let watch = startWatch();
      let [quiet, longest] = [0, 0];
      const own = new Map<string, { since: number; longest: number }>();
      for (let firing = 0; firing < 6000; firing++) {
        const region = `r${Math.floor(draw() ** 2 * 6)}`;
        const audit = wantsAudit(watch, draw(), false, region);
        watch = watched(watch, audit ? { kind: "audited", agreed: true, region } : { kind: "crystallized", region });
        quiet = audit ? 0 : quiet + 1;
        longest = Math.max(longest, quiet);
        const known = own.get(region) ?? { since: 0, longest: 0 };
        const since = audit ? 0 : known.since + 1;
        own.set(region, { since, longest: Math.max(known.longest, since) });
      }
      expect(longest).toBeLessThan(100);
      // No region is audited at less than half of the share: a block of a hundred, and a fifth more, as far as blocks keep their length.
      for (const { longest: waited } of own.values()) expect(waited).toBeLessThanOrEqual(150);
    }
  });

  test("are of every firing where all are asked for, whatever the regions", () => {
    const draw = seededDraws(7);
    let watch = startWatch({ audit: 1 });
    for (let firing = 0; firing < 200; firing++) {
      const region = firing % 10 === 0 ? "seldom" : "usual";
      expect(wantsAudit(watch, draw(), false, region)).toBe(true);
      watch = watched(watch, { kind: "audited", agreed: true, region });
    }
  });

  test("come closer after a jump in what is declined, and not for ever where it stays so (W6)", () => {
    for (const [declines, seed] of [0.05, 0.1, 0.3].flatMap((share) => [1, 2, 3].map((one): [number, number] => [share, one]))) {
      const settled = course({ firings: 2000, wrong: 0, seed, policy: { declines: 0.01 }, declines: 0.01 }).watch;
      const jumped = course({ firings: 1500, wrong: 0, seed, from: settled, declines }).watch;
      const later = course({ firings: 6000, wrong: 0, seed, from: jumped, declines }).watch;
      const share = (later.audited - jumped.audited) / (later.claimed - jumped.claimed);
      expect(share, `${declines} declined, seed ${seed}`).toBeLessThan(0.026);
      // A further jump is seen as the first was.
      let [again, most] = [later, 0];
      for (let n = 0; n < 40; n += 1) {
        again = watched(again, { kind: "declined" });
        most = Math.max(most, auditShare(again));
      }
      expect(most).toBeGreaterThan(0.2);
    }
  });
  test("come closer after a disagreement, after a bad outcome and after a jump in what is declined", () => {
    const calm = course({ firings: 1000, wrong: 0, seed: 3 }).watch;
    expect(auditShare(calm)).toBe(0.02);
    const once = watched(calm, { kind: "audited", agreed: false });
    expect(auditShare(once)).toBe(1);
    // Every firing of the branch until the audits have cleared it, and more of the others; then as before.
    expect(wantsAudit(once, 0.99)).toBe(true);
    const others = auditShare(watched(once, { kind: "crystallized", region: "other" }), "other");
    expect(others).toBeGreaterThan(0.3);
    expect(others).toBeLessThanOrEqual(0.5);
    let cleared = once;
    for (let n = 0; n < 20; n++) cleared = watched(cleared, { kind: "audited", agreed: true });
    expect(auditShare(cleared)).toBe(0.02);
    expect(auditShare(watched(calm, { kind: "outcome", good: false }))).toBe(0.25);
    expect(auditShare(watched(calm, { kind: "outcome", good: true }))).toBe(0.02);
    let watch = calm;
    for (let n = 0; n < 10; n++) watch = watched(watch, { kind: "declined" });
    expect(auditShare(watch)).toBe(0.25);
  });

  test("near the edge, five times as many", () => {
    const calm = course({ firings: 1000, wrong: 0, seed: 3 }).watch;
    expect([0.89, 0.91].map((draw) => wantsAudit(calm, draw, true))).toEqual([false, true]);
  });
});

describe("regions", () => {
  /** A rule with a usual branch and a seldom one, of which only the seldom one changes. */
  function branches(firings: number, seed: number, wrong: { usual: number; seldom: number }, from: Watch, seldom = 0.2) {
    const draw = seededDraws(seed);
    let watch = from;
    const audits = { usual: 0, seldom: 0 };
    for (let firing = 1; firing <= firings; firing++) {
      const region = draw() < seldom ? "seldom" : "usual";
      const audit = wantsAudit(watch, draw(), false, region);
      if (audit) audits[region] += 1;
      watch = watched(watch, audit ? { kind: "audited", agreed: draw() >= wrong[region], region } : { kind: "crystallized", region });
      if (verdict(watch).drift) return { watch, drift: firing, audits };
    }
    return { watch, drift: null, audits };
  }

  test("are audited alike, however seldom one is met, within the declared share in all", () => {
    const { audits } = branches(20_000, 1, { usual: 0, seldom: 0 }, startWatch());
    expect(audits.usual + audits.seldom).toBeLessThan(0.023 * 20_000);
    expect(audits.seldom / audits.usual).toBeGreaterThan(0.7);
    // Of one firing in two hundred, a fifth at most.
    const rare = branches(20_000, 1, { usual: 0, seldom: 0 }, startWatch(), 0.005);
    expect(rare.audits.seldom).toBeLessThan(0.3 * 100);
    expect(rare.audits.usual).toBeGreaterThan(0.009 * 20_000);
  });

  test("of which one changes, a fifth of the firings, are seen within 200 firings nine times in ten", () => {
    const found = seeds.map((seed) => {
      const policy = { expected: 0.08 };
      const before = branches(1000, seed, { usual: 0.05, seldom: 0.05 }, startWatch(policy)).watch;
      return verdict(before).drift ? 0 : branches(200, seed + 1000, { usual: 0.05, seldom: 0.97 }, before).drift;
    });
    expect(found.filter((at) => at === null).length).toBeLessThanOrEqual(20);
  });

  test("of which two change, a fifth of the firings together, are seen within 200 firings in nearly all cases", () => {
    const met = (draw: number) => (draw < 0.79 ? "usual" : draw < 0.95 ? "seldom" : "rare");
    const life = (from: Watch, firings: number, seed: number, changed: boolean) => {
      const draw = seededDraws(seed);
      let watch = from;
      for (let firing = 1; firing <= firings; firing++) {
        const region = met(draw());
        const agreed = draw() >= (changed && region !== "usual" ? 0.97 : 0.05);
        watch = watched(
          watch,
          wantsAudit(watch, draw(), false, region) ? { kind: "audited", agreed, region } : { kind: "crystallized", region },
        );
        if (verdict(watch).drift) break;
      }
      return watch;
    };
    const before = seeds.map((seed) => life(startWatch({ expected: 0.08 }), 1000, seed, false));
    expect(before.filter((watch) => verdict(watch).drift).length).toBeLessThanOrEqual(1);
    const after = before.map((watch, seed) => life(watch, 200, seed + 5000, true));
    expect(after.filter((watch) => !verdict(watch).drift).length).toBeLessThanOrEqual(2);
  });

  test("are those of the rule that answers: one that takes another's place leaves none of its branches to share the audits with", () => {
    let watch = startWatch();
    for (let n = 0; n < 600; n++) watch = watched(watch, { kind: "crystallized", region: `old-${n % 8}` });
    const next = goesOn(watch, {});
    expect(next.claimed).toBe(600);
    const { audits } = branches(5000, 1, { usual: 0, seldom: 0 }, { ...next, audited: 10 });
    expect((audits.usual + audits.seldom) / 5000).toBeGreaterThan(0.017);
    expect((audits.usual + audits.seldom) / 5000).toBeLessThan(0.023);
  });

  test("are as many as are told apart, and the rest is one; a state of before there were any goes on", () => {
    let watch = startWatch();
    for (let n = 0; n < 40; n++) watch = watched(watch, { kind: "crystallized", region: `r${n}` });
    expect(Object.keys(watch.regions)).toHaveLength(16);
    const { regions: _, ...old } = watch;
    expect(watched(old as Watch, { kind: "audited", agreed: true }).audited).toBe(1);
    expect(wantsAudit(old as Watch, 0.99)).toBe(false);
  });
});

describe("drift", () => {
  test.each([0.01, 0.05])("a change of everything is seen within 200 firings, whatever the seed (%d expected)", (expected) => {
    for (const seed of seeds) {
      const before = course({ firings: 500 + seed, wrong: expected, seed, policy: { expected } });
      if (before.drift !== null) continue;
      const after = course({ firings: 200, wrong: 1, seed: seed + 1000, from: before.watch });
      expect(after.drift).not.toBeNull();
    }
  });

  test("a change of a third, with later stages that rework half of what is wrong, in nearly all cases", () => {
    const found = seeds.map((seed) => {
      const before = course({ firings: 700, wrong: 0.01, seed });
      return course({ firings: 200, wrong: 0.33, seed: seed + 1000, from: before.watch, reworks: 0.5 }).drift;
    });
    expect(found.filter((at) => at === null).length).toBeLessThanOrEqual(4);
  });

  test.each([0, 0.01, 0.05])("noise of %d, as the proof expected it, is hardly ever taken for a change", (noise) => {
    const mistaken = seeds
      .slice(0, 50)
      .filter((seed) => course({ firings: 5000, wrong: noise, seed, policy: { expected: noise } }).drift !== null);
    expect(mistaken.length).toBeLessThanOrEqual(2);
  });

  test("W3: once seen, it stays", () => {
    const drifted = course({ firings: 300, wrong: 1, seed: 5 }).watch;
    expect(verdict(drifted).drift).toBe(true);
    let watch = drifted;
    for (let n = 0; n < 200; n++) watch = watched(watch, { kind: "audited", agreed: true });
    expect(verdict(watch)).toEqual(verdict(drifted));
    expect(JSON.parse(JSON.stringify(watch))).toEqual(watch);
  });
});
