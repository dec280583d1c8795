import * as z from 'zod'
import { GatewayError } from '../../errors.ts'
import type { StoredCredential } from '../../models/port.ts'
import { type Route, route } from '../route.ts'
import { name } from '../text.ts'
import { authorOf } from './author.ts'
import { fields, merged } from './models.ts'
import { hidden, hiddenCredential } from './shown-model.ts'
import { find, ofKind, readNow, storeOf } from './stored.ts'

const notFound = (id: string) =>
  new GatewayError('not_found', `Credential not found: ${id}. GET /credentials lists those there are.`, {
    param: 'credential_name',
  })

const shown = ({ id, info, secret }: StoredCredential) => ({
  credential_name: id,
  credential_values: secret ? hiddenCredential(secret) : null,
  credential_info: hidden(info),
})

const done = z.object({ success: z.literal(true), message: z.string() })
const tag = 'Model management'

const create = route({
  method: 'POST',
  paths: ['/credentials'],
  access: 'admin',
  tag,
  summary: 'Store what several models share to reach their vendor (`litellm_credential_name`), sealed.',
  body: z.strictObject({ credential_name: name, credential_values: fields, credential_info: fields.default({}) }),
  out: done,
  async handle(asked) {
    const { credential_name: id, credential_values: secret, credential_info: info } = asked.body
    const store = storeOf(asked.deps)
    if (!(await store.create<'credential'>({ kind: 'credential', id, info, secret }, authorOf(asked))))
      throw new GatewayError('conflict', `There is a credential ${id} already. PATCH /credentials/${id} changes it.`, {
        param: 'credential_name',
      })
    return { success: true as const, message: 'Credential created successfully' }
  },
})

const list = route({
  method: 'GET',
  paths: ['/credentials'],
  access: 'viewer',
  tag,
  summary: 'The stored credentials; their values are hidden.',
  async handle({ deps }) {
    return { success: true, credentials: ofKind(await readNow(deps), 'credential').map(shown) }
  },
})

const byName = route({
  method: 'GET',
  paths: ['/credentials/by_name/{credential_name}'],
  access: 'viewer',
  tag,
  summary: 'One of them.',
  async handle({ params: { credential_name: id = '' }, deps }) {
    const found = find(await readNow(deps), 'credential', id)
    if (!found) throw notFound(id)
    return shown(found)
  },
})

const byModel = route({
  method: 'GET',
  paths: ['/credentials/by_model/{model_id}'],
  access: 'viewer',
  tag,
  summary: 'What a stored model reaches its vendor with; hidden like a credential.',
  async handle({ params: { model_id: id = '' }, deps }) {
    const found = find(await readNow(deps), 'model', id)
    if (!found)
      throw new GatewayError('not_found', `There is no stored model with the id ${id}. GET /model/info lists models.`, {
        param: 'model_id',
      })
    const { model: _, ...values } = found.secret ?? {}
    return {
      credential_name: `${found.group}-credential-${id}`,
      credential_values: found.secret ? hiddenCredential(values) : null,
      credential_info: {},
    }
  },
})

const update = route({
  method: 'PATCH',
  paths: ['/credentials/{credential_name}'],
  access: 'admin',
  tag,
  summary: 'Change some of its values; the others stay, null takes one away. Its models use them within five seconds.',
  body: z.strictObject({
    credential_name: name.optional(),
    credential_values: fields.default({}),
    credential_info: fields.default({}),
  }),
  out: done,
  async handle(asked) {
    const { params, body, deps } = asked
    const id = params.credential_name ?? ''
    const store = storeOf(deps)
    const before = find(await readNow(deps), 'credential', id)
    if (!before) throw notFound(id)
    const row = {
      kind: 'credential' as const,
      id,
      info: merged(before.info, body.credential_info),
      secret: merged(before.secret ?? {}, body.credential_values),
    }
    if (!(await store.replace<'credential'>(row, authorOf(asked)))) throw notFound(id)
    return { success: true as const, message: 'Credential updated successfully' }
  },
})

const deletion = route({
  method: 'DELETE',
  paths: ['/credentials/{credential_name}'],
  access: 'admin',
  tag,
  summary: 'Delete a credential that no stored model names.',
  out: done,
  async handle(asked) {
    const { deps } = asked
    const { credential_name: id = '' } = asked.params
    const store = storeOf(deps)
    const stored = await readNow(deps)
    const user = ofKind(stored, 'model').find(({ secret }) => secret?.litellm_credential_name === id)
    if (user)
      throw new GatewayError(
        'conflict',
        `The model ${user.group} (${user.id}) uses the credential ${id}. Change or delete that model first.`,
        { param: 'credential_name' },
      )
    if (!(await store.remove('credential', id, authorOf(asked)))) throw notFound(id)
    return { success: true as const, message: 'Credential deleted successfully' }
  },
})

export const credentialRoutes: readonly Route[] = [create, list, byName, byModel, update, deletion]
