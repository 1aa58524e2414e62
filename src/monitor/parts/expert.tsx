/** The Domain Expert: a question about what is to be seen, answered from live tokens, events and the net. */
import { type FormEvent, useState } from "react";
import { addressOf, go } from "../address.ts";
import { accessToken } from "../session.ts";
import { framesOf } from "../stream-frames.ts";

interface Link {
  kind: "place" | "transition" | "token" | "event";
  net: string;
  id: string;
}
interface Answer {
  question: string;
  text: string;
  links: Link[];
  by: string;
}
const STARTERS = ["What am I seeing?", "What waits, and for whom?", "What failed lately?", "What does it cost?"];

export function Expert({ net }: { net: string }) {
  const [question, setQuestion] = useState("");
  const [answers, setAnswers] = useState<Answer[]>([]);
  const ask = async (text: string) => {
    if (text.trim() === "") return;
    setQuestion("");
    const answer: Answer = { question: text, text: "", links: [], by: "" };
    const show = () => setAnswers((before) => [{ ...answer }, ...before.filter((one) => one.question !== text)]);
    show();
    try {
      const response = await fetch("/api/ask", {
        method: "POST",
        headers: { authorization: `Bearer ${await accessToken()}`, "content-type": "application/json" },
        body: JSON.stringify({ net, question: text }),
      });
      if (!response.ok || !response.body)
        throw new Error(((await response.json()) as { message?: string }).message ?? `the gateway answered ${response.status}`);
      for await (const frames of framesOf(response.body)) {
        for (const { event, data } of frames) {
          const part = JSON.parse(data) as { text?: string; links?: Link[]; by?: string };
          if (event === "text") answer.text += part.text ?? "";
          if (event === "done") Object.assign(answer, { links: part.links ?? [], by: part.by ?? "" });
        }
        show();
      }
    } catch (error) {
      answer.text = error instanceof Error ? error.message : String(error);
      show();
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void ask(question);
  };
  return (
    <aside className="panel" aria-label="Domain Expert">
      <h2>Domain Expert</h2>
      <p className="quiet">Answers from what stands in the net now. It only reads.</p>
      <form className="bar" onSubmit={submit}>
        <label htmlFor="question" className="hidden">
          Question
        </label>
        <input
          id="question"
          className="grow"
          value={question}
          placeholder="What am I seeing?"
          onChange={({ target }) => setQuestion(target.value)}
          maxLength={500}
        />
        <button type="submit">Ask</button>
      </form>
      <p className="starters">
        {STARTERS.map((text) => (
          <button type="button" key={text} onClick={() => void ask(text)}>
            {text}
          </button>
        ))}
      </p>
      <div aria-live="polite">
        {answers.map((answer) => (
          <article key={answer.question} className="answer">
            <h3>{answer.question}</h3>
            {answer.text.split("\n").map((line) => (
              <p key={line}>{line}</p>
            ))}
            <p>
              {answer.links.map((link) => (
                <button type="button" key={`${link.kind} ${link.id}`} className="link" onClick={() => go(addressFor(link))}>
                  {link.kind} {link.id}
                </button>
              ))}
            </p>
            {answer.by !== "" && <p className="quiet">Answered by {answer.by}.</p>}
          </article>
        ))}
      </div>
    </aside>
  );
}

function addressFor({ kind, net, id }: Link): string {
  if (kind === "event") return addressOf(net, "time", { moment: id });
  return addressOf(net, "net", { at: `${kind === "token" ? "place" : kind}:${kind === "token" ? (id.split("/")[0] ?? "") : id}` });
}
