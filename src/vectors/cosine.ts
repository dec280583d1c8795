/** The cosine of two vectors, nothing below 0: who points elsewhere is simply not alike. */
export function cosine(a: readonly number[], b: readonly number[]): number {
  let [dot, ofA, ofB] = [0, 0, 0]
  for (const [at, x] of a.entries()) {
    const y = b[at] ?? 0
    dot += x * y
    ofA += x * x
    ofB += y * y
  }
  const length = Math.sqrt(ofA * ofB)
  return length === 0 ? 0 : clamped(dot / length)
}

/** Upstash's scores for COSINE are (1 + cos) / 2 (Upstash Vector, "similarity functions"). */
export function ofUpstashScore(score: number): number {
  return clamped(2 * score - 1)
}

/** Weaviate tells the distance 1 − cos, from 0 to 2. */
export function ofDistance(distance: number): number {
  return clamped(1 - distance)
}

export function clamped(similarity: number): number {
  return Number.isFinite(similarity) ? Math.min(1, Math.max(0, similarity)) : 0
}
