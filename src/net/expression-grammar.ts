/**
 * The grammar of expressions (design section 8). From loose to tight:
 * OR, AND, NOT, one comparison, + -, * / %, sign, operand.
 */
import { EmbeddedActionsParser, type IToken, type ParserMethod, type TokenType } from "chevrotain";
import type { Json } from "../contract/json.ts";
import { nearestHint } from "./check-nearest.ts";
import { syntaxError } from "./expression-error.ts";
import { expressionFunctions } from "./expression-functions.ts";
import * as t from "./expression-lexer.ts";
import { stringValue } from "./expression-reading.ts";
import type { ArithmeticSign, Comparison, Node, PathNode, Step } from "./expression-tree.ts";

export type Rule<T> = ParserMethod<[], T>;
const NOTHING: Node = { kind: "value", value: null };

const COMPARISONS: [TokenType, Comparison][] = [
  ...([
    [t.Equal, "=="],
    [t.Unequal, "!="],
    [t.LessEqual, "<="],
    [t.GreaterEqual, ">="],
  ] as [TokenType, Comparison][]),
  ...([
    [t.Less, "<"],
    [t.Greater, ">"],
    [t.In, "in"],
    [t.Contains, "contains"],
  ] as [TokenType, Comparison][]),
];

export class ExpressionGrammar extends EmbeddedActionsParser {
  /** The text that the input's tokens come from. */
  written = "";

  readonly whole: Rule<Node> = this.RULE("whole", () => this.SUBRULE(this.expression));

  protected readonly expression: Rule<Node> = this.RULE("expression", (): Node => {
    const operands = [this.SUBRULE(this.conjunction)];
    this.MANY(() => {
      this.OR([{ ALT: () => this.CONSUME(t.Or) }, { ALT: () => this.CONSUME(t.OrSign) }]);
      operands.push(this.SUBRULE2(this.conjunction));
    });
    return operands.length === 1 ? (operands[0] ?? NOTHING) : { kind: "some", operands };
  });

  private readonly conjunction: Rule<Node> = this.RULE("conjunction", (): Node => {
    const operands = [this.SUBRULE(this.negation)];
    this.MANY(() => {
      this.OR([{ ALT: () => this.CONSUME(t.And) }, { ALT: () => this.CONSUME(t.AndSign) }]);
      operands.push(this.SUBRULE2(this.negation));
    });
    return operands.length === 1 ? (operands[0] ?? NOTHING) : { kind: "every", operands };
  });

  private readonly negation: Rule<Node> = this.RULE("negation", () => {
    let times = 0;
    this.MANY(() => {
      this.OR([{ ALT: () => this.CONSUME(t.Not) }, { ALT: () => this.CONSUME(t.Bang) }]);
      times += 1;
    });
    const operand = this.SUBRULE(this.comparison);
    return negated(operand, times);
  });

  private readonly comparison: Rule<Node> = this.RULE("comparison", () => {
    let result = this.SUBRULE(this.addition);
    this.OPTION(() => {
      let times = 0;
      this.OPTION2(() => {
        this.CONSUME(t.Not);
        times = 1;
      });
      const sign = this.SUBRULE(this.comparisonSign);
      const right = this.SUBRULE2(this.addition);
      this.ACTION(() => {
        if (times === 1 && sign !== "in" && sign !== "contains") {
          throw syntaxError(this.written, this.LA(0).startOffset, `NOT stands before IN and CONTAINS, not before ${sign}`);
        }
        result = negated({ kind: "compare", sign, left: result, right }, times);
      });
    });
    return result;
  });

  private readonly comparisonSign: Rule<Comparison> = this.RULE("comparisonSign", () =>
    this.OR(
      COMPARISONS.map(([token, sign]) => ({
        ALT: () => {
          this.consume(
            COMPARISONS.findIndex(([other]) => other === token),
            token,
          );
          return sign;
        },
      })),
    ),
  );

