import type { GatewayError } from '../../src/errors.ts'
import { answered, gatewayWorld } from './gateway-world.ts'

/** Deployments `group: [id, …]`; each is its own host, so that the vendor knows who was asked. */
export function configOf(groups: Readonly<Record<string, readonly string[]>>, settings = '', more = ''): string {
  const rows = Object.entries(groups).flatMap(([group, ids]) =>
    ids.map((id) => {
      const [name = id, ...params] = id.split(' ')
      const given = params.map((param) => `, ${param.replace('=', ': ')}`).join('')
      return `  - model_name: ${group}
    litellm_params: { model: openai/gpt-4o-mini, api_key: os.environ/OPENAI_API_KEY, api_base: 'https://${name}.test/v1'${given} }
    model_info: { id: ${name} }`
    }),
  )
  return `model_list:\n${rows.join('\n')}\nrouter_settings: { ${settings} }\n${more}\ngeneral_settings: { master_key: os.environ/LITELLM_MASTER_KEY }\n`
}

export type Fault = (times: number) => Response | undefined

export const refuse = (status: number, headers: Record<string, string> = {}) =>
  Response.json({ error: { message: `refused with ${status}` } }, { status, headers })
export const always =
  (status: number, headers?: Record<string, string>): Fault =>
  () =>
    refuse(status, headers)
export const once =
  (status: number, headers?: Record<string, string>): Fault =>
  (times) =>
    times === 1 ? refuse(status, headers) : undefined

export function world(config: string, faults: Readonly<Record<string, Fault>>, random?: () => number) {
  const asked: string[] = []
  const bodies: string[] = []
  const timesAsked = new Map<string, number>()
  const made = gatewayWorld(
    (url, { body }) => {
      bodies.push(String(body))
      const id = new URL(url).hostname.split('.')[0] ?? ''
      asked.push(id)
      const times = (timesAsked.get(id) ?? 0) + 1
      timesAsked.set(id, times)
      return faults[id]?.(times) ?? answered('Hi', { prompt_tokens: 10, completion_tokens: 20 })
    },
    { config, ...(random ? { random } : {}) },
  )
  return Object.assign(made, { asked, bodies })
}

export const question = { model: 'main', messages: [{ role: 'user', content: 'Say hello.' }], max_tokens: 100 }
export const errorOf = (answer: Promise<Response>): Promise<GatewayError> =>
  answer.then(
    () => Promise.reject(new Error('it was answered')),
    (error: GatewayError) => error,
  )
