/** What the assistant made for an agent who asked; nothing of it is sent by itself. */
import type { Source } from "../services/domain.ts";
import { Sources } from "./message.tsx";

export type AdviceProps =
  | { readonly kind: "reply"; readonly text: string; readonly sources: readonly Source[] }
  | { readonly kind: "no_reply" }
  | { readonly kind: "summary"; readonly text: string };

/** Above the composer; empty until asked for. */
export function AdviceRegion({ advice }: { advice?: AdviceProps | undefined }) {
  return (
    <div id="advice" role="status">
      {advice && <Advice advice={advice} />}
    </div>
  );
}

/** `data-reply` is for app.js, which puts it into the box. */
export function Advice({ advice }: { advice: AdviceProps }) {
  switch (advice.kind) {
    case "reply":
      return (
        <div class="box" data-reply={advice.text}>
          <p class="soft">
            A suggestion is in the box. Look it over: nothing is sent by itself.
            {advice.sources.length === 0 && " It rests on no article."}
          </p>
          {advice.sources.length > 0 && <Sources sources={advice.sources} />}
        </div>
      );
    case "no_reply":
      return <p class="soft">No article answers this, so there is nothing to suggest.</p>;
    case "summary":
      return (
        <details class="box" open>
          <summary>Summary by the assistant</summary>
          <p dir="auto">{advice.text}</p>
        </details>
      );
  }
}