  private readonly addition: Rule<Node> = this.RULE("addition", (): Node => {
    const first = this.SUBRULE(this.multiplication);
    const rest: { sign: ArithmeticSign; operand: Node }[] = [];
    this.MANY(() => {
      const sign = this.OR([{ ALT: () => this.CONSUME(t.Plus) }, { ALT: () => this.CONSUME(t.Minus) }]);
      rest.push({ sign: sign.image as ArithmeticSign, operand: this.SUBRULE2(this.multiplication) });
    });
    return rest.length === 0 ? first : { kind: "arithmetic", first, rest };
  });

  private readonly multiplication: Rule<Node> = this.RULE("multiplication", (): Node => {
    const first = this.SUBRULE(this.signed);
    const rest: { sign: ArithmeticSign; operand: Node }[] = [];
    this.MANY(() => {
      const sign = this.OR([
        { ALT: () => this.CONSUME(t.Star) },
        { ALT: () => this.CONSUME(t.Slash) },
        { ALT: () => this.CONSUME(t.Percent) },
      ]);
      rest.push({ sign: sign.image as ArithmeticSign, operand: this.SUBRULE2(this.signed) });
    });
    return rest.length === 0 ? first : { kind: "arithmetic", first, rest };
  });

  private readonly signed: Rule<Node> = this.RULE("signed", (): Node => {
    let times = 0;
    this.MANY(() => {
      this.CONSUME(t.Minus);
      times += 1;
    });
    const operand = this.SUBRULE(this.operand);
    if (times === 0) return operand;
    const negative: Node = { kind: "negative", operand };
    return times % 2 === 1 ? negative : { kind: "negative", operand: negative };
  });

  private readonly operand: Rule<Node> = this.RULE("operand", () =>
    this.OR<Node>([
      { ALT: () => this.SUBRULE(this.literal) },
      { ALT: () => this.SUBRULE(this.list) },
      { ALT: () => this.SUBRULE(this.call) },
      { ALT: () => this.SUBRULE(this.path) },
      { ALT: () => this.SUBRULE(this.group) },
      {
        ALT: () => {
          this.CONSUME(t.Exists);
          return { kind: "exists", operand: this.SUBRULE(this.existing) };
        },
      },
    ]),
  );

  private readonly existing: Rule<Node> = this.RULE("existing", () =>
    this.OR<Node>([{ ALT: () => this.SUBRULE(this.path) }, { ALT: () => this.SUBRULE(this.group) }]),
  );

  private readonly group: Rule<Node> = this.RULE("group", () => {
    this.CONSUME(t.OpenRound);
    const inner = this.SUBRULE(this.expression);
    this.CONSUME(t.CloseRound);
    return inner;
  });

  private readonly literal: Rule<Node> = this.RULE("literal", () => {
    const token = this.OR([
      { ALT: () => this.CONSUME(t.NumberText) },
      { ALT: () => this.CONSUME(t.StringText) },
      { ALT: () => this.CONSUME(t.True) },
      { ALT: () => this.CONSUME(t.False) },
      { ALT: () => this.CONSUME(t.Null) },
    ]);
    return this.ACTION((): Node => ({ kind: "value", value: this.literalValue(token) }));
  });

  private readonly list: Rule<Node> = this.RULE("list", (): Node => {
    const items: Node[] = [];
    this.CONSUME(t.OpenSquare);
    this.MANY_SEP({ SEP: t.Comma, DEF: () => items.push(this.SUBRULE(this.expression)) });
    this.CONSUME(t.CloseSquare);
    return { kind: "array", items };
  });

  private readonly call: Rule<Node> = this.RULE("call", () => {
    const name = this.CONSUME(t.Name);
    const operands: Node[] = [];
    this.CONSUME(t.OpenRound);
    this.MANY_SEP({
      SEP: t.Comma,
      DEF: () => {
        const operand = this.OR<Node>([
          { ALT: () => ({ kind: "rows", offset: this.CONSUME(t.Star).startOffset }) },
          { ALT: () => this.SUBRULE(this.expression) },
        ]);
        operands.push(operand);
      },
    });
    this.CONSUME(t.CloseRound);
    return this.ACTION(() => this.checkedCall(name, operands));
  });

