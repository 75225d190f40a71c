import { parseSync, Visitor } from "oxc-parser";
import type { SourceFile } from "./source-files.js";

/** More lines than this, and a file has more than one idea. */
export const MAX_LINES = 500;

const vagueNames = new Set(["util", "utils", "helper", "helpers", "common", "misc", "manager", "managers"]);
const starImports = new Set<string>(["All", "AllButDefault"]);
const configFile = /(^|\/)[a-z-]+\.config\.ts$/;
const allowedVagueNames = new Set(["lease-manager", "event-manager"]);

// The text of this repository speaks of the project alone: not of where, in which order or with which tools it was written.
const foreignWords: readonly RegExp[] = [
  /\b(LLM|GPT|chatbot|language model|AI-generated|AI-written)\b/i,
  /\b(written|made|generated|created) (by|with) (an? |the )?(AI|model|assistant|agent|helper)\b/i,
  /\b(this|the|a|an|its own|later|next|earlier|previous|other) (later |next |earlier )?issues? (brings?|follows?|adds?|widens?|asks?|says?)\b/i,
  /\b(in|of|for|by|until) (a|the|an) (later|next|earlier|previous) issue\b/i,
  /\bissue #?\d+\b/i,
  /\/work\/(main|shared|\.)|\/tmp\/CONTRACT|\bCONTRACT\.md\b/,
  /\b(shared|\.\.)\/(reference\/|ARCHITECTURE|STYLE|TARGETS)/,
  /\b(STYLE|ARCHITECTURE|TARGETS)\.md\b/,
];

/** What is wrong with the length, the name and the exports of a program file, one sentence each. */
export function wrongForm(file: SourceFile): string[] {
  return [...wrongLength(file), ...wrongNames(file.path), ...wrongExports(file)];
}

/**
 * Where a file throws a failure away: a `catch` block that does nothing, or a `.catch()` with an empty function.
 *
 * An empty block passes if a comment in it gives the reason, in a sentence: of some failures nothing must come.
 */
export function swallowedErrors(file: SourceFile): string[] {
  const { program, comments } = parseSync(file.path, file.text);
  const found: string[] = [];
  const add = (start: number, what: string): void => {
    found.push(`${file.path}:${lineAt(file.text, start)} ${what}: say what becomes of the failure`);
  };
  const visitor = new Visitor({
    CatchClause(node) {
      const reason = comments.find((comment) => comment.start > node.body.start && comment.end < node.body.end);
      const hasReason = reason !== undefined && reason.value.trim().split(/\s+/).length >= 5;
      if (node.body.body.length === 0 && !hasReason) add(node.start, "has an empty catch block");
    },
    CallExpression(node) {
      if (node.callee.type !== "MemberExpression" || node.callee.property.type !== "Identifier") return;
      if (node.callee.property.name !== "catch") return;
      const [handler] = node.arguments;
      if (handler?.type !== "ArrowFunctionExpression" && handler?.type !== "FunctionExpression") return;
      if (handler.body?.type === "BlockStatement" && handler.body.body.length === 0) {
        add(node.callee.property.start, "has an empty .catch() handler");
      }
    },
  });
  visitor.visit(program);
  return found;
}

/** The exported declarations of a file that have no doc comment right above them. */
export function undocumentedExports(file: SourceFile): string[] {
  const { program, comments } = parseSync(file.path, file.text);
  const docEnds = comments.filter((comment) => comment.type === "Block" && comment.value.startsWith("*"));
  return program.body.flatMap((statement) => {
    if (statement.type !== "ExportNamedDeclaration" || statement.declaration === null) return [];
    const documented = docEnds.some(
      (comment) => comment.end <= statement.start && isBlank(file.text.slice(comment.end, statement.start)),
    );
    const name = /^export\s+(?:declare\s+|abstract\s+|async\s+)*\w+\s+\*?\s*(\w+)/.exec(
      file.text.slice(statement.start),
    );
    return documented || sharesComment(file.text, statement.start, name?.[1])
      ? []
      : [
          `${file.path}:${lineAt(file.text, statement.start)} exports ${name?.[1] ?? "something"} without a doc comment`,
        ];
  });
}

/** The lines of a text that speak of something else than the project. */
export function foreignLines(file: SourceFile): string[] {
  return file.text.split("\n").flatMap((line, index) => {
    const word = foreignWords.map((pattern) => pattern.exec(line)?.[0]).find((match) => match !== undefined);
    return word === undefined ? [] : [`${file.path}:${index + 1} says "${word}"`];
  });
}

function wrongLength({ path, text }: SourceFile): string[] {
  const lines = text.split("\n").length - 1;
  return lines > MAX_LINES ? [`${path} has ${lines} lines, more than ${MAX_LINES}: divide it`] : [];
}

function wrongNames(path: string): string[] {
  return path.split("/").flatMap((part) => {
    const name = part.replace(/^\./, "").replace(/\.[a-z]+$/, "");
    if (!/^[a-z0-9]+([-.][a-z0-9]+)*$/.test(name)) return [`${path} is not in kebab-case: "${part}"`];
    const vague = name.split(/[-.]/).find((word) => vagueNames.has(word));
    if (vague === undefined || allowedVagueNames.has(name.replace(/\..*$/, ""))) return [];
    return [`${path} has a name that says nothing ("${vague}"): name it after its one idea`];
  });
}

function wrongExports({ path, text }: SourceFile): string[] {
  const entries = parseSync(path, text).module.staticExports.flatMap((each) => each.entries);
  const wrong: string[] = [];
  if (entries.some((entry) => starImports.has(entry.importName.kind))) {
    wrong.push(`${path} has an "export *": name what it exports`);
  }
  const isDefault = (name: string | null, kind: string): boolean => name === "default" || kind === "Default";
  if (entries.some(({ exportName }) => isDefault(exportName.name, exportName.kind)) && !configFile.test(path)) {
    wrong.push(`${path} has a default export: give it a name`);
  }
  return wrong;
}

// Nothing, or line comments: a reason for the reader of the code may stand below the doc comment.
function isBlank(between: string): boolean {
  return between.replace(/^\s*\/\/.*$/gm, "").trim() === "";
}

// A later signature of an overloaded function shares the comment of the first, and one of a block of constants, without blank lines between
// them, that of the block.
function sharesComment(text: string, start: number, name: string | undefined): boolean {
  if (name === undefined) return false;
  const before = text.slice(0, start);
  const inBlock = /^export const .*;\n$/m.test(before.slice(before.lastIndexOf("\n", before.length - 2) + 1));
  const isConstant = text.startsWith("export const ", start);
  return (isConstant && inBlock) || new RegExp(`^export (async )?function ${name}\\b`, "m").test(before);
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}
