import { connect } from "node:net"

/** True when Redis has loaded its data. */
export const redisAnswers = (socket: string) =>
  answers(socket, Buffer.from("PING\r\n"), (reply) => reply.startsWith("+PONG"))

/** True when the login is answered by R (authentication), not E (error). */
export const postgresAnswers = (socket: string) => answers(socket, hello, (reply) => reply.startsWith("R"))

const answers = (socket: string, question: Buffer, isWell: (reply: string) => boolean) =>
  new Promise<boolean>((resolve) => {
    const connection = connect({ path: socket })
    const end = (outcome: boolean) => {
      connection.destroy()
      resolve(outcome)
    }
    connection.setTimeout(answerWithinMs, () => end(false))
    connection.once("error", () => end(false))
    connection.once("close", () => end(false))
    connection.once("data", (reply) => end(isWell(reply.toString("latin1"))))
    connection.once("connect", () => connection.write(question))
  })

const answerWithinMs = 1000

const hello = (() => {
  const text = Buffer.from("user\0traffic\0database\0traffic\0\0")
  const head = Buffer.alloc(8)
  head.writeInt32BE(head.length + text.length, 0)
  head.writeInt32BE(196_608, 4)
  return Buffer.concat([head, text])
})()
