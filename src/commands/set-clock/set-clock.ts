import { exitCodes, Refusal, type ExitCode } from "../../exit.ts"
import type { SaleId } from "../../ids.ts"
import type { SetBack } from "../../box-office/times-back.ts"
import type { SetClock } from "../../waiting-room/set-clock.ts"

export type Clocks = {
  list(): Promise<SaleId[]>
  exists(saleId: SaleId): Promise<boolean>
  setRoom(saleId: SaleId): Promise<SetClock>
  setBoxOffice(saleId: SaleId): Promise<SetBack>
}

/** The room first: what the box office has afterwards ends no later than a new one would. */
export const setClocks = async (
  which: SaleId | "all",
  clocks: Clocks,
  { json, out }: { json?: boolean; out: (line: string) => void },
): Promise<ExitCode> => {
  if (which !== "all" && !(await clocks.exists(which)))
    throw new Refusal(
      "usage",
      `set-clock ${which}: there is no such sale in these stores; name another, or other stores with --data-dir or REDIS_URL and DATABASE_URL`,
    )
  const done: Done[] = []
  for (const saleId of which === "all" ? await clocks.list() : [which])
    done.push({ saleId, room: await clocks.setRoom(saleId), boxOffice: await clocks.setBoxOffice(saleId) })
  if (json) out(JSON.stringify({ sales: done.map(shown) }))
  else for (const line of done.length === 0 ? ["No waiting room is in Redis."] : done.map(sentence)) out(line)
  return exitCodes.pass
}

type Done = { saleId: SaleId; room: SetClock; boxOffice: SetBack }

const shown = ({ saleId, room, boxOffice }: Done) => ({
  sale_id: saleId,
  room: room.state,
  moved_by_ms: room.state === "set" ? room.by : 0,
  admissions: boxOffice.admissions,
  holds: boxOffice.holds,
})

const sentence = ({ saleId, room, boxOffice: { admissions, holds } }: Done) =>
  `Sale ${saleId}: ${roomWords(room)}${admissions + holds > 0 ? `; ${admissions} admissions and ${holds} holds were set back` : ""}.`

const roomWords = (room: SetClock) => {
  if (room.state === "absent") return "its waiting room is not in Redis; the next node to open it gives it the time"
  if (room.state === "right") return "the clock of its waiting room is right"
  const by = `${Math.round(Math.abs(room.by) / 1000)} s`
  return `the clock of its waiting room was ${by} ${room.by < 0 ? "ahead" : "behind"} and is right; calls and admissions moved with it`
}
