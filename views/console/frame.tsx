import type { ComponentChildren } from "preact"
import { Brand, Document, type Addresses } from "../shared/document.tsx"

export type ConsoleFrameProps = { assets: Addresses; operator?: string; demo: boolean }

export const ConsoleFrame = ({
  frame: { assets, operator, demo },
  title,
  here,
  children,
}: {
  frame: ConsoleFrameProps
  title: string
  here?: "sales" | "log"
  children: ComponentChildren
}) => (
  <Document title={`${title} · Traffic console`} assets={assets} bodyClass="console">
    <a class="skip" href="#main">
      To the content
    </a>
    <header class="top">
      <a class="home" href="/console/sales" aria-label="Traffic, all sales">
        <Brand />
      </a>
      <nav aria-label="Main">
        {operator === undefined ? null : (
          <>
            <a href="/console/sales" aria-current={here === "sales" ? "page" : undefined}>
              Sales
            </a>
            <a href="/console/log" aria-current={here === "log" ? "page" : undefined}>
              Log
            </a>
            {demo ? <a href="/lab">Load lab</a> : null}
            <form method="post" action="/console/signout">
              <button class="plain-button" type="submit">
                Sign out {operator}
              </button>
            </form>
          </>
        )}
      </nav>
    </header>
    <main id="main" class="wide" tabIndex={-1}>
      <p id="connection" class="error" role="status">
        <span>The server does not answer. Trying again; until then the figures are old.</span>
      </p>
      {children}
    </main>
  </Document>
)
