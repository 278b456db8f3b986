import type { Site } from "./layout.tsx";

export type IconName =
  | "account"
  | "ai"
  | "back"
  | "chats"
  | "details"
  | "end"
  | "menu"
  | "out"
  | "search"
  | "send"
  | "star"
  | "team";

/** Always beside a text or inside something labelled, so it says nothing by itself. */
export function Icon({ site, name }: { site: Site; name: IconName }) {
  return (
    <svg class="icon" aria-hidden="true">
      <use href={`${site.assets.icons}#${name}`} />
    </svg>
  );
}
