import type { Fields } from '../dialects/loose-json.ts'
import { lowerNames } from './lower-names.ts'
import type { Target, UpstreamRequest } from './provider.ts'

export const GEMINI_ADDRESS = 'https://generativelanguage.googleapis.com/v1beta'

/** A method of a model, by API key. */
export function geminiRequest(target: Target, method: string, body: Fields): UpstreamRequest {
  return {
    url: `${baseOf(target.apiBase)}/${modelPath(target.model)}:${method}`,
    method: 'POST',
    headers: geminiHeaders(target, target.apiKey === undefined ? {} : { 'x-goog-api-key': target.apiKey }),
    body: JSON.stringify(body),
  }
}

/** The operator's own headers over ours, all in lower case. */
export function geminiHeaders(
  { extraHeaders }: Target,
  auth: Readonly<Record<string, string>>,
): Record<string, string> {
  return { 'content-type': 'application/json', ...auth, ...lowerNames(extraHeaders) }
}

/** An address without a version gets the one in which everything here is known. */
function baseOf(apiBase: string | undefined): string {
  const base = (apiBase ?? GEMINI_ADDRESS).replace(/\/+$/, '')
  return /\/v\d+\w*$/.test(base) || !/^https?:\/\/[^/]+$/.test(base) ? base : `${base}/v1beta`
}

export function modelPath(model: string): string {
  const path = /^(models|tunedModels)\//.test(model) ? model : `models/${model}`
  return path.split('/').map(encodeURIComponent).join('/')
}
