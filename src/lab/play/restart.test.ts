import { expect, test } from "bun:test"
import { openClock } from "../../clock.ts"
import { millis } from "../../units.ts"
import { openRestart } from "./restart.ts"

const clock = openClock()
const after = millis(1)
const stateOf = (restart: ReturnType<typeof openRestart>) =>
  restart.checks().map(({ passed, judged }) => ({ passed, judged }))

test("a restart that was done passes, one that broke fails with its reason", async () => {
  const done = Promise.withResolvers<void>()
  const good = openRestart({ after, restart: async () => done.resolve(), clock })
  expect(good.settings).toEqual({ restart_after_ms: after })
  expect(stateOf(good)).toEqual([{ passed: false, judged: true }])
  good.begin()
  await done.promise
  await Bun.sleep(0)
  expect(stateOf(good)).toEqual([{ passed: true, judged: true }])

  const failed = Promise.withResolvers<void>()
  const bad = openRestart({
    after,
    restart: () => {
      failed.resolve()
      return Promise.reject(new Error("the port is taken"))
    },
    clock,
  })
  bad.begin()
  await failed.promise
  await Bun.sleep(0)
  expect(bad.checks()[0]).toMatchObject({ passed: false, counterExample: "the port is taken" })
})

test("where the server is not the run's own the restart is left out, and says so", () => {
  const none = openRestart({ after, restart: undefined, clock })
  none.begin()
  expect(none.settings).toEqual({})
  expect(none.checks()).toMatchObject([
    { passed: true, judged: false, seen: "left out: the server is not the run's own" },
  ])
})
