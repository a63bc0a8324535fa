import type { CorpusFormat } from './breakage.js';
import { brokenCalls } from './langchain-calls.js';
import { brokenContent } from './langchain-content.js';
import { langchainConversations } from './langchain-conversations.js';

/** LangChain messages. */
export const langchain: CorpusFormat = {
  format: 'langchain',
  conversations: langchainConversations,
  breakages: [...brokenContent, ...brokenCalls],
};
