import type { Deployment, Notice, Text } from '../../src/config/config.ts'
import { shownKey } from '../../src/models/row/secrets.ts'

const order: readonly Notice['level'][] = ['error', 'warning', 'notice', 'advice']

/** `config.yaml:12: error: router_settings.timeout: found …`, worst first, then by line. */
export function noticeLines(fileName: string, notices: readonly Notice[]): string[] {
  return notices
    .toSorted((a, b) => order.indexOf(a.level) - order.indexOf(b.level) || (a.line ?? 0) - (b.line ?? 0))
    .map(({ level, path, line, message }) => {
      const where = line === undefined ? fileName : `${fileName}:${line}`
      // Most messages of the tables name their path themselves.
      const what = path === '' || message.includes(path) ? '' : `${path}: `
      return `${where}: ${level}: ${what}${message}`
    })
}

/** One deployment in one line. */
export function describe(deployment: Deployment): string {
  const { provider, model, mode, price, weight, rpm, tpm, disabled, apiKey, apiBase, maxInputTokens, maxOutputTokens } =
    deployment
  const facts = [
    shownKey(provider === '' ? model : `${provider}/${model}`),
    price && `$${perMillion(price.input)} in, $${perMillion(price.output)} out per million tokens`,
    maxInputTokens && maxOutputTokens && `${maxInputTokens} tokens in, ${maxOutputTokens} out`,
    apiBase && `at ${textOr(apiBase)}`,
    apiKey && `key ${typeof apiKey === 'string' ? 'written into the file' : `from ${apiKey.env}`}`,
    weight !== undefined && `weight ${weight}`,
    rpm !== undefined && `rpm ${rpm}`,
    tpm !== undefined && `tpm ${tpm}`,
    mode !== 'chat' && `for ${mode}`,
    disabled,
  ]
  return facts.filter(Boolean).join(', ')
}

/** An address without what may be secret in it. */
function textOr(value: Text): string {
  const text = typeof value === 'string' ? value : (value.otherwise ?? '')
  const shown = URL.canParse(text) ? new URL(text).origin : text === '' ? '' : 'an address that is no URL'
  if (typeof value === 'string') return shown
  return shown === '' ? `the address in ${value.env}` : `${shown} (or the address in ${value.env})`
}

/** Pico-USD per token as dollars per million tokens, the way price lists say it. */
function perMillion(pico: number): string {
  return String(pico / 1_000_000)
}
