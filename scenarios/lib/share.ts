/** Which people of a test are played here: the first of them, and how far apart their numbers are. */
export type Share = { first: number; step: number; count: number }

export const personOf = (vu: number, { first, step }: Pick<Share, "first" | "step">) => first + (vu - 1) * step
