import type { Deployment, Text, VertexAccount } from '../config/config.ts'
import type { TokenSource } from '../providers/access-token.ts'
import { googleProject } from '../providers/google-token.ts'
import type { Target } from '../providers/provider.ts'
import type { VertexAccess } from '../providers/vertex-access.ts'

type Access = Pick<Target, 'apiVersion' | 'aws' | 'azureAdToken' | 'vertex' | 'tokenSource'>
type Read = (value: Text | undefined) => string | undefined

/** What a deployment's account at its vendor says to the vendor's file; nothing for vendors that are asked with a key alone. */
export function accessOf(deployment: Deployment, read: Read): Access {
  const { apiVersion, aws, azure, vertex } = deployment
  const version = read(apiVersion)
  const azureAdToken = read(azure?.adToken)
  const tokenSource = entra(azure, read) ?? google(vertex, read)
  return {
    ...(version !== undefined && { apiVersion: version }),
    ...(azureAdToken !== undefined && { azureAdToken }),
    ...(aws && { aws: texts(aws, read) }),
    ...(vertex && { vertex: vertexOf(vertex, read) }),
    ...(tokenSource && { tokenSource }),
  }
}

function entra(account: Deployment['azure'], read: Read): TokenSource | undefined {
  const { tenantId, clientId, clientSecret } = texts({ ...account }, read)
  if (tenantId === undefined || clientId === undefined || clientSecret === undefined) return undefined
  const authority = read({ env: 'AZURE_AUTHORITY_HOST', otherwise: '' })
  const scope = read({ env: 'AZURE_SCOPE', otherwise: '' })
  return {
    kind: 'entra',
    tenantId,
    clientId,
    clientSecret,
    ...(authority !== undefined && { authority }),
    ...(scope !== undefined && { scope }),
  }
}

/** The project of the credentials is meant where the file names none. */
function vertexOf({ project, location, credentials }: VertexAccount, read: Read): VertexAccess {
  const written = read(credentials)
  const own = written === undefined ? undefined : googleProject(written)
  return { ...(own !== undefined && { project: own }), ...texts({ project, location }, read) }
}

function google(account: Deployment['vertex'], read: Read): TokenSource | undefined {
  const credentials = read(account?.credentials)
  return credentials === undefined ? undefined : { kind: 'google', credentials }
}

/** The same fields with what they mean here; those that mean nothing are left out. */
function texts<K extends string>(
  given: { readonly [name in K]?: Text | undefined },
  read: Read,
): { readonly [name in K]?: string } {
  const found: { [name in K]?: string } = {}
  for (const name in given) {
    const text = read(given[name])
    if (text !== undefined) found[name] = text
  }
  return found
}
