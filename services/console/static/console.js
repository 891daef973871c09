// What every page does with script; each page works without.
if ("serviceWorker" in navigator) {
  navigator.serviceWorker.register("/service-worker.js").catch(() => {
    // An old browser, a webview or a private window: the pages work without.
  });
}
