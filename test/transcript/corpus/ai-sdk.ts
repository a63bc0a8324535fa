import { brokenContent } from './ai-sdk-content.js';
import { aiSdkConversations } from './ai-sdk-conversations.js';
import { brokenPairs } from './ai-sdk-results.js';
import { brokenForSome } from './ai-sdk-versions.js';
import type { CorpusFormat } from './breakage.js';

/** AI SDK `ModelMessage`. */
export const aiSdk: CorpusFormat = {
  format: 'ai-sdk',
  conversations: aiSdkConversations,
  breakages: [...brokenContent, ...brokenPairs, ...brokenForSome],
};
