/** Credentials come by reference: from the variables that the transition's `secrets` grant. */
import { Terminal } from "../../contract/errors.ts";
import type { HandContext } from "../hand.ts";

/** Throws Terminal `secret-not-granted`. */
export function secretOf({ secrets, order }: Pick<HandContext, "secrets" | "order">, variable: string): string {
  const value = Object.hasOwn(secrets, variable) ? secrets[variable] : undefined;
  if (value !== undefined) return value;
  throw new Terminal({
    code: "secret-not-granted",
    message: `the transition ${order.transition} grants no secret as ${variable}`,
    hint: `"secrets": { "${variable}": "name_of_the_secret" } in the net file, and petrel secret set`,
    where: `${order.net}/${order.transition}`,
  });
}
