import { aiSdk } from './ai-sdk.js';
import { aiSdkUi } from './ai-sdk-ui.js';
import { anthropic } from './anthropic.js';
import type { CorpusFormat } from './breakage.js';
import { gemini } from './gemini.js';
import { langchain } from './langchain.js';
import { openaiChat } from './openai-chat.js';
import { openaiResponses } from './openai-responses.js';

/** Every format of the corpus. */
export const corpusFormats: readonly CorpusFormat[] = [
  openaiChat,
  openaiResponses,
  anthropic,
  aiSdk,
  aiSdkUi,
  langchain,
  gemini,
];
