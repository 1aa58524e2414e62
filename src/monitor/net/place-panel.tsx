/** A place: its tokens with their lineage, a question in ArcQL, why they do not move on, and a way to put one in. */
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useMemo, useState } from "react";
import type { Json } from "../../contract/json.ts";
import { JsonView } from "../parts/json-view.tsx";
import { Lineage } from "../parts/lineage.tsx";
import { Panel } from "../parts/panel.tsx";
import { Why } from "../parts/why.tsx";
import { useMarking, useTokens } from "../queries.ts";
import { call, type Me, mayOperate } from "../session.ts";
import { ageOf, plural } from "../words.ts";
import { fieldsIn, wholeQuery } from "./arcql-completion.ts";
import { QueryBox } from "./query-box.tsx";

export function PlacePanel({
  net,
  place,
  at,
  me,
  onClose,
}: {
  net: string;
  place: string;
  at: string | null;
  me: Me;
  onClose: () => void;
}) {
  const tokens = useTokens(net, place, at);
  const [traced, setTraced] = useState<string | null>(null);
  const now = Date.now();
  return (
    <Panel title={place} kind="place" onClose={onClose}>
      {at === null && <Why net={net} name={place} />}
      <Ask net={net} place={place} at={at} tokens={tokens.data?.tokens ?? []} />
      {mayOperate(me) && at === null && <PutToken net={net} place={place} />}
      <h3>{plural(tokens.data?.total ?? 0, "token")}</h3>
      {tokens.error && <p className="bad">{tokens.error.message}</p>}
      <ol className="tokens">
        {(tokens.data?.tokens ?? []).map((token) => (
          <li key={token.id}>
            <div className="head">
              <code>{token.id}</code>
              <span className="quiet">
                {ageOf(now - Date.parse(token.at))} · by {token.by}
                {token.reservedBy ? " · reserved" : ""}
              </span>
              <button type="button" className="link" onClick={() => setTraced(traced === token.id ? null : token.id)}>
                lineage
              </button>
              {mayOperate(me) && at === null && RETRIED.has(place.split("--").at(-1) ?? "") && <Retry net={net} token={token.id} />}
            </div>
            <JsonView value={token.data} open={1} />
            {traced === token.id && <Lineage net={net} token={token.id} />}
          </li>
        ))}
      </ol>
    </Panel>
  );
}

function Ask({ net, place, at, tokens }: { net: string; place: string; at: string | null; tokens: readonly { data: Json }[] }) {
  const marking = useMarking(net, at);
  const known = useMemo(
    () => ({ places: (marking.data?.places ?? []).map((each) => each.place), fields: fieldsIn(tokens) }),
    [marking.data, tokens],
  );
  const [text, setText] = useState("");
  const [asked, setAsked] = useState<string | null>(null);
  const answer = useQuery({
    queryKey: ["query", net, place, at, asked],
    queryFn: () =>
      call<{ rows: Json[]; total: number }>(`/api/nets/${net}/query`, {
        method: "POST",
        body: { arcql: asked, places: [place], ...(at === null ? {} : { at }) },
      }),
    enabled: asked !== null,
  });
  const ask = (event: FormEvent) => {
    event.preventDefault();
    setAsked(text.trim() === "" ? null : wholeQuery(text));
  };
  return (
    <form className="ask" onSubmit={ask}>
      <label htmlFor="arcql">Ask in ArcQL</label>
      <div className="asking">
        <QueryBox value={text} known={known} onChange={setText} />
        <button type="submit">Ask</button>
      </div>
      {answer.error && <pre className="bad">{answer.error.message}</pre>}
      {answer.data && (
        <div>
          <p className="quiet">{plural(answer.data.total, "row")}</p>
          <JsonView value={answer.data.rows} open={2} />
        </div>
      )}
    </form>
  );
}

/** Where failed work comes to lie. */
const RETRIED: ReadonlySet<string> = new Set(["dead-letter", "escalations", "errors", "failed", "rejected"]);

function Retry({ net, token }: { net: string; token: string }) {
  const [said, setSaid] = useState("");
  const retry = () =>
    call(`/api/nets/${net}/retry`, { method: "POST", body: { token } })
      .then(() => setSaid("put back"))
      .catch((error: unknown) => setSaid(error instanceof Error ? error.message : String(error)));
  return (
    <>
      <button type="button" className="link" onClick={() => void retry()}>
        retry
      </button>
      <span role="status">{said}</span>
    </>
  );
}

function PutToken({ net, place }: { net: string; place: string }) {
  const [text, setText] = useState('{"title": ""}');
  const [said, setSaid] = useState<string | null>(null);
  const put = async (event: FormEvent) => {
    event.preventDefault();
    try {
      const { id } = await call<{ id: string }>(`/api/nets/${net}/places/${place}/tokens`, {
        method: "POST",
        body: { data: JSON.parse(text) as Json },
      });
      setSaid(`It is in, as ${id}.`);
    } catch (error) {
      setSaid(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <details>
      <summary>Put a token in</summary>
      <form onSubmit={(event) => void put(event)}>
        <label htmlFor="put">Data, as JSON</label>
        <textarea id="put" rows={4} value={text} onChange={({ target }) => setText(target.value)} spellCheck={false} />
        <button type="submit">Put it in</button>
        <p role="status">{said}</p>
      </form>
    </details>
  );
}
