import type { ComponentChildren } from "preact"
import { Brand } from "../shared/document.tsx"
import type { FanAssets } from "../shared/look.ts"

export type Frame = {
  assets: FanAssets
  /** Undefined on pages that are the same for everybody. */
  signedIn?: boolean
}

/** Every page for fans. `noScript` sends a browser without JavaScript elsewhere; `refreshAfterSec` asks again for whom it is meant. */
export const FanFrame = ({
  frame: { assets, signedIn },
  title,
  refreshAfterSec,
  noScriptGoTo,
  waiting,
  wide,
  children,
}: {
  frame: Frame
  title: string
  refreshAfterSec?: number
  noScriptGoTo?: string
  waiting?: { saleId: string; title: string }
  wide?: boolean
  children: ComponentChildren
}) => (
  <html lang="en">
    <head>
      <meta charset="utf-8" />
      <title>{`${title} · Traffic`}</title>
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="color-scheme" content="light dark" />
      <link rel="icon" href={assets.icon} type="image/svg+xml" />
      <link rel="stylesheet" href={assets.style} />
      {refreshAfterSec === undefined && noScriptGoTo === undefined ? null : (
        <noscript>
          <meta
            http-equiv="refresh"
            content={noScriptGoTo === undefined ? String(refreshAfterSec) : `0; url=${noScriptGoTo}`}
          />
        </noscript>
      )}
      <script src={waiting === undefined ? assets.script : assets.waiting} defer />
    </head>
    <body data-sale={waiting?.saleId} data-title={waiting?.title}>
      <a class="skip" href="#main">
        To the content
      </a>
      <header class="top">
        <a class="home" href="/events" aria-label="Traffic, all events">
          <Brand />
        </a>
        <nav aria-label="Main">
          <a href="/events">Events</a>
          <a href="/me/tickets">My tickets</a>
          {signedIn === true ? (
            <form method="post" action="/signout">
              <button class="plain-button" type="submit">
                Sign out
              </button>
            </form>
          ) : (
            <a href="/signin">{signedIn === undefined ? "Account" : "Sign in"}</a>
          )}
        </nav>
      </header>
      <main id="main" class={wide === true ? "wide" : undefined} tabIndex={-1}>
        {children}
      </main>
      <footer class="bottom">
        <p>First come, first served: one place for each account, and nobody can buy a better one.</p>
      </footer>
    </body>
  </html>
)

/** One message on a page of its own, with what to do next. */
export const FanNotice = ({
  frame,
  heading,
  text,
  actions = [],
}: {
  frame: Frame
  heading: string
  text: string
  actions?: { href: string; label: string }[]
}) => (
  <FanFrame frame={frame} title={heading}>
    <h1>{heading}</h1>
    <p class="lead">{text}</p>
    <p class="actions">
      {actions.map(({ href, label }, index) => (
        <a class={index === 0 ? "button" : "button quiet"} href={href} key={href}>
          {label}
        </a>
      ))}
    </p>
  </FanFrame>
)

/** An error at the top of a form; a screen reader hears it at once. */
export const FormError = ({ text }: { text?: string }) =>
  text === undefined ? null : (
    <p class="error" role="alert">
      {text}
    </p>
  )
