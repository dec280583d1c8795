import * as z from 'zod'
import type { CostTerms } from '../../prices/terms.ts'
import { mappingOf } from './kinds.ts'

const discount = z.number('a part of one, such as 0.05').min(0, 'a part of one, such as 0.05').max(1, 'at most 1')
const percentage = z.number('a part of one, such as 0.1').min(0, 'zero or more').max(10, 'at most 10, which is 1000 %')
const fixed = z.number('an amount in USD').min(0, 'zero or more').max(1000, 'at most 1000 USD a request')
const parts = z
  .strictObject({ percentage: percentage.optional(), fixed_amount: fixed.optional() }, 'percentage or fixed_amount')
  .refine((given) => Object.keys(given).length > 0, 'percentage or fixed_amount')

/** `cost_discount_config`: by vendor, the part of the price that is taken off. */
export const costDiscounts = mappingOf(discount)
/** `cost_margin_config`: by vendor or `global`, what is put on: a part of the price, a fixed amount in USD, or both. */
export const costMargins = mappingOf(z.union([percentage, parts], 'a part of one, or percentage and fixed_amount'))

/** What a file says of both; undefined where it says nothing. */
export function costTermsOf(
  discounts: z.infer<typeof costDiscounts> | undefined,
  margins: z.infer<typeof costMargins> | undefined,
): CostTerms | undefined {
  return discounts || margins ? { discounts: discounts ?? {}, margins: margins ?? {} } : undefined
}
