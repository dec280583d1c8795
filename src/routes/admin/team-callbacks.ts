import * as z from 'zod'
import { GatewayError } from '../../errors.ts'
import { callbacksIn, MOST_CALLBACKS, type StoredCallback } from '../../observe/callbacks.ts'
import type { CallbackChange } from '../../tenants/own-callbacks.ts'
import { entityName } from '../../tenants/scope.ts'
import { type Route, route } from '../route.ts'
import { authorOf } from './author.ts'
import { callbackFields, sealedCallback } from './callbacks.ts'
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
    const { params, principal, deps, body } = asked
    const { team_id: teamId = '' } = params
    await mustRunTeam(principal, teamId, deps)
    const before = callbacksIn((await teamNamed(teamId, deps)).metadata)
    if (before.filter((one) => one.callback_name !== body.callback_name).length >= MOST_CALLBACKS) throw tooMany()
    const callback = await sealedCallback(body, { owner: entityName('team', teamId), before, principal, deps })
    const team = await changed(teamId, callback, asked)
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
    const { team_id: teamId = '' } = asked.params
    await mustRunTeam(asked.principal, teamId, asked.deps)
    const team = await changed(teamId, null, asked)
    return {
      status: 'success' as const,
      message: `Logging disabled for team ${team.teamId}`,
      data: { team_id: team.teamId, ...listed([]) },
    }
  },
})

async function changed(teamId: string, callback: CallbackChange, asked: Parameters<typeof authorOf>[0]) {
  const team = await asked.deps.tenantStore.update('team', [teamId], { callback }, authorOf(asked))
  return team ?? teamNamed(teamId, asked.deps)
}

const tooMany = () =>
  new GatewayError('invalid_request', `A team tells ${MOST_CALLBACKS} sinks at the most. Replace one of them.`, {
    param: 'callback_name',
  })

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
