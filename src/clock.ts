/** Milliseconds since the epoch. Rules take a time as an argument; only the edges own a clock. */
export type Clock = () => number

export const systemClock: Clock = () => Date.now()
