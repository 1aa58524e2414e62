/** What is remembered of a takeover, beside its folder: which token it holds, and where its work began. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";

const noteSchema = z.object({
  net: z.string(),
  /** The token as it lay in its place, and as it is held. */
  source: z.string(),
  held: z.string(),
  correlation: z.string(),
  place: z.string(),
  title: z.string(),
  folder: z.string(),
  /** It was made where Petrel keeps such folders, and goes when the task is handed back. */
  own: z.boolean(),
  branch: z.string(),
  base: z.string(),
  /** The commit that the person began from. */
  start: z.string(),
  handedBack: z.object({ id: z.string(), place: z.string(), at: z.string() }).nullable(),
});
export type Note = z.output<typeof noteSchema>;

const folderOf = (dir: string) => join(dir, "takeovers");
export const worktreeOf = (dir: string, source: string) => join(folderOf(dir), source);

export function writeNote(dir: string, note: Note): void {
  mkdirSync(folderOf(dir), { recursive: true });
  writeFileSync(join(folderOf(dir), `${note.source}.json`), `${JSON.stringify(note, null, 2)}\n`);
}

export function dropNote(dir: string, { source }: Note): void {
  rmSync(join(folderOf(dir), `${source}.json`), { force: true });
}

/** Those of this state folder, what cannot be read left out. */
export function readNotes(dir: string): Note[] {
  if (!existsSync(folderOf(dir))) return [];
  const files = readdirSync(folderOf(dir)).filter((file) => file.endsWith(".json"));
  return files.flatMap((file) => {
    try {
      return [noteSchema.parse(JSON.parse(readFileSync(join(folderOf(dir), file), "utf8")))];
    } catch {
      return [];
    }
  });
}
