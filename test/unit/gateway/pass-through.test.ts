import { describe, expect, it } from 'vitest'
import { passThrough } from '../../../src/gateway/pass-through.ts'
import { passThroughVendors } from '../../../src/gateway/pass-through-account.ts'
import { vendorDestination } from '../../../src/gateway/pass-through-destination.ts'
import { newId } from '../../../src/ids.ts'
import { modelNamed, shapeOf } from '../../../src/operations/pass-through-shape.ts'
import { answered, gatewayWorld, keyWith } from '../../support/gateway-world.ts'

interface Sent {
  readonly url: string
  readonly headers: Headers
  readonly body: string
}

const CONFIG = `
model_list:
  - model_name: small
    litellm_params: { model: openai/gpt-4o-mini, api_key: os.environ/OPENAI_API_KEY, api_base: 'https://vendor.test/v1', use_in_pass_through: true }
    model_info: { id: small-1 }
  - model_name: of-a-team
    litellm_params: { model: anthropic/claude-sonnet-4-20250514, api_key: os.environ/TEAM_KEY, use_in_pass_through: true }
    model_info: { id: team-1, team_id: t1 }
  - model_name: nova
    litellm_params: { model: bedrock/amazon.nova-lite-v1:0, aws_region_name: eu-west-1, aws_access_key_id: AKIATEST, aws_secret_access_key: aws-secret-of-operator }
general_settings: { master_key: os.environ/LITELLM_MASTER_KEY }
`

const ENV = {
  OPENAI_API_KEY: 'sk-vendor-secret',
  TEAM_KEY: 'sk-ant-of-the-team',
  ANTHROPIC_API_KEY: 'sk-ant-of-everybody',
  AWS_REGION_NAME: 'eu-west-1',
  AWS_ACCESS_KEY_ID: 'AKIATEST',
  AWS_SECRET_ACCESS_KEY: 'aws-secret-of-operator',
  AZURE_API_BASE: 'https://mine.openai.azure.com/openai/v1/',
  AZURE_API_KEY: 'azure-secret-key',
  COHERE_API_KEY: 'cohere-secret-key',
  DEFAULT_VERTEXAI_PROJECT: 'operators-project',
  DEFAULT_VERTEXAI_LOCATION: 'us-central1',
  DEFAULT_GOOGLE_APPLICATION_CREDENTIALS: JSON.stringify({
    type: 'authorized_user',
    client_id: 'c',
    client_secret: 's',
    refresh_token: 'r',
  }),
}

function world(answer: (sent: Sent) => Response | Promise<Response> = () => Response.json({ id: 'x' })) {
  const asked: Sent[] = []
  const made = gatewayWorld(
    (url, init) => {
      if (url.includes('oauth2')) return Response.json({ access_token: 'google-token-of-operator', expires_in: 3600 })
      const body = init.body instanceof Uint8Array ? new TextDecoder().decode(init.body) : String(init.body ?? '')
      const sent = { url, headers: new Headers(init.headers), body }
      asked.push(sent)
      return answer(sent)
    },
    { config: CONFIG },
  )
  const deps = { ...made.deps, env: ENV }
  return {
    account: made.account,
    rest: made.rest,
    rows: made.rows,
    asked,
    async send(name: string, rest: string, said: Record<string, unknown> | undefined, principal = keyWith()) {
      const vendor = passThroughVendors.find((one) => one.name === name)
      if (!vendor) throw new Error(name)
      const method = said === undefined ? 'GET' : 'POST'
      const body = said ?? {}
      const model = modelNamed(rest, body, new URLSearchParams())
      const call = {
        ...{ requestId: newId(deps.clock()), principal, method, rest, said: body, model, query: new URLSearchParams() },
        headers: new Headers({ authorization: 'Bearer sk-callers-key', 'content-type': 'application/json' }),
        body: said === undefined ? undefined : new Uint8Array(new TextEncoder().encode(JSON.stringify(said))),
        shape: shapeOf({ method, rest, body }),
        ...{ key: 'sk-callers-key', here: `https://gateway/${name}`, receivedAtMs: deps.clock() },
        signal: new AbortController().signal,
      }
      const destination = await vendorDestination(vendor, { rest, model, teamId: principal.teamId }, deps)
      return passThrough(call, destination, deps)
    },
  }
}

const hi = { messages: [{ role: 'user', content: 'hi' }] }

