import type { ConfigFile } from './schema/file.ts'

const kinds = [
  ['fallbacks', ''],
  ['context_window_fallbacks', ' when the context is too long'],
  ['content_policy_fallbacks', ' when the content is refused'],
] as const

/** `gpt-4o → claude-sonnet → gemini-flash`; router_settings wins over litellm_settings, as in LiteLLM. */
export function fallbackLines({ router_settings: router = {}, litellm_settings: litellm = {} }: ConfigFile): string[] {
  const rules = kinds.flatMap(([key, when]) =>
    (router[key] ?? litellm[key] ?? [])
      .flatMap((rule) => Object.entries(rule))
      .map(([from, to]) => `${[from, ...to.map(nameOf)].join(' → ')}${when}`),
  )
  const always = router.default_fallbacks ?? litellm.default_fallbacks
  return always?.length ? [...rules, `any other → ${always.join(' → ')}`] : rules
}

function nameOf(target: string | Record<string, unknown>): string {
  return typeof target === 'string' ? target : typeof target.model === 'string' ? target.model : '(a model)'
}
