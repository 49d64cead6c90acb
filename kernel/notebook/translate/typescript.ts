import type { Expression } from "typescript";
import { loadTypeScript } from "../../language/typescript.ts";
import type { TypeScript } from "../../language/typescript.ts";
import { ParameterError } from "../errors.ts";
import type { ParameterValue } from "../float.ts";
import { literal } from "./values.ts";
import type { Literals } from "./values.ts";
import type { KnownParameter, Translator } from "./translator.ts";

const identifier = /^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;
const reserved = new Set(
  "await break case catch class const continue debugger default delete do else enum export extends false finally for function if import in instanceof let new null return static super switch this throw true try typeof var void while with yield".split(" "),
);

function key(name: string): string {
  if (name === "__proto__") return '["__proto__"]';
  return identifier.test(name) ? name : JSON.stringify(name);
}

const literals: Literals = {
  nothing: () => "null",
  boolean: String,
  integer: (value) => (typeof value === "bigint" ? `${value}n` : Object.is(value, -0) ? "-0" : String(value)),
  float: String,
  string: (value) => JSON.stringify(value),
  list: (values) => `[${values.map((value) => literal(value, literals)).join(", ")}]`,
  record: (entries) => (entries.length === 0 ? "{}" : `{ ${entries.map(([name, value]) => `${key(name)}: ${literal(value, literals)}`).join(", ")} }`),
};

function checkName(name: string): void {
  if (identifier.test(name) && !reserved.has(name)) return;
  throw new ParameterError(`Parameter name ${JSON.stringify(name)} is no TypeScript variable name. Use letters, digits, _ and $, and no reserved word.`);
}

/** A parameter is declared again as the parameters cell declared it: `let` stays `let`, annotations stay. */
function assign(name: string, value: ParameterValue, known?: KnownParameter): string {
  checkName(name);
  const { keyword, annotation } = known?.declaration ?? { keyword: "const" };
  return `${keyword} ${name}${annotation === undefined ? "" : `: ${annotation}`} = ${literal(value, literals)};`;
}

/** The comment on the declaration's last line, or the ones just above it. */
function helpOf(source: string, start: number, end: number): string {
  const trailing = /^[^\n]*?\/\/(.*)/.exec(source.slice(end))?.[1];
  if (trailing !== undefined) return trailing.trim();
  const above = /(?:^|\n)[ \t]*\/\/([^\n]*)\n[ \t]*$/.exec(source.slice(0, start))?.[1];
  return above?.trim() ?? "";
}

/** The type that a literal has by itself; undefined where only a type checker could tell. */
function typeOf(ts: TypeScript, value: Expression | undefined): string | undefined {
  if (value === undefined) return undefined;
  if (ts.isParenthesizedExpression(value)) return typeOf(ts, value.expression);
  if (ts.isAsExpression(value) || ts.isSatisfiesExpression(value)) return ts.isConstTypeReference(value.type) ? typeOf(ts, value.expression) : value.type.getText();
  if (ts.isPrefixUnaryExpression(value) && value.operator !== ts.SyntaxKind.ExclamationToken) return typeOf(ts, value.operand);
  if (ts.isNumericLiteral(value)) return "number";
  if (ts.isBigIntLiteral(value)) return "bigint";
  if (ts.isStringLiteralLike(value) || ts.isTemplateExpression(value)) return "string";
  if (ts.isArrayLiteralExpression(value)) return listType(value.elements.map((element) => typeOf(ts, element)));
  if (ts.isObjectLiteralExpression(value)) return "object";
  return value.kind === ts.SyntaxKind.TrueKeyword || value.kind === ts.SyntaxKind.FalseKeyword ? "boolean" : undefined;
}

/** `number[]` where every element is known to be a number; other lists are `unknown[]`. */
function listType(types: readonly (string | undefined)[]): string {
  const [first, ...others] = new Set(types);
  return first !== undefined && others.length === 0 && /^\w+(\[\])*$/.test(first) ? `${first}[]` : "unknown[]";
}

/** The variables a cell declares at its top level, through TypeScript's own parser (loaded only when asked). */
function inspect(source: string): KnownParameter[] {
  const ts = loadTypeScript();
  const file = ts.createSourceFile("parameters.ts", source, ts.ScriptTarget.Latest, true);
  return file.statements.filter(ts.isVariableStatement).flatMap((statement) => {
    const { flags, declarations } = statement.declarationList;
    const keyword = flags & ts.NodeFlags.Const ? "const" : flags & ts.NodeFlags.Let ? "let" : "var";
    return declarations.flatMap((declaration): KnownParameter[] => {
      if (!ts.isIdentifier(declaration.name)) return [];
      const annotation = declaration.type?.getText(file);
      return [{
        name: declaration.name.text,
        type: annotation ?? typeOf(ts, declaration.initializer) ?? "None",
        default: declaration.initializer?.getText(file) ?? "undefined",
        help: helpOf(source, statement.getStart(file), statement.getEnd()),
        declaration: { keyword, ...(annotation === undefined ? {} : { annotation }) },
      }];
    });
  });
}

/** TypeScript: `const lr = 0.5;`. Integers beyond 2^53 become bigint literals. */
export const typescript: Translator = { comment: (text) => `// ${text}`, assign, inspect };

/** JavaScript kernels need not allow `const` twice, but every one allows `var`. */
export const javascript: Translator = {
  ...typescript,
  assign: (name, value) => assign(name, value, { name, type: "None", default: "", help: "", declaration: { keyword: "var" } }),
};
