/** The parsed form as text again: reading it gives the same form. Brackets stand wherever an operand is more than a word. */
import { isReserved } from "./expression-lexer.ts";
import type { Node, OrderNode, QueryNode, Step } from "./expression-tree.ts";

const WORD = /^[A-Za-z_][A-Za-z0-9_]*$/;

export function printNode(node: Node): string {
  switch (node.kind) {
    case "value":
      return JSON.stringify(node.value);
    case "rows":
      return "*";
    case "path":
      return node.root + node.steps.map(printStep).join("");
    case "array":
      return `[${node.items.map(printNode).join(", ")}]`;
    case "every":
      return node.operands.map(printOperand).join(" AND ");
    case "some":
      return node.operands.map(printOperand).join(" OR ");
    case "not":
      return `NOT ${printOperand(node.operand)}`;
    case "negative":
      return `-${printOperand(node.operand)}`;
    case "exists":
      return `EXISTS (${printNode(node.operand)})`;
    case "compare":
      return `${printOperand(node.left)} ${node.sign.toUpperCase()} ${printOperand(node.right)}`;
    case "arithmetic":
      return node.rest.reduce((text, { sign, operand }) => `${text} ${sign} ${printOperand(operand)}`, printOperand(node.first));
    case "call":
      return `${node.name}(${node.operands.map(printNode).join(", ")})`;
  }
}

export function printQuery({ select, from, asOf, where, groupBy, orderBy, limit }: QueryNode): string {
  const clauses = [
    select ? `SELECT ${select.map(({ name, node }) => `${printNode(node)} AS ${name}`).join(", ")}` : "",
    `FROM ${from ? from.join(", ") : "$"}`,
    asOf ? `AS OF ${asOf.kind === "event" ? asOf.seq : asOf.kind === "now" ? "now" : JSON.stringify(asOf.text)}` : "",
    where ? `WHERE ${printNode(where)}` : "",
    groupBy ? `GROUP BY ${groupBy.map(printNode).join(", ")}` : "",
    orderBy.length > 0 ? `ORDER BY ${orderBy.map(printTerm).join(", ")}` : "",
    limit === undefined ? "" : `LIMIT ${limit}`,
  ];
  return clauses.filter((clause) => clause !== "").join(" ");
}

function printTerm({ node, descending }: OrderNode): string {
  return `${printNode(node)}${descending ? " DESC" : ""}`;
}

function printOperand(node: Node): string {
  const isWord = node.kind === "value" || node.kind === "path" || node.kind === "call" || node.kind === "array";
  return isWord ? printNode(node) : `(${printNode(node)})`;
}

function printStep(step: Step): string {
  if ("every" in step) return "[*]";
  if ("computed" in step) return `[${printNode(step.computed)}]`;
  if (typeof step.key === "string" && WORD.test(step.key) && !isReserved(step.key)) return `.${step.key}`;
  return `[${JSON.stringify(step.key)}]`;
}
