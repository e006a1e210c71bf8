import type { Admission } from "../../admission.ts"
import type { Queue } from "./look.ts"

/** Of the sale that is played. Lengths in ms. */
export const sale = {
  people: 20,
  seats: 4,
  perAccount: 2,
  perMinute: 1200,
  capacity: 5,
  waitingMax: 4,
  callWindow: 3000,
  admission: 20_000,
  hold: 3000,
}
const lead = 5000
const minute = 60_000
const secondTurn = 2 ** 40
const callCosts = 60_000

type Hold = { id: string; seats: number; ends: number; answer: string }
export type Expected = { state: string; position?: number; admission?: string }

/** The sale as one would write it down: people by number, sets and lists, no store, no script, no bucket in hashes. */
export class Model {
  // The room
  positions = new Map<number, number>()
  present = new Set<number>()
  told = new Set<number>()
  toldAdmissions = new Set<string>()
  toldEnds = new Map<string, number>()
  highest = 0
  nowServing = 0
  /** The highest that was called: a gap is stepped over without a call. */
  called = 0
  gaps: { from: number; to: number }[] = []
  calls = new Map<number, number>()
  shoppers = new Map<number, number>()
  late = new Map<number, number>()
  used = new Set<number>()
  live = new Map<number, string>()
  credit = callCosts
  settlesAt = 0
  soldOut = false
  paused = false
  generation = 1
  rebuiltAt = 0
  // What the journal has for certain
  journaled = { places: new Set<number>(), admissions: new Set<string>(), finished: new Set<string>(), called: 0 }
  // Who stands behind a token, and what they bought
  tokens = new Map<number, Admission>()
  kept = new Map<string, number>()
  finished = new Set<string>()
  holds = new Map<number, Hold>()
  sold = new Map<number, number>()
  // Clocks and stores
  time: number
  clock: number
  wall: number
  refilled: number
  swept: number
  hasSwept = true
  startedWrong = false
  machineOff = 0
  resyncs = true
  isOpen = true
  postgresIsAway = false
  stock: { some: boolean; at: number } | undefined

  constructor(time: number) {
    this.time = time
    this.clock = this.wall = this.refilled = this.swept = time
  }

  get taken() {
    return [...this.holds.values(), ...[...this.sold.values()].map((seats) => ({ seats }))].reduce(
      (sum, each) => sum + each.seats,
      0,
    )
  }
  get waiting() {
    return [...this.present].filter((who) => this.positions.get(who)! > this.nowServing).length
  }
  get leads() {
    // A scheduler that has lost sight of the room asks Postgres which copy is whole.
    return !this.startedWrong && this.isOpen && !(this.resyncs && this.postgresIsAway)
  }
  private get roomNow() {
    return Math.max(this.clock, Math.min(this.time, this.clock + lead))
  }

  join(who: number): Expected {
    const position = this.positions.get(who)
    if (!this.isOpen) return { state: "recovering" }
    this.told.add(who)
    if (position !== undefined && !this.present.has(who)) {
      this.present.add(who)
      if (position > this.nowServing) this.late.set(who, position)
      return { state: "joined", position }
    }
    if (position !== undefined) {
      const wantsAgain = this.used.has(who) && !this.shoppers.has(who) && !this.calls.has(position)
      if (wantsAgain && !this.soldOut && !this.late.has(who)) this.late.set(who, secondTurn + position)
      return { state: "joined", position }
    }
    this.told.delete(who)
    if (this.soldOut) return { state: "closed" }
    if (this.roomNow < this.settlesAt) return { state: "recovering" }
    if (this.waiting >= sale.waitingMax) return { state: "full" }
    this.told.add(who)
    this.present.add(who)
    this.positions.set(who, ++this.highest)
    return { state: "joined", position: this.highest }
  }

  /** Time passes and the leader moves the room; false when there is none that may. */
  tick(): boolean {
    if (!this.leads) {
      if (this.startedWrong) this.stock = undefined
      this.resyncs = true
      return false
    }
    if (this.resyncs) {
      const leap = Math.max(0, this.time - this.clock - lead)
      for (const ends of [this.calls, this.shoppers]) for (const [key, end] of ends) ends.set(key, end + leap)
      this.clock = Math.max(this.clock, this.time)
    } else this.clock += Math.max(0, Math.min(this.time - this.wall, lead))
    this.resyncs = false
    this.wall = this.time
    for (const [who, end] of this.shoppers) if (end <= this.clock) this.endAdmission(who)
    for (const [position, end] of this.calls) if (end <= this.clock) this.calls.delete(position)
    this.readStock()
    if (this.stock) this.soldOut = !this.stock.some
    if (this.stock?.some && !this.paused && this.clock >= this.settlesAt) this.callPeople()
    return true
  }

