// What every page does with script; each page works without.
if ("serviceWorker" in navigator) {
  navigator.serviceWorker.register("/service-worker.js").catch(() => {
    // An old browser, a webview or a private window: the pages work without.
  });
}

// A button that prints the page; without script the browser's own menu does.
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}

// A form that was sent says so where its answer takes long; back in history it is a form again.
addEventListener("submit", ({ target }) => target.toggleAttribute("data-sent", true));
addEventListener("pageshow", () => {
  document.querySelectorAll("[data-sent]").forEach((form) => form.removeAttribute("data-sent"));
});
