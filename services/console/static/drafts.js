// Forms that could not be sent: kept on this device until a service has them. Pages and the service
// worker share this. A draft is sent under one Idempotency-Key however often it is tried, so that
// an answer that was lost on its way makes nothing twice.
const drafts = (() => {
  const STORE = "drafts";
  const LONGEST_MS = 60_000;
  const REMEMBERED_MS = 7 * 24 * 3600_000;
  const PATIENCE = new Set([408, 425, 429]);
  const changes = self.BroadcastChannel ? new BroadcastChannel(STORE) : null;

  const opened = () =>
    new Promise((resolve, reject) => {
      const opening = indexedDB.open("jinlin", 1);
      opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: "once" });
      opening.onsuccess = () => resolve(opening.result);
      opening.onerror = () => reject(opening.error);
    });

  const within = async (mode, act) => {
    const database = await opened();
    try {
      return await new Promise((resolve, reject) => {
        const transaction = database.transaction(STORE, mode);
        const request = act(transaction.objectStore(STORE));
        transaction.oncomplete = () => resolve(request.result);
        transaction.onabort = () => reject(transaction.error);
      });
    } finally {
      database.close();
    }
  };

  const all = async () => {
    const found = await within("readonly", (store) => store.getAll());
    return found.sort((one, other) => one.keptAt - other.keptAt);
  };
  const get = (once) => within("readonly", (store) => store.get(once));
  const keep = async (draft) => {
    await within("readwrite", (store) => store.put(draft));
    changes?.postMessage("");
  };
  const forget = async (once) => {
    await within("readwrite", (store) => store.delete(once));
    changes?.postMessage("");
  };

  // One at a time, whichever page or worker begins.
  const alone = (act) => (navigator.locks ? navigator.locks.request(STORE, act) : act());

  // Old webviews know no limit; there the browser's own holds.
  const limited = () => (AbortSignal.timeout ? { signal: AbortSignal.timeout(LONGEST_MS) } : {});

  // The token that a form needs now, and who is signed in; null when nobody is.
  const pass = async () => {
    const answer = await fetch("/drafts/pass", limited());
    if (answer.status === 401) return null;
    if (!answer.ok) throw new Error(`no pass: ${answer.status}`);
    return answer.json();
  };

  // What came of one try; `answer` is the page that refused it.
  const tried = async (draft) => {
    const now = await pass();
    if (now?.who !== draft.who) return { state: "waiting", why: "signed-out" };
    const body = new FormData();
    for (const [name, value] of draft.fields) body.append(name, value);
    body.set("form_token", now.form_token);
    body.set("once", draft.once);
    const answer = await fetch(draft.action, { method: "POST", body, ...limited() });
    if (answer.redirected || answer.ok) return { state: "sent", url: answer.url };
    if (answer.status === 401) return { state: "waiting", why: "signed-out" };
    const isBusy = answer.status >= 500 || PATIENCE.has(answer.status);
    if (isBusy) return { state: "waiting", why: "busy" };
    return { state: "refused", answer: await answer.text() };
  };

  // Try to send a draft, and note what came of it. One that a service has keeps no content.
  const send = async (draft) => {
    const outcome = await tried(draft).catch(() => ({ state: "waiting", why: "unreachable" }));
    const rest = outcome.state === "sent" ? { fields: [], answer: "", sentAt: Date.now() } : {};
    const next = { ...draft, why: "", ...outcome, ...rest };
    if (next.state !== draft.state || next.why !== draft.why) await keep(next);
    return next;
  };

  const sendAll = async () => {
    let left = 0;
    for (const draft of await all()) {
      const isOld = draft.state === "sent" && Date.now() - draft.sentAt > REMEMBERED_MS;
      if (isOld) await forget(draft.once);
      if (draft.state !== "waiting") continue;
      const { state, why } = await send(draft);
      if (state === "waiting") left += 1;
      if (why === "unreachable") break;
    }
    return left;
  };

  return {
    all,
    get,
    keep,
    forget,
    changes,
    send: (draft) => alone(() => send(draft)),
    // How many wait still.
    sendAll: () => alone(sendAll),
  };
})();