  private callPeople() {
    const most = Math.max(callCosts, sale.perMinute * 1000)
    this.credit = Math.min(most, this.credit + (this.clock - this.refilled) * sale.perMinute)
    this.refilled = this.clock
    const may = () => this.credit >= callCosts && this.shoppers.size + this.calls.size < sale.capacity
    const call = (position: number) => {
      this.credit -= callCosts
      this.calls.set(position, this.clock + sale.callWindow)
    }
    const callLate = (upto: number) => {
      for (const [who, priority] of [...this.late].toSorted((a, b) => a[1] - b[1])) {
        if (priority > upto || !may()) return
        this.late.delete(who)
        call(priority % secondTurn)
      }
    }
    callLate(this.nowServing)
    while (may() && this.nowServing < this.highest) {
      const gap = this.gaps.find(({ from, to }) => this.nowServing + 1 >= from && this.nowServing < to)
      if (gap) {
        this.nowServing = gap.to
        callLate(this.nowServing)
      } else call((this.called = ++this.nowServing))
    }
    if (this.nowServing >= this.highest) callLate(Number.POSITIVE_INFINITY)
  }

  private readStock() {
    const age = this.stock ? this.time - this.stock.at : Number.POSITIVE_INFINITY
    if (age >= 1000 && !this.postgresIsAway) this.stock = { some: this.soldSeats < sale.seats, at: this.time }
    else if (age >= lead) this.stock = undefined
  }
  private get soldSeats() {
    return [...this.sold.values()].reduce((sum, each) => sum + each, 0)
  }

  claim(who: number): Expected {
    const position = this.positions.get(who)
    if (position === undefined || !this.present.has(who)) return { state: "not_in_queue" }
    this.told.add(who)
    if (position > this.nowServing) return { state: "waiting", position }
    if (this.shoppers.has(who)) return { state: "admitted", position, admission: this.live.get(who) }
    if (this.calls.delete(position)) {
      this.shoppers.set(who, this.roomNow + sale.admission)
      this.used.add(who)
      this.late.delete(who)
      return { state: "admitted", position }
    }
    if (this.used.has(who)) return { state: "used", position }
    if (!this.late.has(who)) this.late.set(who, position)
    return { state: "missed", position }
  }

  /** A shopper comes with a token whose place the room has lost. */
  readmit(who: number) {
    const token = this.tokens.get(who)!
    if (!this.isOpen || token.grantedAt > this.rebuiltAt + lead || this.shoppers.has(who)) return
    if (token.endsAt <= this.clock || !this.present.has(who)) return
    this.calls.delete(this.positions.get(who)!)
    this.late.delete(who)
    this.shoppers.set(who, token.endsAt)
    this.live.set(who, token.admissionId)
    this.used.add(who)
    // Nobody can say whether it is finished.
    if (this.postgresIsAway || this.finished.has(token.admissionId)) this.endAdmission(who)
  }
  endAdmission(who: number) {
    this.shoppers.delete(who)
    this.live.delete(who)
  }

  /** When a shopper comes with a token past its end: the room says whether it has moved that end. */
  endOf(who: number): number {
    const { admissionId, endsAt } = this.tokens.get(who)!
    if (this.time < endsAt) return endsAt
    const before = this.live.get(who)
    const isLive = this.isOpen && this.claim(who).state === "admitted" && before === admissionId
    if (isLive) this.toldEnds.set(admissionId, this.shoppers.get(who)!)
    return isLive || !this.isOpen ? Math.max(endsAt, this.toldEnds.get(admissionId) ?? 0) : endsAt
  }

