import { environment } from "./config.ts"
import { runCommand } from "./commands/program.ts"

// Elysia reads it on its first use; without it a refusal would tell the schema.
environment().NODE_ENV ??= "production"
process.exit(await runCommand(process.argv.slice(2)))
