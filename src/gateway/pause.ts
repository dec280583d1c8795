/** Waits so long, or until the signal. */
export function pause(ms: number, until: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const over = () => {
      clearTimeout(timer)
      until.removeEventListener('abort', over)
      resolve()
    }
    const timer = setTimeout(over, ms)
    if (until.aborted) over()
    else until.addEventListener('abort', over, { once: true })
  })
}
