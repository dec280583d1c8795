import { expect, it } from 'vitest'
import { cachedGateway, kindOf, member } from '../../support/cache-world.ts'

const CONFIG = `
model_list:
  - model_name: vectors
    litellm_params: { model: openai/text-embedding-3-small, api_key: os.environ/OPENAI_API_KEY, api_base: 'https://vendor.test/v1' }
general_settings: { master_key: os.environ/LITELLM_MASTER_KEY }
`
const vendor = (asked: string[][]) => (_: string, init: RequestInit) => {
  const texts = [JSON.parse(String(init.body)).input].flat() as string[]
  asked.push(texts)
  const data = texts.map((text, index) => ({ object: 'embedding', index, embedding: [text.length, 1] }))
  const tokens = texts.join('').length
  return Response.json({ object: 'list', model: 'm', data, usage: { prompt_tokens: tokens, total_tokens: tokens } })
}
const vectorsOf = async (response: Response) =>
  ((await response.json()) as { data: { embedding: number[] }[] }).data.map(({ embedding }) => embedding[0])

it('asks only for the texts it lacks, and what was spent on each is what each saves', async () => {
  const asked: string[][] = []
  const { embed, rest, rows } = cachedGateway(vendor(asked), {}, { config: CONFIG })
  const first = await embed({ model: 'vectors', input: ['a', 'bbb', 'cc'] }, member('t'))
  expect([kindOf(first), await vectorsOf(first)]).toEqual(['miss', [1, 3, 2]])
  await rest()
  const part = await embed({ model: 'vectors', input: ['cc', 'dddd', 'a'] }, member('t'))
  expect([kindOf(part), await vectorsOf(part)]).toEqual(['partial; 2 of 3', [2, 4, 1]])
  await rest()
  const all = await embed({ model: 'vectors', input: ['a', 'bbb', 'cc'] }, member('t'))
  expect([kindOf(all), asked]).toEqual(['exact', [['a', 'bbb', 'cc'], ['dddd']]])
  expect(await all.json()).toMatchObject({ usage: { prompt_tokens: 6 } })
  await rest()
  const [miss, , hit] = rows()
  expect(Number(miss?.cost_nano)).toBeGreaterThan(0)
  expect(hit).toMatchObject({ cache_hit: true, cost_nano: '0', saved_nano: miss?.cost_nano })
})

it('mode default_off: only who says use-cache', async () => {
  const asked: string[][] = []
  const { embed, rest } = cachedGateway(vendor(asked), { optIn: true }, { config: CONFIG })
  const kind = async (more: object) => {
    const response = await embed({ model: 'vectors', input: 'a', ...more }, member('t'))
    await rest()
    return kindOf(response)
  }
  expect(await kind({})).toBe('bypass; use-cache not set')
  expect(await kind({ cache: { 'use-cache': true } })).toBe('miss')
  expect(await kind({ cache: { 'use-cache': true } })).toBe('exact')
  expect(await kind({})).toBe('bypass; use-cache not set')
})

it('an answer with another number of vectors is none, and nothing of it is kept', async () => {
  const { embed, rest, cache } = cachedGateway(
    () =>
      Response.json({
        object: 'list',
        data: [{ object: 'embedding', index: 0, embedding: [1] }],
        usage: { prompt_tokens: 2, total_tokens: 2 },
      }),
    {},
    { config: CONFIG },
  )
  await expect(embed({ model: 'vectors', input: ['a', 'b'] }, member('t'))).rejects.toThrow('1 vectors for 2 inputs')
  await rest()
  expect((await cache.admin.stats()).memoryBytes).toBe(0)
})
