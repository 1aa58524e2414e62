/** Commands to paste: each runs as it stands, from the folder where the user is. */
import { existsSync, realpathSync } from "node:fs";
import { delimiter, join, relative } from "node:path";
import type { PetrelDoors } from "../doors.ts";

type Standing = Pick<PetrelDoors, "cwd" | "entry" | "env">;

/** How this program is called from where the user stands. */
export function petrelCommand(petrel: Standing): string {
  return isOnPath(petrel) ? "petrel" : `node ${shown(petrel, petrel.entry)}`;
}

/** npm and npx put folders in front of PATH that the user's own shell does not have. */
function isOnPath({ entry, env }: Standing): boolean {
  const folders = (env.PATH ?? "").split(delimiter).filter((folder) => folder !== "" && !folder.endsWith(join("node_modules", ".bin")));
  const first = folders.map((folder) => join(folder, "petrel")).find((file) => existsSync(file));
  return first !== undefined && existsSync(entry) && realpathSync(first) === realpathSync(entry);
}

/** A hint whose commands, written as `petrel verb ...`, can be pasted: this program, and the state folder where it is not the usual one. */
export function pasteable(petrel: Standing, dir: string, hint: string): string {
  const usual = dir === join(petrel.cwd, ".petrel") || hint.includes("--dir");
  return hint.replace(/(?<=^|[\s`(])petrel (?=([a-z-]+)(.*))/g, (_, verb: string, rest: string) => {
    const plain = usual || verb.startsWith("--") || rest.includes("--help");
    return `${petrelCommand(petrel)} ${plain ? "" : `--dir ${shown(petrel, dir)} `}`;
  });
}

/** A path as it is pasted: short where it can be, quoted where it must be. */
export function shown(petrel: Pick<PetrelDoors, "cwd">, path: string): string {
  const short = relative(petrel.cwd, path);
  return quoted(short === "" ? "." : short.startsWith("..") ? path : short);
}

export function quoted(text: string): string {
  return /[^\w@%+=:,./-]/.test(text) || text === "" ? `'${text.replaceAll("'", "'\\''")}'` : text;
}

/** How to open a gate from another terminal. */
export function openGate(petrel: PetrelDoors, dir: string, net: string, gate: string): string {
  return `It waits for you. In another terminal, in this folder: ${petrelCommand(petrel)} gate approve ${net} ${gate} --dir ${shown(petrel, dir)}`;
}
