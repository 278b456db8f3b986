/** A browser without JavaScript: links, forms, cookies and redirects, with controls found by the names that are read aloud. */
import assert from "node:assert/strict";
import type { TestSite } from "./helpers.ts";

type Attributes = Readonly<Record<string, string>>;

interface Element {
  readonly tag: string;
  readonly at: Attributes;
  /** What stands inside of it, as HTML. */
  readonly inner: string;
  /** Where it begins in the page. */
  readonly index: number;
}

const VOID = new Set(["input", "link", "meta", "img", "br", "hr"]);

function unescaped(text: string): string {
  const named: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };
  return text.replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => named[name] ?? "");
}

const BLOCK_END = /<\/(p|d[dt]|h\d|li|div|label|button|option|textarea)>/g;

export const textOf = (html: string): string =>
  unescaped(html.replace(/<svg.*?<\/svg>/gs, "").replace(BLOCK_END, " ").replace(/<[^>]*>/g, ""))
    .replace(/\s+/g, " ")
    .trim();

/** Every element of `tag`, also nested ones, in order. */
export function elements(html: string, tag: string): Element[] {
  return [...html.matchAll(new RegExp(`<${tag}(?=[\\s>])((?:[^>"]|"[^"]*")*)>`, "g"))].map(
    (match) => {
      const at = Object.fromEntries(
        [...(match[1] ?? "").matchAll(/([^\s=]+)(?:="([^"]*)")?/g)]
          .map(([, name = "", value = ""]) => [name, unescaped(value)]),
      );
      const from = match.index + match[0].length;
      return { tag, at, inner: VOID.has(tag) ? "" : innerOf(html, tag, from), index: match.index };
    },
  );
}

function innerOf(html: string, tag: string, from: number): string {
  let depth = 1;
  for (const edge of html.slice(from).matchAll(new RegExp(`<(/?)${tag}(?=[\\s>])`, "g"))) {
    depth += edge[1] ? -1 : 1;
    if (depth === 0) return html.slice(from, from + edge.index);
  }
  throw new Error(`<${tag}> is never closed`);
}

/** What a screen reader calls a button or a link. */
const nameOf = ({ at, inner }: Element): string => at["aria-label"] ?? textOf(inner);

/** The names of a page's controls: `button Send`, `textbox Message`, `link Help`, `heading Sign in`, … */
export function controls(html: string): Set<string> {
  const labels = new Map(elements(html, "label").map(({ at, inner }) => [at.for, textOf(inner)]));
  const fields = ["input", "textarea", "select"].flatMap((tag) => elements(html, tag))
    .filter(({ at }) => at.type !== "hidden")
    .map(({ tag, at }) => `${tag === "select" ? "list" : "textbox"} ${labels.get(at.id) ?? "?"}`);
  return new Set([
    ...fields,
    ...elements(html, "button").map((button) => `button ${nameOf(button)}`),
    ...elements(html, "a").map((link) => `link ${nameOf(link)}`),
    ...["h1", "h2"].flatMap((tag) => elements(html, tag)).map(({ inner }) =>
      `heading ${textOf(inner)}`
    ),
    ...[...html.matchAll(/role="log" aria-label="([^"]*)"/g)].map(([, name]) => `log ${name}`),
    ...[...html.matchAll(/<fieldset aria-label="([^"]*)"/g)].map(([, name]) => `group ${name}`),
  ]);
}

export class PlainBrowser {
  readonly #site: TestSite;
  readonly #cookies = new Map<string, string>();
  path = "/";
  html = "";
  status = 0;

  constructor(site: TestSite) {
    this.#site = site;
  }

  get controls(): Set<string> {
    return controls(this.html);
  }

  /** The conversation as it reads: `Linus: Hello`, and lines as they are. */
  get log(): string[] {
    let by = "";
    const items = elements(this.html, "li").filter(({ at }) => at["data-author"]);
    return items.map(({ at, inner }) => {
      if (at["data-author"] === "system") return textOf(/<b>(.*?)<\/b>/s.exec(inner)?.[1] ?? "");
      by = textOf(/class="by"><b[^>]*>(.*?)<\/b>/s.exec(inner)?.[1] ?? by);
      return `${by}: ${textOf(/class="text"[^>]*>(.*?)<\/p>/s.exec(inner)?.[1] ?? "")}`;
    });
  }

  /** Goes there, and on to wherever that leads. */
  async goto(path: string): Promise<this> {
    return await this.#follow(path, {});
  }

  /** Presses the button of that name, after filling in fields by their labels. */
  async press(name: string, fields: Readonly<Record<string, string>> = {}): Promise<this> {
    const button = elements(this.html, "button").find((one) =>
      nameOf(one) === name && (one.at.type ?? "submit") === "submit"
    );
    assert.ok(button, `no button “${name}” at ${this.path}: ${[...this.controls].join(", ")}`);
    const form = elements(this.html, "form").find(({ at, index, inner }) =>
      button.at.form !== undefined
        ? at.id === button.at.form
        : index < button.index && button.index < this.html.indexOf(inner, index) + inner.length
    );
    assert.ok(form, `“${name}” is in no form`);
    const values = this.#values(form, fields);
    if (button.at.name) values.set(button.at.name, button.at.value ?? "");
    const action = form.at.action ?? this.path;
    if (form.at.method !== "post") return await this.goto(`${action}?${values}`);
    return await this.#follow(action, { method: "POST", body: values });
  }

  /** Follows the link of that name. */
  async click(name: string): Promise<this> {
    const link = elements(this.html, "a").find((one) => nameOf(one) === name);
    assert.ok(link, `no link “${name}” at ${this.path}: ${[...this.controls].join(", ")}`);
    return await this.goto(link.at.href ?? "");
  }

  #values(form: Element, fields: Readonly<Record<string, string>>): URLSearchParams {
    const values = new URLSearchParams();
    const labels = new Map(
      elements(this.html, "label").map(({ at, inner }) => [textOf(inner), at.for]),
    );
    const typed = new Map(
      Object.entries(fields).map(([label, text]) => {
        const id = labels.get(label) ??
          elements(form.inner, "label").find(({ inner }) => textOf(inner) === label)?.at.for;
        return [id ?? label, text];
      }),
    );
    for (const { at } of elements(form.inner, "input")) {
      if (!at.name) continue;
      if (at.type === "radio") {
        if (fields[at.name] === at.value) values.set(at.name, at.value ?? "");
      } else values.set(at.name, typed.get(at.id ?? "") ?? at.value ?? "");
    }
    for (const { at, inner } of elements(form.inner, "textarea")) {
      values.set(at.name ?? "", typed.get(at.id ?? "") ?? unescaped(inner).replace(/^\n/, ""));
    }
    for (const { at, inner } of elements(form.inner, "select")) {
      const options = elements(inner, "option");
      const wanted = typed.get(at.id ?? "");
      const option = wanted === undefined
        ? options.find((one) => "selected" in one.at) ?? options[0]
        : options.find((one) => textOf(one.inner).startsWith(wanted));
      assert.ok(option, `no option “${wanted}”`);
      values.set(at.name ?? "", option.at.value ?? textOf(option.inner));
    }
    return values;
  }

  async #follow(path: string, init: RequestInit): Promise<this> {
    const { pathname, search } = new URL(path, `http://site.invalid${this.path}`);
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await this.#site.fetch(pathname + search, {
      ...init,
      headers: { ...(cookie && { cookie }), ...(init.method && { origin: this.#site.url }) },
    });
    for (const set of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]*)=([^;]*)/.exec(set) ?? [];
      if (value && !/Max-Age=0/i.test(set)) this.#cookies.set(name, value);
      else this.#cookies.delete(name);
    }
    this.html = await response.text();
    const { status, headers } = response;
    if (status >= 300 && status < 400) {
      return await this.#follow(headers.get("location") ?? "/", {});
    }
    this.status = status;
    this.path = pathname + search;
    return this;
  }
}
