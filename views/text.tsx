/** What people write, as HTML: text, with links that are safe to follow. CSS keeps its line breaks. */
import { linkifyit } from "linkify-it";

const LINKS = linkifyit({ fuzzyLink: false, fuzzyEmail: false }).add("ftp:", null).add("//", null);
const SAFE = /^(https?|mailto):/i;

export function Text({ text }: { text: string }) {
  return <>{parts(text)}</>;
}

function parts(text: string) {
  const found = LINKS.match(text)?.filter((link) => SAFE.test(link.url)) ?? [];
  const ends = [0, ...found.map((link) => link.lastIndex)];
  return [
    ...found.flatMap((link, i) => [text.slice(ends[i], link.index), <Link {...link} />]),
    text.slice(ends.at(-1)),
  ];
}

function Link({ url, text }: { url: string; text: string }) {
  return <a href={url} rel="noopener noreferrer nofollow" target="_blank">{text}</a>;
}
