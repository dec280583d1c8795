/** Values of workerd's configuration in Cap'n Proto's text form. */
export type Capnp = string

/** A string literal: quotes, backslashes and control characters become `\xNN`. */
export function text(value: string): Capnp {
  const escaped = value.replace(
    /[^ !#-[\]-~\u0080-\uffff]/g,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )
  return `"${escaped}"`
}

/** `(name = value, …)`; what is undefined is left out. */
export function struct(fields: Readonly<Record<string, Capnp | undefined>>): Capnp {
  const written = Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [`${name} = ${value}`]))
  return `(${written.join(', ')})`
}

export function list(items: readonly Capnp[]): Capnp {
  return `[${items.join(',\n  ')}]`
}

/** The text of a file beside the configuration. */
export function embed(file: string): Capnp {
  return `embed ${text(file)}`
}

export function configuration(services: readonly Capnp[], sockets: readonly Capnp[]): string {
  return [
    'using Workerd = import "/workerd/workerd.capnp";',
    `const config :Workerd.Config = (services = ${list(services)}, sockets = ${list(sockets)});`,
    '',
  ].join('\n')
}

/** A socket on a free port of this machine only. */
export function socket(name: string, service: string): Capnp {
  return struct({ name: text(name), address: text('127.0.0.1:0'), http: '()', service: text(service) })
}

/** The way out for `fetch`: everywhere, this machine included, since that is where stand-ins live. */
export const internet: Capnp = struct({
  name: text('internet'),
  network: struct({
    allow: list([text('public'), text('private'), text('local')]),
    tlsOptions: '(trustBrowserCas = true)',
  }),
})
