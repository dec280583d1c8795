import { type Span, type WindowRule, windowAt } from '../budget/window.ts'

/** The window that holds a moment, for those who only tell of budgets. */
export function spanOf(rule: WindowRule, nowMs: number): Span {
  return windowAt(rule, nowMs)
}
