/** A form for a token's data: from the schema of its place where there is one, else from what stands there now. */
import { useId, useState } from "react";
import { isJsonObject, type Json } from "../../contract/json.ts";

interface Field {
  name: string;
  title: string;
  kind: "text" | "long" | "number" | "boolean" | "choice" | "json";
  options: string[];
  required: boolean;
}
const LONG = 80;

export function DataForm({
  name,
  data,
  schema,
  onChange,
}: {
  name: string;
  data: Json;
  schema?: Json | undefined;
  onChange: (data: Json) => void;
}) {
  if (!isJsonObject(data)) return <JsonInput label="Data" value={data} onChange={onChange} />;
  return (
    <div className="form">
      {fieldsOf(data, schema).map((field) => (
        <Input
          key={`${name} ${field.name}`}
          field={field}
          value={data[field.name]}
          onChange={(value) => onChange(changed(data, field.name, value))}
        />
      ))}
    </div>
  );
}

function changed(data: { [name: string]: Json }, name: string, value: Json | undefined): Json {
  const { [name]: _, ...others } = data;
  return value === undefined ? others : { ...data, [name]: value };
}

function Input({ field, value, onChange }: { field: Field; value: Json | undefined; onChange: (value: Json | undefined) => void }) {
  const id = useId();
  const { name, title, kind, options, required } = field;
  if (kind === "json") return <JsonInput label={title} value={value ?? null} onChange={onChange} />;
  if (kind === "boolean")
    return (
      <label>
        <input type="checkbox" checked={value === true} onChange={({ target }) => onChange(target.checked)} /> {title}
      </label>
    );
  const text = value === undefined || value === null ? "" : String(value);
  const take = (next: string) => onChange(next === "" && !required ? undefined : kind === "number" ? Number(next) : next);
  return (
    <div>
      <label htmlFor={id}>
        {title}
        {required ? "" : <span className="quiet"> (optional)</span>}
      </label>
      {kind === "choice" ? (
        <select id={id} value={text} onChange={({ target }) => take(target.value)}>
          {options.map((option) => (
            <option key={option}>{option}</option>
          ))}
        </select>
      ) : kind === "long" ? (
        <textarea id={id} rows={4} name={name} value={text} onChange={({ target }) => take(target.value)} />
      ) : (
        <input id={id} type={kind} name={name} value={text} onChange={({ target }) => take(target.value)} />
      )}
    </div>
  );
}

/** What is no JSON yet is kept as typed, and taken when it is. */
function JsonInput({ label, value, onChange }: { label: string; value: Json; onChange: (value: Json) => void }) {
  const id = useId();
  const [text, setText] = useState(JSON.stringify(value, null, 2));
  const [bad, setBad] = useState(false);
  return (
    <div>
      <label htmlFor={id}>
        {label} <span className="quiet">(JSON{bad ? ", not complete" : ""})</span>
      </label>
      <textarea
        id={id}
        rows={Math.min(10, text.split("\n").length + 1)}
        aria-invalid={bad}
        spellCheck={false}
        value={text}
        onChange={({ target }) => {
          setText(target.value);
          try {
            onChange(JSON.parse(target.value) as Json);
            setBad(false);
          } catch {
            setBad(true);
          }
        }}
      />
    </div>
  );
}

function fieldsOf(data: { [name: string]: Json }, schema: Json | undefined): Field[] {
  const properties = isJsonObject(schema) && isJsonObject(schema.properties) ? schema.properties : {};
  const required = isJsonObject(schema) && Array.isArray(schema.required) ? schema.required.map(String) : [];
  const names = [...new Set([...Object.keys(properties), ...Object.keys(data)])];
  return names.map((name) => {
    const about = isJsonObject(properties[name]) ? properties[name] : {};
    const options = Array.isArray(about.enum) ? about.enum.map(String) : [];
    const title = typeof about.title === "string" ? about.title : name;
    return { name, title, options, required: required.includes(name) || name in data, kind: kindOf(data[name], about, options) };
  });
}

function kindOf(value: Json | undefined, about: { [name: string]: Json }, options: string[]): Field["kind"] {
  if (options.length > 0) return "choice";
  const type = typeof about.type === "string" ? about.type : value === null || value === undefined ? "string" : typeof value;
  if (type === "boolean") return "boolean";
  if (type === "number" || type === "integer") return "number";
  if (type === "string" && (value === undefined || typeof value === "string"))
    return typeof value === "string" && (value.length > LONG || value.includes("\n")) ? "long" : "text";
  return "json";
}
