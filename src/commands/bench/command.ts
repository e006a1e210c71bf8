import { withJson, type Declare } from "../declare.ts"
import type { BenchFlags } from "./bench.ts"

export const benchCommand: Declare = (program, action) => {
  const command = program
    .command("bench")
    .description("measure the hot paths as ratios of a bare server, side by side")
    .option("--rounds <n>", "rounds of each side", "9")
    .option("--seconds <n>", "seconds of a round", "2")
  withJson(command).action(action(async (flags: BenchFlags) => (await import("./bench.ts")).bench(flags)))
}

export const benchPeerCommand: Declare = (program, action) => {
  program
    .command("bench-peer", { hidden: true })
    .description("the bare server of the bench: answers what it reads on standard input")
    .action(action(async () => (await import("./peer.ts")).benchPeer()))
}
