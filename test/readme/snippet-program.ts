import ts from 'typescript-5';
import type { Block } from './blocks.js';

/** A module that offers names to snippets that do not import them. */
export interface NameSource {
  readonly specifier: string;
  readonly values: ReadonlySet<string>;
  readonly types: ReadonlySet<string>;
}

/** A snippet made runnable. */
export interface SnippetProgram {
  readonly title: string;
  readonly text: string;
  /** For each line of `text` the place in the document, e.g. `README.md:12`. */
  readonly places: readonly string[];
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * Turns blocks into one program. Lines stay lines, so that a compiler's message leads back to the document.
 * What the document says about a line becomes a check:
 *
 *     expression;        // → value
 *     const x = …;       // → value
 *     expression;        // → SomeError: anything
 *
 * A value is an expression; `…` as a member of an object stands for members that are not looked at. What follows a
 * dash ( – or — ) after the value is for readers.
 */
export function snippetProgram(blocks: readonly Block[], sources: readonly NameSource[], kit: string): SnippetProgram {
  const outcomes: string[] = [];
  const lines: string[] = [];
  const places: string[] = [];
  for (const block of blocks) {
    const code = applyEdits(block.code, outcomeEdits(block, outcomes)).split('\n');
    lines.push(...code);
    places.push(...code.map((_, index) => `${block.file}:${block.line + index}`));
  }
  const free = freeNames(blocks.map(({ code }) => code).join('\n'));
  const header = [
    `import { etc, expectOutcomes, outcome, throws } from '${kit}';`,
    ...sources.map((source) => importOf(source, free)),
    `void [etc, outcome, throws]; expectOutcomes(${JSON.stringify(outcomes)});`,
  ].join(' ');
  const [first] = blocks;
  return {
    title: `${first?.file} ${first?.scope}`,
    text: [header, ...lines, 'export {};', ''].join('\n'),
    places: [`${first?.file}`, ...places],
  };
}

function importOf({ specifier, values, types }: NameSource, free: Set<string>): string {
  const names = [...free].flatMap((name) => {
    if (values.has(name)) return [name];
    return types.has(name) ? [`type ${name}`] : [];
  });
  // The first module that offers a name gives it.
  for (const name of [...values, ...types]) free.delete(name);
  return names.length === 0 ? '' : `import { ${names.join(', ')} } from '${specifier}';`;
}

/** Names that a program uses and does not declare. */
function freeNames(code: string): Set<string> {
  const used = new Set<string>();
  const declared = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) {
      const { parent } = node;
      const named = 'name' in parent && parent.name === node;
      if (named && !ts.isPropertyAccessExpression(parent) && !ts.isShorthandPropertyAssignment(parent)) {
        if (!ts.isPropertyAssignment(parent) && !ts.isPropertySignature(parent)) declared.add(node.text);
      } else if (!named || ts.isShorthandPropertyAssignment(parent)) {
        used.add(node.text);
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(parse(code));
  return new Set([...used].filter((name) => !declared.has(name)).sort());
}

function outcomeEdits(block: Block, outcomes: string[]): Edit[] {
  const edits: Edit[] = [];
  const source = parse(block.code);
  const places: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isExpressionStatement(node) || ts.isVariableStatement(node)) {
      const said = saidAbout(node, block.code);
      if (said !== undefined) {
        const line = block.line + source.getLineAndCharacterOfPosition(node.end).line;
        const place = `${block.file}:${line}`;
        places.push(place);
        edits.push(
          ts.isExpressionStatement(node) ? expressionEdit(node, said, place) : declarationEdit(node, said, place),
        );
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  const comments = block.code.split('\n').flatMap((text, index) => (/\/\/\s*→/.test(text) ? [index] : []));
  if (comments.length !== places.length) {
    const checked = new Set(places);
    const lost = comments.map((index) => `${block.file}:${block.line + index}`).filter((place) => !checked.has(place));
    throw new Error(`${lost.join(', ')}: the outcome must follow an expression or a declaration on the same line`);
  }
  outcomes.push(...places);
  return edits;
}

/** The text after the arrow in the comment that ends the statement's line. */
function saidAbout(node: ts.Statement, code: string): string | undefined {
  const [comment] = ts.getTrailingCommentRanges(code, node.end) ?? [];
  if (comment === undefined) return undefined;
  return /^\/\/\s*→\s*(.*?)(\s+[–—]\s.*)?$/.exec(code.slice(comment.pos, comment.end))?.[1];
}

function expressionEdit(node: ts.ExpressionStatement, said: string, place: string): Edit {
  const { expression } = node;
  const printed = ts.isCallExpression(expression) && expression.expression.getText() === 'console.log';
  const subject = (printed ? expression.arguments[0]?.getText() : undefined) ?? expression.getText();
  const at = { start: node.getStart(), end: node.end };
  const error = /^((?:[A-Z]\w*)?Error)\b/.exec(said)?.[1];
  if (error !== undefined) return { ...at, text: `await throws('${place}', async () => (${subject}), '${error}');` };
  return { ...at, text: `await outcome('${place}', async () => (${subject}), ${valueText(said, place)});` };
}

function declarationEdit(node: ts.VariableStatement, said: string, place: string): Edit {
  const name = node.declarationList.declarations.at(-1)?.name;
  if (name === undefined) throw new Error(`${place}: nothing is declared`);
  const subject = ts.isIdentifier(name) ? name.text : `{ ${boundNames(name).join(', ')} }`;
  return {
    start: node.end,
    end: node.end,
    text: ` await outcome('${place}', () => (${subject}), ${valueText(said, place)});`,
  };
}

function boundNames(pattern: ts.BindingPattern): string[] {
  return pattern.elements.flatMap((element) => {
    if (!ts.isBindingElement(element)) return [];
    return ts.isIdentifier(element.name) ? [element.name.text] : boundNames(element.name);
  });
}

function valueText(said: string, place: string): string {
  const text = `(${said.replace(/…/g, '[etc]: true')})`;
  const result = ts.transpileModule(text, { reportDiagnostics: true });
  if (said !== '' && (result.diagnostics ?? []).length === 0) return text;
  throw new Error(`${place}: "${said}" is neither a value nor the name of an error`);
}

function applyEdits(code: string, edits: readonly Edit[]): string {
  let text = code;
  for (const edit of [...edits].sort((a, b) => b.start - a.start)) {
    text = text.slice(0, edit.start) + edit.text + text.slice(edit.end);
  }
  return text;
}

function parse(code: string): ts.SourceFile {
  return ts.createSourceFile('snippet.ts', code, ts.ScriptTarget.Latest, true);
}
