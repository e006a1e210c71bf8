import { checkOf, openBreaches, type Check } from "../model/check.ts"
import type { History } from "../model/history.ts"
import { writingTime, type ServerTruth } from "../model/truth.ts"

export const seatsSoldOnce = (truth: ServerTruth): Check => {
  const breaches = openBreaches()
  const sold = new Map<string, string>()
  for (const { ticketId, seatId } of truth.tickets) {
    const other = sold.get(seatId)
    if (other !== undefined) breaches.add(`seat ${seatId} has the tickets ${other} and ${ticketId}`)
    sold.set(seatId, ticketId)
  }
  return checkOf(
    "I1 seats sold once",
    "no seat has two live tickets",
    `${truth.tickets.length} tickets`,
    breaches.found,
  )
}

export const soldWithinSeats = (truth: ServerTruth): Check => {
  const held = truth.holds.filter((each) => each.live).reduce((sum, each) => sum + each.seats, 0)
  const sold = truth.tickets.length
  const breaches = sold + held > truth.seats ? [`${sold} tickets and ${held} held seats for ${truth.seats} seats`] : []
  if (truth.seats !== truth.sale.totalSeats)
    breaches.push(`the sale was made with ${truth.sale.totalSeats} seats and has ${truth.seats}`)
  return checkOf(
    "I2 sold within seats",
    "sold and held seats are at most the seats of the sale",
    `${truth.seats} seats, ${sold} sold, ${held} held`,
    breaches,
  )
}

export const ordersKept = (history: History, truth: ServerTruth): Check => {
  const orders = new Map(truth.orders.map((each) => [each.orderId, each]))
  const tickets = Map.groupBy(truth.tickets, (each) => each.orderId)
  const breaches = openBreaches()
  for (const { account, orderId, ticketIds } of history.orders) {
    const order = orders.get(orderId)
    if (order === undefined || order.account !== account)
      breaches.add(`order ${orderId} of ${account} was acknowledged and is not there`)
    const here = new Set((tickets.get(orderId) ?? []).map((each) => each.ticketId))
    const missing = ticketIds.find((each) => !here.has(each))
    if (missing !== undefined) breaches.add(`ticket ${missing} of order ${orderId} was acknowledged and is not there`)
    else if (here.size !== ticketIds.length)
      breaches.add(`order ${orderId} was acknowledged with ${ticketIds.length} tickets and has ${here.size}`)
  }
  return checkOf(
    "I3 orders kept",
    "every acknowledged order is there with its tickets",
    `${history.orders.length} orders`,
    breaches.found,
  )
}

/**
 * I4: every captured payment has one paid order and vice versa. There are no refunds yet, so a capture without a paid
 * order is lost money.
 */
export const paymentsMatchOrders = (truth: ServerTruth): Check => {
  const orders = new Map(truth.orders.map((each) => [each.orderId, each]))
  const captured = new Map<string, string>()
  const breaches = openBreaches()
  for (const { paymentId, orderId, amountCents } of truth.payments) {
    const order = orders.get(orderId)
    const other = captured.get(orderId)
    if (order === undefined) breaches.add(`payment ${paymentId} was captured and its order ${orderId} is not paid`)
    else if (order.amountCents !== amountCents)
      breaches.add(`payment ${paymentId} took ${amountCents} cents and order ${orderId} costs ${order.amountCents}`)
    if (other !== undefined)
      breaches.add(`order ${orderId} was captured twice, by the payments ${other} and ${paymentId}`)
    captured.set(orderId, paymentId)
  }
  for (const { orderId, account } of truth.orders)
    if (!captured.has(orderId)) breaches.add(`order ${orderId} of ${account} is paid and no payment was captured`)
  return checkOf(
    "I4 payments match orders",
    "every captured payment has one paid order, and every paid order one payment",
    `${truth.payments.length} payments`,
    breaches.found,
  )
}

export const keysActOnce = (history: History, truth: ServerTruth): Check => {
  const breaches = openBreaches()
  const answers = new Map<string, string>()
  const compare = (what: string, account: string, key: string, answer: string) => {
    const name = `${account} ${key}`
    const before = answers.get(name)
    if (before !== undefined && before !== answer)
      breaches.add(`${what} with key ${key} of ${account} answered ${before} once and ${answer} another time`)
    answers.set(name, before ?? answer)
  }
  for (const { account, key, holdId, seatIds } of history.holds)
    compare("hold", account, key, `${holdId} for ${seatIds.toSorted().join(" ")}`)
  for (const { account, key, orderId, ticketIds } of history.orders)
    compare("checkout", account, key, `${orderId} with ${ticketIds.toSorted().join(" ")}`)
  const byHold = new Map<string, string>()
  for (const { holdId, orderId } of truth.orders) {
    const other = byHold.get(holdId)
    if (other !== undefined) breaches.add(`hold ${holdId} was paid twice, by the orders ${other} and ${orderId}`)
    byHold.set(holdId, orderId)
  }
  const asked = history.holds.length + history.orders.length
  return checkOf(
    "I7 keys act once",
    "a repeated request has one effect and one answer",
    `${asked} answers to ${answers.size} keys`,
    breaches.found,
  )
}

export const boughtWhileAdmitted = (truth: ServerTruth): Check => {
  const admissions = new Map(truth.admissions.map((each) => [each.admissionId, each]))
  const breaches = openBreaches()
  const judge = (what: string, account: string, admissionId: string, at: number) => {
    const admission = admissions.get(admissionId)
    if (admission === undefined || admission.account !== account)
      return breaches.add(`${what} of ${account} has no admission of that account`)
    if (at + writingTime < admission.grantedAt)
      breaches.add(`${what} of ${account} is ${admission.grantedAt - at} ms older than its admission`)
    if (at > admission.endsAt + writingTime)
      breaches.add(`${what} of ${account} came ${at - admission.endsAt} ms after its admission had ended`)
  }
  for (const { holdId, account, admissionId, takenAt } of truth.holds)
    judge(`hold ${holdId}`, account, admissionId, takenAt)
  for (const { orderId, account, admissionId, paidAt } of truth.orders)
    judge(`order ${orderId}`, account, admissionId, paidAt)
  const expected = "every hold and order has an earlier live admission of the same account"
  return checkOf(
    "I8 bought while admitted",
    expected,
    `${truth.holds.length} holds and ${truth.orders.length} orders`,
    breaches.found,
  )
}

/**
 * I8, as the clients saw it: nobody gets in without a live admission, and attempts on an admission do not end it for
 * its owner.
 */
export const noWayIn = (history: History): Check => {
  const breaches = openBreaches()
  for (const { account, kind, route, status } of history.attempts)
    if (status >= 200 && status < 300)
      breaches.add(`${account} tried ${route} with ${kind.replaceAll("_", " ")} and was answered ${status}`)
  for (const { account, step, status, why } of history.failures)
    if (shopSteps.includes(step) && (status === 401 || status === 403))
      breaches.add(`${account} had an admission, and ${step} was answered ${status} ${why}`)
  const expected = "no answer 2xx without a live admission, and none of 401 or 403 with one"
  return checkOf("I8 no way in", expected, `${history.attempts.length} attempts`, breaches.found)
}

const shopSteps = ["seats", "hold", "checkout"]
