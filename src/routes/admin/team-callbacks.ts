import * as z from 'zod'
import { callbacksIn, type StoredCallback, shownCallback } from '../../observe/callbacks.ts'
import { entityName } from '../../tenants/scope.ts'
import { type Asked, type Route, route } from '../route.ts'
import { authorOf } from './author.ts'
import { callbackFields, withSealedLogging } from './callbacks.ts'
import { shownTeam } from './shown.ts'
import { teamNamed } from './team-named.ts'
import { mustRunTeam } from './whose.ts'

const tag = 'Teams'
const done = z.object({ status: z.literal('success') })

const set = route({
  method: 'POST',
  paths: ['/team/{team_id}/callback'],
  access: 'editor',
  tag,
  summary: "Tell a sink of a team's requests, beside the operator's sinks; one of this name is replaced.",
  body: callbackFields,
  out: done,
  async handle(asked) {
    const team = await changed(asked, (there) => [
      ...there.filter((one) => one.callback_name !== asked.body.callback_name),
      asked.body,
    ])
    return { status: 'success' as const, data: shownTeam(team, asked.receivedAtMs) }
  },
})

const list = route({
  method: 'GET',
  paths: ['/team/{team_id}/callback'],
  access: 'key',
  tag,
  summary: "Who is told of a team's requests; the values of its variables are hidden.",
  out: done,
  async handle({ params: { team_id: teamId = '' }, principal, deps }) {
    await mustRunTeam(principal, teamId, deps)
    const there = callbacksIn((await teamNamed(teamId, deps)).metadata)
    return { status: 'success' as const, data: { team_id: teamId, ...listed(there) } }
  },
})

const disable = route({
  method: 'POST',
  paths: ['/team/{team_id}/disable_logging'],
  access: 'editor',
  tag,
  summary: "Tell no sink of the team's own any more. The operator's are told all the same.",
  out: done,
  async handle(asked) {
    const team = await changed({ ...asked, body: undefined }, () => [])
    return {
      status: 'success' as const,
      message: `Logging disabled for team ${team.teamId}`,
      data: { team_id: team.teamId, ...listed([]) },
    }
  },
})

type Shown = ReturnType<typeof shownCallback>

/** Writes the team with other entries. Those that stay are given as they are shown, which keeps them. */
async function changed(
  asked: Pick<
    Asked<'editor', unknown, unknown>,
    'params' | 'principal' | 'deps' | 'receivedAtMs' | 'request' | 'requestId'
  > & { readonly body: unknown },
  to: (there: readonly Shown[]) => readonly unknown[],
) {
  const { params, principal, deps } = asked
  const { team_id: teamId = '' } = params
  await mustRunTeam(principal, teamId, deps)
  const record = await teamNamed(teamId, deps)
  const owner = entityName('team', teamId)
  const logging = to(callbacksIn(record.metadata).map(shownCallback))
  const metadata = await withSealedLogging({ ...record.metadata, logging }, { owner, principal, deps, record })
  const team = await deps.tenantStore.update('team', [teamId], { metadata: metadata ?? {}, bound: {} }, authorOf(asked))
  return team ?? teamNamed(teamId, deps)
}

/** As LiteLLM answers it: by what each is told, and all variables together. */
function listed(there: readonly StoredCallback[]) {
  const named = (without: StoredCallback['callback_type']) =>
    there.filter(({ callback_type }) => callback_type !== without).map(({ callback_name }) => callback_name)
  return {
    success_callbacks: named('failure'),
    failure_callbacks: named('success'),
    callback_vars: Object.assign({}, ...there.map(({ callback_vars }) => callback_vars)) as Record<string, string>,
  }
}

export const teamCallbackRoutes: readonly Route[] = [set, list, disable]
