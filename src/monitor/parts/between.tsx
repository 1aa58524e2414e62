/** What lies between two moments: tokens that came, went and moved, firings that began and ended. */
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { call } from "../session.ts";
import { clockTime, plural } from "../words.ts";

interface Cause {
  seq: number;
  ts: string;
  summary: string;
}
interface Placed {
  place: string;
  id: string;
}
interface Difference {
  events: number;
  came: (Placed & { cause: Cause })[];
  went: (Placed & { cause: Cause })[];
  moved: (Placed & { to: (Placed & { cause: Cause })[] })[];
  began: { firing: string; transition: string; ended: number | null }[];
  ended: { firing: string; transition: string }[];
  changed: { what: string; from: string | null; to: string | null }[];
}

export function Between({ net, from, to }: { net: string; from: number; to: number }) {
  const [first, second] = [Math.min(from, to), Math.max(from, to)];
  const { data, error } = useQuery({
    queryKey: ["difference", net, first, second],
    queryFn: () => call<Difference>(`/api/nets/${net}/difference?from=${first}&to=${second}`),
  });
  return (
    <aside className="panel" aria-label="Difference">
      <h2>
        Between {first} and {second}
      </h2>
      {error && <p className="bad">{error.message}</p>}
      {data && (
        <>
          <p>{plural(data.events, "event")}.</p>
          <Group title="came" rows={data.came.map(({ place, id, cause }) => ({ id, text: `${place}: ${told(cause)}` }))} />
          <Group title="went" rows={data.went.map(({ place, id, cause }) => ({ id, text: `${place}: ${told(cause)}` }))} />
          <Group
            title="moved on"
            rows={data.moved.map(({ place, id, to: ends }) => ({ id, text: `${place} → ${ends.map((end) => end.place).join(", ")}` }))}
          />
          <Group title="still under way" rows={data.began.filter(({ ended }) => ended === null).map(asRow)} />
          <Group title="ended" rows={data.ended.map(asRow)} />
          {data.changed.map(({ what, from: was, to: is }) => (
            <p key={what}>
              {what}: {was?.slice(0, 12) ?? "none"} → {is?.slice(0, 12) ?? "none"}
            </p>
          ))}
        </>
      )}
    </aside>
  );
}

function Group({ title, rows }: { title: string; rows: { id: string; text: ReactNode }[] }) {
  if (rows.length === 0) return null;
  return (
    <section>
      <h3>
        {rows.length} {title}
      </h3>
      <ul>
        {rows.map(({ id, text }) => (
          <li key={id} title={id}>
            {text}
          </li>
        ))}
      </ul>
    </section>
  );
}

const told = ({ ts, summary }: Cause): string => `${clockTime(ts)} ${summary}`;
const asRow = ({ firing, transition }: { firing: string; transition: string }) => ({ id: firing, text: transition });
