/** Where people write, and what becomes of it. */
import type { Child } from "hono/jsx";
import { Icon } from "./icon.tsx";
import type { Site } from "./layout.tsx";

export interface ComposerProps {
  site: Site;
  action: string;
  clientId: string;
  /** The last `seq` on the page: an agent's reply is held if more has come by then. */
  basedOn?: number | undefined;
  draft?: string | undefined;
  placeholder?: string | undefined;
  /** Stands beside "Send": what it will do. */
  children?: Child;
}

export function Composer(props: ComposerProps) {
  const { site, action, clientId, basedOn, draft, placeholder = "Write a message" } = props;
  return (
    <form
      id="composer"
      class={props.children ? "composer tall" : "composer"}
      method="post"
      action={action}
    >
      <label class="unseen" for="text">Message</label>
      <textarea
        id="text"
        name="text"
        rows={1}
        placeholder={placeholder}
        autocomplete="off"
        dir="auto"
        required
      >
        {draft && `\n${draft}`}
      </textarea>
      <ClientId value={clientId} />
      {basedOn !== undefined && <BasedOn seq={basedOn} />}
      <div class="send">
        {props.children}
        <button type="submit" class="primary" aria-label={props.children ? undefined : "Send"}>
          {props.children ? "Send" : <Icon site={site} name="send" />}
        </button>
      </div>
    </form>
  );
}

/** For a page without JavaScript: app.js gives each text a name of its own. */
export function ClientId({ value }: { value: string }) {
  return <input type="hidden" id="client-id" name="clientId" value={value} />;
}

export function BasedOn({ seq }: { seq: number }) {
  return <input type="hidden" id="based-on" name="basedOn" value={seq} />;
}

/** Beside the composer: why a text was not sent, and what is long on its way; empty when all is well. */
export function SendError({ problem, held, unsent }: Partial<SendProblemProps>) {
  return (
    <>
      <div id="send-error" role="alert">
        {problem && <SendProblem problem={problem} held={held} unsent={unsent} />}
      </div>
      <p id="sending" role="status"></p>
    </>
  );
}

export interface SendProblemProps {
  problem: string | undefined;
  held?: boolean | undefined;
  /** The text, where there is no box any more that it could stay in. */
  unsent?: string | undefined;
}

/** What stands in `#send-error`. `held`: more has arrived, and it takes another word to send the reply all the same. */
export function SendProblem({ problem, held, unsent }: SendProblemProps) {
  return (
    <>
      <p class="error">{problem}</p>
      {unsent && <p class="unsent" dir="auto">{unsent}</p>}
      {held && <button type="submit" form="composer" name="anyway" value="yes">Send anyway</button>}
    </>
  );
}

export interface ConnectionProps {
  /** The page's own address: the one in the browser may be a form's that was refused. */
  here: string;
  open?: boolean;
}

/** app.js sets `data-state`; CSS chooses the words by it. */
export function Connection({ here, open = true }: ConnectionProps) {
  if (!open) return <p id="connection" role="status"></p>;
  return (
    <div id="connection" role="status">
      <span class="connecting">Connecting…</span>
      <span class="connected">Connected · Your messages are kept</span>
      <span class="lost">
        <b>Connection lost.</b> Trying again…
      </span>
      <noscript>
        <a href={here}>Refresh to see new messages</a>
      </noscript>
    </div>
  );
}
