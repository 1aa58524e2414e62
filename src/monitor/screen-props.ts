/** What every screen is given. */
import type { EventStore } from "./event-store.ts";
import type { Me } from "./session.ts";

export interface ScreenProps {
  net: string;
  store: EventStore;
  me: Me;
}
