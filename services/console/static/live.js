// Keeps a page as it is now: told by the server, and every 30 s where it cannot be told.
// `data-live` of the body is where the server tells. A part says with `data-live-of` what it shows
// (requests, notices, tasks), with `data-live-id` which one; a list shows that something is new and
// waits to be asked, so that nothing jumps under a finger (`templates/parts/live.html`).
const POLL_MS = 30_000;
const REST_MS = 2_000;
const TOLD = ["requests", "notices"];

const parts = () => [...document.querySelectorAll("[data-live-of]")];
let source = null;
let isTold = false;
let place = "";
let looking = null;

function connect() {
  if (source || document.hidden) return;
  const { live } = document.body.dataset;
  const address = place ? `${live.split("?")[0]}?after=${encodeURIComponent(place)}` : live;
  source = new EventSource(address);
  source.onopen = () => {
    isTold = true;
  };
  source.onerror = () => {
    isTold = false;
    if (source?.readyState === EventSource.CLOSED) source = null; // refused: tried again by `poll`
  };
  source.addEventListener("unread", (event) => {
    place = event.lastEventId;
    showUnread(JSON.parse(event.data).count);
  });
  source.addEventListener("changed", (event) => {
    place = event.lastEventId;
    const { of, id } = JSON.parse(event.data);
    const shows = ({ dataset }) =>
      dataset.liveOf === of && (!id || !dataset.liveId || dataset.liveId === id);
    if (parts().some(shows)) lookSoon();
  });
}

function leave() {
  source?.close();
  source = null;
  isTold = false;
}

function poll() {
  connect();
  const isUntold = !isTold || parts().some(({ dataset }) => !TOLD.includes(dataset.liveOf));
  if (!document.hidden && isUntold) lookSoon();
}

function lookSoon() {
  looking ??= setTimeout(async () => {
    await look().catch(() => {}); // no network: the next look may find it
    looking = null;
  }, REST_MS * Math.random());
}

async function look() {
  const answer = await fetch(location.href, { headers: { accept: "text/html" } });
  if (!answer.ok || answer.redirected) return;
  const now = new DOMParser().parseFromString(await answer.text(), "text/html");
  const unread = now.querySelector("#unread [data-live-count]")?.textContent ?? "?";
  if (unread !== "?") showUnread(Number(unread));
  for (const part of parts()) {
    const fresh = now.getElementById(part.id);
    if (fresh && part.dataset.liveHow === "list") showNews(part, fresh);
    else if (fresh && shownBy(fresh) !== shownBy(part) && !isInUse(part)) {
      replace(part, fresh);
      const said = document.getElementById("live-said");
      said.textContent = said.dataset.words;
    }
  }
}

function replace(part, fresh) {
  part.replaceWith(fresh);
  globalThis.htmx?.process(fresh);
}

// Forms have another key each time.
const shownBy = (part) => part.innerHTML.replace(/(?<=name="once" value=")[^"]*/g, "");

// Somebody writes there, or reads with the keyboard: it is not taken from under them.
const isInUse = (part) => part.contains(document.activeElement);

function showNews(list, fresh) {
  const keys = (one) => [...one.querySelectorAll("[data-live-row]")].map((row) => row.dataset.liveRow);
  const [before, after] = [new Set(keys(list)), new Set(keys(fresh))];
  const gone = [...before].filter((key) => !after.has(key));
  const come = [...after].filter((key) => !before.has(key));
  const news = list.querySelector(".news");
  news.hidden = come.length + gone.length === 0;
  news.querySelector("[data-live-count]").textContent = come.length || gone.length;
  news.querySelector("a").onclick = (event) => {
    event.preventDefault();
    fresh.tabIndex = -1;
    replace(list, fresh);
    fresh.focus();
  };
}

function showUnread(count) {
  const badge = document.getElementById("unread");
  if (!badge) return;
  badge.hidden = count === 0;
  badge.querySelector("[data-live-count]").textContent = count;
}

if (document.body.dataset.live) {
  connect();
  setInterval(poll, POLL_MS);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) leave();
    else connect(); // what came meanwhile is told first
  });
  addEventListener("pagehide", leave);
  addEventListener("pageshow", (event) => {
    if (event.persisted) poll();
  });
}
