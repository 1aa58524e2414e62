/** A form for a token's data: from the schema of its place where there is one, else from what stands there now. */
import { type ReactNode, useId, useState } from "react";
import { isJsonObject, type Json, type JsonObject } from "../../contract/json.ts";
import { type Field, fieldsOf } from "./data-fields.ts";

interface DataFormProps {
  name: string;
  data: Json;
  schema?: Json | undefined;
  onChange: (data: Json) => void;
}

export function DataForm({ name, data, schema, onChange }: DataFormProps) {
  if (!isJsonObject(data))
    return <TextInput label="Data" reading={json} required value={data} onChange={(next) => onChange(next ?? null)} />;
  return (
    <div className="form">
      {fieldsOf(data, schema).map((field) => (
        <Input
          key={`${name} ${field.name}`}
          name={name}
          field={field}
          value={data[field.name]}
          onChange={(value) => onChange(changed(data, field.name, value))}
        />
      ))}
    </div>
  );
}

function changed(data: JsonObject, name: string, value: Json | undefined): Json {
  const { [name]: _, ...others } = data;
  return value === undefined ? others : { ...data, [name]: value };
}

interface InputProps {
  field: Field;
  value: Json | undefined;
  onChange: (value: Json | undefined) => void;
}

function Input({ name, ...props }: InputProps & { name: string }) {
  const { field, value, onChange } = props;
  const { title, kind, required } = field;
  if (kind === "json") return <TextInput label={title} reading={json} required={required} value={value} onChange={onChange} />;
  if (kind === "lines") return <TextInput label={title} reading={lines} required={required} value={value} onChange={onChange} />;
  if (kind === "object")
    return (
      <fieldset>
        <legend>{title}</legend>
        <DataForm
          name={`${name} ${field.name}`}
          data={value ?? {}}
          schema={field.schema}
          // Nothing filled in is nothing.
          onChange={(next) => onChange(isJsonObject(next) && Object.keys(next).length === 0 && !required ? undefined : next)}
        />
      </fieldset>
    );
  if (kind === "boolean")
    return (
      <label>
        <input type="checkbox" checked={value === true} onChange={({ target }) => onChange(target.checked)} /> {title}
      </label>
    );
  return kind === "choice" ? <Choice {...props} /> : <Typed {...props} />;
}

function Labelled({ id, field, children }: { id: string; field: Pick<Field, "title" | "required" | "description">; children: ReactNode }) {
  return (
    <div>
      <label htmlFor={id}>
        {field.title}
        {field.required ? "" : <span className="quiet"> (optional)</span>}
      </label>
      {children}
      {field.description !== null && <p className="quiet">{field.description}</p>}
    </div>
  );
}

function Choice({ field, value, onChange }: InputProps) {
  const id = useId();
  const { options, required } = field;
  const chosen = value === undefined ? "" : JSON.stringify(value);
  const isOther = value !== undefined && !options.some((option) => JSON.stringify(option) === chosen);
  return (
    <Labelled id={id} field={field}>
      <select
        id={id}
        required={required}
        value={chosen}
        onChange={({ target }) => onChange(target.value === "" ? undefined : (JSON.parse(target.value) as Json))}
      >
        {(!required || value === undefined) && <option value="">(none)</option>}
        {[...(isOther ? [value] : []), ...options].map((option) => (
          <option key={JSON.stringify(option)} value={JSON.stringify(option)}>
            {typeof option === "string" ? option : JSON.stringify(option)}
          </option>
        ))}
      </select>
    </Labelled>
  );
}

function Typed({ field, value, onChange }: InputProps) {
  const id = useId();
  const { name, kind, required, limits } = field;
  const text = value === undefined || value === null ? "" : String(value);
  const take = (next: string) => {
    if (next === "") onChange(required && kind !== "number" ? "" : undefined);
    else onChange(kind === "number" ? Number(next) : next);
  };
  // An empty text is a text, unless its schema says how long it is.
  const filled = required && (kind === "number" || (limits.minLength ?? 0) > 0);
  const { type = kind === "number" ? "number" : "text", ...attributes } = limits;
  return (
    <Labelled id={id} field={field}>
      {kind === "long" ? (
        <textarea
          {...attributes}
          id={id}
          rows={4}
          name={name}
          required={filled}
          value={text}
          onChange={({ target }) => take(target.value)}
        />
      ) : (
        <input
          {...attributes}
          id={id}
          type={type}
          name={name}
          required={filled}
          value={text}
          onChange={({ target }) => take(target.value)}
        />
      )}
    </Labelled>
  );
}

/** How a text becomes a value, and back. `read` throws where it is none. */
interface Reading {
  about: string;
  write: (value: Json) => string;
  read: (text: string) => Json | undefined;
}
const json: Reading = {
  about: "JSON",
  write: (value) => JSON.stringify(value, null, 2),
  read: (text) => (text.trim() === "" ? undefined : (JSON.parse(text) as Json)),
};
const lines: Reading = {
  about: "one a line",
  write: (value) => (Array.isArray(value) ? value.map(String).join("\n") : ""),
  read: (text) => {
    const all = text.split("\n").filter((line) => line.trim() !== "");
    return all.length === 0 ? undefined : all;
  },
};

interface TextInputProps {
  label: string;
  reading: Reading;
  required: boolean;
  value: Json | undefined;
  onChange: (value: Json | undefined) => void;
}

/** What cannot be read yet is kept as typed, and holds the form up until it can. */
function TextInput({ label, reading, required, value, onChange }: TextInputProps) {
  const id = useId();
  const [text, setText] = useState(value === undefined ? "" : reading.write(value));
  const [bad, setBad] = useState(false);
  return (
    <div>
      <label htmlFor={id}>
        {label}{" "}
        <span className="quiet">
          ({reading.about}
          {required ? "" : ", optional"}
          {bad ? ", not complete" : ""})
        </span>
      </label>
      <textarea
        id={id}
        rows={Math.min(10, text.split("\n").length + 1)}
        aria-invalid={bad}
        required={required}
        spellCheck={false}
        value={text}
        onChange={({ target }) => {
          setText(target.value);
          try {
            onChange(reading.read(target.value));
            setBad(false);
            target.setCustomValidity("");
          } catch {
            setBad(true);
            target.setCustomValidity("This is no complete JSON yet.");
          }
        }}
      />
    </div>
  );
}
