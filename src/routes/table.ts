import { accessGroupRoutes } from './admin/access-groups.ts'
import { budgetRoutes } from './admin/budgets.ts'
import { costMapRoutes } from './admin/cost-map.ts'
import { costTermsRoutes } from './admin/cost-terms.ts'
import { credentialRoutes } from './admin/credentials.ts'
import { customerRoutes } from './admin/customers.ts'
import { keyRoutes } from './admin/keys.ts'
import { memberRoutes } from './admin/members.ts'
import { modelInfoRoutes } from './admin/model-info.ts'
import { modelManagementRoutes } from './admin/models.ts'
import { organizationMemberRoutes } from './admin/organization-members.ts'
import { organizationRoutes } from './admin/organizations.ts'
import { settingRoutes } from './admin/settings.ts'
import { spendRoutes } from './admin/spend.ts'
import { tagRoutes } from './admin/tags.ts'
import { teamCallbackRoutes } from './admin/team-callbacks.ts'
import { teamListRoutes } from './admin/team-lists.ts'
import { teamRightsRoutes } from './admin/team-rights.ts'
import { teamRoutes } from './admin/teams.ts'
import { userListRoutes } from './admin/user-lists.ts'
import { userRoutes } from './admin/users.ts'
import { audioRoutes } from './audio.ts'
import { auditRoutes } from './audit.ts'
import { batchRoutes } from './batches.ts'
import { budgetCheckRoutes } from './budget-check.ts'
import { cacheRoutes } from './cache.ts'
import { chatRoutes } from './chat.ts'
import { countRoutes } from './count-tokens.ts'
import { debugRoutes } from './debug.ts'
import { embeddingRoutes } from './embeddings.ts'
import { fileRoutes } from './files.ts'
import { healthRoutes } from './health.ts'
import { healthModelRoutes } from './health-models.ts'
import { healthServiceRoutes } from './health-services.ts'
import { imageRoutes } from './images.ts'
import { metricsRoutes } from './metrics.ts'
import { modelQuestionRoutes } from './model-questions.ts'
import { modelRoutes } from './models.ts'
import { moderationRoutes } from './moderations.ts'
import { openapi } from './openapi.ts'
import { pageRoutes } from './page.ts'
import { passThroughRoutes } from './pass-through.ts'
import { realtimeRoutes } from './realtime.ts'
import { rerankRoutes } from './rerank.ts'
import { storedResponseRoutes } from './responses-stored.ts'
import { type Route, route } from './route.ts'
import { routerStateRoutes } from './router-state.ts'
import { signInRoutes } from './sign-in.ts'
import { vectorStoreRoutes } from './vector-stores.ts'

const description = route({
  method: 'GET',
  paths: ['/openapi.json'],
  access: 'public',
  tag: 'About',
  summary: 'Every route, as OpenAPI.',
  handle: ({ deps }) => openapi(routes, deps.gateway.version),
})

/** Every route there is. The router, the role check, OpenAPI and docs/routes.md are made from it. */
export const routes: readonly Route[] = [
  ...chatRoutes,
  ...countRoutes,
  ...modelQuestionRoutes,
  ...storedResponseRoutes,
  ...embeddingRoutes,
  ...moderationRoutes,
  ...rerankRoutes,
  ...vectorStoreRoutes,
  ...imageRoutes,
  ...audioRoutes,
  ...realtimeRoutes,
  ...fileRoutes,
  ...batchRoutes,
  ...modelRoutes,
  ...modelInfoRoutes,
  ...modelManagementRoutes,
  ...credentialRoutes,
  ...settingRoutes,
  ...costMapRoutes,
  ...costTermsRoutes,
  ...accessGroupRoutes,
  ...keyRoutes,
  ...teamRoutes,
  ...teamListRoutes,
  ...teamCallbackRoutes,
  ...teamRightsRoutes,
  ...memberRoutes,
  ...organizationRoutes,
  ...organizationMemberRoutes,
  ...userRoutes,
  ...userListRoutes,
  ...customerRoutes,
  ...tagRoutes,
  ...debugRoutes,
  ...budgetRoutes,
  ...budgetCheckRoutes,
  ...spendRoutes,
  ...auditRoutes,
  ...healthRoutes,
  ...healthModelRoutes,
  ...healthServiceRoutes,
  ...metricsRoutes,
  ...routerStateRoutes,
  ...cacheRoutes,
  ...signInRoutes,
  ...pageRoutes,
  description,
  ...passThroughRoutes,
]
