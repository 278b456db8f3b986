import { type ArticleEntry, ArticleList, HelpSearch } from "./help.tsx";
import { Layout, type Site, type Viewer } from "./layout.tsx";

export interface WelcomeProps {
  site: Site;
  viewer?: Viewer | undefined;
  /** A handful of them. */
  articles: readonly ArticleEntry[];
}

export function WelcomePage({ site, viewer, articles }: WelcomeProps) {
  return (
    <Layout site={site} title="Support" viewer={viewer}>
      <section class="hero">
        <h1>How can we help?</h1>
        <p class="soft">
          Ask {site.company}. A person answers when one is free, and our assistant when not.
        </p>
        <a class="button primary large" href="/chat">Start chat</a>
      </section>
      <section class="column" aria-labelledby="articles">
        <h2 id="articles">Help articles</h2>
        <HelpSearch site={site} />
        {articles.length > 0
          ? <ArticleList articles={articles} />
          : <p class="soft">None yet. Ask us in a chat.</p>}
      </section>
    </Layout>
  );
}
