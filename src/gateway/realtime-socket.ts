/** One end of a WebSocket that is open. */
export interface Socket {
  /** Of an end that is closed already, nothing. Never throws. */
  send(data: string | ArrayBuffer): void
  /** Says why, once. Never throws. */
  close(code: number, reason: string): void
  /** To be called once. `closed` is called at most once, whoever closed it. */
  listen(listener: SocketListener): void
}

export interface SocketListener {
  message(data: string | ArrayBuffer): void
  closed(code: number, reason: string): void
}

/** The runtime's own, which must be accepted before it says anything. */
export interface RuntimeSocket {
  binaryType: string
  accept(): void
  send(data: string | ArrayBuffer): void
  close(code: number, reason: string): void
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void
  addEventListener(type: 'close', listener: (event: { readonly code: number; readonly reason: string }) => void): void
  addEventListener(type: 'error', listener: () => void): void
}

/** Where only a Worker's runtime knows them. */
interface Runtime {
  readonly WebSocketPair: new () => { readonly 0: RuntimeSocket; readonly 1: RuntimeSocket }
}

/** What is closed without a code, and by somebody who vanished. */
const NO_CODE = 1005
const VANISHED = 1006
const LONGEST_REASON_BYTES = 123

/** Accepts it. */
export function openSocket(socket: RuntimeSocket): Socket {
  socket.accept()
  socket.binaryType = 'arraybuffer'
  let isOver = false
  return {
    send(data) {
      if (isOver) return
      try {
        socket.send(data)
      } catch {
        // It closed meanwhile, which its listener is told.
      }
    },
    close(code, reason) {
      try {
        socket.close(sendable(code), shortened(reason))
      } catch {
        // It is closed already.
      }
    },
    listen({ message, closed }) {
      const end = (code: number, reason: string) => {
        if (isOver) return
        isOver = true
        closed(code, reason)
      }
      socket.addEventListener('message', ({ data }) => {
        if (!isOver) message(data as string | ArrayBuffer)
      })
      socket.addEventListener('close', ({ code, reason }) => end(code, reason))
      socket.addEventListener('error', () => end(VANISHED, ''))
    },
  }
}

/** A new one: our end of it, and the answer that gives the other to the client. */
export function switched(headers: Readonly<Record<string, string>>): {
  readonly socket: Socket
  readonly response: Response
} {
  const { WebSocketPair } = globalThis as unknown as Runtime
  const { 0: webSocket, 1: ours } = new WebSocketPair()
  const init: object = { status: 101, webSocket, headers }
  return { socket: openSocket(ours), response: new Response(null, init) }
}

/** The one that an answer to an upgrade has opened. */
export function socketOf(response: Response & { readonly webSocket?: unknown }): RuntimeSocket | undefined {
  return (response.webSocket ?? undefined) as RuntimeSocket | undefined
}

/** Codes that only a runtime may report are not for sending. */
function sendable(code: number): number {
  return code === NO_CODE || code === VANISHED || code === 1015 || code < 1000 || code > 4999 ? 1000 : code
}

function shortened(reason: string): string {
  const bytes = new TextEncoder().encode(reason)
  if (bytes.length <= LONGEST_REASON_BYTES) return reason
  return new TextDecoder().decode(bytes.subarray(0, LONGEST_REASON_BYTES - 3)).replace(/\uFFFD+$/, '')
}
