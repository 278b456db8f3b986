// What every page does beyond htmx: the composer, the reader's own times, and one socket that is really there.
(() => {
  const $ = (id) => document.getElementById(id);
  const on = (type, listener, target = document) => target.addEventListener(type, listener);
  const { viewer, session, past } = document.body.dataset;
  const isPast = past !== undefined; // a page of earlier messages: nothing is pushed into its log
  const base = viewer === "agent" ? `/agent/sessions/${session}` : `/chat/${session}`;
  const log = document.querySelector(".log");
  const post = (url, body) =>
    fetch(url, { method: "POST", body, headers: { "HX-Request-Type": "partial" } });
  const form = (fields) => new URLSearchParams(fields);

  // ---- times, in the reader's zone and words -----------------------------------------------------

  const format = (options) => new Intl.DateTimeFormat("en-GB", options);
  const clock = format({ hour: "2-digit", minute: "2-digit" });
  const day = format({ day: "numeric", month: "long" });
  const full = format({ dateStyle: "medium", timeStyle: "short" });
  const words = {
    day: format({ day: "numeric", month: "short", year: "numeric" }),
    month: format({ month: "long", year: "numeric" }),
    short: format({ day: "numeric", month: "short" }),
  };

  function ago(at) {
    const minutes = Math.floor((Date.now() - at) / 60_000);
    if (minutes < 1) return "now";
    if (minutes < 60) return `${minutes} min`;
    return (day.format(at) === day.format() ? clock : words.short).format(at);
  }

  function lasting(since) {
    const minutes = Math.max(1, Math.floor((Date.now() - since) / 60_000));
    return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h`;
  }

  const spans = { ago, lasting };

  function tellTimes() {
    for (const time of document.querySelectorAll("time")) {
      const at = new Date(time.dateTime);
      const { as } = time.dataset;
      const text = spans[as]?.(at) ?? (words[as] ?? clock).format(at);
      if (time.textContent !== text) time.textContent = text;
      time.title = full.format(at);
    }
    const items = [...$("messages")?.children ?? []];
    // Of the one before the first, which may not be shown, the server has drawn whether it is of another day.
    let last = items[0]?.dataset.day === undefined && items[0] ? dayOf(items[0]) : "";
    for (const item of items) {
      const own = dayOf(item);
      if (own === last) delete item.dataset.day;
      else item.dataset.day = own;
      last = own;
    }
  }

  const dayOf = (item) => day.format(new Date(item.dataset.at));

  // ---- what the page has, and what its reader has seen -------------------------------------------

  const seqs = () => [...$("messages")?.children ?? []].map((item) => Number(item.dataset.seq));

  /** Up to here nothing is missing: whatever comes after is asked for again. */
  function contiguous() {
    const all = seqs();
    let last = all[0] ?? 0;
    for (const seq of all.slice(1)) if (seq === last + 1) last = seq;
    return last;
  }

  const lastSeq = () => seqs().at(-1) ?? 0;
  let told = 0;
  let missed = 0;
  const title = document.title;

  function tellSeen() {
    const hidden = document.hidden || !document.hasFocus();
    const all = [...document.querySelectorAll("#messages > li")];
    const last = all.findLast((item) => item.dataset.author !== viewer);
    const seq = Number(last?.dataset.seq ?? 0);
    if (!hidden && session && !$("newer")?.checkVisibility() && seq > told) {
      told = seq;
      post(`${base}/seen`, form({ seq })).catch(() => told = 0);
    }
    if (!hidden) missed = 0;
    const unread = Number($("desk-lists")?.dataset.unread ?? missed);
    document.title = unread > 0 ? `(${unread}) ${title}` : title;
  }

  // ---- the log ------------------------------------------------------------------------------------

  const isAway = () => log && log.scrollTop < -40; // the log is upside down: 0 is its end
  let shown = lastSeq();

  function arrived(before) {
    tellTimes();
    enliven();
    const news = lastSeq() > before;
    if (news && document.hidden) missed++;
    if (!isAway()) shown = lastSeq();
    else if (news && $("newer")) $("newer").hidden = false;
    tellSeen();
  }

  on("scroll", () => {
    if (isAway()) return;
    shown = lastSeq();
    if ($("newer")) $("newer").hidden = true;
    tellSeen();
  }, log ?? document);

  on("click", ({ target }) => {
    if (target.closest("#newer")) log.scrollTop = 0;
  });

  // ---- the composer -------------------------------------------------------------------------------

  /** What is on its way, up to where the box is to be sent after it, and what the log had before it. */
  let sent = "";
  let ends = [];
  let sentAfter = 0;
  /** What got no answer: it may be stored, or not. */
  let lost;
  let typedAt = 0;

  on("keydown", (event) => {
    const { key, target, shiftKey, isComposing } = event;
    if (key === "Enter" && target.id === "text" && !shiftKey && !isComposing) {
      event.preventDefault();
      target.form.requestSubmit();
    }
  });

  on("input", ({ target }) => {
    if (target.id !== "text") return;
    if ($("based-on")) $("based-on").value = shown; // whoever types on has that before their eyes
    if (!session || !target.value.trim() || Date.now() - typedAt < 3_000) return;
    typedAt = Date.now();
    post(`${base}/typing`).catch(() => {});
  });

  // before htmx, which drops what is submitted while something is on its way
  globalThis.addEventListener("submit", ({ target }) => {
    if (target.id !== "composer") return;
    const box = $("text");
    if (sent) ends.push(box.value.length);
    else {
      sent = box.value;
      sentAfter = lastSeq();
      if (lost && lost.text !== sent.trim()) renew(); // another text is another message
    }
    box.focus(); // so a phone's keyboard stays
  }, true);

  function renew() {
    lost = undefined;
    const bytes = crypto.getRandomValues(new Uint8Array(12));
    $("client-id").value = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  /** A composer that was pushed carries nothing for htmx, as nothing pushed does: it is given here what the page's own has. */
  function enliven() {
    const composer = $("composer");
    if (!composer || isPast || composer.hasAttribute("hx-post")) return;
    const attributes = {
      "hx-post": composer.getAttribute("action"),
      "hx-target": "#send-error",
      "hx-swap": "innerHTML",
      "hx-sync": "this:drop",
      "hx-config": "timeout:10s",
      "hx-status:5xx": "swap:none",
    };
    for (const [name, value] of Object.entries(attributes)) composer.setAttribute(name, value);
    htmx.process(composer);
  }

  function problem(text) {
    const said = document.createElement("p");
    said.className = "error";
    said.textContent = text;
    $("send-error")?.replaceChildren(said);
  }

  /** Without what is on its way. */
  function unsent() {
    const { value } = $("text");
    return value.startsWith(sent) ? value.slice(sent.length) : value;
  }

  /** What was sent goes out of the box; what was typed since stays. */
  function clear() {
    const box = $("text");
    const more = box?.value.startsWith(sent) ? ends.map((end) => end - sent.length) : [];
    if (box) box.value = unsent();
    sent = "";
    ends = more.filter((end) => end > 0);
    lost = undefined;
    typedAt = 0;
    $("advice")?.replaceChildren();
    if (log) log.scrollTop = 0;
    if (ends.length > 0) sendUpTo(ends.shift());
  }

  function sendUpTo(end) {
    const box = $("text");
    const { value } = box;
    box.value = value.slice(0, end);
    if (box.value.trim()) box.form.requestSubmit(); // htmx reads it now
    box.value = value;
  }

  on("htmx:finally:request", ({ detail: { ctx } }) => {
    if (ctx?.sourceElement?.id !== "composer") return;
    const { response } = ctx;
    if (response?.raw.ok) {
      if (ctx.hx.redirect) moveDraft();
      return queueMicrotask(clear); // when htmx takes the next
    }
    if (!response) {
      lost = { text: sent.trim(), after: sentAfter };
      problem("Not sent: no connection. Your text is still here; try again.");
      state("lost");
      reconnect();
    } else if (response.status >= 500) {
      problem("Not sent: the server can't store it now. Try again.");
    } else if (log) log.scrollTop = 0; // where what holds the text back stands
    sent = "";
    ends = [];
    found();
  });

  /** What got no answer turns out to be stored. */
  function found() {
    if (!lost || sent) return;
    const own = [...document.querySelectorAll(`#messages > [data-author=${viewer}]`)];
    const isIt = (item) =>
      item.dataset.seq > lost.after && item.querySelector(".text").textContent.trim() === lost.text;
    if (!own.some(isIt)) return;
    sent = $("text")?.value.startsWith(lost.text) ? lost.text : "";
    clear();
    if ($("text")) renew();
    $("send-error")?.replaceChildren();
  }

  // ---- what the tab keeps: what was typed and not sent ---------------------------------------------

  /** For the chat that what was written before has just started. */
  const STARTED = "draft started";
  let draftKey = `draft ${session ?? "new"}`;

  function moveDraft() {
    sessionStorage.removeItem(draftKey);
    draftKey = STARTED;
    ends = [];
  }

  function restoreDraft() {
    const box = $("text");
    if (!box) return;
    const begun = sessionStorage.getItem(STARTED);
    sessionStorage.removeItem(STARTED);
    if (box.value === "") box.value = begun || sessionStorage.getItem(draftKey);
    if (begun !== null) box.focus();
  }

  /** The conversation went to somebody else, or ended, under the writer's hands. */
  function rescue(text) {
    const isAgent = viewer === "agent";
    sessionStorage.setItem(isAgent ? draftKey : "draft new", text);
    const until = isAgent ? "you have this conversation again" : "your next chat";
    problem(`Not sent, but kept until ${until}: “${text}”`);
  }

  let isLeaving = false;

  const keepers = [() => $("text") && sessionStorage.setItem(draftKey, unsent())];

  on("pagehide", () => isLeaving || keepers.forEach((keep) => keep()), globalThis);
  on("submit", ({ target }) => {
    if (!target.matches("[action$='/logout'], [action$='/sign-outs']")) return;
    sessionStorage.clear(); // whoever signs in next in this tab is somebody else
    isLeaving = true;
  });

  // ---- another tab has started the chat that this one would ----------------------------------------

  if (viewer === "user" && $("text") && globalThis.BroadcastChannel) {
    const starts = new BroadcastChannel("starts");
    if (session) {
      starts.postMessage(session);
      starts.close();
    } else {
      starts.onmessage = () => {
        moveDraft();
        location.reload();
      };
    }
  }

  // ---- small forms: done without leaving the page, and the socket tells what came of it ----------

  on("submit", (event) => {
    const { target, submitter } = event;
    if (!("quiet" in target.dataset) || isPast) return;
    event.preventDefault();
    const fields = new URLSearchParams(new FormData(target, submitter));
    post(target.action, fields).then(async (answer) => {
      if (!answer.ok) {
        return problem(answer.status < 500 ? await answer.text() : "That did not work.");
      }
      if (!isLinked) return location.reload();
      if (!$("send-error")?.querySelector("button")) $("send-error")?.replaceChildren();
    }, () => problem("That did not work: no connection."));
  });

  // ---- the socket ---------------------------------------------------------------------------------

  const live = document.querySelector("[hx-ws\\:connect]");
  /** Of more than two heartbeats. */
  const SILENCE = 25_000;
  let heardAt = Date.now();
  let isLinked = false;

  function state(name) {
    if (!live) return;
    isLinked = name === "connected";
    if ($("connection") && !$("composer")?.hidden) $("connection").dataset.state = name;
  }

  function reconnect() {
    if (!live) return;
    heardAt = Date.now();
    htmx.process(live, true);
  }

  if (live) {
    state("connecting");
    setInterval(() => {
      if (Date.now() - heardAt > SILENCE) reconnect();
    }, 2_000);
  }

  on("htmx:ws:before:connection", ({ detail: { connection } }) => {
    if (!session || isPast) return;
    const url = new URL(connection.url);
    url.searchParams.set("after", contiguous());
    connection.url = url.href;
  });
  on("htmx:ws:after:connection", () => {
    heardAt = Date.now();
    state("connected");
  });
  on("htmx:ws:close", ({ detail: { code } }) => {
    state("lost");
    if (code === 1008 && !isLeaving) location.reload(); // signed out elsewhere
  });
  let before = 0;
  let typed = "";
  let focused;
  on("htmx:ws:before:message:incoming", ({ detail: { message } }) => {
    heardAt = Date.now();
    state("connected");
    before = lastSeq();
    typed = $("text")?.value;
    focused = document.activeElement;
    if (message.data.includes?.('"reload":true') && message.data.startsWith("{")) {
      location.reload(); // too far behind to catch up by pushes
    }
  });
  on("htmx:ws:after:message:incoming", () => {
    if (typed?.trim() && !$("text")) rescue(typed);
    if (typed === undefined && $("text")) {
      restoreDraft();
      $("send-error").replaceChildren();
    }
    found();
    arrived(before);
    if (!$("text")) document.querySelector(".skip[href='#text']")?.remove();
    if (focused && !focused.isConnected) refocus();
  });

  /** The control that had the focus has done its work and gone. */
  function refocus() {
    const hasKeyboard = matchMedia("(pointer: fine)").matches; // on a screen it would come up
    (hasKeyboard && $("text") || $("main")).focus({ preventScroll: true });
  }

  on("htmx:after:swap", tellTimes);
  on("offline", () => state("lost"), globalThis);
  on("online", reconnect, globalThis);
  on("pageshow", ({ persisted }) => persisted && reconnect(), globalThis);
  on("focus", tellSeen, globalThis);
  on("visibilitychange", tellSeen);

  restoreDraft();
  globalThis.page = { $, on, post, problem, keepers };

  tellTimes();
  setInterval(tellTimes, 30_000);
  setTimeout(tellSeen, 300);
})();
