import { expect, it } from 'vitest'
import { unshareable } from '../../../scripts/check/tracked-text.ts'

// Put together here, so that this file does not contain what it looks for.
const join = (...parts: string[]) => parts.join('')

it.each([
  ['an OpenAI key', join('sk-proj-abcdefghij', 'T3Blbk', 'FJabcdefghij0123456789')],
  ['an Anthropic key', join('sk-ant-', 'api03-', 'a'.repeat(93))],
  ['an AWS key', join('AKIA', 'ABCDEFGHIJKLMNOP')],
  ['a Neon password', join('postgresql://me:npg', '_Ab12Cd34Ef56@ep-x.neon.tech/db')],
  ['a private key', join('-----BEGIN ', 'PRIVATE KEY-----\n', 'A'.repeat(64))],
  ['a path of one machine', join('see /ho', 'me/someone/notes')],
  ['the host of a package registry', join('https://regi', 'stry.example.org/left-pad')],
  ['a registry setting', join('regi', 'stry = something')],
])('finds %s and says where', (what, text) => {
  expect(unshareable(`first line\n${text}\n`)).toEqual([`line 2 holds ${what}`])
})

it('finds the paths of the machine that asks', () => {
  expect(unshareable('in /srv/build/tollgate/src', ['/srv/build/tollgate'])).toEqual([
    'line 1 holds a path of this machine',
  ])
})

it('leaves what tests and docs write alone', () => {
  const text =
    'sk-local-master sk-test-1234 postgresql://user:password@localhost/db AKIAIOSFODNN7EXAMPLE https://www.npmjs.com/'
  expect(unshareable(text, ['/srv/build/tollgate'])).toEqual([])
})
