/** Where a token came from and what became of it. */
import { useQuery } from "@tanstack/react-query";
import { call } from "../session.ts";
import { clockTime } from "../words.ts";

interface Step {
  firing?: string | null;
  transition?: string | null;
  persona?: string | null;
  summary: string;
  at?: string;
  startedAt?: string;
  distance?: number;
  model?: { name: string } | null;
}

export function Lineage({ net, token }: { net: string; token: string }) {
  const lineage = useQuery({
    queryKey: ["lineage", net, token],
    queryFn: () => call<{ before: Step[]; after: Step[] }>(`/api/nets/${net}/tokens/${token}/lineage`),
  });
  if (lineage.error) return <p className="bad">{lineage.error.message}</p>;
  if (!lineage.data) return <p className="quiet">…</p>;
  return (
    <div className="lineage">
      <Steps title="Came from" steps={lineage.data.before} />
      <Steps title="Became" steps={lineage.data.after} />
    </div>
  );
}

function Steps({ title, steps }: { title: string; steps: Step[] }) {
  if (steps.length === 0) return null;
  return (
    <>
      <h4>{title}</h4>
      <ol>
        {steps.map((step, at) => (
          <li key={step.firing ?? `${step.summary} ${String(at)}`}>
            {step.at === undefined ? "" : `${clockTime(step.at)} `}
            {step.summary}
            {step.persona ? <span className="quiet"> ({step.persona})</span> : null}
          </li>
        ))}
      </ol>
    </>
  );
}
