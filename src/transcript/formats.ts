import type { Dialect } from './dialect.js';
import { aiSdk } from './dialects/ai-sdk.js';
import { aiSdkUi } from './dialects/ai-sdk-ui.js';
import { anthropic } from './dialects/anthropic.js';
import { gemini } from './dialects/gemini.js';
import { langchain } from './dialects/langchain.js';
import { openaiChat } from './dialects/openai-chat.js';
import { openaiResponses } from './dialects/openai-responses.js';
import type { TranscriptProfile } from './profile.js';
import { aiSdkProfiles } from './profiles/ai-sdk.js';
import { aiSdkUiProfiles } from './profiles/ai-sdk-ui.js';
import * as anthropicProfiles from './profiles/anthropic.js';
import { geminiProfile } from './profiles/gemini.js';
import { langchainProfile } from './profiles/langchain.js';
import { openaiChatLongIds, openaiChatProfile, openaiChatReasoning } from './profiles/openai-chat.js';
import * as responsesProfiles from './profiles/openai-responses.js';

/** Every dialect, in the order in which a tie of the detection is decided. */
export const dialects: readonly Dialect[] = [openaiChat, anthropic, aiSdk, aiSdkUi, openaiResponses, langchain, gemini];

/** Every profile; the first of a format is its default. */
export const profiles: readonly TranscriptProfile[] = [
  openaiChatProfile,
  openaiChatLongIds,
  openaiChatReasoning,
  anthropicProfiles.anthropicProfile,
  anthropicProfiles.anthropic46Profile,
  anthropicProfiles.anthropicThinkingProfile,
  anthropicProfiles.anthropicSystemProfile,
  anthropicProfiles.anthropicBedrockProfile,
  ...aiSdkProfiles,
  ...aiSdkUiProfiles,
  responsesProfiles.openaiResponsesProfile,
  responsesProfiles.openaiResponsesStatelessProfile,
  responsesProfiles.openaiResponsesContinuedProfile,
  langchainProfile,
  geminiProfile,
];
