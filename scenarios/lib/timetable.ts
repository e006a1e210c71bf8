import { randomOf } from "./random.ts"

/**
 * Maps a person's share of the crowd (0 first, 1 last) to a share of the ramp; more than 1 is after it.
 * `steady` is the length of the steady phase in ramps.
 */
export type Arrivals = (share: number, steady: number) => number

export const evenly: Arrivals = (share) => share
/** A rush at the opening: a fifth of the crowd in the first tenth of the ramp. */
export const rushing: Arrivals = (share) => share ** 1.5

/** Two in five come evenly in the ramp, the others all at once, from 60 % to 80 % of the steady phase. */
export const surging: Arrivals = (share, steady) =>
  share < firstWave ? share / firstWave : 1 + steady * (0.6 + (0.2 * (share - firstWave)) / (1 - firstWave))
const firstWave = 0.4

/** Evenly in the ramp and in that part of the steady phase, so that new people come all the time. */
export const throughout =
  (part: number): Arrivals =>
  (share, steady) =>
    share * (1 + part * steady)

export type Timetable = { arrivesAfter: number; leavesAfter: number }

/** When person `id` (1 is first) comes and goes, in ms after the start; a pure function of the seed. */
export const timetableOf = (
  id: number,
  {
    people,
    ramp_ms,
    steady_ms,
    down_ms,
    seed,
  }: { people: number; ramp_ms: number; steady_ms: number; down_ms: number; seed: number },
  arrivals: Arrivals,
): Timetable => {
  const random = randomOf(seed, id)
  return {
    arrivesAfter: ramp_ms * arrivals((id - 1 + random()) / people, steady_ms / ramp_ms),
    leavesAfter: ramp_ms + steady_ms + down_ms * random(),
  }
}
