import { describe, expect, it } from 'vitest'
import { brokenPromise } from '../../../src/budget/books.ts'
import { images } from '../../../src/operations/images.ts'
import { gatewayWorld, keyWith } from '../../support/gateway-world.ts'

const config = `
model_list:
  - model_name: pictures
    litellm_params: { model: openai/dall-e-3, api_key: k, api_base: 'https://vendor.test/v1' }
  - model_name: tokens
    litellm_params: { model: openai/gpt-image-1, api_key: k, api_base: 'https://vendor.test/v1' }
  - model_name: azure
    litellm_params: { model: azure/my-pictures, api_key: k, api_base: 'https://az.test', api_version: '2024-10-21', quality: hd }
    model_info: { base_model: openai/dall-e-3, mode: image_generation }
  - model_name: imagen
    litellm_params: { model: gemini/imagen-4.0-generate-001, api_key: k }
  - model_name: banana
    litellm_params: { model: gemini/gemini-2.5-flash-image, api_key: k }
  - model_name: open
    litellm_params: { model: openai/flux, api_key: k, api_base: 'https://vendor.test/v1', input_cost_per_pixel: 0.000000001 }
    model_info: { mode: image_generation }
litellm_settings: { num_retries: 0 }
general_settings: { master_key: os.environ/LITELLM_MASTER_KEY }
`

async function asked(body: Record<string, unknown>, answer: object, limitNano = 10_000_000_000n) {
  const sent: { url: string; body: Record<string, unknown> }[] = []
  const world = gatewayWorld(
    (url, init) => {
      sent.push({ url, body: JSON.parse(String(init.body)) })
      return Response.json(answer)
    },
    { config },
  )
  world.account.limits.set('key:k1@life', limitNano)
  const response = await world.askFor(images, { prompt: 'A toll gate.', ...body }, keyWith(limitNano))
  const told = (await response.json()) as Record<string, unknown>
  await world.rest()
  expect(brokenPromise(world.account)).toBeUndefined()
  return { sent, told, row: world.rows()[0] }
}

const two = { created: 7, data: [{ url: 'https://pictures.test/1' }, { url: 'https://pictures.test/2' }] }

