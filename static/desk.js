// What the desk does beyond app.js.
(() => {
  const { $, on, post, problem, keepers, spans, tellTimes } = globalThis.page;

  spans.lasting = (since) => {
    const minutes = Math.max(1, Math.floor((Date.now() - since) / 60_000));
    return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h`;
  };
  tellTimes();

  // ---- the lists: where they were, and a key to search them -----------------------------------------

  const lists = $("desk-lists");
  const placeKey = lists?.dataset.place;
  if (lists) lists.scrollTop = sessionStorage.getItem(placeKey) ?? 0;
  lists?.querySelector(".rows [aria-current]")?.closest("li").scrollIntoView({ block: "nearest" });

  keepers.push(() => {
    // a phone shows the conversation alone
    if (lists?.clientHeight) sessionStorage.setItem(placeKey, lists.scrollTop);
  });

  on("keydown", (event) => {
    const isFree = !event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key !== "/" || !isFree || !$("q")) return;
    event.preventDefault();
    $("q").focus();
  });

  // ---- whom a conversation may go to: asked when the form opens, as colleagues come and go ---------

  const transfer = $("transfer");
  if (transfer) on("beforetoggle", freshen, transfer);

  async function freshen({ newState }) {
    if (newState !== "open") return;
    const answer = await fetch(location.href).catch(() => {});
    if (!answer?.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const to = $("to");
    const { value } = to;
    to.replaceChildren(...fresh.querySelectorAll("#to > option"));
    if ([...to.options].some((option) => option.value === value)) to.value = value;
  }

  // ---- the assistant's help for an agent -----------------------------------------------------------

  on("click", (event) => {
    const button = event.target.closest("[data-advise]");
    if (!button) return;
    event.preventDefault();
    button.disabled = true;
    post(button.formAction)
      .then(async (answer) => {
        if (!answer.ok) return problem(await answer.text());
        await htmx.swap({ target: "#advice", text: await answer.text(), swap: "innerHTML" });
        suggest($("advice").firstElementChild?.dataset.reply);
      })
      .catch(() => problem("That did not work: no connection."))
      .finally(() => {
        button.disabled = false;
        if (document.activeElement === document.body) button.focus();
      });
  });

  /** Into the box, below what was typed; it is the agent who sends. */
  function suggest(reply) {
    const box = $("text");
    if (!reply || !box) return;
    box.value = box.value.trim() ? `${box.value}\n\n${reply}` : reply;
    box.dispatchEvent(new Event("input", { bubbles: true }));
    box.focus();
  }
})();
