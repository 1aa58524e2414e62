/** Lines of a diff in their colours; other text as it is. */
export function Diff({ text }: { text: string }) {
  const isDiff = /^(diff --git|@@ |--- )/m.test(text);
  if (!isDiff) return <pre>{text}</pre>;
  return (
    <pre className="diff">
      {numbered(text).map(([at, line]) => (
        <span key={at} className={line.startsWith("+") ? "added" : line.startsWith("-") ? "removed" : line.startsWith("@@") ? "quiet" : ""}>
          {`${line}\n`}
        </span>
      ))}
    </pre>
  );
}

const numbered = (text: string): [string, string][] => text.split("\n").map((line, at) => [`line ${at}`, line]);
