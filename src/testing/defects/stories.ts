import type { NewSale } from "../../box-office/sales.ts"
import { seconds } from "../../units.ts"
import { tickMs, type Trial } from "./trial.ts"

/** What people do in a sale; the same with a sound build and with a broken one. */
export type Story = { sale?: Partial<NewSale>; play: (trial: Trial) => Promise<void> }

const crowd = ["ada", "bob", "cyd", "dan", "eve", "fay"]
const late = ["gus", "hal"]
const everybody = [...crowd, ...late]

const come = async (trial: Trial, names: string[], wave?: number) => {
  await trial.arrive(...names)
  for (const name of names) {
    await trial.join(name, wave)
    await trial.pass(40)
  }
}

/** Holds, presses again, pays, presses again. */
const buy = async (trial: Trial, name: string, quantity = 1) => {
  const held = await trial.hold(name, quantity)
  await trial.hold(name, quantity)
  if (held === undefined) return
  await trial.pay(name, held)
  await trial.pay(name, held)
}

const shopUntilDone = async (trial: Trial, names: string[], buys: (name: string) => Promise<void>) => {
  const bought = new Set<string>()
  for (let round = 0; round < 60 && bought.size < names.length; round++) {
    await trial.pass(tickMs)
    for (const name of names) {
      if (bought.has(name) || !(await trial.poll(name))) continue
      bought.add(name)
      await buys(name)
    }
  }
}

/** Two waves queue, refresh, lose the network, try the door, are let in three at a time and buy. */
export const wholeSale: Story = {
  play: async (trial) => {
    await come(trial, crowd)
    await trial.join("ada")
    const token = await trial.bearer("ada")
    await trial.sneak("ada", "account_token", `Bearer ${token}`)
    await trial.sneak("ada", "account_token", `Admission ${token}`)
    await come(trial, late, 2)
    for (const name of everybody) await trial.poll(name)
    await trial.follow("fay")
    let reconnected = false
    await shopUntilDone(trial, everybody, async (name) => {
      if (!reconnected) {
        reconnected = true
        await trial.pass(seconds(3))
        await trial.follow(name)
      }
      await buy(trial, name)
      await trial.sneak(name, "replayed_admission", `Admission ${trial.of(name).token}`)
    })
  },
}

/** After the first purchase its seats go back on sale, and the next buyer gets them. */
export const seatsComeBack: Story = {
  play: async (trial) => {
    await come(trial, ["ada", "bob"])
    await shopUntilDone(trial, ["ada", "bob"], async (name) => {
      await buy(trial, name)
      await trial.meddle(
        `update seats set state = 'available', hold_id = null, order_id = null where sale_id = '${trial.saleId}' and state = 'sold'`,
      )
    })
  },
}

/** Whoever was let in holds a seat, presses the button again, and comes back tomorrow. */
export const pressedTwice: Story = {
  play: async (trial) => {
    await come(trial, ["ada", "bob"])
    await shopUntilDone(trial, ["ada", "bob"], async (name) => {
      await trial.hold(name)
      await trial.hold(name)
    })
  },
}

/** Whoever was let in holds a seat and, with a new key, another one. */
export const holdsTwice: Story = {
  play: async (trial) => {
    await come(trial, ["ada", "bob"])
    await shopUntilDone(trial, ["ada", "bob"], async (name) => {
      await trial.hold(name, 1, "first")
      await trial.hold(name, 1, "second")
    })
  },
}

/** Somebody who waits tries the admission of an earlier sale. */
export const otherSale: Story = {
  play: async (trial) => {
    await come(trial, ["ada", "bob"])
    await trial.sneak("bob", "first_sale_admission", `Admission ${await trial.foreign("bob")}`)
  },
}

/** Nobody is let in yet. */
export const arrivals: Story = { play: (trial) => come(trial, crowd) }

/** Whoever was let in loses the network and comes back. */
export const reconnects: Story = {
  sale: { shopperCapacity: 1 },
  play: async (trial) => {
    await come(trial, crowd)
    await shopUntilDone(trial, crowd, async (name) => {
      await trial.pass(seconds(3))
      await trial.follow(name)
      await buy(trial, name)
    })
  },
}

/** The second wave comes while the first still waits for a narrow shop. */
export const twoWaves: Story = {
  sale: { shopperCapacity: 1 },
  play: async (trial) => {
    await come(trial, crowd)
    await come(trial, late, 2)
    await shopUntilDone(trial, everybody, async (name) => {
      await trial.pass(seconds(1))
      await buy(trial, name)
    })
  },
}

