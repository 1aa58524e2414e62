import * as z from "zod";
import { isJsonObject, type Json } from "../../contract/json.ts";
import { masterTool } from "../port.ts";

export const dataTabulate = masterTool({
  name: "data.tabulate",
  flag: null,
  description: "Write a list of JSON objects as a Markdown table or as CSV (RFC 4180).",
  input: z.strictObject({
    rows: z.array(z.record(z.string(), z.json())).max(5000),
    columns: z.array(z.string().max(200)).max(50).optional().describe("Default: all fields, in the order of their first appearance"),
    format: z.enum(["markdown", "csv"]).default("markdown"),
  }),
  output: z.strictObject({ text: z.string(), rows: z.int(), columns: z.array(z.string()) }),
  limits: { seconds: 10, bytes: 64 * 1024 },
  errors: {},
  run: ({ rows, columns, format }) => {
    const names = columns ?? [...new Set(rows.flatMap((row) => Object.keys(row)))].slice(0, 50);
    const lines = rows.map((row) => names.map((name) => cell(row[name])));
    const text = format === "csv" ? csv([names, ...lines]) : markdown(names, lines);
    return { text, rows: rows.length, columns: names };
  },
});

function cell(value: Json | undefined): string {
  if (value === undefined || value === null) return "";
  return Array.isArray(value) || isJsonObject(value) ? JSON.stringify(value) : String(value);
}
function markdown(names: string[], lines: string[][]): string {
  const line = (cells: string[]) =>
    `| ${cells.map((each) => each.replaceAll("\\", "\\\\").replaceAll("|", "\\|").replace(/\s+/g, " ")).join(" | ")} |`;
  return [line(names), line(names.map(() => "---")), ...lines.map(line)].join("\n");
}
function csv(lines: string[][]): string {
  const quoted = (each: string) => (/[",\r\n]/.test(each) ? `"${each.replaceAll('"', '""')}"` : each);
  return `${lines.map((cells) => cells.map(quoted).join(",")).join("\r\n")}\r\n`;
}
