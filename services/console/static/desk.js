// The keyboard of the desk, while the focus is in the page's main part; all of it works without.
// j and k go through the list, d to what can be done; the others go where the page names a key.
const main = document.querySelector("main");
const WRITING = "input, select, textarea, [contenteditable]";

const go = (step) => {
  const rows = [...document.querySelectorAll(".row")];
  const current = document.querySelector("[aria-current] .row");
  const at = rows.indexOf(document.activeElement.closest(".row") ?? current);
  const next = rows[at < 0 ? 0 : at + step];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
};

const act = () => {
  const panel = document.querySelector("#panel");
  panel.querySelector("form input:not([type=hidden]), form select, form button")?.focus();
};

main.addEventListener("keydown", (event) => {
  const { key, target } = event;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (target.matches(WRITING) && key !== "Escape") return;
  const named = [...document.querySelectorAll("[data-key]")].find((one) => one.dataset.key === key);
  if (key === "j") go(1);
  else if (key === "k") go(-1);
  else if (key === "d") act();
  else if (named?.matches(WRITING)) named.focus();
  else if (named) named.click();
  else return;
  event.preventDefault();
});

// Whoever opens the desk can press a key at once; whoever opens a request reads it at once.
if (document.activeElement === document.body) {
  (document.querySelector("#opened") ?? main).focus({ preventScroll: true });
}

document.addEventListener("htmx:after:swap", ({ detail }) => {
  const panel = document.querySelector("#panel");
  if (detail.ctx.target !== panel) return;
  const link = document.querySelector(`.row[href="${location.pathname}${location.search}"]`);
  document.querySelector("tr[aria-current]")?.removeAttribute("aria-current");
  link?.closest("tr").setAttribute("aria-current", "true");
  if (!panel.contains(document.activeElement)) panel.querySelector("#opened")?.focus();
});
