import { describe, expect, it } from 'vitest'
import { isForm, readForm } from '../../../src/middleware/form.ts'

const asked = (body: FormData | string, headers: Record<string, string> = {}) =>
  new Request('https://gateway.test/', { method: 'POST', body, headers })

describe('a form', () => {
  it('is read as fields: files stay files, what is given several times is a list', async () => {
    const form = new FormData()
    form.append('model', 'm')
    form.append('image[]', new File(['a'], 'a.png'))
    form.append('include', 'x')
    form.append('include', 'y')
    form.append('metadata', '{"tags":["t"]}')
    const request = asked(form)
    expect(isForm(request)).toBe(true)
    const { image, ...rest } = await readForm(request, 10_000)
    expect((image as File[]).map(({ name }) => name)).toEqual(['a.png'])
    expect(rest).toEqual({ model: 'm', include: ['x', 'y'], metadata: { tags: ['t'] } })
  })

  it('is refused where it is too large, broken, or has too many parts', async () => {
    const long = asked('x'.repeat(2_000), { 'content-type': 'multipart/form-data; boundary=x' })
    await expect(readForm(long, 1_000)).rejects.toMatchObject({ kind: 'body_too_large' })
    const broken = asked('nothing', { 'content-type': 'multipart/form-data; boundary=x' })
    await expect(readForm(broken, 1_000)).rejects.toMatchObject({ kind: 'invalid_request' })
    const many = new FormData()
    for (let at = 0; at < 200; at++) many.append('a', 'b')
    await expect(readForm(asked(many), 100_000)).rejects.toMatchObject({ kind: 'invalid_request' })
    const text = new FormData()
    text.append('metadata', '[]')
    await expect(readForm(asked(text), 1_000)).rejects.toMatchObject({ details: { param: 'metadata' } })
  })
})
