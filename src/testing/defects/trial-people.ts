import type { BoxOffice } from "../../box-office/box-office.ts"
import { isFault } from "../../fault.ts"
import type { Tokens } from "../../guard/tokens.ts"
import { parseShopper } from "../../http/core/credentials.ts"
import { newId, type AccountId, type HoldId, type SaleId } from "../../ids.ts"
import { emptyHistory, type History } from "../../lab/model/history.ts"
import type { Pool } from "../../stores/postgres.ts"
import { millis, type EpochMs, type Millis } from "../../units.ts"
import type { WaitingRoom } from "../../waiting-room/waiting-room.ts"

type Person = {
  accountId: AccountId
  position?: number
  waitingSent?: EpochMs
  token?: string
  polls: number
}

type Parts = {
  sql: Pool
  saleId: SaleId
  /** The one that runs now. */
  room: () => WaitingRoom
  boxOffice: BoxOffice
  tokens: Tokens
  now: () => EpochMs
  pass: (time: Millis) => void
}

type Span = { sent: EpochMs; received: EpochMs }

type Crowd = Parts & { history: History; people: Map<string, Person> }

/** People by name, what they can do, and what they were told, as the scripts of k6 write it down. */
export const openPeople = (parts: Parts) => {
  const crowd: Crowd = { ...parts, history: emptyHistory(), people: new Map() }
  return {
    history: crowd.history,
    of: (name: string) => of(crowd, name),
    arrive: (...names: string[]) => arrive(crowd, names),
    join: (name: string, wave?: number) => join(crowd, name, wave),
    /** True when the turn has come. */
    poll: (name: string) => poll(crowd, name),
    /** Opens a stream, reads one status and cuts it. */
    follow: (name: string) => follow(crowd, name),
    hold: (name: string, quantity = 1, key = "hold") => hold(crowd, name, quantity, key),
    pay: (name: string, holdId: HoldId, key = "order") => pay(crowd, name, holdId, key),
    /** Looks at seats as somebody who was not let in. */
    sneak: (name: string, kind: string, authorization: string) => sneak(crowd, name, kind, authorization),
    /** Everybody goes home. */
    leave: () => leave(crowd),
    /** The text with names for accounts. */
    named: (text: string) =>
      [...crowd.people].reduce((said, [name, each]) => said.replaceAll(each.accountId, name), text),
  }
}

const of = ({ people }: Crowd, name: string) => people.get(name)!

const arrive = async ({ sql, people, now }: Crowd, names: string[]) => {
  const accounts = names.map((name) => {
    const accountId = newId<AccountId>(now())
    people.set(name, { accountId, polls: 0 })
    return { id: accountId, createdAt: now() }
  })
  await sql`insert into accounts ${sql(accounts)}`
}

const join = async (crowd: Crowd, name: string, wave?: number) => {
  const { room, saleId, history } = crowd
  const person = of(crowd, name)
  const { accountId: account } = person
  const { answer, span } = await timed(crowd, () => room().join(saleId, account))
  if (answer.state !== "joined") throw new Error(`${name} could not join: ${answer.state}`)
  const { position, first } = answer
  history.joins.push({ account, ...span, status: first ? 201 : 200, position, wave })
  told(crowd, person, position, span)
}

const poll = async (crowd: Crowd, name: string): Promise<boolean> => {
  const { room, saleId, history, tokens } = crowd
  const person = of(crowd, name)
  const { accountId } = person
  const { answer: turn, span } = await timed(crowd, () => room().turn(saleId, accountId))
  person.polls++
  if (turn.state === "recovering" || turn.state === "unknown_sale") return false
  if (turn.state === "not_in_queue") {
    if (person.position !== undefined)
      history.forgotten.push({ account: accountId, ...span, position: person.position })
    return false
  }
  told(crowd, person, turn.position, span)
  if (turn.state !== "admitted") {
    if (person.token === undefined) person.waitingSent = span.sent
    return false
  }
  const { admissionId, grantedAt, endsAt, position } = turn
  if (person.token === undefined)
    history.admissions.push({ account: accountId, ...span, position, waitingSent: person.waitingSent })
  person.token = await tokens.signAdmission({ admissionId, saleId, accountId, grantedAt, endsAt })
  return true
}

