import { Clock, Day } from "./time.tsx";

export interface BriefingProps {
  who: string;
  since: Date;
  /** What was asked, in the customer's words. */
  asked: string;
  /** What the assistant last said about it. */
  answered?: string | undefined;
  articles: readonly { slug: string; title: string }[];
  /** Why a person has it now. */
  handedOver?: string | undefined;
  /** One line. */
  summary: string;
}

/** What an agent has to know before the first word; `undefined` when there is nothing to know. */
export function Briefing({ briefing }: { briefing?: BriefingProps | undefined }) {
  if (!briefing) return <div id="briefing"></div>;
  const { summary } = briefing;
  return (
    <details id="briefing" open>
      <summary dir="auto">{summary}</summary>
      <Facts {...briefing} />
    </details>
  );
}

function Facts({ who, since, asked, answered, articles, handedOver }: BriefingProps) {
  return (
    <dl>
      <dt>Who</dt>
      <dd>
        <bdi>{who}</bdi>, since <Clock at={since} />, <Day at={since} />
      </dd>
      <dt>Asked</dt>
      <dd dir="auto">{asked}</dd>
      {answered && (
        <>
          <dt>AI said</dt>
          <dd dir="auto">{answered}</dd>
        </>
      )}
      {articles.length > 0 && (
        <>
          <dt>From</dt>
          <dd class="badges">
            {articles.map(({ slug, title }) => (
              <a class="badge ai" href={`/help/${slug}`} target="_blank">{title}</a>
            ))}
          </dd>
        </>
      )}
      {handedOver && (
        <>
          <dt>Handed over</dt>
          <dd>{handedOver}</dd>
        </>
      )}
    </dl>
  );
}
