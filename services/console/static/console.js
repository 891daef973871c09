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

// Photos that no form takes are told beside their field, before they are sent for nothing.
const isTooLarge = ({ files, dataset }) =>
  files.length > dataset.mostFiles || [...files].some(({ size }) => size > dataset.mostBytes);

function remark(field, words) {
  const id = `${field.id}_remark`;
  document.getElementById(id)?.remove();
  const others = (field.getAttribute("aria-describedby") ?? "").split(" ").filter((one) => one !== id);
  field.setAttribute("aria-describedby", [...others, ...(words ? [id] : [])].join(" ").trim());
  field.setAttribute("aria-invalid", String(Boolean(words)));
  if (!words) return;
  const said = Object.assign(document.createElement("p"), { id, textContent: words });
  said.className = "remark";
  said.setAttribute("role", "alert");
  field.closest(".field").append(said);
}

addEventListener("change", ({ target }) => {
  if (target.matches("[data-too-large]")) {
    remark(target, isTooLarge(target) ? target.dataset.tooLarge : "");
  }
});
addEventListener(
  "submit",
  (event) => {
    const fields = event.target.querySelectorAll("[data-too-large]");
    const [field] = [...fields].filter(isTooLarge);
    if (!field) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    field.focus();
  },
  true, // before anybody sends or keeps the form
);