describe('pictures', () => {
  it.each([
    [{}, '80000000'],
    [{ quality: 'hd' }, '160000000'],
    [{ size: '1024x1792' }, '160000000'],
    [{ quality: 'hd', size: '1792x1024' }, '240000000'],
  ])('cost by quality and size: two of %o', async (kind, cost) => {
    const { sent, told, row } = await asked({ model: 'pictures', n: 2, ...kind }, two)
    expect(sent[0]).toEqual({
      url: 'https://vendor.test/v1/images/generations',
      body: { model: 'dall-e-3', prompt: 'A toll gate.', n: 2, ...kind },
    })
    expect(told).toEqual(two)
    expect(row).toMatchObject({ call_type: 'aimage_generation', cost_nano: cost, hold_nano: cost, overrun: false })
  })

  it.each([
    [{}, 1024 * 1024],
    [{ width: 4096, height: 2048 }, 4096 * 2048],
    [{ width: '4096' }, 4096 * 1024],
    [{ size: '512x512', width: 2048, height: 2048 }, 2048 * 2048],
  ])('cost by the pixel what their width and height come to, however they are said: %o', async (kind, pixels) => {
    const { row } = await asked({ model: 'open', n: 2, ...kind }, two)
    expect(row).toMatchObject({ cost_nano: String(2 * pixels), hold_nano: String(2 * pixels), overrun: false })
  })

  it.each(['n', 'num_images', 'samples'])('are held for as many as their vendor may make: %s', async (name) => {
    const { row } = await asked({ model: 'pictures', [name]: 2 }, two)
    expect(row).toMatchObject({ cost_nano: '80000000', hold_nano: '80000000', overrun: false })
  })

  it.each([{ n: 11 }, { n: 0 }, { extra_body: { n: 1e9 } }, { extra_body: { n: -1 } }])(
    'are not asked for by %o',
    async (said) => {
      await expect(asked({ model: 'banana', ...said }, two)).rejects.toMatchObject({ kind: 'invalid_request' })
    },
  )

  it('cost what a deployment asks for by itself, at Azure too', async () => {
    const { sent, row } = await asked({ model: 'azure' }, { data: [{ b64_json: 'AA==' }] })
    expect(sent[0]?.url).toBe(
      'https://az.test/openai/deployments/my-pictures/images/generations?api-version=2024-10-21',
    )
    expect(sent[0]?.body).toMatchObject({ quality: 'hd', model: 'my-pictures' })
    expect(row).toMatchObject({ cost_nano: '80000000', hold_nano: '80000000' })
  })

  it('are refused before anybody is asked where the worst of them does not fit', async () => {
    await expect(asked({ model: 'pictures', n: 3 }, two, 119_999_999n)).rejects.toMatchObject({
      kind: 'budget_exceeded',
    })
    expect((await asked({ model: 'pictures', n: 3 }, two, 120_000_000n)).row).toMatchObject({ cost_nano: '80000000' })
  })

  it('of newer models are billed by tokens, within what was held', async () => {
    const usage = { input_tokens: 50, output_tokens: 4160, input_tokens_details: { text_tokens: 10, image_tokens: 40 } }
    const { row } = await asked({ model: 'tokens', quality: 'high', size: '1024x1024' }, { ...two, usage })
    // 5 USD for text, 10 for pictures read, 40 for pictures made: each for a million tokens.
    expect(row).toMatchObject({ cost_nano: String(10 * 5000 + 40 * 10_000 + 4160 * 40_000), overrun: false })
    expect(row?.usage).toMatchObject({ inputTokens: 10, inputImageTokens: 40, outputImageTokens: 4160, images: 2 })
  })

  it('of Imagen are asked by predict, in the nearest shape', async () => {
    const { sent, told, row } = await asked(
      { model: 'imagen', n: 2, size: '1536x1024' },
      { predictions: [{ bytesBase64Encoded: 'AA==', mimeType: 'image/png' }, { bytesBase64Encoded: 'BB==' }] },
    )
    expect(sent[0]).toEqual({
      url: 'https://generativelanguage.googleapis.com/v1beta/models/imagen-4.0-generate-001:predict',
      body: { instances: [{ prompt: 'A toll gate.' }], parameters: { sampleCount: 2, aspectRatio: '4:3' } },
    })
    expect(told).toMatchObject({ data: [{ b64_json: 'AA==' }, { b64_json: 'BB==' }] })
    // 0.04 USD each.
    expect(row).toMatchObject({ cost_nano: '80000000' })
  })

  it('of a Gemini that draws are asked one by one, and every answer counts', async () => {
    const { sent, told, row } = await asked(
      { model: 'banana', n: 2 },
      {
        candidates: [{ content: { parts: [{ text: 'Here.' }, { inlineData: { data: 'AA==' } }] } }],
        usageMetadata: {
          promptTokenCount: 10,
          candidatesTokenCount: 1292,
          totalTokenCount: 1302,
          candidatesTokensDetails: [{ modality: 'IMAGE', tokenCount: 1290 }],
        },
      },
    )
    expect(sent).toHaveLength(2)
    expect(told.data).toEqual([{ b64_json: 'AA==' }, { b64_json: 'AA==' }])
    // 0.3, 2.5 and 30 USD for a million tokens.
    expect(row).toMatchObject({ cost_nano: String(2 * (10 * 300 + 2 * 2500 + 1290 * 30_000)), overrun: false })
  })

  it('that are drawn one by one hold for what is read each time', async () => {
    const made = { candidates: [{ content: { parts: [{ inlineData: { data: 'AA==' } }] } }] }
    const usageMetadata = {
      ...{ promptTokenCount: 5_200, candidatesTokenCount: 4_096, totalTokenCount: 9_296 },
      candidatesTokensDetails: [{ modality: 'IMAGE', tokenCount: 4_096 }],
    }
    const { row } = await asked({ model: 'banana', prompt: 'gate '.repeat(1_000), n: 4 }, { ...made, usageMetadata })
    expect(row).toMatchObject({ status: 'success', overrun: false })
  })

  it('that a filter kept back are refused in its words, and what a vendor has no word for by name', async () => {
    const filtered = { predictions: [{ raiFilteredReason: 'Unsafe prompt' }] }
    await expect(asked({ model: 'imagen' }, filtered)).rejects.toMatchObject({
      kind: 'content_policy_violation',
      message: expect.stringContaining('Unsafe prompt'),
    })
    await expect(asked({ model: 'imagen', style: 'vivid' }, filtered)).rejects.toMatchObject({
      details: { param: 'style' },
    })
    await expect(asked({ model: 'imagen', stream: true }, filtered)).rejects.toMatchObject({
      details: { param: 'stream' },
    })
  })

  it.each([{ n: 0 }, { n: 11 }, { prompt: '' }, { n: 2, stream: true }, { stream: 'yes' }, { partial_images: 4 }])(
    'are not made of %o',
    async (body) => {
      const [param] = Object.keys(body)
      await expect(asked({ model: 'pictures', ...body }, two)).rejects.toMatchObject({ details: { param } })
    },
  )
})
