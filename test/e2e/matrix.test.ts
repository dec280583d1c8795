import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, it } from 'vitest'
import { startClouds } from '../support/clouds.ts'
import { MASTER_KEY, useGateway } from '../support/gateway.ts'
import { configFor, startVendors } from '../support/vendors/server.ts'
import { clients } from './matrix/clients.ts'
import { cells, play } from './matrix/play.ts'

// `npm run matrix` prints the table.

const vendors = await startVendors()
const clouds = await startClouds()
const folder = mkdtempSync(join(tmpdir(), 'tollgate-matrix-'))
const configFile = join(folder, 'config.yaml')
writeFileSync(configFile, configFor(vendors.base))
afterAll(async () => {
  await vendors.stop()
  await clouds.stop()
  rmSync(folder, { recursive: true, force: true })
})
const gateway = useGateway({ configFile, providers: false, vars: clouds.vars })

it.concurrent.for(Object.keys(clients))('%s is served by every family, or told why not', async (client, { expect }) => {
  const world = { url: gateway().url(), key: MASTER_KEY, vendors }
  const broken: string[] = []
  for (const cell of cells.filter((one) => one.client === client)) {
    const { got, why } = await play(cell, world)
    if (got === 'broken') broken.push(`${cell.family}, ${cell.scenario}: ${why}`)
  }
  expect(broken).toEqual([])
})
