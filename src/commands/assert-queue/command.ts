import { existsSync } from "node:fs"
import { environment, parseConfig } from "../../config.ts"
import { Refusal } from "../../exit.ts"
import { isId } from "../../ids.ts"
import { withDataDir, withJson, type Declare } from "../declare.ts"
import type { AssertQueueFlags } from "./assert-queue.ts"

export const assertQueueCommand: Declare = (program, action) => {
  const command = program
    .command("assert-queue")
    .description("audit the queue and the box office of one sale in the configured stores")
    .requiredOption("--sale <id>", "the sale")
  withJson(withDataDir(command)).action(action(assertQueue))
}

/** It writes nothing but the journal's own backlog. */
const assertQueue = async (flags: AssertQueueFlags & { dataDir?: string }) => {
  const config = parseConfig(environment(), { dataDir: flags.dataDir })
  const reasons = isId(flags.sale) ? [] : [`--sale is "${flags.sale}"; write the id of a sale, a ULID of 26 characters`]
  if (!config.external && !existsSync(config.dataDir))
    reasons.push(`--data-dir: there are no stores in ${config.dataDir}`)
  if (reasons.length > 0) throw new Refusal("usage", reasons)
  const { openQueue } = await import("./queue.ts")
  const { assertQueue } = await import("./assert-queue.ts")
  const queue = await openQueue(config)
  try {
    return await assertQueue(flags, { ...queue, out: (line) => console.log(line) })
  } finally {
    await queue.close()
  }
}
