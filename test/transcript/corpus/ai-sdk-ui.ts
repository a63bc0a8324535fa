import { brokenCalls } from './ai-sdk-ui-calls.js';
import { brokenContent } from './ai-sdk-ui-content.js';
import { aiSdkUiConversations } from './ai-sdk-ui-conversations.js';
import { brokenStates } from './ai-sdk-ui-states.js';
import type { CorpusFormat } from './breakage.js';

/** AI SDK `UIMessage`. */
export const aiSdkUi: CorpusFormat = {
  format: 'ai-sdk-ui',
  conversations: aiSdkUiConversations,
  breakages: [...brokenContent, ...brokenStates, ...brokenCalls],
};
