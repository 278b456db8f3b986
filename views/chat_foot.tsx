/** What stands under a customer's conversation: the place in line, the composer, and the end. */
import type { Session } from "../services/domain.ts";
import { MAX_NOTE } from "../services/domain.ts";
import { Composer } from "./composer.tsx";
import { Icon } from "./icon.tsx";
import type { Site } from "./layout.tsx";

const ORDINAL = new Intl.PluralRules("en", { type: "ordinal" });
const ENDINGS: Record<string, string> = { one: "st", two: "nd", few: "rd", other: "th" };

const nth = (n: number): string => `${n}${ENDINGS[ORDINAL.select(n)]}`;

export interface BannerProps {
  session: Session;
  /** 1 is next. */
  place?: number | undefined;
}

/** The place in line; empty for who isn't in it. */
export function Banner({ session, place }: BannerProps) {
  if (session.status === "closed" || !session.waitingSince) return <div id="banner"></div>;
  return (
    <div id="banner" role="status">
      <p>
        <b>{place === undefined ? "You are in line" : `You are ${nth(place)} in line`}</b>
        {" for a person. Keep asking meanwhile."}
      </p>
      <form method="post" action={`/chat/${session.id}/handoff`} data-quiet="">
        <input type="hidden" name="cancel" value="yes" />
        <button type="submit" class="quiet">Leave the line</button>
      </form>
    </div>
  );
}

export interface ChatFootProps {
  site: Site;
  session: Session;
  clientId: string;
  draft?: string | undefined;
  ratingError?: string | undefined;
}

export function ChatFoot({ site, session, clientId, draft, ratingError }: ChatFootProps) {
  const address = `/chat/${session.id}`;
  if (session.status === "open") {
    return (
      <div id="chat-foot">
        <Composer
          site={site}
          action={`${address}/messages`}
          clientId={clientId}
          draft={draft}
        />
      </div>
    );
  }
  return (
    <div id="chat-foot" class="ended">
      <Rating site={site} session={session} error={ratingError} />
      <p class="row">
        <a class="button primary" href="/chat">Start a new chat</a>
        <a href={`${address}/transcript.txt`} download="">Transcript (text)</a>
        <a href={`${address}/transcript.json`} download="">Transcript (JSON)</a>
      </p>
    </div>
  );
}

interface RatingProps {
  site: Site;
  session: Session;
  error?: string | undefined;
}

function Rating({ site, session, error }: RatingProps) {
  return (
    <form method="post" action={`/chat/${session.id}/rating`} class="rating">
      <fieldset aria-label="Rate this chat" aria-describedby={error ? "rating-note" : undefined}>
        <legend>How did it go?</legend>
        <div class="stars">
          {[1, 2, 3, 4, 5].map((n) => <Star site={site} n={n} isOn={session.rating === n} />)}
        </div>
      </fieldset>
      <div class="field">
        <label for="comment">Comment</label>
        <input
          id="comment"
          name="comment"
          maxlength={MAX_NOTE}
          value={session.ratingComment}
          placeholder="What went well, what didn't?"
        />
      </div>
      <button type="submit">Rate this chat</button>
      {error
        ? <p class="error" id="rating-note">{error}</p>
        : session.rating !== undefined && <p class="soft" role="status">Thank you, it is saved.</p>}
    </form>
  );
}

function Star({ site, n, isOn }: { site: Site; n: number; isOn: boolean }) {
  return (
    <label class="star">
      <input type="radio" name="rating" value={n} checked={isOn} required />
      <Icon site={site} name="star" />
      <span class="unseen">{n === 1 ? "1 star" : `${n} stars`}</span>
    </label>
  );
}
