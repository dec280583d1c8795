import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { checkPromtool } from '../../../scripts/external/promtool.ts'
import { metrics } from '../../../src/observe/metrics.ts'
import { parseMetrics } from '../../support/prometheus-parser.ts'

const dir = mkdtempSync(join(tmpdir(), 'tollgate-promtool-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

/** A `promtool` that keeps what it was given, complains and ends with a status. */
function standIn(status: number) {
  const program = join(dir, 'promtool')
  writeFileSync(
    program,
    `#!/bin/sh\necho "$@" > ${dir}/asked\n/bin/cat > ${dir}/given\necho "line 3: no such thing" >&2\nexit ${status}\n`,
  )
  chmodSync(program, 0o755)
  return { PATH: dir }
}

it('promtool is handed every metric there is, as text that a strict reader takes too', () => {
  expect(checkPromtool(standIn(0))).toMatchObject({ failed: false, line: expect.stringMatching(/^ok /) })
  expect(readFileSync(join(dir, 'asked'), 'utf8').trim()).toBe('check metrics')
  const given = parseMetrics(readFileSync(join(dir, 'given'), 'utf8'), 'text')
  expect([...given.keys()].map((name) => name.replace(/_total$/, '')).sort()).toEqual(
    Object.keys(metrics)
      .map((name) => name.replace(/_total$/, ''))
      .sort(),
  )
})

it('what it would name otherwise is LiteLLM’s doing; what it cannot read is a failure, in its words', () => {
  expect(checkPromtool(standIn(3)).failed).toBe(false)
  expect(checkPromtool(standIn(1))).toEqual({
    failed: true,
    line: expect.stringContaining('ended with 1: line 3: no such thing'),
  })
})

it('where there is none, it says what to install, and fails nothing', () => {
  const { failed, line } = checkPromtool({ PATH: join(dir, 'nowhere') })
  expect([failed, line]).toEqual([false, expect.stringContaining('apt-get install prometheus')])
})