/** Everybody waits; the shop is so narrow that the last wait for long. */
export const narrowShop: Story = {
  sale: { shopperCapacity: 1 },
  play: async (trial) => {
    await come(trial, everybody)
    await shopUntilDone(trial, everybody, async (name) => {
      await trial.pass(seconds(1))
      await buy(trial, name)
    })
  },
}

/** One more than the shop takes is called, and one of the called stays away. */
export const absentAtTheDoor: Story = {
  sale: { shopperCapacity: 2 },
  play: async (trial) => {
    await come(trial, ["ada", "bob", "cyd", "dan"])
    await trial.pass(seconds(2))
    await trial.poll("ada")
    await trial.poll("bob")
  },
}

/** Whoever was called and missed it comes when the place has gone to the next. */
export const lateAtTheDoor: Story = {
  sale: { shopperCapacity: 1, callWindow: seconds(2) },
  play: async (trial) => {
    await come(trial, ["ada", "bob"])
    await trial.pass(seconds(3))
    await trial.poll("bob")
    await trial.poll("ada")
    await trial.pass(seconds(1))
  },
}

/** Nobody is there for a while, and then a crowd. */
export const rush: Story = {
  sale: { shopperCapacity: 1000 },
  play: async (trial) => {
    await trial.pass(seconds(5))
    const names = Array.from({ length: 40 }, (_, index) => `fan${index + 1}`)
    await trial.arrive(...names)
    for (const name of names) await trial.join(name)
    await trial.pass(seconds(6))
  },
}

/** Somebody holds a seat and walks away. */
export const forgottenHold: Story = {
  sale: { holdLength: seconds(2) },
  play: async (trial) => {
    await come(trial, ["ada"])
    await trial.pass(tickMs)
    await trial.poll("ada")
    await trial.hold("ada")
    await trial.pass(seconds(9))
  },
}

/** Somebody asks for one ticket more than the sale allows. */
export const greedy: Story = {
  play: async (trial) => {
    await come(trial, ["ada"])
    await shopUntilDone(trial, ["ada"], async (name) => {
      const tooMany = await trial.hold(name, 3, "greedy")
      if (tooMany === undefined) return buy(trial, name, 2)
      await trial.pay(name, tooMany)
    })
  },
}

/** Somebody who was never let in writes an admission of their own; somebody else is let in and buys. */
export const forgedAdmission: Story = {
  play: async (trial) => {
    await come(trial, ["ada", "bob"])
    const [, claims = ""] = (await trial.bearer("ada")).split(".")
    trial.of("ada").token = `head.${claims}.signature`
    await buy(trial, "ada")
    await shopUntilDone(trial, ["bob"], (name) => buy(trial, name))
  },
}

/** Wide, narrow while people shop, and wide again when all is over. */
export const narrowedAndWidened: Story = {
  sale: { shopperCapacity: 4, callWindow: seconds(30) },
  play: async (trial) => {
    await come(trial, everybody)
    await trial.pass(seconds(2))
    const first = await admittedOf(trial, everybody)
    await trial.change({ shopperCapacity: 2 })
    await trial.pass(seconds(2))
    for (const name of first.slice(0, 3)) {
      await buy(trial, name)
      await trial.pass(seconds(1))
    }
    await admittedOf(trial, everybody)
    await trial.pass(seconds(2))
    await trial.change({ shopperCapacity: 8 })
  },
}

/** Slowed down in the middle of a rush, and quick again when all are in. */
export const slowedDown: Story = {
  sale: { shopperCapacity: 1000, callWindow: seconds(60) },
  play: async (trial) => {
    const names = Array.from({ length: 60 }, (_, index) => `fan${index + 1}`)
    await trial.arrive(...names)
    for (const name of names) await trial.join(name)
    await trial.pass(seconds(2))
    await trial.change({ admitPerMinute: 60 })
    await trial.pass(seconds(4))
    await trial.change({ admitPerMinute: 6000 })
    await trial.pass(seconds(2))
  },
}

/** Paused with people at the door, and resumed. */
export const paused: Story = {
  sale: { shopperCapacity: 1000, admitPerMinute: 60 },
  play: async (trial) => {
    await come(trial, everybody)
    await trial.pass(seconds(2))
    await trial.change({ paused: true })
    await admittedOf(trial, everybody)
    await trial.pass(seconds(3))
    await trial.change({ paused: false })
    await trial.pass(seconds(2))
  },
}

const admittedOf = async (trial: Trial, names: string[]): Promise<string[]> => {
  const admitted: string[] = []
  for (const name of names) if (await trial.poll(name)) admitted.push(name)
  return admitted
}
