/** `index` starts at 1. */
export type Segment = { index: number; of: number }

export const lookupSegment = (text: string): Segment | undefined => {
  const [, index, of] = /^(\d{1,3})\/(\d{1,3})$/.exec(text)?.map(Number) ?? []
  if (index === undefined || of === undefined) return undefined
  return index >= 1 && index <= of && of <= segmentsMost ? { index, of } : undefined
}

export const segmentText = ({ index, of }: Segment) => `${index}/${of}`

export const segmentsMost = 100

/** Numbers are those of the whole test. `before` is how many people get their addresses first. */
export type PeopleShare = { first: number; step: number; count: number; before: number }

/**
 * Takes every `of`-th person, so that each machine plays the same curve at a lower rate. The shares of all segments
 * cover everybody exactly once.
 */
export const shareOf = (people: number, { index, of }: Segment): PeopleShare => {
  const countOf = (each: number) => Math.floor((people - each) / of) + 1
  let before = 0
  for (let each = 1; each < index; each++) before += countOf(each)
  return { first: index, step: of, count: countOf(index), before }
}

/**
 * Loopback addresses of a share, as k6 takes them: one for each person and in no other share, the same in total as one
 * machine's. They repeat after 65,534 people.
 */
export const addressesOf = ({ before, count }: Pick<PeopleShare, "before" | "count">): string => {
  const from = before % addressesMost
  const wanted = Math.min(count, addressesMost)
  const here = Math.min(wanted, addressesMost - from)
  const ranges = [rangeText(from, here)]
  if (wanted > here) ranges.push(rangeText(0, wanted - here))
  return ranges.join(",")
}

/** 127.1.0.1 to 127.1.255.254, as in a test of one machine. */
const addressesMost = 65_534

const rangeText = (from: number, count: number) => `${addressText(from + 1)}-${addressText(from + count)}`
const addressText = (n: number) => `127.1.${n >> 8}.${n & 255}`
