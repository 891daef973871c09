// Forms with `data-draft` are kept on this device before they are sent, and stay there when they
// cannot be. Without IndexedDB they are what they are without script. The words are the page's:
// `parts/drafts.html`.
(() => {
  const TIME = { dateStyle: "medium", timeStyle: "short" };
  const RETRY_MS = 30_000;
  const EXCERPT_CHARACTERS = 60;
  const WHO = "who";
  const NOT_SAID = new Set(["form_token", "kept_at"]);
  if (!self.indexedDB) return;
  let retry = 0;

  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const lists = () => all("[data-drafts]");
  const made = (name, how) => Object.assign(document.createElement(name), how);
  const parsed = (answer) => new DOMParser().parseFromString(answer, "text/html");

  // Whose drafts are shown: the page says who is signed in; the page without network asks who was.
  const who = (() => {
    const [list] = lists();
    const told = list?.dataset.drafts ?? "";
    if (told === "last") return localStorage.getItem(WHO) ?? "";
    if (told) localStorage.setItem(WHO, told);
    else localStorage.removeItem(WHO);
    return told;
  })();

  // the form and its draft

  const read = (form, submitter) => {
    form.elements.once.value ||= crypto.randomUUID();
    const isSaid = ([name, value]) =>
      !NOT_SAID.has(name) && !(value instanceof File && value.size === 0);
    const fields = [...new FormData(form, submitter)].filter(isSaid);
    fields.push(["kept_at", new Date().toISOString()]);
    const written = all("textarea", form).map((one) => one.value.trim()).join(" ");
    return {
      once: form.elements.once.value,
      who,
      action: pathOf(form),
      page: location.pathname + location.search,
      title: form.dataset.draft,
      language: document.documentElement.lang,
      excerpt: written.slice(0, EXCERPT_CHARACTERS),
      fields,
      keptAt: Date.now(),
      state: "waiting",
      why: "",
    };
  };

  const fill = (form, draft) => {
    for (const field of form.elements) {
      const values = draft.fields.filter(([name]) => name === field.name).map(([, value]) => value);
      if (!field.name || field.name === "form_token" || field.type === "submit") continue;
      if (field.type === "file") {
        const files = new DataTransfer();
        values.forEach((one) => files.items.add(one));
        field.files = files.files;
        field.dispatchEvent(new Event("change", { bubbles: true }));
      } else if (field.type === "checkbox" || field.type === "radio") {
        field.checked = values.includes(field.value);
      } else if (values.length) {
        [field.value] = values;
      }
    }
    form.elements.once.value = draft.once;
    form.dataset.kept = "yes";
  };

  const pathOf = (form) => new URL(form.action).pathname;
  const formOf = (draft, within) =>
    all("form[data-draft]", within).find((one) => pathOf(one) === draft.action);
  const empty = new Map(all("form[data-draft]").map((one) => [pathOf(one), one.cloneNode(true)]));

  // What a refusal says; its remarks stand beside their fields where it has the form.
  const show = (draft) => {
    const page = parsed(draft.answer ?? "");
    const main = page.querySelector("main");
    const hasForm = main && formOf(draft, main);
    if (hasForm) document.querySelector("main").replaceWith(document.importNode(main, true));
    const form = formOf(draft, document);
    if (!form) return;
    if (main && !hasForm) {
      const remark = made("p", { className: "remark", role: "alert", textContent: said(draft) });
      form.prepend(remark);
    }
    fill(form, draft);
    const first = form.querySelector("[aria-invalid], .remark") ?? form;
    first.tabIndex = first.tabIndex < 0 ? -1 : first.tabIndex;
    first.focus();
  };

  const said = (draft) => {
    const page = parsed(draft.answer ?? "");
    const remarks = all(".remark", page);
    const found = remarks.length ? remarks : all("main p", page).slice(0, 1);
    return found.map((one) => one.textContent.trim()).join(" ");
  };

  const busy = (form, isBusy) => {
    form.toggleAttribute("data-busy", isBusy);
    all("button", form).forEach((one) => (one.disabled = isBusy));
  };

  const submitted = async (form, submitter) => {
    const draft = read(form, submitter);
    const wasKept = form.dataset.kept;
    busy(form, true);
    try {
      await drafts.keep(draft);
    } catch {
      HTMLFormElement.prototype.submit.call(form);
      return;
    }
    const next = navigator.onLine ? await drafts.send(draft) : draft;
    busy(form, false);
    if (next.state === "sent") {
      await drafts.forget(draft.once);
      location.assign(next.url);
    } else if (next.state === "refused") {
      if (!wasKept) await drafts.forget(draft.once);
      show(next);
      if (!wasKept) delete formOf(next, document)?.dataset.kept;
    } else {
      const another = empty.get(draft.action).cloneNode(true);
      another.elements.once.value = crypto.randomUUID();
      form.replaceWith(another);
      await again();
      document.querySelector("[data-drafts] h2").focus();
    }
  };

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[data-draft]") || event.submitter?.formNoValidate || !who) return;
    event.preventDefault();
    if (!form.hasAttribute("data-busy")) submitted(form, event.submitter);
  });

  // the list of drafts

  const row = (template, draft) => {
    const item = template.content.cloneNode(true);
    const slot = (name) => item.querySelector(`[data-slot=${name}]`);
    slot("title").textContent = draft.title;
    slot("title").lang = draft.language;
    slot("excerpt").textContent = draft.excerpt;
    const { lang } = document.documentElement;
    slot("kept").textContent = new Date(draft.keptAt).toLocaleString(lang, TIME);
    const state = draft.state === "waiting" && draft.why === "signed-out" ? draft.why : draft.state;
    for (const one of all("[data-state]", item)) {
      if (!one.dataset.state.split(" ").includes(state)) one.remove();
    }
    if (slot("remark")) slot("remark").lang = draft.language;
    if (slot("remark")) slot("remark").textContent = said(draft);
    if (slot("open")) slot("open").href = `${draft.page}#draft=${draft.once}`;
    if (slot("look")) slot("look").href = draft.url;
    slot("forget").addEventListener("click", () => drafts.forget(draft.once).then(render));
    return item;
  };

  const render = async () => {
    const found = await drafts.all();
    const shown = new Set(all("form[data-kept]").map((form) => form.elements.once.value));
    const own = found.filter((one) => one.who === who && who && !shown.has(one.once));
    const others = found.some((one) => one.who !== who && one.state !== "sent");
    for (const list of lists()) {
      list.hidden = !own.length && !others;
      list.querySelector("[data-own]").hidden = !own.length;
      list.querySelector("[data-others]").hidden = !others;
      const template = list.querySelector("template");
      list.querySelector("ul").replaceChildren(...own.map((one) => row(template, one)));
    }
    return found;
  };

  // Show what there is, try to send what waits, and try again while something does.
  const again = async () => {
    clearTimeout(retry);
    const found = await render();
    if (!found.some((one) => one.state === "waiting")) return;
    retry = setTimeout(again, RETRY_MS);
    const worker = await navigator.serviceWorker?.getRegistration();
    worker?.sync?.register("drafts").catch(() => {}); // sends them when no page is open
    if (navigator.onLine) await drafts.sendAll();
    await render();
  };

  const mend = async () => {
    const once = new URLSearchParams(location.hash.slice(1)).get("draft");
    const draft = once && (await drafts.get(once));
    if (draft && draft.who === who) show(draft);
    await render();
  };

  const lookAtNetwork = () => {
    for (const one of all("[data-offline]")) one.hidden = navigator.onLine;
  };

  // Pages with a form are kept for the time without network, as soon as a link to one is seen.
  const keepForms = async () => {
    if (!navigator.serviceWorker?.controller) return;
    for (const { dataset } of all("[data-keep]")) {
      if (await caches.match(dataset.keep)) continue;
      await fetch(dataset.keep, { headers: { "x-keep": "form" } });
    }
  };

  // The page without network leads to the forms that are kept.
  const offerForms = async () => {
    const places = all("[data-forms]");
    for (const name of places.length ? await caches.keys() : []) {
      if (!name.startsWith("forms ")) continue;
      const cache = await caches.open(name);
      for (const request of await cache.keys()) {
        const page = parsed(await (await cache.match(request)).text());
        const form = page.querySelector("form[data-draft]");
        for (const place of form ? places : []) {
          const said = { textContent: form.dataset.draft, lang: page.documentElement.lang };
          const link = made("a", { className: "button", href: request.url, ...said });
          place.querySelector(".ways").append(link);
          place.hidden = false;
        }
      }
    }
  };

  addEventListener("online", () => (lookAtNetwork(), again()));
  addEventListener("offline", lookAtNetwork);
  addEventListener("hashchange", mend);
  drafts.changes?.addEventListener("message", render);
  lookAtNetwork();
  mend().then(again);
  keepForms().catch(() => {});
  offerForms().catch(() => {});
})();
