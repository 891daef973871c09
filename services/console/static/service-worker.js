// The shell of the pages for a phone without network. What is about somebody is never kept here.
// `SHELL` (the page to show without network, style, script), `OFFLINE` (a mark of that page) and
// `DRAFTS` (one of those scripts) stand above, written by the server.
const CACHE = `shell ${OFFLINE} ${SHELL.join(" ")}`;
const FORMS = `forms ${SHELL.join(" ")}`;
const OWN = /(name="(?:form_token|once)" value=")[^"]*/g;

importScripts(DRAFTS);

addEventListener("install", (event) => {
  event.waitUntil(
    caches.open(CACHE).then((cache) => cache.addAll(SHELL)).then(() => skipWaiting()),
  );
});

addEventListener("activate", (event) => {
  const others = (names) => names.filter((name) => name !== CACHE && name !== FORMS);
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(others(names).map((name) => caches.delete(name))))
      .then(() => clients.claim()),
  );
});

// A page that says so is an empty form, about nobody; its token and its key stay behind.
const keepForm = async (request, answer) => {
  if (answer.status === 401) await caches.delete(FORMS);
  if (!answer.ok || answer.headers.get("x-keep") !== "form") return;
  const headers = new Headers(answer.headers);
  headers.delete("content-encoding"); // it is read already
  const page = (await answer.clone().text()).replace(OWN, "$1");
  const forms = await caches.open(FORMS);
  await forms.put(request.url, new Response(page, { headers }));
};

const pageOf = async (request) => {
  let answer;
  try {
    answer = await fetch(request);
  } catch {
    const forms = await caches.open(FORMS);
    const kept = await forms.match(request.url, { ignoreSearch: true });
    return kept ?? caches.match("/offline");
  }
  await keepForm(request, answer).catch(() => {}); // a full phone keeps nothing more
  return answer;
};

addEventListener("fetch", (event) => {
  const { request } = event;
  const { pathname } = new URL(request.url);
  if (request.method !== "GET") {
    if (pathname === "/sign-out") event.waitUntil(caches.delete(FORMS));
  } else if (request.mode === "navigate" || request.headers.has("x-keep")) {
    event.respondWith(pageOf(request));
  } else if (SHELL.includes(pathname)) {
    event.respondWith(caches.match(request).then((kept) => kept ?? fetch(request)));
  }
});

// The browser asks again later when something still waits.
addEventListener("sync", (event) => {
  if (event.tag !== "drafts") return;
  event.waitUntil(
    drafts.sendAll().then((left) => {
      if (left) throw new Error(`${left} drafts wait`);
    }),
  );
});
