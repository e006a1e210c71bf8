import type { BoxOffice } from "../../box-office/box-office.ts"
import { isFault } from "../../fault.ts"
import type { Tokens } from "../../guard/tokens.ts"
import { parseShopper } from "../../http/core/credentials.ts"
import { newId, type AccountId, type HoldId, type SaleId } from "../../ids.ts"
import { emptyHistory } from "../../lab/model/history.ts"
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

/** People by name, what they can do, and what they were told, as the scripts of k6 write it down. */
export const openPeople = ({ sql, saleId, room, boxOffice, tokens, now, pass }: Parts) => {
  const history = emptyHistory()
  const people = new Map<string, Person>()
  const of = (name: string) => people.get(name)!

  /** Every answer takes 5 ms. */
  const timed = async <T>(work: () => Promise<T>) => {
    const sent = now()
    const answer = await work()
    pass(millis(5))
    return { answer, span: { sent, received: now() } }
  }

  /** A refusal is written down as an answer that the step was not to have; undefined then. */
  const asked = async <T>(name: string, step: string, work: () => Promise<T>) => {
    const { accountId: account } = of(name)
    const { answer, span } = await timed(() => work().then((value) => ({ value }), refusalOf))
    if ("value" in answer) return { value: answer.value, span: { account, ...span } }
    history.failures.push({ account, ...span, step, status: answer.status, why: answer.code })
    return undefined
  }

  const told = (person: Person, position: number, span: Span) => {
    if (person.position !== undefined && person.position !== position)
      history.moves.push({ account: person.accountId, ...span, from: person.position, to: position })
    person.position ??= position
  }

  /** An Admission that the person was given, or whatever `authorization` says. */
  const shopperOf = (name: string, authorization = `Admission ${of(name).token ?? ""}`) =>
    parseShopper(tokens, authorization, saleId)

  return {
    history,
    of,
    arrive: async (...names: string[]) => {
      const accounts = names.map((name) => {
        const accountId = newId<AccountId>(now())
        people.set(name, { accountId, polls: 0 })
        return { id: accountId, createdAt: now() }
      })
      await sql`insert into accounts ${sql(accounts)}`
    },

    join: async (name: string, wave?: number) => {
      const person = of(name)
      const { accountId: account } = person
      const { answer, span } = await timed(() => room().join(saleId, account))
      if (answer.state !== "joined") throw new Error(`${name} could not join: ${answer.state}`)
      const { position, first } = answer
      const ofWave = wave === undefined ? {} : { wave }
      history.joins.push({ account, ...span, status: first ? 201 : 200, position, ...ofWave })
      told(person, position, span)
    },

    /** True when the turn has come. */
    poll: async (name: string): Promise<boolean> => {
      const person = of(name)
      const { accountId } = person
      const { answer: turn, span } = await timed(() => room().turn(saleId, accountId))
      person.polls++
      if (turn.state === "recovering" || turn.state === "unknown_sale") return false
      if (turn.state === "not_in_queue") {
        if (person.position !== undefined)
          history.forgotten.push({ account: accountId, ...span, position: person.position })
        return false
      }
      told(person, turn.position, span)
      if (turn.state !== "admitted") {
        if (person.token === undefined) person.waitingSent = span.sent
        return false
      }
      const { admissionId, grantedAt, endsAt, position } = turn
      if (person.token === undefined)
        history.admissions.push({ account: accountId, ...span, position, ...waitingOf(person) })
      person.token = await tokens.signAdmission({ admissionId, saleId, accountId, grantedAt, endsAt })
      return true
    },

    /** Opens a stream, reads one status and cuts it. */
    follow: async (name: string) => {
      const { accountId: account } = of(name)
      const { answer: turn, span } = await timed(() => room().turn(saleId, account))
      const positions = "position" in turn ? [turn.position] : []
      history.streams.push({ account, ...span, status: turn.state === "not_in_queue" ? 404 : 0, positions })
    },

    hold: async (name: string, quantity = 1, key = "hold"): Promise<HoldId | undefined> => {
      const held = await asked(name, "hold", async () =>
        boxOffice.holds.hold(shopperOf(name), { quantity, idempotencyKey: key }),
      )
      if (held === undefined) return undefined
      const { holdId, seatIds } = held.value
      history.holds.push({ ...held.span, key, holdId, seatIds })
      return holdId
    },

    pay: async (name: string, holdId: HoldId, key = "order") => {
      const paid = await asked(name, "checkout", async () =>
        boxOffice.orders.checkout(shopperOf(name), { holdId, idempotencyKey: key }),
      )
      if (paid === undefined) return
      await room().finish(saleId, of(name).accountId, shopperOf(name).admissionId)
      const { orderId, ticketIds } = paid.value
      history.orders.push({ ...paid.span, key, holdId, orderId, ticketIds })
    },

    /** Looks at seats as somebody who was not let in. */
    sneak: async (name: string, kind: string, authorization: string) => {
      const { answer: status, span } = await timed(async () => {
        try {
          await boxOffice.seats.list(shopperOf(name, authorization), { limit: 1 })
          return 200
        } catch (error) {
          return refusalOf(error).status
        }
      })
      history.attempts.push({ account: of(name).accountId, ...span, kind, route: "seats", status })
    },

    /** Everybody goes home. */
    leave: () => {
      for (const person of people.values())
        history.left.push({
          account: person.accountId,
          at: now(),
          admitted: person.token !== undefined,
          polls: person.polls,
          ...(person.position === undefined ? {} : { position: person.position }),
          ...waitingOf(person),
        })
    },

    /** The text with names for accounts. */
    named: (text: string) => [...people].reduce((said, [name, each]) => said.replaceAll(each.accountId, name), text),
  }
}

const refusalOf = (error: unknown): { status: number; code: string } => {
  if (!isFault(error)) throw error
  return { status: error.status, code: error.code }
}

const waitingOf = ({ waitingSent }: Person) => (waitingSent === undefined ? {} : { waitingSent })
