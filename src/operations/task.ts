import { GatewayError } from '../errors.ts'
import type { Usage } from '../prices/usage.ts'
import { ruledBy } from '../providers/parameter-rules.ts'
import type { Task, Vendor } from '../providers/translator.ts'
import { counted } from './counted.ts'
import type { AnyRequest, Asking, Operation, Told } from './operation.ts'

/** What an operation that a vendor does as a `Task` says of itself. */
interface TaskRules<R extends AnyRequest, A extends { readonly usage?: Usage }>
  extends Pick<Operation<R>, 'name' | 'callType' | 'worstCase'> {
  parse(body: unknown, path: { readonly model?: string }): R
  /** Undefined for a vendor that does not do it. */
  taskOf(vendor: Vendor): Task<R, A> | undefined
  /** As a sentence's end: `its vendor ranks no documents here`. */
  readonly lacking: string
  estimateUsage(request: R): Usage
  /** The answer as the caller reads it. */
  print(answer: A & { readonly usage: Usage }, asking: Asking<R>): string | Pick<Told, 'body' | 'type'>
}

/** An operation whose answer is whole: asked, read, counted and printed. */
export function taskOperation<R extends AnyRequest, A extends { readonly usage?: Usage }>(
  rules: TaskRules<R, A>,
): Operation<R> {
  const { name, callType, parse, taskOf, lacking, worstCase, estimateUsage, print } = rules
  const task = (vendor: Vendor): Task<R, A> => {
    const found = taskOf(vendor)
    if (found) return found
    throw new GatewayError('not_implemented', `It cannot be asked: ${lacking}. Use another model.`, { param: 'model' })
  }
  return {
    name,
    callType,
    parse: (body, path) => parse(body, path),
    unfit: (vendor) => (taskOf(vendor) ? undefined : lacking),
    worstCase,
    needs: (request) => ({ inputTokens: estimateUsage(request).inputTokens, capabilities: [] }),
    estimateUsage: (request) => estimateUsage(request),
    streams: () => false,
    upstreams(asking) {
      const { request, target } = ruledBy(asking.request, asking.target)
      return task(asking.provider).ask(request, target)
    },
    told(asking, answers) {
      const { provider, request, deployment } = asking
      return readable(deployment.group, () => {
        const answer = task(provider).read(
          answers.map(({ json }) => json),
          request,
          asking.target,
        )
        const used = counted(answer.usage, estimateUsage(request), deployment.price)
        const printed = print({ ...answer, usage: used.usage }, asking)
        return typeof printed === 'string' ? { ...used, body: printed } : { ...used, ...printed }
      })
    },
  }
}

/** What cannot be read is no answer, though it may be billed. */
export function readable<T>(group: string, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause
    throw new GatewayError('upstream_failed', `${group} answered with something that cannot be read.`, {
      billed: true,
      retry: true,
      cause,
    })
  }
}
