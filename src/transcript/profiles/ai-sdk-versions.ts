import { fileDataOf, untaggedData } from '../dialects/ai-sdk-files.js';
import { type Major, partVersions } from '../dialects/ai-sdk-majors.js';
import { foreignOutput, outputFor } from '../dialects/ai-sdk-outputs.js';
import { edited, type Part, type ResultPart } from '../graph.js';
import type { Finding, RuleCore } from '../rule.js';
import { isMembers, memberOf, textMember } from '../shape.js';
import type { Transcript } from '../transcript.js';

/** What of `ModelMessage`s one of these versions does not have. Repairs write it as the first of them has it. */
export function ofModelMessages(versions: readonly Major[]): readonly RuleCore[] {
  const before7 = versions.some((major) => major < 7);
  return [...(before7 ? [foreignParts(versions), foreignData(versions)] : []), foreignOutputs(versions)];
}

/** Parts that came with a later version. They carry no words: approvals, files of reasoning, what only a provider reads. */
function foreignParts(versions: readonly Major[]): RuleCore {
  return {
    code: 'part-not-allowed',
    find: (transcript) =>
      partsThat(transcript, ({ raw, flaws }) => {
        // In a message of another role it is found already.
        if (flaws.some(({ code }) => code === 'part-not-allowed')) return undefined;
        const type = textMember(raw, 'type') ?? '';
        const first = partVersions.get(type);
        const without = versions.find((major) => first !== undefined && major < first);
        return without === undefined
          ? undefined
          : { at: 'type', hint: `parts of the type ${type} came with version ${first}, version ${without} has none` };
      }),
    repair(findings, draft) {
      for (const finding of findings) draft.dropPart(finding, 'removed, this version of the SDK has no such part');
    },
  };
}

/** Results of a type that a version does not have, or that hold something of such a type. */
function foreignOutputs(versions: readonly Major[]): RuleCore {
  return {
    code: 'invalid-result',
    find: (transcript) =>
      partsThat(transcript, (part) => {
        if (part.kind !== 'result') return undefined;
        for (const major of versions) {
          const foreign = foreignOutput(part.output, major);
          if (foreign !== undefined)
            return { at: foreign.at, hint: `version ${major} has no output of the type ${foreign.type}` };
        }
        return undefined;
      }),
    repair(findings, draft, { transcript }) {
      for (const finding of findings) {
        const part = partAt(transcript, finding) as ResultPart;
        const output = outputFor(part.output, versions[0]!);
        draft.setPart(
          { ...finding, part: finding.part! },
          edited(part, { output }),
          'rewrite',
          'written as this version has it',
        );
      }
    },
  };
}

/** Files whose data is tagged, or is the ids that providers gave them: since version 7. */
function foreignData(versions: readonly Major[]): RuleCore {
  return {
    code: 'invalid-content',
    find: (transcript) =>
      partsThat(transcript, (part) => {
        const without = versions.find((major) => major < 7);
        if (part.kind !== 'media' || without === undefined) return undefined;
        const name = dataName(part);
        const data = memberOf(part.raw, name);
        const { form } = fileDataOf(data);
        if (form !== 'tagged' && form !== 'reference') return undefined;
        const hint = `version ${without} has data as bytes, base64 or a URL, and no ids of providers`;
        return { at: name, hint, ...(untaggedData(data) === undefined ? { unfixable: true } : {}) };
      }),
    repair(findings, draft, { transcript }) {
      for (const finding of findings) {
        const part = partAt(transcript, finding);
        const raw = isMembers(part.raw) ? part.raw : {};
        const name = dataName(part);
        const written = { ...edited(part, {}), raw: { ...raw, [name]: untaggedData(raw[name]) } };
        draft.setPart({ ...finding, part: finding.part! }, written, 'rewrite', 'written as this version has it');
      }
    },
  };
}

function dataName({ raw }: Part): 'image' | 'data' {
  return textMember(raw, 'type') === 'image' ? 'image' : 'data';
}

export function partsThat(
  { turns }: Transcript,
  wrong: (part: Part) => Pick<Finding, 'at' | 'hint' | 'unfixable'> | undefined,
): Finding[] {
  return turns.flatMap(({ parts }, turn) =>
    parts.flatMap((one, part) => {
      const found = wrong(one);
      const callId = one.kind === 'result' ? one.id : undefined;
      return found === undefined ? [] : [{ turn, part, ...(callId === undefined ? {} : { callId }), ...found }];
    }),
  );
}

function partAt({ turns }: Transcript, { turn, part }: Finding): Part {
  return turns[turn]!.parts[part!]!;
}
