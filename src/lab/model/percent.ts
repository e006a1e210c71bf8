/** "31 %" of 0.31; with a digit after the point, so that what is just over a limit reads so. */
export const percent = (share: number, digits: 0 | 1 = 0) => `${percentOf(share, digits)} %`

export const percentOf = (share: number, digits: 0 | 1 = 1) => Math.round(share * 100 * 10 ** digits) / 10 ** digits
