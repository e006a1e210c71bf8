import AxeBuilder from "@axe-core/playwright"
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core"
import { findProgram } from "../programs.ts"
import { seconds } from "../units.ts"

const patience = seconds(20)

/** What went wrong in a page without anybody asking. */
export type Trouble = { problems: string[]; requests: string[] }
export type Visit = { page: Page; trouble: Trouble; context: BrowserContext }

let started: Promise<Browser> | undefined

/** The browser of this test process, started on first use. Call `closeBrowser` in afterAll. */
const browser = (): Promise<Browser> =>
  (started ??= open().catch((error: unknown) => {
    started = undefined
    throw error
  }))

/** A machine whose disk or CPU stands still for a while gets another try. */
const launches = 3

const open = async (): Promise<Browser> => {
  for (let left = launches; ; left--)
    try {
      return await launch()
    } catch (error) {
      if (left === 1 || !(error instanceof Error) || error.name !== "TimeoutError") throw error
    }
}

const launch = () => {
  const executablePath = findProgram("chromium") ?? findProgram("google-chrome")
  if (executablePath === undefined) throw new Error("Chromium is missing: run ./scripts/setup --for-tests")
  return chromium.launch({
    executablePath,
    timeout: patience,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--disable-dev-shm-usage",
    ],
  })
}

export const closeBrowser = async () => {
  const running = started
  started = undefined
  await (await running?.catch(() => undefined))?.close()
}

export type Viewer = { width?: number; height?: number; scheme?: "light" | "dark"; javaScript?: boolean }

/** A page of a fresh visitor. Console errors, broken scripts, failed requests and refused content are collected. */
export const visit = async ({
  width = 1440,
  height = 900,
  scheme = "light",
  javaScript = true,
}: Viewer = {}): Promise<Visit> => {
  const context = await (
    await browser()
  ).newContext({
    viewport: { width, height },
    colorScheme: scheme,
    javaScriptEnabled: javaScript,
    reducedMotion: "reduce",
  })
  context.setDefaultTimeout(patience)
  const page = await context.newPage()
  const trouble: Trouble = { problems: [], requests: [] }
  page.on("console", (message) => {
    if (message.type() === "error" || message.text().includes("Content Security Policy"))
      trouble.problems.push(`console: ${message.text()}`)
  })
  page.on("pageerror", (error) => trouble.problems.push(`script: ${error.message}`))
  page.on("request", (request) => trouble.requests.push(request.url()))
  return { page, trouble, context }
}

/** How far the page can be scrolled sideways, in pixels. */
export const overflowOf = (page: Page) =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)

/** What axe finds against WCAG 2.2 AA and its best practices, one line each. */
export const violationsOf = async (page: Page): Promise<string[]> => {
  const { violations } = await new AxeBuilder({ page }).analyze()
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map((each) => `${id}: ${help}: ${each.target.join(" ")}: ${each.failureSummary ?? ""}`),
  )
}
