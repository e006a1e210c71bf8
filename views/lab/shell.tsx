import type { ComponentChildren } from "preact"
import { Brand, Document, type Addresses } from "../shared/document.tsx"
import { Figures, type FiguresProps } from "./figures.tsx"

export const Shell = ({
  title,
  assets,
  figures,
  refreshAfterSec,
  quiet = false,
  children,
}: {
  title: string
  assets: Addresses
  figures: FiguresProps
  refreshAfterSec?: number
  quiet?: boolean
  children: ComponentChildren
}) => (
  <Document title={title} assets={assets} refreshAfterSec={refreshAfterSec}>
    <a class="skip" href="#main">
      Skip to the content
    </a>
    <div class={quiet ? "shell shell-idle" : "shell"}>
      <aside class="side" aria-label="Live figures">
        <div class="side-stay">
          <header class="side-head">
            <a href="/lab" aria-label="Traffic, load lab">
              <Brand />
            </a>
          </header>
          <Figures {...figures} />
          <nav class="side-links" aria-label="Elsewhere">
            <a href="/lab/history">All runs</a>
            <a href="/events">Pages for fans</a>
            <a href="/console/sales">Sales</a>
            <a href="/openapi.json">API</a>
            <a href="/metrics">Metrics</a>
            <span>Version {figures.server.version}</span>
          </nav>
        </div>
      </aside>
      <main id="main" class="main" tabIndex={-1}>
        <p id="connection" class="notice notice-bad" role="status">
          <span>The server does not answer. Trying again.</span>
        </p>
        {children}
      </main>
    </div>
  </Document>
)
