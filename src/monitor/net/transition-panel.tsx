/** A transition: why it does not fire, and its firings; one that is opened tells what it took, was told, used and made. */
import type { Json } from "../../contract/json.ts";
import { Crystal } from "../parts/crystal.tsx";
import { JsonView } from "../parts/json-view.tsx";
import { Panel } from "../parts/panel.tsx";
import { Why } from "../parts/why.tsx";
import type { Me } from "../session.ts";
import { FiringList } from "./firing-list.tsx";
import type { NetDefinition, TransitionDefinition } from "./graph.ts";

export function TransitionPanel({
  net,
  transition,
  definition,
  me,
  until,
  onClose,
}: {
  net: string;
  transition: string;
  definition: NetDefinition;
  me: Me;
  until: string | null;
  onClose: () => void;
}) {
  const own = transitionIn(definition, transition);
  return (
    <Panel title={transition} kind={own?.kind ?? "transition"} onClose={onClose}>
      {own?.title !== undefined && <p>{own.title}</p>}
      {own?.persona !== undefined && (
        <p>
          Done by <strong>{own.persona}</strong>.
        </p>
      )}
      {own?.guard !== undefined && (
        <p>
          Guard: <code>{own.guard}</code>
        </p>
      )}
      {until === null && <Why net={net} name={transition} />}
      {until === null && <Crystal net={net} transition={transition} me={me} />}
      <FiringList key={transition} net={net} transition={transition} until={until} />
      {own && (
        <details>
          <summary>Definition</summary>
          <JsonView value={own as unknown as Json} open={2} />
        </details>
      )}
    </Panel>
  );
}

/** By its name in the log, with the sub-nets that it lies in. */
export function transitionIn(definition: NetDefinition, name: string): TransitionDefinition | undefined {
  const [first = "", ...rest] = name.split("--");
  if (rest.length === 0) return definition.transitions?.[first];
  const inner = definition.subnets?.[first];
  return inner ? transitionIn(inner, rest.join("--")) : definition.transitions?.[name];
}