  /** Why it is refused; a hold that is held, expired and unswept is given back on the way. */
  hold(who: number, seats: number, end: number): string[] {
    const refused = this.refuseToken(who, end)
    if (refused) return [refused]
    const held = this.holds.get(who)
    const reasons = []
    if (held && held.ends > this.time) reasons.push("hold_exists")
    if ((held?.seats ?? 0) + (this.sold.get(who) ?? 0) + seats > sale.perAccount) reasons.push("cap_exceeded")
    if (reasons.length > 0 && held && held.ends <= this.time) {
      // The cap counts what the sweeper has not given back; which of the two refuses first is not promised.
      return [...reasons, "held"]
    }
    if (reasons.length > 0) return reasons
    if (sale.seats - this.taken + (held?.seats ?? 0) < seats) return ["unavailable"]
    return []
  }
  pay(who: number, end: number): string | undefined {
    const refused = this.refuseToken(who, end)
    if (refused) return refused
    const held = this.holds.get(who)!
    return held.ends <= this.time ? "hold_expired" : undefined
  }
  private refuseToken(who: number, end: number) {
    const token = this.tokens.get(who)!
    if (this.time >= end) return "admission_invalid"
    return this.finished.has(token.admissionId) ? "admission_required" : undefined
  }
  finish(who: number) {
    const { admissionId } = this.tokens.get(who)!
    this.finished.add(admissionId)
    if (this.live.get(who) === admissionId) this.endAdmission(who)
  }

  /** Holds get back the time in which nobody swept, then those past their end are given back. */
  sweep(): number {
    if (this.startedWrong || this.postgresIsAway) return 0
    const gap = this.time - this.swept
    const lost = gap > lead ? gap - (this.hasSwept ? lead : 0) : 0
    if (lost > 0) for (const hold of this.holds.values()) if (hold.ends > this.swept) hold.ends += lost
    this.swept = this.time
    this.hasSwept = true
    let released = 0
    for (const [who, hold] of this.holds) if (hold.ends <= this.time) released += Number(this.holds.delete(who))
    return released
  }

  restart() {
    this.startedWrong = Math.abs(this.machineOff) > minute
    this.hasSwept = false
    this.resyncs = true
    this.stock = undefined
    this.told.clear()
    this.toldAdmissions.clear()
    this.toldEnds.clear()
  }
  step(off: number) {
    this.machineOff = off
    if (Math.abs(off) <= minute) this.startedWrong = false
  }

  journal() {
    this.journaled = {
      places: new Set(this.present),
      admissions: new Set([...this.journaled.admissions, ...this.live.values()]),
      finished: new Set([...this.journaled.finished, ...this.finished]),
      called: this.called,
    }
  }

  /**
   * After the room was rebuilt it goes on from what the store says, which may lack a call and an admission that the journal had not,
   * and never a place that it had or that somebody alive had told, nor an admission that it had.
   */
  adopt(queue: Queue): string[] {
    const wrong: string[] = []
    const demand = (holds: boolean, what: string) => holds || wrong.push(what)
    for (const [who, position] of queue.positions)
      demand(this.positions.get(who) === position, `person ${who} was moved to ${position}`)
    for (const who of [...this.journaled.places, ...this.told])
      demand(queue.positions.has(who), `the place of person ${who} was lost`)
    demand(queue.highest >= this.highest, `places are counted from ${queue.highest}, ${this.highest} was told`)
    demand(queue.nowServing >= this.journaled.called, `now serving went back to ${queue.nowServing}`)
    demand(queue.nowServing <= this.nowServing, `now serving went on to ${queue.nowServing}`)
    demand(queue.calls.size === 0, "somebody was called while it was rebuilt")
    for (const [who, end] of this.shoppers) {
      const id = this.live.get(who)!
      const isSafe =
        (this.journaled.admissions.has(id) || this.toldAdmissions.has(id)) && !this.finished.has(id) && end > this.time
      demand(!isSafe || queue.admissions.get(who) === id, `the admission of person ${who} was lost`)
    }
    for (const [who, end] of queue.shoppers) demand(end > this.time, `person ${who} shops after the end`)
    for (const who of queue.used) demand(this.used.has(who), `person ${who} has used no turn`)
    this.present = new Set(queue.positions.keys())
    Object.assign(this, { highest: queue.highest, nowServing: queue.nowServing, gaps: queue.gaps })
    Object.assign(this, { calls: new Map(queue.calls), shoppers: new Map(queue.shoppers), late: new Map(queue.late) })
    Object.assign(this, { live: new Map(queue.admissions), used: new Set(queue.used), credit: queue.credit })
    Object.assign(this, { clock: queue.clock, wall: queue.wall, refilled: queue.refilled, soldOut: queue.soldOut })
    Object.assign(this, { settlesAt: queue.settlesAt, rebuiltAt: queue.rebuiltAt, generation: queue.generation })
    this.called = Math.min(this.called, this.nowServing)
    this.resyncs = true
    return wrong
  }
}
