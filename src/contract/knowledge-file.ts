/** What a path of a persona's `knowledge` leads to. */

/** The most bytes that a knowledge file may have. */
export const MOST_KNOWLEDGE_BYTES = 16 * 1024 * 1024;

/** `true`: a file that may be read; `false`: nothing; `outside`: a link leads out of the persona file's folder. */
export type KnowledgeFile = boolean | "outside" | "no-file" | "too-large";
