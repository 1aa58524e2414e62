/** A person does a task by hand: `takeover` gives its worktree and holds it, `handback` returns it with what was done. */
import { existsSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import * as z from "zod";
import { PART_BYTES } from "../../actors/term/handback-parts.ts";
import { readAnswer } from "../../client/answers.ts";
import { askNet, checkName } from "../../client/ask.ts";
import { usage } from "../../client/usage.ts";
import type { Broker } from "../../contract/broker.ts";
import { isoTime } from "../../contract/clock.ts";
import { Refused, Terminal } from "../../contract/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../../contract/json.ts";
import { branchName, repoAddress } from "../../executors/hands/code/names.ts";
import { takenId } from "../../net/taken-work.ts";
import { callerOf, ROLE_OPTION } from "../caller.ts";
import { findTask, type Task } from "../takeover/find.ts";
import { bringLeft, type Left, leftWords, takenAnswer } from "../takeover/left.ts";
import { dropNote, type Note, readNotes, worktreeOf, writeNote } from "../takeover/note.ts";
import { commitLeft, makeWorktree, workIn } from "../takeover/worktree.ts";
import { userGit } from "../team/git.ts";
import { shown } from "../team/paste.ts";
import { EXIT, type Verb, type VerbCall } from "../verb.ts";

/** What is worked on is asked for what it has done before it is ended. */
const STOP_MS = 60_000;
const partAnswer = z.looseObject({ part: z.string() });
const backAnswer = z.looseObject({ id: z.string(), place: z.string() });

export const takeoverVerb: Verb = {
  command: "takeover <task>",
  summary: "take a task out of the net, and get its worktree to work in by hand",
  details:
    "The task is a token, the firing that holds it at a gate, or a correlation with one task. It lies in the place taken-over, where no firing takes it, until `petrel handback`.",
  examples: [
    "petrel takeover t-8msgb7uis30et913k82le",
    "petrel takeover t-8msgb7uis30et913k82le --out ../by-hand",
    "petrel takeover t-8msgb7uis30et913k82le --stop",
  ],
  options: [
    { flags: "--out <folder>", about: "the folder of the worktree (default: takeovers/TOKEN in the state folder)" },
    { flags: "--net <net>", about: "look only in this net (default: in all)" },
    { flags: "--stop", about: "end what works on it now; what that has done so far in a worktree is in yours" },
    ROLE_OPTION,
  ],
  run: async (call) => {
    const net = call.text("net");
    if (net !== undefined) checkName(net, "net");
    const { note, left } = await call.withBroker(async (broker) =>
      take(call, broker, await findTask(broker, call.arg("task"), { net, stop: call.on("stop") })),
    );
    const { handedBack: _, own: __, held, ...told } = note;
    call.out.result({ ...told, token: held, left } as unknown as Json, () =>
      [
        `took over “${note.title}” from ${note.place} of ${note.net}; no firing takes it meanwhile`,
        `  worktree: ${shown(call.petrel, note.folder)} (branch ${note.branch}, at ${note.start.slice(0, 10)})`,
        ...leftWords(left, (command) => call.pasteable(command)),
        `  next:     work there, then ${call.pasteable(`petrel handback ${note.held} --message "What was done"`)}`,
      ].join("\n"),
    );
    return EXIT.ok;
  },
};

/** The worktree first: a task is held only when a person can work on it. */
async function take(call: VerbCall, broker: Broker, task: Task): Promise<{ note: Note; left: Left }> {
  const { net, id, place, correlation, work } = task;
  const out = call.text("out");
  const folder = out === undefined ? worktreeOf(call.dir, id) : resolve(call.petrel.cwd, out);
  if (!repoAddress.safeParse(work.repo).success || !branchName.safeParse(work.branch).success)
    throw new Refused({
      code: "no-worktree",
      message: `git takes no branch ${work.branch} of ${work.repo}`,
      hint: `petrel tokens ${net} ${place}`,
    });
  const grounds = { ...work, bundle: await bundleOf(broker, work.bundle) };
  const git = userGit(call.petrel.env);
  const start = await makeWorktree(git, folder, grounds);
  const note: Note = {
    ...{ net, source: id, held: takenId(id), correlation, place, title: work.title, folder, own: out === undefined },
    ...{ branch: work.branch, base: work.base, start, handedBack: null },
  };
  // Before it is asked for: when the answer is lost, `handback` knows the folder all the same.
  writeNote(call.dir, note);
  const body = { place, id, by: callerOf(call), stop: call.on("stop") };
  const said = await askNet(broker, net, "takeover", body, STOP_MS).catch((error: unknown) => {
    if (error instanceof Refused || error instanceof Terminal) {
      rmSync(folder, { recursive: true, force: true });
      dropNote(call.dir, note);
    }
    throw error;
  });
  // From here on the task is held, whatever else fails.
  return { note, left: await bringLeft(broker, git, note, readAnswer(takenAnswer, said, "takeover")) };
}

async function bundleOf(broker: Broker, reference: Json): Promise<Uint8Array | null> {
  if (!isJsonObject(reference) || typeof reference.$artifact !== "string") return null;
  const bytes = await broker.artifacts.get(reference.$artifact);
  if (bytes) return bytes;
  const message = `the task's bundle, the artefact ${reference.$artifact}, is gone`;
  throw new Terminal({ code: "artifact-missing", message, hint: "restore the bucket petrel-artifacts" });
}

export const handbackVerb: Verb = {
  command: "handback <task>",
  summary: "commit what was done by hand in a task's worktree, and return the task to its place",
  details: "The task is what `takeover` was given, or the token that it named. The commit's author is who git says you are.",
  examples: [
    'petrel handback t-8msgb7uis30et913k82le --message "Keep the order of notes"',
    "petrel handback t-8msgb7uis30et913k82le --unchanged",
  ],
  options: [
    { flags: "--message <text>", about: "of the commit, and kept in the log" },
    { flags: "--to <place>", about: "where it goes (default: the place from which it was taken)" },
    { flags: "--unchanged", about: "give it back as it was, whatever the folder holds" },
    ROLE_OPTION,
  ],
  run: async (call) => {
    const note = noteOf(call, call.arg("task"));
    const work = call.on("unchanged") ? null : await gather(call, note);
    const to = call.text("to");
    const message = call.text("message");
    const body: JsonObject = {
      ...{ id: note.held, by: callerOf(call) },
      ...(to === undefined ? {} : { to: checkName(to, "place") }),
      ...(message === undefined ? {} : { message }),
    };
    const back = await call.withBroker(async (broker) => {
      const request = work === null ? body : { ...body, work: await inParts(broker, note, work) };
      return readAnswer(backAnswer, await askNet(broker, note.net, "handback", request), "handback");
    });
    writeNote(call.dir, { ...note, handedBack: { ...back, at: isoTime(call.petrel.clock.now()) } });
    if (note.own) rmSync(note.folder, { recursive: true, force: true });
    const head = work === null ? null : String(work.head);
    call.out.result({ net: note.net, token: back.id, place: back.place, head }, () =>
      [
        `handed “${note.title}” back to ${back.place} of ${note.net}${head === null ? " as it was" : `, with the commit ${head.slice(0, 10)}`}`,
        `  next: ${call.pasteable(`petrel trace ${back.id}`)} tells its whole story`,
      ].join("\n"),
    );
    return EXIT.ok;
  },
};

/** A bundle that is too large for one request goes ahead of it in parts. */
async function inParts(broker: Broker, { net, held }: Note, work: JsonObject): Promise<JsonObject> {
  if (typeof work.bundle !== "string" || work.bundle.length <= PART_BYTES) return work;
  const bytes = Buffer.from(work.bundle, "base64");
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += PART_BYTES) {
    const body = { id: held, part: bytes.subarray(at, at + PART_BYTES).toString("base64") };
    parts.push(readAnswer(partAnswer, await askNet(broker, net, "handback-part", body), "handback-part").part);
  }
  return { ...work, bundle: { parts } };
}

