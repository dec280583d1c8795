import type { KnownModel } from '../../src/config/config.ts'
import { ownName } from './own-name.ts'

type Abilities = NonNullable<KnownModel['supports']>

const text = { vision: false, audioInput: false, audioOutput: false, pdfInput: false } satisfies Abilities
const sees = { vision: true, audioInput: false, audioOutput: false } satisfies Abilities
const answers = { tools: true, jsonSchema: true } satisfies Abilities
const thinks = { reasoning: true } satisfies Abilities
const speaksAtOnce = { reasoning: false } satisfies Abilities

/**
 * What models can, by the vendors' public model pages, as far as it decides who may be asked. The first row that matches
 * a model's own name holds; what is not said is unknown. Structured output that the gateway makes of tools counts as can.
 */
const abilities: readonly (readonly [RegExp, Abilities])[] = [
  [/^gpt-3\.5-/, { ...text, ...speaksAtOnce, tools: true, jsonSchema: false }],
  [
    /^gpt-4(-0314|-0613|-32k.*|-0125-preview|-1106-preview|-turbo-preview)?$/,
    { ...text, ...speaksAtOnce, tools: true, jsonSchema: false },
  ],
  [/^gpt-4-(turbo|vision)/, { ...sees, ...speaksAtOnce, jsonSchema: false }],
  [/^gpt-4o-2024-05-13$/, { ...sees, ...speaksAtOnce, tools: true, jsonSchema: false }],
  [
    /^(gpt-4o(-mini)?-audio|gpt-audio)/,
    { ...speaksAtOnce, vision: false, tools: true, audioInput: true, audioOutput: true },
  ],
  [/^gpt-4o(-mini)?-search/, { ...speaksAtOnce, audioInput: false, audioOutput: false, tools: false, webSearch: true }],
  [/^chatgpt-4o/, { ...sees, ...speaksAtOnce, tools: false }],
  [/^gpt-4(o|\.1|\.5)/, { ...sees, ...answers, ...speaksAtOnce, pdfInput: true }],
  [/^o1-(mini|preview)/, { ...text, ...thinks, tools: false, jsonSchema: false }],
  [/^o3-mini/, { ...text, ...thinks, ...answers }],
  [/^o[134](-mini|-pro)?(-\d{4}-|$)/, { ...sees, ...thinks, ...answers, pdfInput: true }],
  [/^gpt-[56](\.\d)?-chat/, { ...sees, ...speaksAtOnce }],
  [/^gpt-[56]/, { ...sees, ...thinks, ...answers, pdfInput: true }],
  [/^gpt-oss/, { ...text, ...thinks, tools: true }],
  [/^claude-(2|instant)/, { ...text, ...speaksAtOnce, tools: false }],
  [/^claude-3-(haiku|opus|sonnet)/, { ...sees, ...speaksAtOnce, tools: true }],
  [/^claude-3[-.]5/, { ...sees, ...speaksAtOnce, tools: true }],
  [/^claude-/, { ...sees, ...thinks, tools: true, pdfInput: true }],
  [/^gemini-(1\.5|2\.0)/, { ...answers, vision: true, audioInput: true, pdfInput: true }],
  [/^gemini-.*(image|tts|live|native-audio|embedding)/, {}],
  [/^gemini-/, { ...answers, ...thinks, vision: true, audioInput: true, pdfInput: true }],
  [/^deepseek[-.]/, { ...text, jsonSchema: false }],
  [/^grok-(2-vision|4)/, { ...sees, ...answers }],
  [/^grok-(2|3)/, { ...text, ...answers }],
  [/^sonar/, { audioInput: false, audioOutput: false, tools: false, jsonSchema: true, webSearch: true }],
  [/^nova-micro/, { ...text, tools: true }],
  [/^nova-(lite|pro|premier)/, { ...sees, tools: true }],
  [/^titan-text/, { ...text, tools: false }],
  [/^llama-?3(\.[013])?[-:]/, text],
]

/** Whose thoughts take their time and are not shown: the first token may be long in coming. */
const silent = [
  /^o[134](-|$)/,
  /^gpt-5(?!.*-chat)/,
  /^gpt-6/,
  /^codex-/,
  /^grok-4(?!.*non-reasoning)/,
  /^gemini-(2\.5|3)/,
  /deep-research/,
]

export function abilitiesOf(model: string): Pick<KnownModel, 'supports' | 'reasonsInSilence'> {
  const name = ownName(model)
  const supports = abilities.find(([match]) => match.test(name))?.[1] ?? {}
  return {
    ...(Object.keys(supports).length > 0 && { supports }),
    ...(silent.some((match) => match.test(name)) && { reasonsInSilence: true }),
  }
}
