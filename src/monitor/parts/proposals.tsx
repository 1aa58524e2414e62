/** Proposals of new specialists: they wait at a gate of their own, like everything that people decide. */
import { addressOf, go } from "../address.ts";
import { useGates } from "../queries.ts";
import type { Me } from "../session.ts";

export function Proposals({ me }: { me: Me }) {
  const gates = useGates();
  const waiting = (gates.data ?? []).filter(({ gate }) => gate === "proposals");
  if (waiting.length === 0) return null;
  return (
    <section aria-label="Proposals">
      <h2>Proposals</h2>
      <ul>
        {waiting.map(({ firing, net, summary }) => (
          <li key={firing}>
            {summary ?? `A proposal waits in ${net}`}{" "}
            <button type="button" className="link" onClick={() => go(addressOf(net, "gates"))}>
              {me.scopes.includes("petrel:gate") ? "decide" : "look at it"}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