async function gather(call: VerbCall, note: Note): Promise<JsonObject> {
  if (!existsSync(join(note.folder, ".git")))
    throw new Terminal({
      code: "folder-gone",
      message: `the worktree ${note.folder} is gone, and what was done in it`,
      hint: `petrel handback ${note.held} --unchanged gives the task back as it was; then take it over again`,
    });
  const git = userGit(call.petrel.env);
  const message = call.text("message") ?? `By hand: ${note.title}`;
  await commitLeft(git, note.folder, message, `${note.net}/takeover/${note.source}`, call.petrel.user);
  return await workIn(git, note.folder, note);
}

/** Errors: Terminal `no-such-takeover`; Refused `handed-back`; usage. */
function noteOf(call: VerbCall, task: string): Note {
  const notes = readNotes(call.dir);
  const named = notes.filter(({ source, held, correlation, handedBack }) => [source, held, correlation, handedBack?.id].includes(task));
  const open = named.filter(({ handedBack }) => handedBack === null);
  const [only] = open;
  if (open.length === 1 && only) return only;
  if (open.length > 1)
    throw usage(`${task} stands for ${open.length} tasks`, open.map(({ held }) => `petrel handback ${held}`).join(", or "));
  const last = named.at(-1);
  if (last?.handedBack)
    throw new Refused({
      code: "handed-back",
      message: `“${last.title}” was handed back already, to ${last.handedBack.place}`,
      hint: `petrel takeover ${last.handedBack.id} takes it over again; petrel trace ${last.handedBack.id}`,
    });
  const others = notes.filter(({ handedBack }) => handedBack === null).map(({ held, title }) => `petrel handback ${held} (“${title}”)`);
  throw new Terminal({
    code: "no-such-takeover",
    message: `no task ${task} was taken over from this folder`,
    hint: others.length > 0 ? others.join(", or ") : "petrel takeover TASK first, or name the state folder with --dir",
  });
}
