import { rfc3339, later, seconds, type EpochMs } from "../../units.ts"

/** Makes sales whose waiting room takes whoever comes and lets in next to nobody. @throws Error when the server refuses */
export const openSales = ({ url, adminKey, now }: { url: string; adminKey: string; now: EpochMs }) => {
  const headers = { "content-type": "application/json", "x-admin-key": adminKey }
  const post = async (path: string, body: object, id: string) => {
    const answer = await fetch(url + path, { method: "POST", headers, body: JSON.stringify(body) })
    const made = (await answer.json()) as Record<string, string>
    if (made[id] === undefined) throw new Error(`no sale could be made: ${JSON.stringify(made)}`)
    return made[id]
  }
  const tomorrow = rfc3339(later(now, seconds(86_400)))
  return async () => {
    const eventId = await post("/v1/admin/events", { name: "Bench", venue: "Here", starts_at: tomorrow }, "event_id")
    const terms = {
      opens_at: rfc3339(now),
      ends_at: tomorrow,
      total_seats: 10,
      admit_per_minute: 1,
      shopper_capacity: 1,
      waiting_room_cap: 10_000_000,
    }
    return `${url}/v1/sales/${await post("/v1/admin/sales", { event_id: eventId, ...terms }, "sale_id")}/waiting-room`
  }
}
