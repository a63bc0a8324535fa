import { aiSdk } from './ai-sdk.js';
import { aiSdkUi } from './ai-sdk-ui.js';
import { anthropic } from './anthropic.js';
import type { FuzzFormat } from './format.js';
import { gemini } from './gemini.js';
import { langchain } from './langchain.js';
import { openaiChat } from './openai-chat.js';
import { openaiResponses } from './openai-responses.js';

/** Every format that is fuzzed. */
export const fuzzFormats: readonly FuzzFormat[] = [
  openaiChat,
  anthropic,
  aiSdk,
  aiSdkUi,
  openaiResponses,
  langchain,
  gemini,
];
