import type { AgentStatus } from "../services/domain.ts";
import { Icon } from "./icon.tsx";
import type { Site } from "./layout.tsx";

/** The first letters of the first and the last word, in whatever script. */
export function initials(name: string): string {
  const words = name.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word));
  const ends = words.length > 1 ? [words[0], words.at(-1)] : words;
  return ends.map((word) => /[\p{L}\p{N}]/u.exec(word ?? "")?.[0] ?? "").join("").toUpperCase();
}

interface Props {
  name: string;
  /** Draws the dot; the words that say the same stand beside it. */
  presence?: AgentStatus | undefined;
}

export function Avatar({ name, presence }: Props) {
  return (
    <span class="avatar" data-presence={presence} aria-hidden="true">
      {initials(name)}
    </span>
  );
}

export function AssistantAvatar({ site }: { site: Site }) {
  return (
    <span class="avatar ai" aria-hidden="true">
      <Icon site={site} name="ai" />
    </span>
  );
}
