import type { ComponentChildren } from "preact"
import { Brand, Head } from "../shared/document.tsx"

export type FanAssets = { style: string; script: string; waiting: string; icon: string }

export type Frame = {
  assets: FanAssets
  /** Undefined on pages that are the same for everybody. */
  signedIn?: boolean
}

/** Every page for fans. A browser without JavaScript goes to `noScriptGoTo`, or asks again after `refreshAfterSec`. */
export const FanFrame = ({
  frame: { assets, signedIn },
  title,
  error,
  refreshAfterSec,
  noScriptGoTo,
  waiting,
  wide,
  children,
}: {
  frame: Frame
  title: string
  error?: string
  refreshAfterSec?: number
  noScriptGoTo?: string
  waiting?: { saleId: string; title: string }
  wide?: boolean
  children: ComponentChildren
}) => (
  <html lang="en">
    <Head
      title={`${error === undefined ? "" : "Error: "}${title} · Traffic`}
      assets={assets}
      refresh={noScriptGoTo === undefined ? refreshAfterSec?.toString() : `0; url=${noScriptGoTo}`}
    >
      <script src={waiting === undefined ? assets.script : assets.waiting} defer />
    </Head>
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
