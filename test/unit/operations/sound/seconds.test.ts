import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { audioSeconds } from '../../../../src/operations/sound/seconds.ts'
import '../../../support/seed.ts'
import { adts, aiff, amr, flac, mp3, mp4, opus, vorbis, wav, webm } from './files.ts'

const rates = fc.constantFrom(8_000, 16_000, 44_100, 48_000)
const some = fc.integer({ min: 1, max: 300 })

/** A file and how long it really is. */
const honest = fc.oneof(
  fc.tuple(rates, some).map(([rate, n]) => ({ file: wav(rate, n), seconds: n / rate })),
  fc
    .tuple(rates, some, fc.integer({ min: 16, max: 65_536 }))
    .map(([rate, n, size]) => ({ file: flac(rate, n, size, n * size), seconds: (n * size) / rate })),
  some.map((n) => ({ file: opus(n % 50 || 1, n), seconds: 0.02 * (n % 50 || 1) * n })),
  fc
    .tuple(rates, some)
    .map(([rate, n]) => ({ file: vorbis(rate, n % 200 || 1), seconds: ((n % 200 || 1) * 1_024) / rate })),
  fc.tuple(some, fc.constantFrom(0, 500)).map(([n, tag]) => ({ file: mp3(n, tag), seconds: n * 0.036 })),
  some.map((n) => ({ file: adts(n), seconds: (n * 1_024) / 44_100 })),
  fc.tuple(rates, some).map(([rate, n]) => ({ file: mp4({ rate, samples: n }), seconds: (n * 1_024) / rate })),
  some.map((n) => ({ file: mp4({ rate: 8_000, samples: n * 4, declared: 0, fragments: n }), seconds: n * 0.512 })),
  some.map((n) => ({ file: webm(n), seconds: n * 0.06 })),
  fc
    .tuple(rates, some, fc.constantFrom('', 'sowt', 'ulaw'))
    .map(([rate, n, packing]) => ({ file: aiff(rate, n, packing), seconds: n / rate })),
  fc.tuple(some, fc.boolean()).map(([n, wide]) => ({ file: amr(n, wide), seconds: n * 0.04 })),
)

describe('the length of sound', () => {
  it('is never below the truth, and not far above it, for honest files of every kind', () => {
    void fc.assert(
      fc.property(honest, ({ file, seconds }) => {
        const told = audioSeconds(file) ?? 0
        expect(told).toBeGreaterThanOrEqual(seconds - 1e-9)
        expect(told).toBeLessThanOrEqual(seconds + 1.001)
      }),
      { numRuns: 150 },
    )
  })

  it('is found, or not, in anything', () => {
    const bent = fc
      .tuple(honest, fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 20 }), fc.nat())
      .map(([{ file }, changes, cut]) => {
        const copy = file.slice(0, cut % 3 === 0 ? cut % file.length : file.length)
        for (const [at, value] of changes) if (copy.length > 0) copy[at % Math.min(copy.length, 200)] = value
        return copy
      })
    void fc.assert(
      fc.property(fc.oneof(bent, fc.uint8Array({ maxLength: 500 })), (file) => {
        const told = audioSeconds(file)
        expect(told === undefined || (told > 0 && Number.isFinite(told))).toBe(true)
      }),
      { numRuns: 200 },
    )
  })

  it.each([
    ['FLAC with less in its head than in its frames', flac(8_000, 100, 65_536, 1), (100 * 65_536) / 8_000],
    ['WAV that says it has no data', wav(8_000, 4_000, 0), 0.5],
    ['WAV that says it has more than any file', wav(8_000, 4_000, 0xffff_ffff), 0.5],
    ['Opus whose positions stand still', opus(50, 10, 0), 10],
    ['Opus with gaps between its packets', opus(50, 10, 2_880), 28],
    ['AAC in a movie that says it is over at once', mp4({ rate: 8_000, samples: 1_000, declared: 1 }), 128],
    [
      'another codec in a movie, by what that says',
      mp4({ rate: 8_000, samples: 10, codec: 'alac', declared: 80_000 }),
      10,
    ],
    ['WebM whose times stand still', webm(100, { everyMs: 0 }), 6],
    ['WebM that says more than it has', webm(1, { duration: 9_000 }), 9],
  ])('%s', (_, file, seconds) => {
    expect(audioSeconds(file)).toBeCloseTo(seconds, 6)
  })

  it.each([
    ['nothing', new Uint8Array()],
    ['no sound', new Uint8Array(2_000).fill(0xfe)],
    ['text', new TextEncoder().encode('Hello there, this is no sound at all.')],
    ['a head without frames', flac(8_000, 0, 4_096, 8_000)],
    ['a few frames among other things', new Uint8Array([...mp3(2), ...new Uint8Array(500)])],
  ])('of %s is not known', (_, file) => {
    expect(audioSeconds(file)).toBeUndefined()
  })
})
