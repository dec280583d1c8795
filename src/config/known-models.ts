import type { KnownFamily, KnownModel, NameMatch } from './config.ts'

/** What the built prices say of a vendor's model that the file does not name; undefined where they do not have it. */
export function knownModel(families: readonly KnownFamily[] | undefined, model: string): KnownModel | undefined {
  const name = listedName(model)
  return families?.find(({ match }) => matches(match, name))
}

/** The name by which price lists know a model: without LiteLLM's marks of how it is asked. */
export function listedName(model: string): string {
  return model
    .replace(/^(?:o_series|gpt5_series|responses|converse|invoke)\//, '')
    .trim()
    .toLowerCase()
}

function matches(match: NameMatch, name: string): boolean {
  if ('or' in match) return match.or.some((one) => matches(one, name))
  if ('and' in match) return match.and.every((one) => matches(one, name))
  if ('equals' in match) return name === match.equals
  if ('starts_with' in match) return name.startsWith(match.starts_with)
  if ('ends_with' in match) return name.endsWith(match.ends_with)
  if ('contains' in match) return name.includes(match.contains)
  return new RegExp(match.regex).test(name)
}

/** Vendors whose models one list names once, however they are asked. */
const SAME: Readonly<Record<string, string>> = {
  vertex_ai_beta: 'vertex_ai',
  bedrock_converse: 'bedrock',
  cohere_chat: 'cohere',
  azure_text: 'azure',
  'text-completion-openai': 'openai',
}

/** The vendor's name in a list. */
export function listedVendor(provider: string): string {
  if (provider.startsWith('vertex_ai')) return 'vertex_ai'
  return Object.hasOwn(SAME, provider) ? (SAME[provider] ?? provider) : provider
}

/** A model's name in a list. */
export function listedAs(provider: string, model: string): string {
  return `${listedVendor(provider)}/${listedName(model)}`
}