describe('whose account passes a request on', () => {
  it('is signed for at Bedrock, whose Converse is charged by its usage', async () => {
    const { send, asked, rest, rows } = world(() => Response.json({ usage: { inputTokens: 100, outputTokens: 50 } }))
    const answer = await send('bedrock', '/model/amazon.nova-lite-v1%3A0/converse', {
      ...hi,
      inferenceConfig: { maxTokens: 60 },
    })
    expect(await answer.json()).toMatchObject({ usage: { inputTokens: 100 } })
    await rest()
    expect(asked[0]?.url).toBe('https://bedrock-runtime.eu-west-1.amazonaws.com/model/amazon.nova-lite-v1%3A0/converse')
    expect(asked[0]?.headers.get('authorization')).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIATEST\/\d+\/eu-west-1\/bedrock\//,
    )
    expect(rows()).toMatchObject([
      { model_group: 'nova', prompt_tokens: 100, completion_tokens: 50, usage_estimated: false },
    ])
    expect(Number(rows()[0]?.cost_nano)).toBeGreaterThan(0)
  })

  it('is the operator’s project at Vertex AI, whatever project the path names', async () => {
    const { send, asked } = world()
    await send(
      'vertex_ai',
      '/v1/projects/somebody-elses/locations/europe-west4/publishers/google/models/gemini-2.0-flash:generateContent',
      { contents: [] },
    )
    await send('vertex_ai', '/publishers/google/models/gemini-2.0-flash:countTokens', { contents: [] })
    expect(asked.map(({ url }) => url)).toEqual([
      'https://europe-west4-aiplatform.googleapis.com/v1/projects/operators-project/locations/europe-west4/publishers/google/models/gemini-2.0-flash:generateContent',
      'https://us-central1-aiplatform.googleapis.com/v1/projects/operators-project/locations/us-central1/publishers/google/models/gemini-2.0-flash:countTokens',
    ])
    expect(asked[0]?.headers.get('authorization')).toBe('Bearer google-token-of-operator')
  })

  it('is Azure’s and Cohere’s own', async () => {
    const { send, asked } = world()
    await send('azure', '/openai/deployments/mine/images/generations', {})
    await send('cohere', '/v2/rerank', {})
    await send('openai', '/models/gpt-4o', undefined)
    expect(asked.map(({ url, headers }) => [url, headers.get('api-key') ?? headers.get('authorization')])).toEqual([
      ['https://mine.openai.azure.com/openai/deployments/mine/images/generations', 'azure-secret-key'],
      ['https://api.cohere.com/v2/rerank', 'Bearer cohere-secret-key'],
      ['https://vendor.test/v1/models/gpt-4o', 'Bearer sk-vendor-secret'],
    ])
    for (const { headers } of asked) expect([...headers.values()].join()).not.toContain('sk-callers-key')
  })

  it('is a team’s own for that team alone', async () => {
    const { send, asked } = world()
    const claude = { model: 'claude-sonnet-4-20250514', max_tokens: 5, ...hi }
    await send('anthropic', '/v1/messages', claude, { ...keyWith(), teamId: 't1' })
    await send('anthropic', '/v1/messages', claude)
    expect(asked.map(({ headers }) => headers.get('x-api-key'))).toEqual(['sk-ant-of-the-team', 'sk-ant-of-everybody'])
  })
})

