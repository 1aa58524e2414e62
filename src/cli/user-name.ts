/** Who calls, as the machine names its users. */
import { userInfo } from "node:os";

/** A user that no list of the machine names, like that of `docker run --user 1234`, is `uid-1234`. */
export function userName(ask: () => string = () => userInfo().username, uid = process.getuid?.()): string {
  try {
    return ask();
  } catch {
    return uid === undefined ? "unknown" : `uid-${uid}`;
  }
}
