import { Fault } from "../fault.ts"

export type Hasher = {
  hash(password: string): Promise<string>
  verify(password: string, hash: string): Promise<boolean>
}

export type PasswordLimits = {
  /** Hashes under way at once: each takes a core and 19 MiB. */
  atOnce: number
  queue: number
}

/** argon2id as OWASP advises it: 19 MiB, two passes, one lane. */
export const argon2id: Hasher = {
  hash: (password) => Bun.password.hash(password, { algorithm: "argon2id", memoryCost: 19_456, timeCost: 2 }),
  verify: (password, hash) => Bun.password.verify(password, hash),
}

export const openPasswords = ({
  hasher = argon2id,
  limits,
}: { hasher?: Hasher; limits?: Partial<PasswordLimits> } = {}) => {
  const { atOnce, queue } = { ...usualLimits, ...limits }
  const waiting: (() => void)[] = []
  let running = 0

  const inTurn = async <T>(work: () => Promise<T>): Promise<T> => {
    if (running >= atOnce && waiting.length >= queue)
      throw new Fault("hashing_busy", "Nothing was done; try again as Retry-After says", {
        headers: { "Retry-After": "2" },
      })
    // A slot is handed to the next in line, so that no newcomer takes it.
    if (running >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve))
    else running++
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else running--
    }
  }

  return {
    hash: (password: string) => inTurn(() => hasher.hash(password)),
    /** Without a hash it does the same work and is false. @throws Fault hashing_busy */
    verify: (password: string, hash: string | undefined) =>
      inTurn(async () => (await hasher.verify(password, hash ?? nobodysHash)) && hash !== undefined),
  }
}

export type Passwords = ReturnType<typeof openPasswords>

const usualLimits: PasswordLimits = { atOnce: 2, queue: 32 }

/** Of a random password that nobody knows, with the parameters above. */
const nobodysHash =
  "$argon2id$v=19$m=19456,t=2,p=1$ExSnrdqUihoNQX/0ggrqMLTHozeGZ6Leh+KrwKP2Fd4$1f66dRlKtJII6Itwh84Im5EDB7aAZePCbdst3PsuqGo"
