import type { ComponentChildren } from "preact"

export type Addresses = { style: string; htmx: string; connection: string; icon: string }

/** Nothing of htmx that evaluates, stores or styles. */
export const htmxConfig = JSON.stringify({
  allowEval: false,
  allowScriptTags: false,
  includeIndicatorStyles: false,
  selfRequestsOnly: true,
  historyCacheSize: 0,
  historyEnabled: false,
  attributesToSettle: ["class"],
  timeout: 8000,
})

/** `refreshAfterSec` is for browsers without JavaScript only. */
export const Document = ({
  title,
  assets,
  refreshAfterSec,
  children,
}: {
  title: string
  assets: Addresses
  refreshAfterSec?: number
  children: ComponentChildren
}) => (
  <html lang="en">
    <head>
      <meta charset="utf-8" />
      <title>{title}</title>
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="color-scheme" content="light dark" />
      <meta name="htmx-config" content={htmxConfig} />
      <link rel="icon" href={assets.icon} type="image/svg+xml" />
      <link rel="stylesheet" href={assets.style} />
      {refreshAfterSec === undefined ? null : (
        <noscript>
          <meta http-equiv="refresh" content={String(refreshAfterSec)} />
        </noscript>
      )}
      <script src={assets.htmx} defer />
      <script src={assets.connection} defer />
    </head>
    <body>{children}</body>
  </html>
)

export const Brand = () => (
  <span class="brand">
    <svg class="brand-mark" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" />
      <circle cx="8.5" cy="16" r="3" />
      <circle cx="16" cy="16" r="3" opacity=".65" />
      <path d="M22 9.5h2.6v13H22z" />
    </svg>
    Traffic
  </span>
)
