/** Spawn and retire: an edit of the net that changes nothing but how many instances of a persona stand at a transition. */
import * as z from "zod";
import { Refused, Terminal } from "../../contract/errors.ts";
import type { Json } from "../../contract/json.ts";
import { openFirings } from "../../net/decide.ts";
import type { NetDefinition, Subnet, Transition } from "../../net/definition.ts";
import { applyNet } from "./apply-net.ts";
import type { Term } from "./term.ts";

const person = z.object({ user: z.string().min(1), roles: z.array(z.string()).default([]) });
const body = z.object({
  persona: z.string(),
  transition: z.string().optional(),
  instances: z.int().min(0).max(1000).optional(),
  by: person,
});
type Post = Transition & { instances: number };

export async function spawn(term: Term, request: unknown): Promise<Json> {
  const wish = body.parse(request);
  const { path, post } = positionOf(term, wish);
  const wanted = wish.instances ?? post.instances + 1;
  if (wanted < post.instances) {
    const hint = `petrel persona retire ${term.state.net} ${wish.persona} --instances ${wanted}`;
    throw new Refused({ code: "fewer-instances", message: `${wish.persona} has ${post.instances} instances at ${path} already`, hint });
  }
  return change(term, { ...wish, path, before: post.instances, wanted });
}

export async function retire(term: Term, request: unknown): Promise<Json> {
  const wish = body.parse(request);
  const { path, post } = positionOf(term, wish);
  const wanted = wish.instances ?? 0;
  if (wanted > post.instances) {
    const hint = `petrel persona spawn ${term.state.net} ${wish.persona} --instances ${wanted}`;
    throw new Refused({ code: "more-instances", message: `${wish.persona} has only ${post.instances} instances at ${path}`, hint });
  }
  return change(term, { ...wish, path, before: post.instances, wanted });
}

interface Change extends z.output<typeof body> {
  path: string;
  before: number;
  wanted: number;
}

async function change(term: Term, { persona, path, before, wanted, by }: Change): Promise<Json> {
  const definition = structuredClone((term.net as NonNullable<Term["net"]>).source);
  (transitionsIn(definition).get(path) as Post).instances = wanted;
  const { state } = term;
  const applied = await applyNet(term, { definition, by: by.user, ...(state.definition === null ? {} : { base: state.definition }) });
  const working = openFirings(state, path).length;
  return { ...(applied as { hash: string }), net: state.net, persona, transition: path, before, instances: wanted, working };
}

function positionOf(
  term: Term,
  { persona, transition }: { persona: string; transition?: string | undefined },
): { path: string; post: Post } {
  const { net } = term.state;
  const all = term.net ? [...transitionsIn(term.net.source)] : [];
  const posts = all.filter((one): one is [string, Post] => "instances" in one[1] && one[1].persona === persona);
  const found = transition === undefined ? posts : posts.filter(([path]) => path === transition);
  const [first, second] = found;
  const names = posts.map(([path]) => path).join(", ");
  if (!first) {
    const where = names === "" ? `no transition of ${net} asks a model as ${persona}` : `${persona} stands at ${names} in ${net}`;
    throw new Terminal({ code: "no-such-position", message: where, hint: `petrel net pull ${net} shows its transitions` });
  }
  if (second) throw new Terminal({ code: "which-position", message: `${persona} stands at ${names}`, hint: "name one with --transition" });
  return { path: first[0], post: first[1] };
}

/** By the names that they have in the log; the objects are the definition's own. */
function transitionsIn(net: Pick<NetDefinition | Subnet, "transitions" | "subnets">, prefix = ""): Map<string, Transition> {
  const own = Object.entries(net.transitions).map(([name, one]): [string, Transition] => [prefix + name, one]);
  const inner = Object.entries(net.subnets ?? {}).flatMap(([name, subnet]) =>
    subnet.log === "parent" ? [...transitionsIn(subnet, `${prefix}${name}--`)] : [],
  );
  return new Map([...own, ...inner]);
}
