/** What the architecture rules know of a source file, read with the TypeScript parser. */
import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import ts from "typescript";

export interface Import {
  /** As written: "../contract/json.ts", "node:fs", "zod". */
  from: string;
  /** Erased by the compiler, so it makes no cycle at run time. */
  typeOnly: boolean;
  /** `import()` inside a function: loaded late, so it makes no cycle at start. */
  late: boolean;
}
export interface SourceFacts {
  /** Path under src with forward slashes: "net/definition.ts". */
  path: string;
  lines: number;
  imports: Import[];
  hasDefaultExport: boolean;
  /** Names as written where they are used: "Date.now", "process.env", "setTimeout", "server.listen". */
  uses: Set<string>;
}

/** Facts of files given as path and content; the rules' self-test plants its violations here. */
export function factsOf(files: Record<string, string>): SourceFacts[] {
  return Object.entries(files).map(([path, text]) => readFacts(path, text));
}

export function readSources(folder: string): Record<string, string> {
  const files: Record<string, string> = {};
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/\.tsx?$/.test(entry.name)) continue;
    const full = join(entry.parentPath, entry.name);
    files[full.slice(folder.length + 1).replaceAll("\\", "/")] = readFileSync(full, "utf8");
  }
  return files;
}

function readFacts(path: string, text: string): SourceFacts {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, false, path.endsWith("x") ? ts.ScriptKind.TSX : ts.ScriptKind.TS);
  const facts: SourceFacts = { path, lines: text.split("\n").length - 1, imports: [], hasDefaultExport: false, uses: new Set() };
  const visit = (node: ts.Node): void => {
    noteImport(node, facts);
    noteUse(node, source, facts);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return facts;
}

function noteImport(node: ts.Node, facts: SourceFacts): void {
  if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
    facts.imports.push({
      from: node.moduleSpecifier.text,
      typeOnly: node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword,
      late: false,
    });
  } else if (ts.isExportDeclaration(node) && node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier)) {
    facts.imports.push({ from: node.moduleSpecifier.text, typeOnly: node.isTypeOnly, late: false });
  } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    const [from] = node.arguments;
    if (from && ts.isStringLiteral(from)) facts.imports.push({ from: from.text, typeOnly: false, late: true });
  } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument) && ts.isStringLiteral(node.argument.literal)) {
    facts.imports.push({ from: node.argument.literal.text, typeOnly: true, late: false });
  } else if (ts.isExportAssignment(node)) {
    facts.hasDefaultExport = true;
  }
  if (ts.canHaveModifiers(node) && ts.getModifiers(node)?.some((word) => word.kind === ts.SyntaxKind.DefaultKeyword))
    facts.hasDefaultExport = true;
}

function noteUse(node: ts.Node, source: ts.SourceFile, facts: SourceFacts): void {
  if (ts.isPropertyAccessExpression(node)) {
    const owner = ts.isIdentifier(node.expression) ? node.expression.text : "*";
    facts.uses.add(`${owner}.${node.name.text}`);
  } else if (ts.isElementAccessExpression(node) && ts.isStringLiteral(node.argumentExpression) && ts.isIdentifier(node.expression)) {
    facts.uses.add(`${node.expression.text}.${node.argumentExpression.text}`);
  }
  if (ts.isCallExpression(node) && ts.isIdentifier(node.expression)) facts.uses.add(node.expression.text);
  if (ts.isNewExpression(node) && node.expression.getText(source) === "Date" && (node.arguments?.length ?? 0) === 0)
    facts.uses.add("new Date()");
}

/** The path under src that a relative import means, or null for a package. */
export function resolveImport(importer: string, from: string): string | null {
  return from.startsWith(".") ? posix.normalize(posix.join(posix.dirname(importer), from)) : null;
}
