/** Help articles from the texts of Markdown files; reading the folder is the caller's. */
import parseFrontMatter from "front-matter";
import { z } from "zod";
import { type Block, blocksOf, renderMarkdown } from "./markdown.ts";

export interface Article {
  readonly slug: string;
  readonly title: string;
  /** Markdown, as written. */
  readonly body: string;
  /** Safe to show. */
  readonly html: string;
  /** The first sentences, for lists. */
  readonly excerpt: string;
  readonly blocks: readonly Block[];
  /** Without markup: what quotes are looked up in. */
  readonly text: string;
}

export interface ArticleFile {
  readonly name: string;
  readonly text: string;
}

export const MAX_TITLE = 200;
const MAX_EXCERPT = 160;

const Slug = z.string().max(100, "is too long").regex(
  /^[a-z0-9]+(-[a-z0-9]+)*$/,
  "may hold only small letters, digits and hyphens, like returns-and-refunds",
);
const FrontMatter = z.object({
  title: z.string("is missing: write “title: …” between two lines of ---").trim()
    .min(1, "is empty").max(MAX_TITLE, `is longer than ${MAX_TITLE} characters`),
  slug: Slug.optional(),
});

// The package is CommonJS whose types name a default export that Deno hands over as the module itself.
const frontMatter = parseFrontMatter as unknown as typeof parseFrontMatter.default;

/** Throws an `Error` with one sentence that names the file and what is wrong with it. */
export function parseArticles(files: readonly ArticleFile[]): Article[] {
  const named = new Map<string, string>();
  return files.map((file) => {
    const article = parseArticle(file);
    const first = named.get(article.slug);
    if (first !== undefined) {
      throw refused(file, `its slug “${article.slug}” is taken by ${first}`);
    }
    named.set(article.slug, file.name);
    return article;
  });
}

export function parseArticle(file: ArticleFile): Article {
  const { attributes, body } = parts(file);
  const head = FrontMatter.safeParse(attributes);
  if (!head.success) {
    const [issue] = head.error.issues;
    throw refused(file, `${issue?.path.join(".") || "the front matter"} ${issue?.message}`);
  }
  if (body.trim() === "") throw refused(file, "it has no text below the front matter");
  return articleOf(head.data.title, head.data.slug ?? slugOf(file), body);
}

function parts(file: ArticleFile): { attributes: unknown; body: string } {
  const text = file.text.replace(/^\uFEFF/, "").replace(/\r\n?/g, "\n");
  try {
    const { attributes, body } = frontMatter<unknown>(text);
    return { attributes, body };
  } catch (error) {
    const reason = error instanceof Error ? error.message.split("\n")[0] : String(error);
    throw refused(file, `the front matter is not YAML (${reason})`);
  }
}

/** The file's name as a slug: “Återköp & retur.md” becomes “aterkop-retur”. */
function slugOf(file: ArticleFile): string {
  const name = file.name.replace(/^.*[/\\]/, "").replace(/\.[^.]*$/, "");
  const slug = name.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase()
    .replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 100);
  if (slug === "") throw refused(file, "its name makes no slug: add “slug: …” to the front matter");
  return slug;
}

function articleOf(title: string, slug: string, body: string): Article {
  const blocks = blocksOf(body);
  const text = blocks.map((block) => block.text).join("\n\n");
  const first = blocks.find((block) => block.kind !== "heading")?.text ?? "";
  return { slug, title, body, html: renderMarkdown(body), excerpt: shortened(first), blocks, text };
}

function shortened(text: string): string {
  if (text.length <= MAX_EXCERPT) return text;
  const cut = text.slice(0, MAX_EXCERPT);
  return `${cut.slice(0, Math.max(cut.lastIndexOf(" "), 1)).replace(/[\s,;:.–-]+$/u, "")} …`;
}

function refused(file: ArticleFile, why: string): Error {
  return new Error(`The article ${file.name} can't be used: ${why}`);
}
