import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AddressRules, publicAddress, refusedAddress } from '../../../src/gateway/outbound.ts'

const nobody: AddressRules = { allowedHosts: [], httpsOnly: true }
const isPublic = (url: string, rules = nobody) => publicAddress(url, rules) !== undefined

describe('where a caller may send somebody', () => {
  it.each([
    'https://example.com/a.png',
    'https://EXAMPLE.com.:8443/a.png?x=1',
    'https://1.1.1.1/',
    'https://172.15.255.255/',
    'https://172.32.0.1/',
    'https://100.63.255.255/',
    'https://192.0.1.1/',
    'https://223.255.255.255/',
    'https://[2606:4700::1111]/',
    'https://[2001:4860:4860::8888]/',
    'https://xn--bcher-kva.example/',
  ])('there: %s', (url) => expect(isPublic(url)).toBe(true))

  it.each([
    // By number, in every notation.
    'https://127.0.0.1/',
    'https://127.1/',
    'https://2130706433/',
    'https://017700000001/',
    'https://0x7f000001/',
    'https://0x7f.0.0.1/',
    'https://127.0.0.1./',
    'https://１２７.0.0.1/',
    'https://0.0.0.0/',
    'https://0/',
    'https://10.1.2.3/',
    'https://100.64.0.1/',
    'https://100.100.100.200/',
    'https://100.127.255.255/',
    'https://168.63.129.16/',
    'https://169.254.169.254/latest/meta-data/',
    'https://172.16.0.1/',
    'https://172.31.255.255/',
    'https://192.0.0.192/',
    'https://192.168.0.1/',
    'https://198.19.0.1/',
    'https://224.0.0.1/',
    'https://255.255.255.255/',
    // By number, the newer ones.
    'https://[::]/',
    'https://[::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:a9fe:a9fe]/',
    'https://[0:0:0:0:0:ffff:10.0.0.1]/',
    'https://[64:ff9b::169.254.169.254]/',
    'https://[100::1]/',
    'https://[2001:0:1::1]/',
    'https://[2001:db8::1]/',
    'https://[2002:7f00:1::]/',
    'https://[fc00::1]/',
    'https://[fd00:ec2::254]/',
    'https://[fe80::1]/',
    'https://[fec0::1]/',
    'https://[ff02::1]/',
    // By name.
    'https://localhost/',
    'https://LOCALHOST./',
    'https://a.localhost/',
    'https://metadata/',
    'https://metadata.google.internal/computeMetadata/v1/',
    'https://printer.local/',
    'https://redis.default.svc/',
    'https://x.cluster.local/',
    'https://127.0.0.1.nip.io/',
    'https://localtest.me/',
    // Otherwise.
    'http://example.com/',
    'https://user:pw@example.com/',
    'https://user@example.com/',
    'ftp://example.com/',
    'file:///etc/passwd',
    'gopher://example.com/',
    'https://',
    'not an address',
    '//example.com/',
  ])('not there: %s', (url) => expect(isPublic(url)).toBe(false))

  it('in the clear only where somebody else goes', () => {
    expect(isPublic('http://example.com/', { ...nobody, httpsOnly: false })).toBe(true)
    expect(isPublic('http://10.0.0.1/', { ...nobody, httpsOnly: false })).toBe(false)
  })

  it.each([
    ['http://files.lan/x', 'files.lan', true],
    ['http://FILES.lan./x', 'Files.LAN', true],
    ['https://10.0.0.5:8443/x', '10.0.0.5:8443', true],
    ['https://10.0.0.5:8444/x', '10.0.0.5:8443', false],
    ['http://10.0.0.5/x', '10.0.0.5:80', true],
    ['https://a.files.lan/x', '*.files.lan', true],
    ['https://files.lan/x', '*.files.lan', false],
    ['https://evilfiles.lan/x', '*.files.lan', false],
    ['http://[fd00::5]/x', '[fd00::5]', true],
    ['http://localhost/x', '', false],
    ['https://u:p@files.lan/x', 'files.lan', false],
  ])('%s where the operator names "%s": %s', (url, named, expected) => {
    expect(isPublic(url, { ...nobody, allowedHosts: [named] })).toBe(expected)
  })

  it('judges an IPv4 address alike however it is written', () => {
    fc.assert(
      fc.property(fc.nat({ max: 0xffffffff }), (address) => {
        const dotted = [24, 16, 8, 0].map((bits) => (address >>> bits) & 255).join('.')
        const forms = [`https://${address}/`, `https://0x${address.toString(16)}/`, `https://0${address.toString(8)}/`]
        for (const form of forms) expect(isPublic(form)).toBe(isPublic(`https://${dotted}/`))
      }),
    )
  })

  it('and never throws', () => {
    fc.assert(fc.property(fc.string(), (text) => void (isPublic(text) || isPublic(`https://${text}/`))))
  })

  it('a refusal names the host, the field and the way out, never the path', () => {
    const { message, status, details } = refusedAddress('http://10.0.0.1/secret?token=1', 'messages')
    expect([status, details.param]).toEqual([400, 'messages'])
    expect(message).toContain('http://10.0.0.1 ')
    expect(message).toContain('user_url_allowed_hosts')
    expect(message).not.toMatch(/secret|token/)
  })
})
