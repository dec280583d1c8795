import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../../src/errors.ts'
import { withFetchedMedia } from '../../../src/gateway/media.ts'

const png = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 1, 2, 3])
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')
const asking = (...urls: string[]) => ({
  model: 'm',
  messages: [{ role: 'user', content: urls.map((url) => ({ type: 'image_url', image_url: { url } })) }],
})
const urlsIn = ({ messages }: ReturnType<typeof asking>) => messages[0]!.content.map(({ image_url }) => image_url.url)

type Web = Readonly<Record<string, () => Response | Promise<Response>>>

function web(pages: Web, allowedHosts: string[] = [], mostBytes = 20 * 1024 * 1024) {
  const seen: { url: string; init: RequestInit }[] = []
  let open = 0
  let most = 0
  const fetch = (async (url: string, init: RequestInit) => {
    seen.push({ url, init })
    open += 1
    most = Math.max(most, open)
    await new Promise((resolve) => setTimeout(resolve))
    open -= 1
    const page = pages[url]
    if (!page) throw new Error(`nobody is at ${url}`)
    return page()
  }) as typeof globalThis.fetch
  const leaving = new AbortController()
  return {
    seen,
    most: () => most,
    leave: () => leaving.abort(),
    fill: (...urls: string[]) =>
      withFetchedMedia(asking(...urls), urls, { fetch, signal: leaving.signal, allowedHosts, mostBytes }),
  }
}

const of = (bytes: Uint8Array<ArrayBuffer>, type?: string) => () =>
  new Response(bytes, { headers: type === undefined ? {} : { 'content-type': type } })
const to = (location: string) => () => new Response('', { status: 302, headers: { location } })

async function refusal(work: Promise<unknown>): Promise<GatewayError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(GatewayError)
  return error as GatewayError
}

describe('media of a request', () => {
  it('is fetched as anybody would, and stands in its place', async () => {
    const { fill, seen } = web({ 'https://a.example/x.png': of(png, 'Image/PNG; q=1') })
    expect(urlsIn(await fill('https://a.example/x.png'))).toEqual([`data:image/png;base64,${base64(png)}`])
    expect(seen[0]!.init).toMatchObject({ redirect: 'manual', headers: { accept: '*/*' } })
  })

  it('keeps every byte, whatever its size', async () => {
    for (const size of [0, 1, 24_575, 24_576, 24_577]) {
      const bytes = Uint8Array.from({ length: size }, (_, at) => (at * 31) & 255)
      const { fill } = web({ 'https://a.example/x': of(bytes, 'application/pdf') })
      expect(urlsIn(await fill('https://a.example/x'))).toEqual([`data:application/pdf;base64,${base64(bytes)}`])
    }
  })

  it('is known by its bytes or its name where the server does not say', async () => {
    const { fill } = web({
      'https://a.example/x': of(png),
      'https://a.example/y.csv': of(Uint8Array.from([49, 44, 50]), 'application/octet-stream'),
    })
    const [first, second] = urlsIn(await fill('https://a.example/x', 'https://a.example/y.csv'))
    expect([first?.slice(0, 15), second?.slice(0, 14)]).toEqual(['data:image/png;', 'data:text/csv;'])
  })

  it('is fetched side by side, four at a time', async () => {
    const urls = Array.from({ length: 9 }, (_, at) => `https://a.example/${at}`)
    const { fill, seen, most } = web(Object.fromEntries(urls.map((url) => [url, of(png, 'image/png')])))
    await fill(...urls)
    expect([seen.length, most()]).toEqual([9, 4])
  })

  it('is followed through three redirects, each of them judged', async () => {
    const hops = { 'https://a.example/0': to('/1'), 'https://a.example/1': to('https://b.example/2') }
    const { fill } = web({ ...hops, 'https://b.example/2': to('3'), 'https://b.example/3': of(png, 'image/png') })
    expect(urlsIn(await fill('https://a.example/0'))[0]).toContain('data:image/png')
    for (const evil of ['https://169.254.169.254/', 'http://c.example/', 'https://localhost/']) {
      const { fill: lured, seen } = web({ 'https://a.example/0': to(evil) })
      expect((await refusal(lured('https://a.example/0'))).message).toContain('may not be used')
      expect(seen).toHaveLength(1)
    }
    const { fill: round } = web({ 'https://a.example/0': to('/0') })
    expect((await refusal(round('https://a.example/0'))).message).toContain('redirected more than 3 times')
  })

  it('may come from a host that the operator has named', async () => {
    const pages = { 'http://10.0.0.5/x.png': of(png, 'image/png') }
    expect((await refusal(web(pages).fill('http://10.0.0.5/x.png'))).status).toBe(400)
    expect(urlsIn(await web(pages, ['10.0.0.5']).fill('http://10.0.0.5/x.png'))[0]).toContain('data:')
  })
})

describe('a file that cannot be had refuses the request, and says only its host', () => {
  it.each<[string, Web, RegExp]>([
    ['not there', { 'https://a.example/s?k=1': () => new Response('', { status: 404 }) }, /answered 404/],
    ['unreachable', {}, /could not be reached/],
    ['a page', { 'https://a.example/s?k=1': of(png, 'application/xhtml+xml') }, /is application\/xhtml\+xml/],
    ['unknown', { 'https://a.example/s?k=1': of(Uint8Array.from([1, 2])) }, /does not say what it is/],
    [
      'too large by its own word',
      { 'https://a.example/s?k=1': () => new Response(png, { headers: { 'content-length': '99999999' } }) },
      /too large/,
    ],
  ])('%s', async (_, pages, why) => {
    const { kind, status, message } = await refusal(web(pages).fill('https://a.example/s?k=1'))
    expect([kind, status]).toEqual(['invalid_request', 400])
    expect(message).toMatch(why)
    expect(message).toContain('a.example')
    expect(message).not.toContain('k=1')
  })

  it('too large together', async () => {
    const half = new Uint8Array(600 * 1024)
    const pages = { 'https://a.example/1': of(half, 'image/png'), 'https://a.example/2': of(half, 'image/png') }
    expect((await refusal(web(pages, [], 1024 * 1024).fill(...Object.keys(pages)))).message).toContain('1 MB')
  })

  it('when the client leaves, it says so', async () => {
    const { fill, leave } = web({})
    leave()
    expect((await refusal(fill('https://a.example/1'))).kind).toBe('client_closed')
  })
})
