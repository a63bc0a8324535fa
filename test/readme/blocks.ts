/** A fenced block of a document or of a TSDoc comment. */
export interface Block {
  /** Where it stands, relative to the package. */
  readonly file: string;
  /** The line of its first line of code, counted from 1. */
  readonly line: number;
  /** The first word after the fence, e.g. `ts`; empty when there is none. */
  readonly language: string;
  /** Blocks of one scope are one program, in the order in which they are read. */
  readonly scope: string;
  readonly code: string;
}

/** The fenced blocks of a markdown document. Its scopes are the stretches from one heading to the next. */
export function fencedBlocks(text: string, file: string): Block[] {
  const blocks: Block[] = [];
  let scope = '';
  let open: { fence: string; language: string; line: number; code: string[] } | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const fence = /^\s*(`{3,})\s*(\S*)/.exec(line);
    if (open === undefined && fence !== null) {
      open = { fence: fence[1] ?? '', language: fence[2] ?? '', line: index + 2, code: [] };
    } else if (open !== undefined && line.trim() === open.fence) {
      blocks.push({ file, line: open.line, language: open.language, scope, code: open.code.join('\n') });
      open = undefined;
    } else if (open !== undefined) {
      open.code.push(line);
    } else if (/^#{1,6}\s/.test(line)) {
      scope = `line ${index + 1}, ${line.replace(/^#+\s+/, '')}`;
    }
  }
  if (open !== undefined) throw new Error(`${file}:${open.line - 1}: the fence is never closed`);
  return blocks;
}

/** The fenced blocks in the TSDoc comments of a source file. Its scopes are the comments. */
export function commentBlocks(text: string, file: string): Block[] {
  return [...text.matchAll(/\/\*\*[\s\S]*?\*\//g)].flatMap((comment) => {
    const before = text.slice(0, comment.index).split('\n').length - 1;
    const content = comment[0].replace(/^[ \t]*(\/\*\*|\*\/|\*)[ ]?/gm, '').replace(/\*\/$/, '');
    return fencedBlocks(content, file).map((block) => ({
      ...block,
      line: block.line + before,
      scope: `line ${before + 1}`,
    }));
  });
}

/** Blocks that belong to one program. */
export function byScope(blocks: readonly Block[]): Block[][] {
  const groups = new Map<string, Block[]>();
  for (const block of blocks) {
    const key = `${block.file} ${block.scope}`;
    groups.set(key, [...(groups.get(key) ?? []), block]);
  }
  return [...groups.values()];
}
