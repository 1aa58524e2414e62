/** A changed net: looked at by the checker first, and applied only then, to the version that it was made from. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Json } from "../../contract/json.ts";
import { useDefinition } from "../queries.ts";
import { call } from "../session.ts";
import { plural } from "../words.ts";
import { type Change, Changes } from "./net-difference.tsx";

interface Checked {
  ok: boolean;
  problems: { severity: string; message: string; where?: string; path?: string; hint?: string }[];
  findings: { text?: string; message?: string; severity?: string }[];
  says: (string | { text: string })[];
  changes: Change[];
}

export function ApplyNet({ net }: { net: string }) {
  const client = useQueryClient();
  const running = useDefinition(net, null);
  const [text, setText] = useState<string | null>(null);
  const [base, setBase] = useState("");
  const check = useMutation({
    mutationFn: () => call<Checked>(`/api/nets/${net}/check`, { method: "POST", body: { definition: JSON.parse(text ?? "") as Json } }),
  });
  const apply = useMutation({
    mutationFn: () =>
      call<{ hash: string }>(`/api/nets/${net}`, {
        method: "PUT",
        headers: { "if-match": `"${base}"` },
        body: { definition: JSON.parse(text ?? "") as Json },
      }),
    onSuccess: () => client.invalidateQueries(),
  });
  const begin = () => {
    setText(JSON.stringify(running.data?.definition, null, 2));
    setBase(running.data?.version ?? "");
    check.reset();
    apply.reset();
  };
  if (text === null)
    return (
      <p>
        <button type="button" onClick={begin} disabled={!running.data}>
          Change the net
        </button>
      </p>
    );
  return (
    <section aria-label="A changed net">
      <h2>A changed net</h2>
      <label htmlFor="definition">The definition, as JSON; it was {base.slice(0, 12)}</label>
      <textarea
        id="definition"
        rows={18}
        spellCheck={false}
        value={text}
        onChange={({ target }) => {
          setText(target.value);
          check.reset();
        }}
      />
      <div className="bar">
        <button type="button" onClick={() => check.mutate()}>
          Check it
        </button>
        <button type="button" className="good" disabled={!check.data?.ok || apply.isPending} onClick={() => apply.mutate()}>
          Apply it
        </button>
        <button type="button" onClick={() => setText(null)}>
          Leave it
        </button>
        <span role="status">
          {apply.data ? `It runs, as ${apply.data.hash.slice(0, 12)}.` : ""}
          {(check.error ?? apply.error)?.message ?? ""}
        </span>
      </div>
      {check.data && <Found checked={check.data} />}
    </section>
  );
}

function Found({ checked: { ok, problems, findings, says, changes } }: { checked: Checked }) {
  return (
    <div role="status">
      <p>
        {ok ? "The checker lets it pass" : "The checker does not let it pass"}: {plural(problems.length, "remark")}
        {ok ? `, ${plural(findings.length, "finding")}, ${plural(changes.length, "change")}` : ""}.
      </p>
      <ul>
        {problems.map((one) => (
          <li key={JSON.stringify(one)} className={one.severity === "error" ? "bad" : ""}>
            {one.severity}: {one.where ?? one.path ?? ""} {one.message}
            {one.hint ? <span className="quiet">; {one.hint}</span> : ""}
          </li>
        ))}
        {findings.map((one) => (
          <li key={JSON.stringify(one)}>{one.text ?? one.message ?? JSON.stringify(one)}</li>
        ))}
        {says.map((one) => (
          <li key={JSON.stringify(one)} className="quiet">
            {typeof one === "string" ? one : one.text}
          </li>
        ))}
      </ul>
      {ok && <Changes changes={changes} />}
    </div>
  );
}
