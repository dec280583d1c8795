/** Rejects when the work has not ended in time. The work itself goes on; nobody will look at it. */
export function withinMs<T>(ms: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms)
    work.finally(() => clearTimeout(timer)).then(resolve, reject)
  })
}