  private readonly path: Rule<PathNode> = this.RULE("path", (): PathNode => {
    const first = this.OR([
      { ALT: () => this.CONSUME(t.Name) },
      { ALT: () => this.CONSUME(t.DollarName) },
      { ALT: () => this.CONSUME(t.Dollar) },
    ]);
    const steps: Step[] = [];
    this.MANY(() => {
      this.OR1([
        {
          ALT: () => {
            this.CONSUME(t.Dot);
            const key = this.OR2([
              { ALT: () => this.CONSUME(t.Word) },
              { ALT: () => this.CONSUME1(t.DollarName) },
              { ALT: () => this.CONSUME(t.NumberText) },
            ]);
            // `a.0.1` is lexed with the number 0.1.
            this.ACTION(() => steps.push(...key.image.split(".").map((part) => ({ key: part }))));
          },
        },
        { ALT: () => steps.push(this.SUBRULE(this.bracket)) },
      ]);
    });
    return this.ACTION(() => {
      const last = this.LA(0);
      const text = this.written.slice(first.startOffset, last.startOffset + last.image.length);
      const meta = first.image === "$meta";
      return {
        kind: "path",
        root: meta ? "$" : first.image,
        steps: meta ? [{ key: "$meta" }, ...steps] : steps,
        text,
        offset: first.startOffset,
      };
    });
  });

  private readonly bracket: Rule<Step> = this.RULE("bracket", () => {
    this.CONSUME(t.OpenSquare);
    const step = this.OR<Step>([
      {
        ALT: () => {
          this.CONSUME(t.Star);
          return { every: true };
        },
      },
      {
        ALT: () => {
          const node = this.SUBRULE(this.expression);
          const key = node?.kind === "value" ? node.value : null;
          return typeof key === "string" || typeof key === "number" ? { key } : { computed: node };
        },
      },
    ]);
    this.CONSUME(t.CloseSquare);
    return step;
  });

  constructor() {
    super(t.vocabulary, { maxLookahead: 2, recoveryEnabled: false });
  }

  private literalValue(token: IToken): Json {
    switch (token.tokenType) {
      case t.True:
        return true;
      case t.False:
        return false;
      case t.Null:
        return null;
      case t.StringText:
        return stringValue(this.written, token);
      default: {
        const number = Number(token.image);
        if (!Number.isFinite(number)) throw syntaxError(this.written, token.startOffset, "the number is too large");
        return number;
      }
    }
  }

  private checkedCall(name: IToken, operands: Node[]): Node {
    const known = expressionFunctions.get(name.image);
    if (!known) {
      const hint = nearestHint(name.image, [...expressionFunctions.keys()], "functions");
      throw syntaxError(this.written, name.startOffset, `unknown function ${name.image}`, hint);
    }
    if (operands.length < known.least || operands.length > known.most) {
      const range = known.least === known.most ? `${known.least}` : `${known.least} to ${known.most}`;
      const message = `${name.image}() takes ${range} operands, not ${operands.length}`;
      throw syntaxError(this.written, name.startOffset, message, name.image === "count" ? "count(*) counts all tokens" : undefined);
    }
    const star = operands.find(({ kind }) => kind === "rows");
    if (star?.kind === "rows" && name.image !== "count")
      throw syntaxError(this.written, star.offset, `${name.image}() counts nothing: * is for count(*)`);
    return { kind: "call", name: name.image, operands, offset: name.startOffset };
  }
}

function negated(operand: Node, times: number): Node {
  if (times === 0) return operand;
  const not: Node = { kind: "not", operand };
  return times % 2 === 1 ? not : { kind: "not", operand: not };
}
