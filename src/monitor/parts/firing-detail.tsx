/** One firing whole: input tokens, the exact prompt, model and cost, attempts, tool calls, output with its artefacts, and its story. */
import type { ReactNode } from "react";
import { useOutput } from "../output-store.ts";
import { type FiringWhole, useFiring } from "../queries.ts";
import { ageOf, clockTime, money, plural } from "../words.ts";
import { JsonView } from "./json-view.tsx";
import { LiveOutput } from "./live-output.tsx";
import { PromptText } from "./prompt-text.tsx";

export function FiringDetail({ net, firing }: { net: string; firing: string }) {
  const { data, error } = useFiring(net, firing);
  if (error) return <p className="bad">{error.message}</p>;
  if (!data) return <p className="quiet">…</p>;
  return (
    <div className="firing">
      <p>{data.summary}</p>
      <Part title={`Took ${plural(data.inputs.length, "token")}`}>
        {data.inputs.map(({ place, token, read }) => (
          <details key={`${place} ${token.id}`}>
            <summary>
              {place} <span className="quiet">{read ? "(only read)" : ""}</span>
            </summary>
            <JsonView value={token.data} open={1} />
          </details>
        ))}
      </Part>
      {data.prompt?.text ? (
        <Part title="Was told, exactly">
          <PromptText text={data.prompt.text} />
        </Part>
      ) : null}
      {data.model && <Model model={data.model} />}
      <Attempts attempts={data.attempts} />
      <Tools firing={data} />
      {data.open && <Printing net={net} firing={firing} />}
      <Part title={data.outputs.length === 0 ? "Has made nothing yet" : `Made ${plural(data.outputs.length, "token")}`}>
        {data.outputs.map(({ place, token }) => (
          <div key={token.id}>
            <strong>{place}</strong> <JsonView value={token.data} open={1} />
          </div>
        ))}
      </Part>
      {data.error !== null && (
        <Part title="Failed with">
          <JsonView value={data.error} open={2} />
        </Part>
      )}
      <details>
        <summary>{plural(data.events.length, "event")}</summary>
        <ol className="quiet">
          {data.events.map(({ seq, ts, summary }) => (
            <li key={seq}>
              {clockTime(ts)} {summary}
            </li>
          ))}
        </ol>
      </details>
    </div>
  );
}

/** While a command of it runs. */
function Printing({ net, firing }: { net: string; firing: string }) {
  const output = useOutput(`/api/executors/output/stream?net=${net}&firing=${firing}`);
  if ((output?.of(firing).length ?? 0) === 0) return null;
  return (
    <Part title="Prints">
      <LiveOutput store={output} firing={firing} label="What it prints" />
    </Part>
  );
}

function Part({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <section>
      <h4>{title}</h4>
      {children}
    </section>
  );
}

function Model({ model }: { model: NonNullable<FiringWhole["model"]> }) {
  const { provider, name, tier, calls, inputTokens, outputTokens, costUsd, listUsd } = model;
  return (
    <Part title="Model">
      <p>
        {provider} {name}
        {tier === undefined ? "" : `, tier ${tier}`}: {plural(calls, "call")}, {inputTokens} tokens in, {outputTokens} out, {money(costUsd)}
        {listUsd === undefined ? "" : ` (${money(listUsd)} at list prices)`}
      </p>
    </Part>
  );
}

function Attempts({ attempts }: { attempts: FiringWhole["attempts"] }) {
  if (attempts.length === 0) return null;
  return (
    <Part title={plural(attempts.length, "attempt")}>
      <ol>
        {attempts.map(({ attempt, began, ended, executor, how, reason }) => (
          <li key={attempt}>
            {clockTime(began)}: {how}
            {ended === null ? "" : ` after ${ageOf(Date.parse(ended) - Date.parse(began))}`}
            {executor === null ? "" : `, on ${executor}`}
            {reason === null ? "" : ` (${reason})`}
          </li>
        ))}
      </ol>
    </Part>
  );
}

function Tools({ firing: { tools, refused } }: { firing: FiringWhole }) {
  if (tools.length + refused.length === 0) return null;
  return (
    <Part title={plural(tools.length, "tool call")}>
      <p>
        {tools.map(({ name, ok, refused: no }, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the calls of a firing that is over stay in their order
          <span key={at} className={`tool ${no || !ok ? "bad" : ""}`}>
            {name}
            {no ? " (refused)" : ok ? "" : " (failed)"}
          </span>
        ))}
      </p>
      {refused.map(({ tool, reason, at }) => (
        <p key={`${at} ${tool}`} className="bad">
          {tool} was refused: {reason}
        </p>
      ))}
    </Part>
  );
}
