import type { Declare } from "../declare.ts"

export type ServeFlags = { port?: string; host?: string; dataDir?: string; workers?: string }

export const serveCommand: Declare = (program, action) => {
  program
    .command("serve")
    .description(
      "serve the API, the waiting room and the load lab, on embedded stores unless REDIS_URL and DATABASE_URL are set",
    )
    .option("--port <n>", "where to listen; 0 picks a free port (PORT, 8080)")
    .option("--host <address>", "the address to listen on (HOST, 127.0.0.1)")
    .option("--data-dir <folder>", "embedded stores, keys and run records (TRAFFIC_DATA_DIR, ./data)")
    .option("--workers <n>", "processes that share the port (1)")
    .action(action(async (flags: ServeFlags) => (await import("./serve.ts")).serve(flags)))
}

export const serveWorkerCommand: Declare = (program, action) => {
  program
    .command("serve-worker", { hidden: true })
    .description("one of the processes that serve --workers starts")
    .action(action(async () => (await import("./worker.ts")).serveWorker()))
}
