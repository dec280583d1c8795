/** As much of `ws`, which ships no types, as the tests use. */
declare module 'ws' {
  import type { EventEmitter } from 'node:events'
  import type { IncomingMessage } from 'node:http'

  export interface ClientOptions {
    headers?: Record<string, string>
    createConnection?: () => unknown
  }
  export class WebSocket extends EventEmitter {
    constructor(url: string | URL, protocols?: string | string[] | ClientOptions, options?: ClientOptions)
    readonly readyState: number
    readonly protocol: string
    send(data: string | Uint8Array): void
    close(code?: number, reason?: string): void
    terminate(): void
  }
  export class WebSocketServer extends EventEmitter {
    constructor(options: { port?: number; host?: string; handleProtocols?: () => string | false })
    readonly clients: Set<WebSocket>
    address(): { port: number }
    on(event: 'connection', listener: (socket: WebSocket, request: IncomingMessage) => void): this
    on(event: string, listener: (...args: never[]) => void): this
    close(done?: () => void): void
  }
}
