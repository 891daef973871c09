// Keeps a page as it is now: told by the server, and every 30 s where it cannot be told.
// `data-live` of the body is where the server tells. A part says with `data-live-of` what it shows
// (requests, notices, tasks), with `data-live-id` which ones; a list shows that something is new and
// waits to be asked, so that nothing jumps under a finger (`templates/parts/live.html`).
const POLL_MS = 30_000;
const REST_MS = 2_000;
const GONE = 404;
const UNKNOWN = "?"; // how many notices are unread, while nobody can say (`parts/unread.html`)

const parts = () => [...document.querySelectorAll("[data-live-of]")];
const words = (said = "") => said.split(" ").filter(Boolean);
let source = null;
let told = []; // what the server tells of now
let wasTold = false;
let isBehind = false;
let place = "";
let looking = null;

function connect() {
  if (source || document.hidden) return;
  const { live } = document.body.dataset;
  const address = place ? `${live.split("?")[0]}?after=${encodeURIComponent(place)}` : live;
  source = new EventSource(address);
  source.onerror = () => {
    told = [];
    if (source?.readyState === EventSource.CLOSED) source = null; // refused: tried again by `poll`
  };
  source.addEventListener("told", ({ data }) => {
    told = JSON.parse(data).of;
    if (wasTold) lookSoon(); // a hint may have been lost, a service may be back
    wasTold = true;
  });
  source.addEventListener("unread", (event) => {
    place = event.lastEventId;
    showUnread(JSON.parse(event.data).count);
  });
  source.addEventListener("changed", (event) => {
    place = event.lastEventId;
    const { of, id } = JSON.parse(event.data);
    const shows = ({ dataset }) =>
      words(dataset.liveOf).includes(of) &&
      (!id || !dataset.liveId || words(dataset.liveId).includes(id));
    if (parts().some(shows)) lookSoon();
  });
}

function leave() {
  source?.close();
  source = null;
  told = [];
}

function poll() {
  connect();
  const shown = parts().flatMap(({ dataset }) => words(dataset.liveOf));
  const isUntold = ["notices", ...shown].some((kind) => !told.includes(kind));
  if (!document.hidden && (isBehind || isUntold)) lookSoon();
}

function lookSoon() {
  isBehind = true;
  looking ??= setTimeout(async () => {
    looking = null;
    isBehind = false;
    await look().catch(() => (isBehind = true)); // no network: `poll` looks again
  }, REST_MS * Math.random());
}

async function look() {
  const answer = await fetch(location.href, { headers: { accept: "text/html" } });
  if (answer.redirected) return;
  if (!answer.ok && answer.status !== GONE) throw new Error(answer.statusText);
  const now = new DOMParser().parseFromString(await answer.text(), "text/html");
  const unread = now.getElementById("unread");
  if (unread && countIn(unread) !== UNKNOWN) document.getElementById("unread")?.replaceWith(unread);
  for (const part of parts()) {
    const fresh = now.getElementById(part.id);
    if (part.dataset.liveHow === "list") showNews(part, fresh);
    else if (fresh && shownBy(fresh) !== shownBy(part)) {
      if (isInUse(part)) isBehind = true;
      else show(part, fresh);
    }
  }
}

function show(part, fresh) {
  replace(part, fresh);
  const said = document.getElementById("live-said");
  said.textContent = said.dataset.words;
}

function replace(part, fresh) {
  part.replaceWith(fresh);
  globalThis.htmx?.process(fresh);
}

// Forms have another key each time.
const shownBy = (part) => part.innerHTML.replace(/(?<=name="once" value=")[^"]*/g, "");

// Somebody writes there, or reads with the keyboard: it is not taken from under them.
const isInUse = (part) => part.contains(document.activeElement);

// A service did not answer: what a part of the page would have shown.
const isMissing = (part) => part.querySelector("[data-missing]") !== null;

function showNews(list, fresh) {
  if (!fresh) return sayNews(list, 1, null); // the page says more when it is opened anew
  const keys = (one) => [...one.querySelectorAll("[data-live-row]")].map((row) => row.dataset.liveRow);
  const [before, after] = [new Set(keys(list)), new Set(keys(fresh))];
  if (isMissing(list) && before.size === 0 && !isMissing(fresh)) return show(list, fresh);
  const come = [...after].filter((key) => !before.has(key));
  const gone = isMissing(fresh) ? [] : [...before].filter((key) => !after.has(key));
  sayNews(list, come.length || gone.length, (event) => {
    event.preventDefault();
    fresh.tabIndex = -1;
    replace(list, fresh);
    fresh.focus();
  });
}

function sayNews(list, count, whenAsked) {
  const news = list.querySelector(".news");
  news.hidden = count === 0;
  news.querySelector("[data-live-count]").textContent = count;
  news.querySelector("a").onclick = whenAsked;
}

const countIn = (badge) => badge.querySelector("[data-live-count]").textContent;

function showUnread(count) {
  const badge = document.getElementById("unread");
  if (!badge) return;
  if (countIn(badge) === UNKNOWN) return lookSoon(); // its words are others, too
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
