import { expect, it } from 'vitest'
import { latestDate } from '../../../scripts/check/compatibility-date.ts'
import { lockfileFaults } from '../../../scripts/check/lockfile.ts'

const manifest = JSON.stringify({ allowScripts: { node: true } })
const lock = (packages: Record<string, object>) => JSON.stringify({ packages: { '': {}, ...packages } })

it('passes a lockfile without addresses whose install scripts are named', () => {
  expect(lockfileFaults(lock({ 'node_modules/node': { hasInstallScript: true } }), manifest)).toEqual([])
})

it('finds a download address', () => {
  const text = lock({ 'node_modules/a/node_modules/@b/c': { resolved: `https${':'}//example.org/c.tgz` } })
  expect(lockfileFaults(text, manifest)).toEqual([expect.stringContaining('@b/c has a download address')])
})

it('finds an install script that npm 12 would skip without a word', () => {
  expect(lockfileFaults(lock({ 'node_modules/left': { hasInstallScript: true } }), manifest)).toEqual([
    expect.stringContaining('left has an install script'),
  ])
})

it('reads from the runtime how far its dates reach', () => {
  expect(latestDate('1.20261102.1')).toBe('2026-11-09')
  expect(latestDate('1.20261228.0')).toBe('2027-01-04')
})

it('finds a dependency without an entry, over which npm ci would stop', () => {
  const packages = {
    'node_modules/a': { dependencies: { b: '1.0.0' }, optionalDependencies: { c: '1.0.0', 'a-darwin': '1.0.0' } },
    'node_modules/a/node_modules/b': {},
    'node_modules/c': {},
  }
  expect(lockfileFaults(lock(packages), manifest)).toEqual([expect.stringContaining('a-darwin, which a depends on')])
})
