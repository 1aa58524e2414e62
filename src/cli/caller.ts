/** Who gives a command: the user of the operating system, with the roles that the command line claims. */
import type { JsonObject } from "../contract/json.ts";
import type { VerbCall, VerbOption } from "./verb.ts";

export const ROLE_OPTION: VerbOption = { flags: "--role <role...>", about: "act in these roles (default: maintainer)" };

export function callerOf(call: VerbCall): JsonObject {
  const roles = call.list("role");
  return { user: call.petrel.user, roles: roles.length > 0 ? roles : ["maintainer"] };
}
