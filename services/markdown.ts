/** Markdown of help articles, as HTML that is safe to show and as plain text to search and quote. */
import MarkdownIt, { type Token } from "markdown-it";
import sanitizeHtml from "sanitize-html";

/** A heading, a paragraph, a list item or a table's row, without markup. */
export interface Block {
  readonly kind: "heading" | "text" | "item";
  readonly text: string;
}

const markdown = new MarkdownIt({ html: false, linkify: false, typographer: false });

// The page has its own h1; articles begin with ## as a rule, and stay as they are.
const SHIFTED = { h1: "h2" };

// Two allow lists in a row: markdown-it lets no HTML through, and this holds even if it had a hole.
const ALLOWED = {
  allowedTags: [
    ...["h2", "h3", "h4", "h5", "h6", "p", "br", "hr", "ul", "ol", "li", "blockquote", "pre"],
    ...["code", "strong", "em", "s", "a", "table", "thead", "tbody", "tr", "th", "td"],
  ],
  allowedAttributes: { a: ["href", "title", "rel"], ol: ["start"] },
  allowedSchemes: ["http", "https", "mailto"],
  allowProtocolRelative: false,
  transformTags: {
    ...SHIFTED,
    a: sanitizeHtml.simpleTransform("a", { rel: "noopener nofollow" }),
  },
};

export function renderMarkdown(source: string): string {
  return sanitizeHtml(markdown.render(source), ALLOWED);
}

/** The blocks of a text in their order; code and pictures are left out. */
export function blocksOf(source: string): Block[] {
  const blocks: Block[] = [];
  let kind: Block["kind"] = "text";
  let row: string[] | undefined;
  for (const token of markdown.parse(source, {})) {
    if (token.type === "heading_open") kind = "heading";
    else if (token.type === "list_item_open") kind = "item";
    else if (token.type === "tr_open") row = [];
    else if (token.type === "inline") {
      const text = plainInline(token);
      if (row) row.push(text);
      else if (text !== "") blocks.push({ kind, text });
      kind = "text";
    } else if (token.type === "tr_close" && row) {
      blocks.push({ kind: "item", text: row.join(", ") });
      row = undefined;
    }
  }
  return blocks;
}

export function plainText(source: string): string {
  return blocksOf(source).map((block) => block.text).join("\n\n");
}

function plainInline(token: Token): string {
  return (token.children ?? []).map(plainOf).join("").trim();
}

function plainOf(token: Token): string {
  if (token.type === "text" || token.type === "code_inline") return token.content;
  return token.type === "softbreak" || token.type === "hardbreak" ? " " : "";
}
