export type Segment = { index: number; of: number }

export const lookupSegment = (text: string): Segment | undefined => {
  const [, index, of] = /^(\d{1,3})\/(\d{1,3})$/.exec(text)?.map(Number) ?? []
  if (index === undefined || of === undefined) return undefined
  return index >= 1 && index <= of && of <= segmentsMost ? { index, of } : undefined
}

export const segmentText = ({ index, of }: Segment) => `${index}/${of}`

export const segmentsMost = 100

/** People of one machine, by their numbers in the whole test, and how many come before them when addresses are given out. */
export type PeopleShare = { first: number; step: number; count: number; before: number }

/**
 * Every `of`-th person, so that each machine plays the same curve, only thinner.
 * The shares of all segments are the whole test: nobody is missing and nobody comes twice.
 */
export const shareOf = (people: number, { index, of }: Segment): PeopleShare => {
  const countOf = (each: number) => Math.floor((people - each) / of) + 1
  let before = 0
  for (let each = 1; each < index; each++) before += countOf(each)
  return { first: index, step: of, count: countOf(index), before }
}

/**
 * Loopback addresses of a share, as k6 takes them: one for each person, none of which another share has.
 * Those of all shares are the ones of the whole test. They are given out anew after 65,534 people.
 */
export const addressesOf = ({ before, count }: Pick<PeopleShare, "before" | "count">): string => {
  const from = before % addressesMost
  const wanted = Math.min(count, addressesMost)
  const here = Math.min(wanted, addressesMost - from)
  const ranges = [rangeText(from, here)]
  if (wanted > here) ranges.push(rangeText(0, wanted - here))
  return ranges.join(",")
}

/** 127.1.0.1 to 127.1.255.254: a whole test of one machine uses the same. */
const addressesMost = 65_534

const rangeText = (from: number, count: number) => `${addressText(from + 1)}-${addressText(from + count)}`
const addressText = (n: number) => `127.1.${n >> 8}.${n & 255}`
