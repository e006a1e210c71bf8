import { afterAll } from "bun:test"
import { endStores } from "./stores.ts"

afterAll(() => endStores())
