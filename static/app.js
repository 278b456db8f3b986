// What every page does beyond htmx: the composer, the reader's own times, and one socket that is really there.
(() => {
  const $ = (id) => document.getElementById(id);
  const on = (type, listener, target = document, options) =>
    target.addEventListener(type, listener, options);
  const { viewer, session, past } = document.body.dataset;
  const isPast = past !== undefined; // a page of earlier messages: nothing is pushed into its log
  const base = viewer === "agent" ? `/agent/sessions/${session}` : `/chat/${session}`;
  const log = document.querySelector(".log");
  const post = (url, body, options) =>
    fetch(url, { method: "POST", body, headers: { "HX-Request-Type": "partial" }, ...options });
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

  const spans = { ago };

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

  /** What is to be sent, in its order; the first is on its way. */
  const queue = [];
  let isSending = false;
  /** What got no answer: it may be stored, or not. */
  let lost;
  let isComposing = false;
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

  on("compositionstart", () => isComposing = true);
  on("compositionend", () => isComposing = false);

  /** Each text goes out of the box and into the queue, under a name of its own; the same again after a failure is the same. */
  on("submit", (event) => {
    const { target, submitter } = event;
    if (target.id !== "composer" || isPast) return;
    event.preventDefault();
    const box = $("text");
    const text = box.value;
    if (!text.trim()) return;
    const fields = new URLSearchParams(new FormData(target, submitter));
    const clientId = lost?.text === text ? lost.clientId : newId();
    fields.set("clientId", clientId);
    queue.push({ url: target.action, fields, text, clientId, after: lastSeq() });
    lost = undefined;
    typedAt = 0;
    box.value = "";
    box.focus(); // so a phone's keyboard stays
    $("advice")?.replaceChildren();
    sendNext();
  });

  function newId() {
    const bytes = crypto.getRandomValues(new Uint8Array(12));
    return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  async function sendNext() {
    setTimeout(tellSending, 400);
    if (isSending || queue.length === 0) return;
    isSending = true;
    const { url, fields } = queue[0];
    const keepalive = `${fields}`.length < 60_000; // browsers take no more so
    const outcome = await post(url, fields, { keepalive, signal: AbortSignal.timeout(10_000) })
      .then(async (answer) => ({ answer, words: await answer.text() }))
      .catch(() => ({}));
    await (outcome.answer?.ok ? stored(outcome) : refused(outcome));
    isSending = false;
    tellSending();
    found();
    sendNext();
  }

  async function stored({ answer, words }) {
    queue.shift();
    const next = answer.headers.get("hx-redirect");
    if (next) {
      moveDraft();
      giveBack(queue.splice(0));
      return location.href = next;
    }
    await htmx.swap({ target: "#send-error", text: words, swap: "innerHTML" });
    if (log) log.scrollTop = 0;
  }

  /** What could not be sent, and what was to follow it, is in the box again. */
  async function refused({ answer, words }) {
    if (!answer) {
      problem("Not sent: no connection. Your text is still here; try again.");
      state("lost");
      reconnect();
    } else if (answer.status >= 500) {
      problem("Not sent: the server can't store it now. Try again.");
    } else {
      await htmx.swap({ target: "#send-error", text: words, swap: "innerHTML" });
      if (log) log.scrollTop = 0; // where what holds the text back stands
    }
    lost = queue[0];
    giveBack(queue.splice(0));
    const login = answer?.headers.get("hx-redirect");
    if (login) location.href = login;
  }

  function giveBack(items) {
    const texts = items.map(({ text }) => text);
    const box = $("text");
    if (texts.length === 0) return;
    if (!box) return rescue(texts.join("\n"));
    if (isComposing) return on("compositionend", () => giveBack(items), box, { once: true });
    box.value = [...texts, box.value].filter(Boolean).join("\n");
  }

  /** Where it takes long. */
  function tellSending() {
    const words = queue.map(({ text }) => text).join(" · ");
    if ($("sending")) $("sending").textContent = words && `Sending… ${words}`;
  }

  /** What got no answer turns out to be stored. */
  function found() {
    if (!lost || isSending) return;
    const own = [...document.querySelectorAll(`#messages > [data-author=${viewer}]`)];
    const words = lost.text.trim();
    const isIt = (item) =>
      item.dataset.seq > lost.after && item.querySelector(".text").textContent.trim() === words;
    if (!own.some(isIt)) return;
    const box = $("text");
    if (box?.value.startsWith(lost.text)) {
      box.value = box.value.slice(lost.text.length).replace(/^\n/, "");
    }
    lost = undefined;
    $("send-error")?.replaceChildren();
  }

  function problem(text) {
    const said = document.createElement("p");
    said.className = "error";
    said.textContent = text;
    $("send-error")?.replaceChildren(said);
  }

  // ---- what the tab keeps: what was typed and not sent ---------------------------------------------

  /** For the chat that what was written before has just started. */
  const STARTED = "unsent started";
  let draftKey = `unsent ${session ?? "new"}`;

  function moveDraft() {
    sessionStorage.removeItem(draftKey);
    draftKey = STARTED;
  }

  function restoreDraft() {
    const box = $("text");
    if (!box) return;
    const begun = sessionStorage.getItem(STARTED);
    const kept = JSON.parse(begun ?? sessionStorage.getItem(draftKey) ?? "{}");
    sessionStorage.removeItem(STARTED);
    if (box.value === "") box.value = kept.text ?? "";
    lost = kept.lost;
    if (lost) giveBack([lost]);
    if (begun !== null) box.focus();
  }

  function keepDraft(key, text) {
    sessionStorage.setItem(key, JSON.stringify({ text, ...(isSending && { lost: queue[0] }) }));
  }

  /** The conversation went to somebody else, or ended, under the writer's hands. */
  function rescue(text) {
    const isAgent = viewer === "agent";
    keepDraft(isAgent ? draftKey : "unsent new", text);
    const until = isAgent ? "you have this conversation again" : "your next chat";
    problem(`Not sent, but kept until ${until}: “${text}”`);
  }

  let isLeaving = false;

  const keepers = [() => {
    if (!$("text")) return;
    const waiting = queue.slice(isSending ? 1 : 0).map(({ text }) => text);
    keepDraft(draftKey, [...waiting, $("text").value].filter(Boolean).join("\n"));
  }];

  on("pagehide", () => isLeaving || keepers.forEach((keep) => keep()), globalThis);
  on("submit", ({ target }) => {
    if (!target.matches("[action$='/logout'], [action$='/sign-outs']")) return;
    sessionStorage.clear(); // whoever signs in next in this tab is somebody else
    isLeaving = true;
  });

  // ---- another tab has started the chat that this one would ----------------------------------------

  if (viewer === "user" && $("text")) {
    const starts = new BroadcastChannel("starts");
    if (session) {
      starts.postMessage(session);
      starts.close();
    } else {
      starts.onmessage = () => {
        if (isSending) return; // its answer leads there
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
    if (navigator.onLine) state("connected");
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
  found();
  globalThis.page = { $, on, post, problem, keepers, spans, tellTimes };

  tellTimes();
  setInterval(tellTimes, 30_000);
  setTimeout(tellSeen, 300);
})();
