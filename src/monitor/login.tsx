/** The way in: a key is pasted. */
import { type FormEvent, useState } from "react";
import { logIn } from "./session.ts";

/** `why`: what has ended the time inside. */
export function Login({ why, onIn }: { why: string | null; onIn: () => void }) {
  const [key, setKey] = useState("");
  const [readOnly, setReadOnly] = useState(true);
  const [problem, setProblem] = useState<string | null>(why);
  const enter = async (event: FormEvent) => {
    event.preventDefault();
    setProblem(null);
    try {
      await logIn(key, readOnly);
      onIn();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <main className="login">
      <form onSubmit={(event) => void enter(event)}>
        <h1>Petrel</h1>
        <p>Look into a running organisation of AI specialists.</p>
        <label htmlFor="key">Key</label>
        <input
          id="key"
          type="password"
          autoComplete="off"
          spellCheck={false}
          value={key}
          onChange={({ target }) => setKey(target.value)}
          aria-describedby="key-help"
          required
        />
        <p id="key-help" className="quiet">
          A client and its secret with a dot between, as <code>petrel up</code> prints it, or an access token.
        </p>
        <label className="tick">
          <input type="checkbox" checked={readOnly} onChange={({ target }) => setReadOnly(target.checked)} /> Read-only access
        </label>
        <button type="submit">Log in</button>
        {problem !== null && (
          <p role="alert" className="bad">
            {problem}
          </p>
        )}
      </form>
    </main>
  );
}
