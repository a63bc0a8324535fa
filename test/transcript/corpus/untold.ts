import type { TranscriptFormat } from 'mycelium-runtime/transcript';

/**
 * Of what the oracles of test/transcript/fuzz cannot tell whether it is valid: names of cases, breakages or
 * conversations, each with the reason.
 */
export const untold: Readonly<Partial<Record<TranscriptFormat, Readonly<Record<string, string>>>>> = {
  'ai-sdk': {
    approvals: 'that the SDK runs what was decided last',
    'an approval given in the last turn: valid': 'the same',
    'tools of the provider': 'that results of these stand with their calls',
    'a tool of the provider: valid': 'the same',
    'an image without an image': 'what files must have',
    'a file without data': 'the same',
    'a file without a media type': 'the same',
    'a file of reasoning': 'parts of version 7',
    'a part that only its provider reads': 'the same',
  },
  'ai-sdk-ui': {
    'tools of the provider': 'that the provider may end them later',
    'files, sources and data': 'sources',
    'a file of reasoning': 'parts of version 7',
    'a part that only its provider reads': 'the same',
    'the user speaks in an answer': 'the same',
    'the user says empty text': 'that the SDK leaves empty texts out',
  },
};
