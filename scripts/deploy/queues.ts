import { environmentFlag, type Target } from './target.ts'
import { refusal, type Wrangler } from './wrangler.ts'

/**
 * Creates the queues that are missing. It asks for no retention of its own: a longer one than the plan allows is
 * refused, and without one a queue keeps its messages as long as the plan allows by default (Free a day, Paid four).
 */
export async function createQueues(target: Target, wrangler: Wrangler, log: (line: string) => void): Promise<void> {
  for (const name of target.queues) {
    if (await exists(name, target, wrangler)) continue
    const created = await wrangler.run(['queues', 'create', name, environmentFlag(target)])
    if (created.code === 0) log(`created queue ${name}`)
    else if (!/already (taken|exists)|code: 11009\b/i.test(created.stdout + created.stderr)) {
      throw refusal(`Creating queue ${name}`, created)
    }
  }
}

async function exists(name: string, target: Target, wrangler: Wrangler): Promise<boolean> {
  const { code, stdout, stderr } = await wrangler.run(['queues', 'info', name, environmentFlag(target)])
  // The look-up may answer with another queue whose name begins alike.
  if (code === 0) return /^Queue Name:\s*(\S+)/m.exec(stdout)?.[1] === name
  if (/does not exist/i.test(stdout + stderr)) return false
  throw refusal(`Looking for queue ${name}`, { code, stdout, stderr })
}
