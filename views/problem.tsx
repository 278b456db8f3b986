import { AgentPage } from "./agent_page.tsx";
import type { Agent } from "../services/domain.ts";
import { Layout, type Site, type Viewer } from "./layout.tsx";

export interface ErrorPageProps {
  site: Site;
  viewer?: Viewer | undefined;
  /** On the desk's side: the agent who is signed in. */
  agent?: Agent | undefined;
  status: number;
  /** A sentence for people. */
  message: string;
  /** Of the request, to quote when asking for help. */
  requestId?: string | undefined;
}

const TITLES: Record<number, string> = {
  401: "Sign in first",
  403: "Not yours to do",
  404: "There is nothing here",
  409: "Someone was faster",
  413: "That is too much",
  429: "One moment, please",
  503: "Back in a moment",
};

export function ErrorPage({ site, viewer, agent, status, message, requestId }: ErrorPageProps) {
  const title = TITLES[status] ?? (status < 500 ? "That didn't work" : "Something went wrong");
  const body = (
    <div class="hero">
      <h1>{title}</h1>
      <p class="soft">{message}</p>
      <p class="row">
        {agent
          ? <a class="button" href="/agent">Back to the desk</a>
          : <a class="button" href="/">Back to the start</a>}
      </p>
      {requestId && <p class="hint">If you ask us about it, quote {requestId}.</p>}
    </div>
  );
  return agent
    ? <AgentPage site={site} agent={agent} title={title}>{body}</AgentPage>
    : <Layout site={site} title={title} viewer={viewer}>{body}</Layout>;
}
