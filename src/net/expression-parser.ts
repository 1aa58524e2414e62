/** ArcQL's clauses around expressions; one parser reads both. */
import { EOF } from "chevrotain";
import { syntaxError } from "./expression-error.ts";
import { ExpressionGrammar, type Rule } from "./expression-grammar.ts";
import * as t from "./expression-lexer.ts";
import { stringValue, unexpected } from "./expression-reading.ts";
import type { AsOf, Node, OrderNode, QueryNode } from "./expression-tree.ts";
import { nodesIn } from "./expression-tree.ts";

/** What a column of one aggregate is called by its name alone. */
const COUNTING = new Set(["count", "sum", "avg", "min", "max"]);
type Column = { name: string; node: Node; offset: number };

class QueryParser extends ExpressionGrammar {
  readonly query: Rule<QueryNode> = this.RULE("query", () => {
    const query: QueryNode = { orderBy: [] };
    this.OPTION(() => {
      this.CONSUME(t.Select);
      this.OR([{ ALT: () => this.CONSUME(t.Star) }, { ALT: () => Object.assign(query, { select: this.SUBRULE(this.selection) }) }]);
    });
    this.CONSUME(t.From);
    const from = this.SUBRULE(this.sources);
    if (from) query.from = from;
    this.OPTION1(() => Object.assign(query, { asOf: this.SUBRULE1(this.moment) }));
    this.OPTION2(() => {
      this.CONSUME(t.Where);
      query.where = this.SUBRULE(this.expression);
    });
    this.OPTION5(() => {
      this.CONSUME(t.Group);
      this.CONSUME2(t.By);
      const groupBy: Node[] = [];
      this.AT_LEAST_ONE_SEP({ SEP: t.Comma, DEF: () => groupBy.push(this.SUBRULE2(this.expression)) });
      query.groupBy = groupBy;
    });
    this.OPTION3(() => {
      this.CONSUME(t.Order);
      this.CONSUME(t.By);
      query.orderBy = this.SUBRULE(this.order);
    });
    this.OPTION4(() => {
      this.CONSUME(t.Limit);
      query.limit = this.SUBRULE(this.limit);
    });
    this.OPTION6(() => {
      const again = this.SUBRULE2(this.moment);
      this.ACTION(() => {
        if (query.asOf) throw syntaxError(this.written, again.offset, "AS OF stands once");
        query.asOf = again;
      });
    });
    return query;
  });

  /** Undefined for `$`. */
  private readonly sources: Rule<string[] | undefined> = this.RULE("sources", () =>
    this.OR<string[] | undefined>([
      { ALT: () => void this.CONSUME(t.Dollar) },
      {
        ALT: () => {
          const places: string[] = [];
          this.AT_LEAST_ONE_SEP({ SEP: t.Comma, DEF: () => places.push(this.CONSUME(t.PlaceName).image) });
          return [...new Set(places)];
        },
      },
    ]),
  );

  private readonly moment: Rule<AsOf> = this.RULE("moment", () => {
    this.CONSUME(t.As);
    this.CONSUME(t.Of);
    const token = this.OR([
      { ALT: () => this.CONSUME(t.NumberText) },
      { ALT: () => this.CONSUME(t.StringText) },
      { ALT: () => this.CONSUME(t.Name) },
    ]);
    return this.ACTION((): AsOf => {
      const offset = token.startOffset;
      if (token.tokenType === t.StringText) return { kind: "time", text: stringValue(this.written, token), offset };
      if (token.tokenType === t.NumberText && /^\d{1,15}$/.test(token.image)) return { kind: "event", seq: Number(token.image), offset };
      if (token.image.toLowerCase() === "now") return { kind: "now", offset };
      throw syntaxError(this.written, offset, "AS OF takes the number of an event, a time in quotes, or now");
    });
  });

  private readonly selection: Rule<Column[]> = this.RULE("selection", () => {
    const columns: Column[] = [];
    this.AT_LEAST_ONE_SEP({
      SEP: t.Comma,
      DEF: () => {
        const offset = this.LA(1).startOffset;
        const node = this.SUBRULE(this.expression);
        let name = this.ACTION(() => columnName(node, columns.length));
        this.OPTION(() => {
          this.CONSUME(t.As);
          name = this.CONSUME(t.Name).image;
        });
        columns.push({ name, node, offset });
      },
    });
    return columns;
  });

  private readonly limit: Rule<number> = this.RULE("limit", () => {
    const token = this.CONSUME(t.NumberText);
    return this.ACTION(() => {
      const limit = Number(token.image);
      if (!Number.isSafeInteger(limit) || limit < 1)
        throw syntaxError(this.written, token.startOffset, "LIMIT takes a whole number from 1");
      return limit;
    });
  });

  /** Comma-separated ORDER BY terms. */
  readonly order: Rule<OrderNode[]> = this.RULE("order", () => {
    const terms: OrderNode[] = [];
    this.AT_LEAST_ONE_SEP({
      SEP: t.Comma,
      DEF: () => {
        const node = this.SUBRULE(this.expression);
        let descending = false;
        this.OPTION(() => {
          this.OR([
            { ALT: () => this.CONSUME(t.Asc) },
            {
              ALT: () => {
                this.CONSUME(t.Desc);
                descending = true;
              },
            },
          ]);
        });
        terms.push({ node, descending });
      },
    });
    return terms;
  });

  constructor() {
    super();
    this.performSelfAnalysis();
  }
}

/** The last field of a path, else the position: what a selected value is called when there is no AS. */
function columnName(node: Node, index: number): string {
  const last = node.kind === "path" ? node.steps.findLast((step) => "key" in step) : undefined;
  if (last && "key" in last) return String(last.key);
  if (node.kind === "call" && node.operands.length === 1 && COUNTING.has(node.name)) return node.name;
  return node.kind === "path" && node.root !== "$" ? node.root : `column${index + 1}`;
}

// One parser serves all: parsing is synchronous and setting its input resets it.
const parser = new QueryParser();

function parse<T>(text: string, rule: (parser: QueryParser) => T): T {
  parser.written = text;
  parser.input = t.tokensOf(text);
  const result = rule(parser);
  const error = parser.errors[0];
  if (error) throw unexpected(text, error.token.tokenType === EOF ? null : error.token);
  return result;
}

/** Errors of all three: Terminal `expression-syntax`. */
export const parseExpression = (text: string): Node => {
  const node = parse(text, (parser) => parser.whole());
  mustNotCountRows(node, text);
  return node;
};
export const parseQuery = (text: string): QueryNode => parse(text, (parser) => parser.query());
export const parseOrder = (text: string): OrderNode[] => {
  const terms = parse(text, (parser) => parser.order());
  for (const { node } of terms) mustNotCountRows(node, text);
  return terms;
};

/** `count(*)` has a meaning where there are many tokens. */
export function mustNotCountRows(node: Node, text: string): void {
  const star = nodesIn(node).find(({ kind }) => kind === "rows");
  if (star?.kind === "rows") throw syntaxError(text, star.offset, "count(*) stands in SELECT, and in ORDER BY of a query that counts");
}
