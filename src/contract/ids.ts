/** Names and ids: what may stand in a subject, and where fresh ids come from. */

/** Nets, places, transitions, personas, pools, executors. A double dash separates sub-net and place and is refused in a name. */
export const NAME_PATTERN = /^(?!.*--)[a-z][a-z0-9-]{0,47}$/;
export const NAME_RULE = "a name is a lower-case letter, then up to 47 of a-z, 0-9 and -, without --";
/** Names joined by --: elements of sub-nets, and sub-nets that are nets of their own. */
export const PATH_PATTERN = /^(?!.*---)[a-z][a-z0-9-]{0,159}$/;
export const PATH_RULE = "a name, or the names of sub-nets and element joined by --, 160 characters at most";
/** Token and firing ids, which become subject tokens. */
export const ID_PATTERN = /^[A-Za-z0-9_-]{1,64}$/;

export function isName(text: string): boolean {
  return NAME_PATTERN.test(text);
}
export function isPath(text: string): boolean {
  return PATH_PATTERN.test(text);
}
export function isId(text: string): boolean {
  return ID_PATTERN.test(text);
}

/** Source of fresh ids: an input everywhere, so that a seeded run gives the same ids again. */
export interface IdSource {
  next(): string;
}

/** `PETREL_SECRET_<NAME>` is its variable: one case, so that no two names share one. */
export const SECRET_PATTERN = /^[a-z][a-z0-9_]{0,47}$/;
export const SECRET_RULE = "a secret's name is a lower-case letter and up to 47 of a-z, 0-9 and _";
/** What an executor has, like `git` or `node20`. */
export const LABEL_PATTERN = /^[a-z0-9][a-z0-9.+_-]{0,31}$/;
export const LABEL_RULE = "small letters, digits, and . + _ - after the first, at most 32";
/** A hand as `room.action`. */
export const HAND_PATTERN = /^[a-z][a-z0-9-]{0,31}\.[a-z][a-z0-9-]{0,31}$/;
export const HAND_RULE = "a hand is called like `shell.run`: room and action, of small letters, digits and -";

export function isLabel(text: string): boolean {
  return LABEL_PATTERN.test(text);
}
