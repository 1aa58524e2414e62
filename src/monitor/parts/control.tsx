/** Pause and resume, for those who may; others see no such buttons. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { call, type Me, mayOperate } from "../session.ts";

export function Control({ net, me, state }: { net: string; me: Me; state: "running" | "paused" | "stopped" }) {
  const client = useQueryClient();
  const [problem, setProblem] = useState<string | null>(null);
  const word = state === "running" ? "running" : state === "paused" ? "paused: nothing new begins" : "stopped by a kill";
  const ask = async (path: string, body?: unknown) => {
    try {
      setProblem(null);
      const { lifted } = await call<{ lifted?: boolean }>(path, { method: "POST", body: body ?? {} });
      // What stopped it was a kill of everything.
      if (lifted === false) await call("/api/control", { method: "POST", body: { verb: "resume" } });
      await client.invalidateQueries();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <div className="control">
      <span className={`pill ${state}`}>{word}</span>
      {mayOperate(me) && (
        <>
          {state === "running" ? (
            <button type="button" onClick={() => void ask(`/api/nets/${net}/pause`)}>
              Pause
            </button>
          ) : (
            <button
              type="button"
              onClick={() =>
                void ask(
                  state === "paused" ? `/api/nets/${net}/resume` : "/api/control",
                  state === "paused" ? undefined : { verb: "resume", net },
                )
              }
            >
              Resume
            </button>
          )}
          {state !== "stopped" && (
            <button
              type="button"
              className="danger"
              onClick={() =>
                window.confirm(`Stop every firing, model call and command of ${net}?`) && void ask("/api/control", { verb: "kill", net })
              }
            >
              Kill
            </button>
          )}
        </>
      )}
      {problem !== null && (
        <span role="alert" className="bad">
          {problem}
        </span>
      )}
    </div>
  );
}
