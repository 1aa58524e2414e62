/** Whether an executor may do what a transition needs: its pool, the labels that it must have, and the hand. */

/** What holds the workspace of an agent. */
export const SESSION_HAND = "code.session";
/** The same, where Claude Code works in it. */
export const ENGINE_HAND = "code.claude-session";

/** What holds a browser for an agent. */
export const BROWSER_HAND = "browser.session";

type Agent = { engine?: unknown; workspace?: unknown };

export function sessionHand(agent: Agent): string {
  if (holdsBrowser(agent)) return BROWSER_HAND;
  return agent.engine === undefined ? SESSION_HAND : ENGINE_HAND;
}

/** Whether the workspace is a browser, and no folder. */
export function holdsBrowser({ workspace }: Agent): boolean {
  return typeof workspace === "object" && workspace !== null && "browser" in workspace;
}

export interface Needs {
  pool: string;
  labels: readonly string[];
  /** Like `shell.run`. */
  hand: string;
}
export interface Member {
  name: string;
  pools: readonly string[];
  labels: readonly string[];
  /** Absent: it is of before executors said so, and may have any. */
  hands?: readonly string[] | undefined;
  /** It takes nothing new. */
  leaving?: boolean | undefined;
  /** It takes nothing new until there is room on its disk: a clause that says so. */
  full?: string | undefined;
}
export interface Missing {
  pool: string;
  /** What the nearest of the pool lacks; empty when nobody is in the pool. */
  labels: string[];
  /** The hand, if the nearest has not got it. */
  hand: string | null;
  /** Who is nearest; null when nobody is in the pool. */
  nearest: string | null;
  /** Who has all that is needed and no room on its disk, with the clause that says so. */
  full?: string;
}

export function suits({ pool, labels, hand }: Needs, member: Member): boolean {
  return (
    member.leaving !== true &&
    member.full === undefined &&
    member.pools.includes(pool) &&
    labels.every((label) => member.labels.includes(label)) &&
    hasHand(member, hand)
  );
}

/** Null when one of them could do it. */
export function missingFor(needs: Needs, members: readonly Member[]): Missing | null {
  const { pool, labels } = needs;
  let nearest: Missing = { pool, labels: [], hand: null, nearest: null };
  const full: { name: string; text: string }[] = [];
  for (const member of members) {
    if (member.leaving || !member.pools.includes(pool)) continue;
    const lacking = labels.filter((label) => !member.labels.includes(label));
    const hand = hasHand(member, needs.hand) ? null : needs.hand;
    if (lacking.length === 0 && hand === null) {
      if (member.full === undefined) return null;
      full.push({ name: member.name, text: `${member.name} has ${member.full}` });
      continue;
    }
    const found: Missing = { pool, labels: lacking, hand, nearest: member.name };
    if (nearest.nearest === null || lacksOf(found).length < lacksOf(nearest).length) nearest = found;
  }
  const [first] = full;
  if (!first) return nearest;
  return { pool, labels: [], hand: null, nearest: first.name, full: full.map(({ text }) => text).join(", ") };
}

/** A clause, like `no executor of the pool code that is there has the label node20; builder comes nearest`. */
export function missingText({ pool, labels, hand, nearest, full }: Missing): string {
  if (full !== undefined) return `who could do it takes no new work: ${full}; it goes on by itself when there is room`;
  if (nearest === null) return `no executor of the pool ${pool} is there`;
  const many = labels.length > 1 ? "s" : "";
  const what = [...(labels.length > 0 ? [`the label${many} ${labels.join(" and ")}`] : []), ...(hand === null ? [] : [`the hand ${hand}`])];
  return `no executor of the pool ${pool} that is there has ${what.join(" and ")}; ${nearest} comes nearest`;
}

/** Rooms of the hands that come with Petrel; a hand of another room is somebody's own. */
export const ROOMS_OF_PETREL: ReadonlySet<string> = new Set(["shell", "code", "review", "ci", "browser", "notify", "logs"]);

/** What starts an executor that could do it, beside those that are there: two of one name would take one another's work. */
export function startCommand({ pool, labels, hand }: Needs, there: readonly { name: string }[]): string {
  const taken = new Set(there.map(({ name }) => name));
  let number = 2;
  while (taken.has(`executor-${number}`)) number += 1;
  const name = taken.has("local") ? ` --name executor-${number}` : "";
  const own = ROOMS_OF_PETREL.has(hand.slice(0, hand.indexOf("."))) ? "" : " --hand FOLDER";
  return `petrel executor start${name} --pool ${pool}${labels.length > 0 ? ` --labels ${labels.join(",")}` : ""}${own}`;
}

/** Why an enrolment does not go so far, in a clause; null when it does. */
export function beyondEnrolment({ pool, labels, hand }: Needs, may: Pick<Member, "pools" | "labels" | "hands">): string | null {
  if (!may.pools.includes(pool)) return `it was not enrolled for the pool ${pool}`;
  const lacking = labels.filter((label) => !may.labels.includes(label));
  if (lacking.length > 0) return `it was not enrolled with ${lacking.length > 1 ? "the labels" : "the label"} ${lacking.join(" and ")}`;
  return hasHand(may, hand) ? null : `it was not enrolled for the hand ${hand}`;
}

/** Labels and hand, as words. */
export function lacksOf({ labels, hand }: Missing): string[] {
  return [...labels, ...(hand === null ? [] : [hand])];
}

function hasHand({ hands }: Pick<Member, "hands">, hand: string): boolean {
  return hands === undefined || hands.includes(hand);
}
