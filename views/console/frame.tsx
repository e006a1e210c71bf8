import type { ComponentChildren } from "preact"
import { Brand, htmxConfig, type Addresses } from "../shared/document.tsx"

export type ConsoleFrameProps = { assets: Addresses; operator?: string; demo: boolean }

/** Every page of the organiser's console. */
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
  <html lang="en">
    <head>
      <meta charset="utf-8" />
      <title>{`${title} · Traffic console`}</title>
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="color-scheme" content="light dark" />
      <meta name="htmx-config" content={htmxConfig} />
      <link rel="icon" href={assets.icon} type="image/svg+xml" />
      <link rel="stylesheet" href={assets.style} />
      <script src={assets.htmx} defer />
      <script src={assets.connection} defer />
    </head>
    <body class="console">
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
    </body>
  </html>
)
