import { describe, expect, it } from 'vitest'
import { eventually, MASTER_KEY, useGateway } from '../support/gateway.ts'

const running = useGateway({ isolates: 2, vars: { STORE_MODEL_IN_DB: 'True' } })

async function ask(isolate: number, method: string, path: string, body?: unknown, key = MASTER_KEY) {
  const response = await fetch(`${running().url(isolate)}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects
  return { status: response.status, json: (await response.json()) as any }
}

const chat = (isolate: number, model: string, key?: string) =>
  ask(isolate, 'POST', '/v1/chat/completions', { model, messages: [{ role: 'user', content: 'hi' }] }, key)

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
