/** Which sub-nets the drawing shows from inside, and the way out of them. */
import { setQuery } from "../address.ts";

export function SubnetCrumbs({ net, open }: { net: string; open: ReadonlySet<string> }) {
  if (open.size === 0) return null;
  return (
    <nav aria-label="Sub-nets that are open" className="crumbs">
      <button type="button" className="link" onClick={() => setQuery({ open: null })}>
        {net}
      </button>
      {[...open].map((name) => (
        <span key={name}>
          {" › "}
          {name.replaceAll("--", " › ")}{" "}
          <button
            type="button"
            className="link"
            aria-label={`shut ${name}`}
            onClick={() => setQuery({ open: [...open].filter((one) => one !== name && !one.startsWith(`${name}--`)).join(",") || null })}
          >
            shut
          </button>
        </span>
      ))}
    </nav>
  );
}
