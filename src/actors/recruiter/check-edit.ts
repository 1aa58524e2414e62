/**
 * What keeps an edit of a net, proposed by a specialist, from being shown to people, or from being carried out. Pure.
 * H4 It is made from the version that runs. H5 Every gate stays as it is. H6 Nobody comes into a new or changed position with a flag
 *    that the proposer may not grant, or with `x`, and no position begins to release. H7 What only gates let through stays so.
 */
import { FLAGS } from "../../contract/capability.ts";
import { hashJson } from "../../contract/hash.ts";
import type { JsonObject } from "../../contract/json.ts";
import { checkNet } from "../../net/check.ts";
import { type NetDefinition, netSchema, type Subnet, type Transition } from "../../net/definition.ts";
import type { CheckedAgainst } from "./checked-against.ts";
import type { EditProposal } from "./proposal.ts";

/** A sentence for each problem; empty when it is sound. */
export function editProblems({ net, grant, draft }: EditProposal, { definition, hash, personas }: CheckedAgainst): string[] {
  if (draft.definition.net !== net) return [`It defines ${JSON.stringify(draft.definition.net)?.slice(0, 60)}, and is for ${net}.`];
  if (draft.base !== hash) return [`${net} has changed since the edit was drafted: it must be drafted anew.`]; // H4
  const parsed = netSchema.safeParse(draft.definition);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return [`It is no sound net: ${issue?.path.join(".")}: ${issue?.message}`];
  }
  const running = netSchema.parse(definition);
  const before = transitionsIn(running);
  const after = transitionsIn(parsed.data);
  const problems = [...gateProblems(before, after), ...roundGates(before, after)];
  for (const [path, transition] of changed(before, after))
    problems.push(...rightsProblems(path, transition, before.get(path), grant, personas));
  for (const { severity, message } of checkNet(parsed.data, { personas: new Set(personas.keys()) }))
    if (severity === "error") problems.push(message);
  return [...new Set(problems)];
}

/** By their names, those in sub-nets by `<sub>--<name>`. */
function transitionsIn(net: NetDefinition | Subnet, prefix = ""): Map<string, Transition> {
  const own = Object.entries(net.transitions).map(([name, each]): [string, Transition] => [`${prefix}${name}`, each]);
  const inner = Object.entries(net.subnets ?? {}).flatMap(([name, sub]) => [...transitionsIn(sub, `${prefix}${name}--`)]);
  return new Map([...own, ...inner]);
}

function changed(before: ReadonlyMap<string, Transition>, after: ReadonlyMap<string, Transition>): [string, Transition][] {
  const hash = (each: Transition | undefined) => hashJson((each ?? null) as unknown as JsonObject | null);
  return [...after].filter(([path, each]) => hash(each) !== hash(before.get(path)));
}

/** H5. */
function gateProblems(before: ReadonlyMap<string, Transition>, after: ReadonlyMap<string, Transition>): string[] {
  return [...before].flatMap(([path, { gate }]) => {
    if (!gate) return [];
    const kept = after.get(path)?.gate;
    if (!kept) return [`The gate of ${path} is gone in it: gates are taken away by people only.`];
    return hashJson(kept as unknown as JsonObject) === hashJson(gate as unknown as JsonObject)
      ? []
      : [`The gate of ${path} is another one in it: gates are changed by people only.`];
  });
}

/** H6. */
function rightsProblems(
  path: string,
  transition: Transition,
  before: Transition | undefined,
  grant: string,
  personas: CheckedAgainst["personas"],
): string[] {
  const problems: string[] = [];
  const flags = transition.persona === undefined ? "" : (personas.get(transition.persona) ?? "");
  if (flags.includes("x")) problems.push(`It gives ${transition.persona}, who has x, the position ${path}: that is for people.`);
  const more = FLAGS.filter((flag) => flag !== "x" && flags.includes(flag) && !grant.includes(flag));
  if (more.length > 0) problems.push(`${transition.persona} at ${path} has ${more.join(", ")}, and its proposer may grant ${grant}.`);
  const releases = (each: Transition | undefined) => each?.kind === "agent" && each.release === true;
  if (releases(transition) && !releases(before)) problems.push(`${path} would begin to release: that is for people.`);
  return problems;
}

/** H7. Where all that came into a place came through gates. */
function roundGates(before: ReadonlyMap<string, Transition>, after: ReadonlyMap<string, Transition>): string[] {
  const gated = new Map<string, boolean>();
  for (const { out, gate } of before.values()) for (const { to } of out) gated.set(to, (gated.get(to) ?? true) && gate !== undefined);
  return changed(before, after).flatMap(([path, { out, gate }]) =>
    gate
      ? []
      : out
          .filter(({ to }) => gated.get(to) === true)
          .map(({ to }) => `${path} would put tokens into ${to}, where only gates let any through.`),
  );
}