describe('what a request that is passed on costs', () => {
  const chat = { model: 'gpt-4o-mini', max_tokens: 20, ...hi }

  it('is nothing where the vendor refuses or cannot be reached, and its hold ends', async () => {
    const made = world(({ body }) =>
      body.includes('lost')
        ? Promise.reject(new Error('no route'))
        : Response.json({ error: { message: 'bad' } }, { status: 422 }),
    )
    made.account.limits.set('key:k1@life', 1_000_000n)
    for (let again = 0; again < 50; again++)
      expect((await made.send('openai', '/v1/chat/completions', chat, keyWith(1_000_000n))).status).toBe(422)
    await expect(
      made.send('openai', '/v1/chat/completions', { ...chat, user: 'lost' }, keyWith(1_000_000n)),
    ).rejects.toMatchObject({ kind: 'upstream_failed' })
    await made.rest()
    expect(made.rows().every(({ cost_nano }) => cost_nano === '0')).toBe(true)
    expect(made.rows().length).toBe(51)
  })

  it('is reckoned where the answer breaks off, which it does for the client too', async () => {
    const made = world(() => {
      const chunk = { choices: [{ index: 0, delta: { content: 'word '.repeat(30) } }] }
      const broken = new ReadableStream<Uint8Array>({
        pull(controller) {
          controller.enqueue(new TextEncoder().encode(`data: ${JSON.stringify(chunk)}\n\n`))
          controller.error(new Error('gone'))
        },
      })
      return new Response(broken, { headers: { 'content-type': 'text/event-stream' } })
    })
    const answer = await made.send('openai', '/v1/chat/completions', { ...chat, stream: true })
    await expect(answer.text()).rejects.toThrow()
    await made.rest()
    expect(made.rows()).toMatchObject([{ status: 'failure', usage_estimated: true }])
    expect(Number(made.rows()[0]?.cost_nano)).toBeGreaterThan(0)
  })

  it('is told by Cohere’s own streams, and bounded by their whole body', async () => {
    const events = [
      { type: 'content-delta', delta: { message: { content: { text: 'hi' } } } },
      { type: 'message-end', delta: { usage: { billed_units: { input_tokens: 7, output_tokens: 9 } } } },
    ]
    const bytes = events.map((one) => `event: ${one.type}\ndata: ${JSON.stringify(one)}\n\n`).join('')
    const made = world(() => new Response(bytes, { headers: { 'content-type': 'text/event-stream' } }))
    expect(await (await made.send('cohere', '/v2/chat', { ...chat, model: 'command-a', stream: true })).text()).toBe(
      bytes,
    )
    await made.rest()
    expect(made.rows()).toMatchObject([{ prompt_tokens: 7, completion_tokens: 9, usage_estimated: false }])
  })

  it('has no bound where more is read than the request says', async () => {
    const made = world()
    const limited = keyWith(1_000_000_000n)
    for (const [name, rest, body] of [
      ['azure', '/openai/deployments/gpt-4o-mini/chat/completions', { ...hi, data_sources: [{}] }],
      [
        'bedrock',
        '/model/amazon.nova-lite-v1%3A0/converse',
        { messages: [{ content: [{ video: {} }] }], inferenceConfig: { maxTokens: 5 } },
      ],
      ['bedrock', '/model/amazon.nova-lite-v1%3A0/invoke', hi],
    ] as const)
      await expect(made.send(name, rest, body, limited)).rejects.toMatchObject({ kind: 'model_without_price' })
    expect(made.asked).toEqual([])
  })

  it('is told by a stream whose caller asked for it by halves, or not to be told', async () => {
    for (const stream_options of [{}, { include_usage: false }, { include_obfuscation: false }, null, undefined]) {
      const events = [
        { choices: [{ index: 0, delta: { content: 'hi' } }] },
        { choices: [], usage: { prompt_tokens: 100, completion_tokens: 50 } },
      ]
      const bytes = events.map((one) => `data: ${JSON.stringify(one)}\n\n`).join('')
      const made = world(() => new Response(bytes, { headers: { 'content-type': 'text/event-stream' } }))
      const answer = await made.send('openai', '/v1/chat/completions', { ...chat, stream: true, stream_options })
      expect(await answer.text()).not.toContain('usage')
      await made.rest()
      expect(JSON.parse(made.asked[0]?.body ?? '').stream_options).toEqual({ ...stream_options, include_usage: true })
      expect(made.rows()).toMatchObject([{ usage_estimated: false, total_tokens: 150 }])
    }
  })

  it('is read no further of a refusal than its first part, which has no half of a secret at its end', async () => {
    let read = 0
    const piece = new TextEncoder().encode('sk-vendor-secret '.repeat(1000))
    const endless = () =>
      new ReadableStream<Uint8Array>({
        pull(controller) {
          read += piece.length
          controller.enqueue(piece)
        },
      })
    const made = world(() => new Response(endless(), { status: 400 }))
    const text = await (await made.send('openai', '/v1/chat/completions', chat)).text()
    expect(read).toBeLessThan(400_000)
    expect(text.length).toBeGreaterThan(1000)
    expect(text.replaceAll('***', '').trim()).toBe('')
  })

  it('follows a redirect from where it was said', async () => {
    const hops: Record<string, string> = {
      'https://vendor.test/v1/models/x': 'https://files.example.com/a/b',
      'https://files.example.com/a/b': 'c?d=1',
    }
    const made = world(({ url }) => {
      const location = hops[url]
      return location === undefined ? new Response('there') : new Response(null, { status: 302, headers: { location } })
    })
    expect(await (await made.send('openai', '/v1/models/x', undefined)).text()).toBe('there')
    expect(made.asked.map(({ url }) => url)).toEqual([...Object.keys(hops), 'https://files.example.com/a/c?d=1'])
    expect(made.asked.slice(1).every(({ headers }) => !headers.has('authorization'))).toBe(true)
  })

  it('shows a stream as its vendor sent it, byte for byte', async () => {
    const bytes = 'event: x\r\ndata: {"odd":1}\r\n\r\n: comment\n\ndata: [DONE]'
    const made = world(() => new Response(bytes, { headers: { 'content-type': 'text/event-stream' } }))
    expect(await (await made.send('openai', '/v1/chat/completions', { ...chat, stream: true })).text()).toBe(bytes)
  })

  it('is that of the deployment, and counts the tokens that it names', async () => {
    const made = world(() => answered('hello', { prompt_tokens: 100, completion_tokens: 50 }))
    await (await made.send('openai', '/v1/chat/completions', chat)).text()
    await made.rest()
    expect(made.rows()).toMatchObject([
      { model_id: 'small-1', model_group: 'small', cost_nano: String(100 * 150 + 50 * 600), total_tokens: 150 },
    ])
  })
})
