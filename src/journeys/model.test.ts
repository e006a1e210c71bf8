import { afterAll, beforeAll, expect, test } from "bun:test"
import { play, wordsOf } from "../testing/model/play.ts"
import { oftenMet, openRare, rareStates } from "../testing/model/rare.ts"
import { openTraffic, type Traffic } from "../testing/model/traffic.ts"

// scripts/model is the long form.
const {
  TRAFFIC_MODEL_SEEDS: seeds = "16",
  TRAFFIC_MODEL_COMMANDS: count = "60",
  TRAFFIC_MODEL_SEED: first = "1",
} = process.env
const isLong = process.env.TRAFFIC_MODEL_SEEDS !== undefined
const wanted = Number(seeds) >= 200 ? rareStates : Number(seeds) >= 16 ? oftenMet : []

let traffic: Traffic
beforeAll(async () => {
  traffic = await openTraffic()
}, 60_000)
afterAll(() => traffic.close())

test("a sale goes the way of the model, whatever people, clocks, crashes and lost stores do", async () => {
  const rare = openRare()
  for (let seed = Number(first); seed < Number(first) + Number(seeds); seed++) {
    if (isLong) console.error(`seed ${seed}`)
    const divergence = await play(traffic, { seed, count: Number(count), rare })
    if (divergence) throw new Error(wordsOf(divergence))
  }
  if (isLong) console.log(rare.table())
  expect(rare.missing(wanted)).toEqual([])
}, 7_200_000)
