import { type Books, exchange, expire, record, refund, reset } from '../../src/budget/books.ts'
import type { Step } from './budget-history.ts'

/** One step on the books. The answer is what a database must answer, too. */
export function play(books: Books, step: Step): unknown {
  switch (step.do) {
    case 'limit':
      if (step.nano === null) books.limits.delete(step.scope)
      else books.limits.set(step.scope, step.nano)
      return null
    case 'exchange':
      return exchange(books, step.ledger, step.asks)
    case 'record':
      return record(books, step.events)
    case 'expire':
      return expire(books, step.ledger, step.grants)
    case 'refund':
      return refund(books, step.grantId, step.usedNano)
    case 'reset':
      return reset(books, step)
  }
}