const told = ({ history }: Crowd, person: Person, position: number, span: Span) => {
  if (person.position !== undefined && person.position !== position)
    history.moves.push({ account: person.accountId, ...span, from: person.position, to: position })
  person.position ??= position
}

const follow = async (crowd: Crowd, name: string) => {
  const { room, saleId, history } = crowd
  const { accountId: account } = of(crowd, name)
  const { answer: turn, span } = await timed(crowd, () => room().turn(saleId, account))
  const positions = "position" in turn ? [turn.position] : []
  history.streams.push({ account, ...span, status: turn.state === "not_in_queue" ? 404 : 0, positions })
}

const hold = async (crowd: Crowd, name: string, quantity: number, key: string): Promise<HoldId | undefined> => {
  const held = await asked(crowd, name, "hold", async () =>
    crowd.boxOffice.holds.hold(shopperOf(crowd, name), { quantity, idempotencyKey: key }),
  )
  if (held === undefined) return undefined
  const { holdId, seatIds } = held.value
  crowd.history.holds.push({ ...held.span, key, holdId, seatIds })
  return holdId
}

const pay = async (crowd: Crowd, name: string, holdId: HoldId, key: string) => {
  const { boxOffice, room, saleId, history } = crowd
  const paid = await asked(crowd, name, "checkout", async () =>
    boxOffice.orders.checkout(shopperOf(crowd, name), { holdId, idempotencyKey: key }),
  )
  if (paid === undefined) return
  await room().finish(saleId, of(crowd, name).accountId, shopperOf(crowd, name).admissionId)
  const { orderId, ticketIds } = paid.value
  history.orders.push({ ...paid.span, key, holdId, orderId, ticketIds })
}

const sneak = async (crowd: Crowd, name: string, kind: string, authorization: string) => {
  const { boxOffice, history } = crowd
  const { answer: status, span } = await timed(crowd, async () => {
    try {
      await boxOffice.seats.list(shopperOf(crowd, name, authorization), { limit: 1 })
      return 200
    } catch (error) {
      return refusalOf(error).status
    }
  })
  history.attempts.push({ account: of(crowd, name).accountId, ...span, kind, route: "seats", status })
}

const leave = ({ people, history, now }: Crowd) => {
  for (const { accountId: account, token, polls, position, waitingSent } of people.values())
    history.left.push({ account, at: now(), admitted: token !== undefined, polls, position, waitingSent })
}

/** Every answer takes 5 ms. */
const timed = async <T>({ now, pass }: Crowd, work: () => Promise<T>) => {
  const sent = now()
  const answer = await work()
  pass(millis(5))
  return { answer, span: { sent, received: now() } }
}

/** A refusal is written down as an answer that the step was not to have; undefined then. */
const asked = async <T>(crowd: Crowd, name: string, step: string, work: () => Promise<T>) => {
  const { accountId: account } = of(crowd, name)
  const { answer, span } = await timed(crowd, () => work().then((value) => ({ value }), refusalOf))
  if ("value" in answer) return { value: answer.value, span: { account, ...span } }
  crowd.history.failures.push({ account, ...span, step, status: answer.status, why: answer.code })
  return undefined
}

/** An Admission that the person was given, or whatever `authorization` says. */
const shopperOf = (crowd: Crowd, name: string, authorization = `Admission ${of(crowd, name).token ?? ""}`) =>
  parseShopper(crowd.tokens, authorization, crowd.saleId)

const refusalOf = (error: unknown): { status: number; code: string } => {
  if (!isFault(error)) throw error
  return { status: error.status, code: error.code }
}
