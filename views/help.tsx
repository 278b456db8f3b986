import { ArticleBody } from "./article.tsx";
import { Icon } from "./icon.tsx";
import { Layout, type Site, type Viewer } from "./layout.tsx";

export interface ArticleEntry {
  slug: string;
  title: string;
  /** A line of it, as plain text. */
  excerpt?: string | undefined;
}

export interface HelpProps {
  site: Site;
  viewer?: Viewer | undefined;
  /** What was searched for. */
  q?: string | undefined;
  /** All articles, or those found. */
  articles: readonly ArticleEntry[];
}

export function HelpPage({ site, viewer, q, articles }: HelpProps) {
  return (
    <Layout site={site} title={q ? `${q} · Help` : "Help"} viewer={viewer}>
      <div class="column">
        <h1>Help</h1>
        <HelpSearch site={site} q={q} />
        {q && articles.length > 0 && <p class="soft">{found(articles.length, q)}</p>}
        {articles.length > 0 ? <ArticleList articles={articles} /> : <Nothing q={q} />}
      </div>
    </Layout>
  );
}

const found = (n: number, q: string): string =>
  `${n === 1 ? "1 article" : `${n} articles`} about “${q}”`;

function Nothing({ q }: { q: string | undefined }) {
  return (
    <div class="empty">
      <p>{q ? `Nothing about “${q}” here. Try other words, or ask us.` : "No articles yet."}</p>
      <a class="button primary" href="/chat">Ask in a chat</a>
    </div>
  );
}

export function HelpSearch({ site, q }: { site: Site; q?: string | undefined }) {
  return (
    <form method="get" action="/help" role="search" class="search">
      <label class="unseen" for="q">Search</label>
      <Icon site={site} name="search" />
      <input id="q" name="q" type="search" value={q} placeholder="Search the help articles" />
    </form>
  );
}

export function ArticleList({ articles }: { articles: readonly ArticleEntry[] }) {
  return (
    <ul class="cards">
      {articles.map(({ slug, title, excerpt }) => (
        <li class="entry">
          <a class="cover" href={`/help/${slug}`}>{title}</a>
          {excerpt && <p class="words">{excerpt}</p>}
        </li>
      ))}
    </ul>
  );
}

export interface ArticleProps {
  site: Site;
  viewer?: Viewer | undefined;
  article: { title: string; html: string };
}

export function ArticlePage({ site, viewer, article }: ArticleProps) {
  return (
    <Layout site={site} title={article.title} viewer={viewer}>
      <article class="column">
        <p class="crumb">
          <a href="/help">All articles</a>
        </p>
        <h1>{article.title}</h1>
        <ArticleBody html={article.html} />
        <p class="row apart">
          <span class="soft">Didn't that answer it?</span>
          <a class="button" href="/chat">Ask in a chat</a>
        </p>
      </article>
    </Layout>
  );
}
