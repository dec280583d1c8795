import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { hashOf } from '../../src/tenants/key-text.ts'
import { eventually, MASTER_KEY, useGateway } from '../support/gateway.ts'
import { litellmDatabase, OLD_SALT, sealedThere } from '../support/litellm-database.ts'

const running = useGateway({ isolates: 2, vars: { STORE_MODEL_IN_DB: 'True' } })

/** What is looked at, of whatever is answered. */
interface Told {
  readonly model_id: string
  readonly data: readonly [Model, ...Model[]]
  readonly credentials: readonly unknown[]
  readonly error: { readonly type: string; readonly param: string }
  readonly choices: readonly [{ readonly message: { readonly content: string } }]
}
interface Model {
  readonly id: string
  readonly model_info: { readonly id: string; readonly db_model: boolean }
}

async function ask(isolate: number, method: string, path: string, body?: unknown, key = MASTER_KEY) {
  const response = await fetch(`${running().url(isolate)}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: response.status, json: (await response.json()) as Told }
}

const chat = (isolate: number, model: string, key?: string) =>
  ask(
    isolate,
    'POST',
    '/v1/chat/completions',
    { model, max_tokens: 16, messages: [{ role: 'user', content: 'hi' }] },
    key,
  )

const params = () => ({
  model: 'openai/gpt-4o-mini',
  api_key: 'sk-vendor-secret-123456',
  api_base: `${running().stack.providerUrl}/v1`,
})

describe('a stored model', () => {
  it('serves on every isolate within five seconds, is changed, and stops', async () => {
    expect((await chat(1, 'from-db')).status).toBe(400)
    const made = await ask(0, 'POST', '/model/new', { model_name: 'from-db', litellm_params: params() })
    expect(made).toMatchObject({ status: 200, json: { model_name: 'from-db', model_info: { db_model: true } } })
    expect(JSON.stringify(made.json)).not.toContain('sk-vendor-secret')
    expect((await chat(0, 'from-db')).status).toBe(200)
    await eventually(
      () => chat(1, 'from-db'),
      ({ status }) => status === 200,
      6_000,
    )
    const { data } = (await ask(1, 'GET', '/v1/models')).json
    expect(data.map(({ id }: { id: string }) => id)).toContain('from-db')

    const id = made.json.model_id
    const info = await ask(0, 'GET', `/model/info?litellm_model_id=${id}`)
    expect(info.json.data[0]).toMatchObject({
      model_name: 'from-db',
      litellm_params: { model: 'openai/gpt-4o-mini', api_key: '********' },
      model_info: { id, db_model: true, litellm_provider: 'openai' },
    })
    const renamed = await ask(0, 'PATCH', `/model/${id}/update`, { model_name: 'renamed' })
    expect(renamed).toMatchObject({ status: 200, json: { model_name: 'renamed' } })
    expect((await chat(0, 'renamed')).status).toBe(200)
    await eventually(
      () => chat(1, 'renamed'),
      ({ status }) => status === 200,
      6_000,
    )
    expect((await ask(0, 'POST', '/model/delete', { id })).json).toEqual({
      message: `Model: ${id} deleted successfully`,
    })
    expect((await chat(0, 'renamed')).status).toBe(400)
    await eventually(
      () => chat(1, 'renamed'),
      ({ status }) => status === 400,
      6_000,
    )
  }, 30_000)

  it('is sealed in Postgres, and takes its key from a credential', async () => {
    const { api_key, ...rest } = params()
    const lacking = { model_name: 'shared', litellm_params: { ...rest, litellm_credential_name: 'vendor' } }
    expect(await ask(0, 'POST', '/model/new', lacking)).toMatchObject({
      status: 400,
      json: { error: { param: 'litellm_params.litellm_credential_name' } },
    })
    const credential = { credential_name: 'vendor', credential_values: { api_key }, credential_info: { note: 'ours' } }
    expect((await ask(0, 'POST', '/credentials', credential)).status).toBe(200)
    expect((await ask(0, 'POST', '/credentials', credential)).status).toBe(409)
    expect((await ask(0, 'GET', '/credentials')).json.credentials).toEqual([
      { credential_name: 'vendor', credential_values: { api_key: '********' }, credential_info: { note: 'ours' } },
    ])
    expect((await ask(0, 'POST', '/model/new', lacking)).status).toBe(200)
    expect((await chat(0, 'shared')).status).toBe(200)
    expect((await ask(0, 'DELETE', '/credentials/vendor')).status).toBe(409)
    const { rows } = await running().db.query('select * from stored_config')
    expect(JSON.stringify(rows)).not.toContain('sk-vendor-secret')
  })

  it('is named by an access group, which opens it to a key', async () => {
    await ask(0, 'POST', '/model/new', { model_name: 'grouped', litellm_params: params() })
    expect(await ask(0, 'POST', '/access_group/new', { access_group: 'beta', model_names: ['grouped'] })).toMatchObject(
      { status: 200, json: { models_updated: 1 } },
    )
    const { key } = await running().key({ models: ['beta'] })
    expect((await chat(0, 'grouped', key)).status).toBe(200)
    expect((await chat(0, 'shared', key)).status).toBe(401)
    expect((await ask(0, 'GET', '/access_group/beta/info')).json).toEqual({
      access_group: 'beta',
      model_names: ['grouped'],
      deployment_count: 1,
    })
    expect((await ask(0, 'DELETE', '/access_group/beta/delete')).status).toBe(200)
    expect((await chat(0, 'grouped', key)).status).toBe(401)
  })

  it('is refused when it could not serve, or would give away a secret of the gateway', async () => {
    const refused = async (litellm_params: object) => {
      const { status, json } = await ask(0, 'POST', '/model/new', { model_name: 'bad', litellm_params })
      return [status, json.error.param]
    }
    expect(await refused({})).toEqual([400, 'litellm_params.model'])
    expect(await refused({ model: 'nobody/knows' })).toEqual([400, 'litellm_params.model'])
    expect(await refused({ ...params(), rpm: 'many' })).toEqual([400, 'litellm_params.rpm'])
    expect(await refused({ ...params(), api_key: 'os.environ/LITELLM_MASTER_KEY' })).toEqual([400, 'litellm_params'])
    const [file] = (await ask(0, 'GET', '/model/info')).json.data
    expect(file.model_info.db_model).toBe(false)
    const edit = { model_info: { id: file.model_info.id }, litellm_params: { rpm: 1 } }
    expect((await ask(0, 'POST', '/model/update', edit)).status).toBe(400)
    expect((await ask(0, 'POST', '/model/delete', { id: file.model_info.id })).status).toBe(400)
  })
})

describe('a database of LiteLLM', () => {
  /** `npm run import:litellm`, as a user runs it. */
  async function imported(from: string, ...flags: string[]) {
    const { PATH } = process.env
    const child = spawn(process.execPath, ['scripts/import-litellm.ts', '--database-url', from, ...flags], {
      env: { PATH, DATABASE_URL: running().stack.databaseUrl, LITELLM_SALT_KEY: 'test-salt', OLD_SALT },
    })
    const ended = new Promise((resolve) => child.on('close', resolve))
    const [out, fault] = await Promise.all([text(child.stdout), text(child.stderr)])
    return { status: await ended, out, fault }
  }

  it('is imported by a command: its keys call its models, and what they spent counts', async () => {
    const litellm = await litellmDatabase(running().stack.pgUrl)
    try {
      await litellm.put(`insert into "LiteLLM_TeamTable" (team_id, models) values ('there', '{moved}')`)
      for (const [key, spend] of [
        ['sk-from-litellm', 0.5],
        ['sk-spent-there', 2],
      ] as const) {
        await litellm.put(
          `insert into "LiteLLM_VerificationToken" (token, team_id, max_budget, spend) values ($1, 'there', 2, $2)`,
          [await hashOf(key), spend],
        )
      }
      const { model, api_key, api_base } = params()
      const price = { input_cost_per_token: 1e-7, output_cost_per_token: 4e-7 }
      const sealed = {
        ...price,
        ...{ model: sealedThere(model), api_key: sealedThere(api_key), api_base: sealedThere(api_base) },
      }
      await litellm.put(`insert into "LiteLLM_ProxyModelTable" values ('m1', 'moved', $1, '{}', false)`, [
        JSON.stringify(sealed),
      ])

      const dry = await imported(litellm.url, '--salt-key-from', 'OLD_SALT', '--dry-run')
      expect([dry.status, dry.fault]).toEqual([0, ''])
      expect(dry.out).toMatch(/A dry run: nothing was written[\s\S]*key +2 +0 +0/)
      expect((await chat(0, 'moved', 'sk-from-litellm')).status).toBe(401)

      const done = await imported(litellm.url, '--salt-key-from', 'OLD_SALT')
      expect([done.status, done.out]).toEqual([0, expect.stringMatching(/key +2 +0 +0/)])
      expect(`${dry.out}${done.out}`).not.toContain(api_key)
      const served = await eventually(
        () => chat(0, 'moved', 'sk-from-litellm'),
        ({ status }) => status === 200,
        8_000,
      )
      expect(served.json.choices[0].message.content).toBeTypeOf('string')
      expect((await chat(0, 'gpt-4o-mini', 'sk-from-litellm')).status).toBe(401)
      const spent = await chat(0, 'moved', 'sk-spent-there')
      expect([spent.status, spent.json.error.type]).toEqual([429, 'budget_exceeded'])
      expect((await imported('postgresql://127.0.0.1:1/nowhere')).status).toBe(1)
    } finally {
      await litellm.end()
    }
  }, 60_000)
})
