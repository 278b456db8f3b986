import { Document, type Site } from "./layout.tsx";

export interface DemoProps {
  site: Site;
  /** Addresses that the two frames begin with. */
  customer?: string | undefined;
  agent?: string | undefined;
}

export function DemoPage({ site, customer = "/chat", agent = "/agent" }: DemoProps) {
  return (
    <Document site={site} title={`Demo · ${site.company}`} frame="page" data={{ "data-demo": "" }}>
      <main id="main" class="demo" tabindex={-1}>
        <h1 class="unseen">A customer and an agent, side by side</h1>
        <figure>
          <figcaption>
            <b>Customer</b> writes on the website
          </figcaption>
          <iframe src={customer} title="Customer"></iframe>
        </figure>
        <figure>
          <figcaption>
            <b>Agent</b> answers at the desk
          </figcaption>
          <iframe src={agent} title="Agent"></iframe>
        </figure>
      </main>
    </Document>
  );
}
