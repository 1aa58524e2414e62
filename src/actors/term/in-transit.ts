/** What people may not do by hand with tokens on their way to another net: their numbers are promised (E10, L1). */
import { Refused } from "../../contract/errors.ts";
import { IN_TRANSIT } from "../../net/built-in-places.ts";
import type { Term } from "./term.ts";

export function inTransit(term: Term, id: string): Refused {
  const { net = "another net" } = term.state.transit.get(id) ?? {};
  return new Refused({
    code: "token-in-transit",
    message: `${id} is on its way to ${net}`,
    hint: `wait until it has arrived, and change it there: petrel tokens ${net} PLACE`,
  });
}

export function onlyLinks(): Refused {
  return new Refused({ code: "reserved-place", message: `only links put tokens into ${IN_TRANSIT}` });
}
