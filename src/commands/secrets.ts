import { randomBytes } from "node:crypto"
import { chmodSync, existsSync, linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { Config, JwtKey } from "../config.ts"

export type Secrets = { jwtKeys: JwtKey[]; ticketKey: { keyId: number; privateKey: Uint8Array } }

/**
 * The keys of this installation: from the settings, else made once and kept in the data directory, readable by its owner only.
 * Two processes that start at once agree on one file, because the second link of the same name fails.
 */
export const loadSecrets = (config: Config): Secrets => {
  const kept = keptSecrets(config.dataDir)
  const [keyId, seed] = config.ticketKey?.split(":") ?? [String(kept.ticket_key_id), kept.ticket_seed]
  return {
    jwtKeys: config.jwtKeys ?? [{ kid: kept.jwt_kid, secret: kept.jwt_secret }],
    ticketKey: { keyId: Number(keyId), privateKey: Buffer.from(seed ?? "", "base64url") },
  }
}

type Kept = { jwt_kid: string; jwt_secret: string; ticket_key_id: number; ticket_seed: string }

const keptSecrets = (dataDir: string): Kept => {
  const file = join(dataDir, "secrets.json")
  if (!existsSync(file)) {
    mkdirSync(dataDir, { recursive: true })
    const fresh: Kept = {
      jwt_kid: randomBytes(4).toString("hex"),
      jwt_secret: randomBytes(32).toString("base64url"),
      ticket_key_id: 1,
      ticket_seed: randomBytes(32).toString("base64url"),
    }
    const draft = `${file}.${process.pid}`
    writeFileSync(draft, `${JSON.stringify(fresh, null, 2)}\n`, { mode: 0o600 })
    chmodSync(draft, 0o600)
    try {
      linkSync(draft, file)
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error
    } finally {
      unlinkSync(draft)
    }
  }
  return JSON.parse(readFileSync(file, "utf8")) as Kept
}
