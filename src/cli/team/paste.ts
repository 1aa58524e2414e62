/** Commands to paste: each runs as it stands, from the folder where the user is. */
import { relative } from "node:path";
import type { PetrelDoors } from "../doors.ts";

/** How this program is called from where the user stands. */
export function petrelCommand(petrel: PetrelDoors): string {
  return `node ${shown(petrel, petrel.entry)}`;
}

/** A path as it is pasted: short where it can be, quoted where it must be. */
export function shown(petrel: PetrelDoors, path: string): string {
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
