/** An artefact: a picture as a picture, a video as a video, text as text, anything else to be saved. */
import { useEffect, useState } from "react";
import type { Json } from "../../contract/json.ts";
import type { ArtifactRef } from "../../contract/token.ts";
import { artifactAddress } from "../session.ts";
import { Diff } from "./diff.tsx";

export function isArtifact(value: Json): value is Json & { $artifact: string; type: string; size: number; sha256: string } {
  return typeof value === "object" && value !== null && !Array.isArray(value) && typeof value.$artifact === "string";
}

const MOST_SHOWN = 400_000;

export function ArtifactView({ artifact }: { artifact: ArtifactRef & { name?: string } }) {
  // Pictures are what one wants to see; all else is asked for.
  const [shown, setShown] = useState(artifact.type.startsWith("image/"));
  if (shown) return <Shown artifact={artifact} />;
  return (
    <button type="button" className="link" onClick={() => setShown(true)}>
      {artifact.name === undefined ? "" : `${artifact.name}, `}
      {artifact.type}, {Math.ceil(artifact.size / 1024)} KB: show
    </button>
  );
}

function Shown({ artifact: { $artifact: id, type, name } }: { artifact: ArtifactRef & { name?: string } }) {
  const [address, setAddress] = useState<string | null>(null);
  const [text, setText] = useState<string | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    let made: string | null = null;
    artifactAddress(id, type)
      .then(async (url) => {
        made = url;
        setAddress(url);
        if (/^(text|application\/(json|x-ndjson))/.test(type)) setText(cut(await (await fetch(url)).text()));
      })
      .catch((error: unknown) => setProblem(error instanceof Error ? error.message : String(error)));
    return () => {
      if (made !== null) URL.revokeObjectURL(made);
    };
  }, [id, type]);
  if (problem !== null) return <span className="bad">{problem}</span>;
  if (address === null) return <span className="quiet">…</span>;
  if (type.startsWith("image/")) return <img className="artifact" src={address} alt={name ?? `artefact ${id.slice(0, 12)}`} title={name} />;
  if (type.startsWith("video/")) return <video className="artifact" src={address} controls muted />;
  if (text !== null) return <Diff text={text} />;
  return (
    <a href={address} download={name ?? id.slice(0, 12)}>
      save
    </a>
  );
}

function cut(text: string): string {
  return text.length <= MOST_SHOWN ? text : `${text.slice(0, MOST_SHOWN)}\n… ${text.length - MOST_SHOWN} characters more`;
}
