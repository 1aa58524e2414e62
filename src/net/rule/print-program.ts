/** A program as people read it: its calls in turn, and where it parts. */
import type { Answer } from "./answer.ts";
import { printCondition } from "./print-condition.ts";
import { callName, type Program } from "./program.ts";

type Print = (answer: Answer) => string[];

/** `print`: how an answer is printed. */
export function printProgram(program: Program, print: Print, number = 1): string[] {
  switch (program.do) {
    case "end":
      return ["answer", ...indented(print(program.answer))];
    case "choose": {
      const ways = program.ways.flatMap(({ way, next }) => [`way ${way}:`, ...indented(printProgram(next, print, number))]);
      return ["choose", ...indented(print(program.by)), ...indented(ways)];
    }
    case "call": {
      const { tool, input, expects, seen, next } = program;
      const head = `${callName(number)} = ${tool}${seen === undefined ? "" : ` (seen ${seen} times)`}`;
      const only = expects.length === 0 ? [] : ["  go on only where", ...expects.map((one) => `    ${printCondition(one)}`)];
      return [head, ...indented(print(input)), ...only, ...printProgram(next, print, number + 1)];
    }
  }
}

const indented = (lines: string[]): string[] => lines.map((line) => `  ${line}`);
