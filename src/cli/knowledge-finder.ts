/** Where a persona file's knowledge lies: in its folder, or by a link outside of it, which is no way to hand a file to a model. */
import { existsSync, realpathSync, statSync } from "node:fs";
import { join, sep } from "node:path";
import { type KnowledgeFile, MOST_KNOWLEDGE_BYTES } from "../contract/knowledge-file.ts";

/** Of a folder: whether a path relative to it leads to a file, and stays inside. */
export function knowledgeIn(folder: string): (path: string) => KnowledgeFile {
  return (path) => {
    const file = join(folder, path);
    if (!existsSync(file)) return false;
    const real = realpathSync(file);
    if (!real.startsWith(realpathSync(folder) + sep)) return "outside";
    const found = statSync(real);
    if (!found.isFile()) return "no-file";
    return found.size > MOST_KNOWLEDGE_BYTES ? "too-large" : true;
  };
}
