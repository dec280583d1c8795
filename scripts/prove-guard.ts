// npm run prove:guard: what the guard of the semantic cache lets through, on labelled pairs of questions: those it was
// tuned against, and those that were written last and never tuned against.
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { judge, pairsOf, type Verdict } from './prove/guard-pairs.ts'

const folder = resolve(import.meta.dirname, '../test/fixtures/guard')
const parts = ['tuning', 'unseen'] as const
const verdicts: Record<string, Verdict> = {}
for (const part of parts) verdicts[part] = judge(pairsOf(await readFile(resolve(folder, `${part}.txt`), 'utf8')))

for (const [part, { wrong, missed }] of Object.entries(verdicts)) {
  for (const { label, asked, known } of wrong) console.log(`${part}: let through (${label}): ${asked} | ${known}`)
  for (const { because, asked, known } of missed) console.log(`${part}: refused (${because}): ${asked} | ${known}`)
}
const figures = Object.fromEntries(
  Object.entries(verdicts).map(([part, { pairs, precision, recall, wrong, missed }]) => [
    part,
    { pairs, precision: rounded(precision), recall: rounded(recall), wrong: wrong.length, missed: missed.length },
  ]),
)
console.table(figures)
console.log(JSON.stringify(figures))

function rounded(share: number): number {
  return Number(share.toFixed(3))
}
