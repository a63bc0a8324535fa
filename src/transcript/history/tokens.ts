import type { Part, TranscriptFormat, Turn } from '../graph.js';
import { asJsonText, isMembers, memberOf, textMember } from '../shape.js';
import type { Counter } from './counter.js';
import { isMedia, mediaTokens } from './media.js';

/** How many tokens a history has. */
export interface TokenCount {
  readonly count: number;
  /**
   * The count is not a tokenizer's: texts are estimated, or images, files and tools, whose cost only the provider knows,
   * are in it.
   */
  readonly isEstimate: boolean;
}

/** Around each message: its role and its ends (OpenAI: 3 and the role). */
const PER_MESSAGE = 4;
/** Before the answer (OpenAI). */
const PER_REQUEST = 3;
/** Around a call or a tool, beside its name and its JSON. */
const PER_CALL = 8;
/** What Anthropic puts before the tools. */
const ANTHROPIC_TOOLS = 346;

/** Adds up what a request with these turns has. */
export class TokenScale {
  readonly #counter: Counter;
  readonly #provider: 'anthropic' | 'openai' | 'unknown';
  /** Tools, and what each request has. */
  readonly fixed: number;
  #estimated: boolean;

  constructor(counter: Counter, format: TranscriptFormat, tools: readonly unknown[]) {
    this.#counter = counter;
    this.#provider = format === 'anthropic' ? 'anthropic' : format.startsWith('openai') ? 'openai' : 'unknown';
    this.#estimated = counter.isEstimate || tools.length > 0;
    let fixed = counter.message === undefined ? PER_REQUEST : 0;
    for (const tool of tools) fixed += PER_CALL + counter.text(asJsonText(tool));
    if (tools.length > 0 && format === 'anthropic') fixed += ANTHROPIC_TOOLS;
    this.fixed = fixed;
  }

  /** Whether anything in what was weighed so far is not the counter's own number. */
  get isEstimate(): boolean {
    return this.#estimated;
  }

  ofTurn(turn: Turn): number {
    const { message } = this.#counter;
    if (message !== undefined) return message(turn.raw);
    let tokens = PER_MESSAGE;
    if (turn.parts.length === 0 && turn.role === 'unknown') return tokens + this.#text(asJsonText(turn.raw));
    for (const part of turn.parts) tokens += this.#part(part);
    return tokens;
  }

  #part(part: Part): number {
    switch (part.kind) {
      case 'text':
      case 'refusal':
        return this.#text(part.text);
      case 'reasoning':
        return this.#text(part.text === '' ? sealed(part.raw) : part.text);
      case 'media':
        return this.#media(part.raw);
      case 'call':
        return PER_CALL + this.#text(part.name ?? '') + this.#text(asJsonText(part.input));
      case 'result':
        return this.#result(part.output);
      case 'approval-request':
      case 'approval-response':
        return 0;
      default:
        return isMedia(part) ? this.#media(part.raw) : this.#text(asJsonText(part.raw));
    }
  }

  #result(output: unknown): number {
    try {
      return this.#output(output);
    } catch (error) {
      // What the counter throws is its own; a proxy that throws is counted as what can be told of it.
      if (isReadable(output)) throw error;
      return this.#text(asJsonText(output));
    }
  }

  /** Texts as texts, images as images, everything else as JSON. */
  #output(output: unknown): number {
    if (output === undefined || output === null) return 0;
    if (typeof output === 'string') return this.#text(output);
    if (Array.isArray(output)) return output.reduce<number>((sum, block) => sum + this.#block(block), 0);
    const value = memberOf(output, 'value');
    const type = textMember(output, 'type');
    if (type === 'content' && Array.isArray(value)) return this.#output(value);
    if ((type === 'text' || type === 'error-text') && typeof value === 'string') return this.#text(value);
    return this.#text(asJsonText(type?.endsWith('json') === true ? value : output));
  }

  #block(block: unknown): number {
    const text = textMember(block, 'text');
    if (text !== undefined) return this.#text(text);
    const type = textMember(block, 'type') ?? '';
    if (/image|file|media|document|audio/.test(type)) return this.#media(block);
    return this.#text(asJsonText(block));
  }

  #media(raw: unknown): number {
    const source = memberOf(raw, 'source');
    // A document of plain text is text.
    if (textMember(source, 'type') === 'text') return this.#text(textMember(source, 'data') ?? '');
    const blocks = memberOf(source ?? raw, 'content');
    if (Array.isArray(blocks) && blocks.every(isMembers)) return this.#output(blocks);
    this.#estimated = true;
    return mediaTokens(raw, this.#provider);
  }

  #text(text: string): number {
    return text === '' ? 0 : this.#counter.text(text);
  }
}

function isReadable(output: unknown): boolean {
  try {
    JSON.stringify(output);
    return true;
  } catch {
    return false;
  }
}

/** Reasoning that only the provider can read. */
function sealed(raw: unknown): string {
  return textMember(raw, 'data') ?? textMember(raw, 'encrypted_content') ?? '';
}
