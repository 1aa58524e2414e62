/** Why something does not fire, or does not move on, in words. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { call } from "../session.ts";

interface Answer {
  kind: string;
  name: string;
  fires: boolean;
  reasons: { code: string; text: string; transition?: string; command?: string }[];
}

export function Why({ net, name }: { net: string; name: string }) {
  const [asked, setAsked] = useState(false);
  const why = useQuery({
    queryKey: ["why", net, name],
    queryFn: () => call<{ answers: Answer[] }>(`/api/nets/${net}/why/${name}`),
    enabled: asked,
    refetchInterval: asked ? 3000 : false,
  });
  return (
    <section className="why">
      <button type="button" aria-expanded={asked} onClick={() => setAsked(!asked)}>
        Why is it not firing?
      </button>
      {asked && why.error && <p className="bad">{why.error.message}</p>}
      {asked &&
        why.data?.answers.map((answer) => (
          <div key={`${answer.kind} ${answer.name}`} role="status">
            <p>
              {answer.kind} {answer.name} {answer.fires ? "goes on" : "waits"}:
            </p>
            <ul>
              {answer.reasons.map(({ code, text, transition, command }) => (
                <li key={`${code} ${transition ?? ""} ${text}`}>
                  {transition !== undefined && transition !== answer.name ? `${transition}: ` : ""}
                  {text}
                  {command !== undefined && (
                    <div>
                      <code>{command}</code>
                    </div>
                  )}
                </li>
              ))}
            </ul>
          </div>
        ))}
    </section>
  );
}
