// Looks at the page as it is shown now, and gives a sentence for everything that is wrong.
// `wanted`: language, isLarge, and the least sizes in pixels: text, target, mainText, mainTarget.
(wanted) => {
  const findings = [];
  const TARGETS =
    "a[href], button, input:not([type=hidden]), select, textarea, summary, " +
    "[role=button], [role=link], [role=tab], [role=checkbox], [role=radio], [role=switch]";
  const NO_TEXT = "script, style, template, noscript, option, textarea, svg";
  // An area of a map that is out of the way of keyboards has its equal beside it (WCAG 2.5.8).
  const EXCUSED = ":disabled, svg[aria-hidden=true] *";
  const CHINESE = /[\p{Script=Han}\u3000-\u303f\uff01-\uff60]/u;
  const SAID = ["alt", "title", "placeholder", "aria-label", "aria-description"];

  const nameOf = (element) => {
    const id = element.id ? `#${element.id}` : "";
    const text = (element.innerText || element.value || "").trim().slice(0, 20);
    return `<${element.localName}${id}> “${text}”`;
  };
  const isShown = (element) => {
    const { width, height } = element.getBoundingClientRect();
    return width > 1 && height > 1 && element.checkVisibility({ visibilityProperty: true });
  };
  const isMain = (element) => element.closest("main, dialog") !== null;
  const texts = function* (root) {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (node.data.trim() && !node.parentElement.closest(NO_TEXT)) yield node;
    }
  };

  // What a finger can hit: the element, and for a box to tick its label as well.
  const areaOf = (element) => {
    const area = [element, ...(element.labels && /checkbox|radio|file/.test(element.type) ? element.labels : [])]
      .filter(isShown)
      .map((one) => one.getBoundingClientRect());
    const span = (from, to) => Math.max(...area.map((one) => one[to])) - Math.min(...area.map((one) => one[from]));
    return area.length ? { width: span("left", "right"), height: span("top", "bottom") } : null;
  };
  // A link in the middle of a sentence is as high as its line (WCAG 2.5.8).
  const isInSentence = (element) =>
    getComputedStyle(element).display === "inline" &&
    element.parentElement.innerText.trim() !== element.innerText.trim();

  const html = document.documentElement;
  if (html.lang !== wanted.language) findings.push(`the page says lang="${html.lang}"`);
  if (html.classList.contains("large") !== wanted.isLarge) findings.push("not the size of text that was chosen");

  for (const node of texts(document.body)) {
    const element = node.parentElement;
    if (!isShown(element)) continue;
    const least = isMain(element) ? wanted.mainText : wanted.text;
    const size = parseFloat(getComputedStyle(element).fontSize);
    if (size < least - 0.1) findings.push(`text of ${size} px, not ${least}: ${nameOf(element)}`);
  }

  for (const element of document.querySelectorAll(TARGETS)) {
    const area = element.matches(EXCUSED) || isInSentence(element) ? null : areaOf(element);
    const least = isMain(element) ? wanted.mainTarget : wanted.target;
    if (area && Math.min(area.width, area.height) < least - 0.5) {
      const size = `${Math.round(area.width)} × ${Math.round(area.height)}`;
      findings.push(`a target of ${size} px, not ${least}: ${nameOf(element)}`);
    }
  }

  if (wanted.language === "en") {
    const isChinese = (element, text) => CHINESE.test(text) && !element.closest("[lang|=zh]");
    for (const node of texts(html)) {
      if (isChinese(node.parentElement, node.data)) findings.push(`not translated: ${node.data.trim()}`);
    }
    for (const element of html.querySelectorAll(SAID.map((one) => `[${one}]`).join())) {
      for (const name of SAID) {
        const text = element.getAttribute(name) ?? "";
        if (isChinese(element, text)) findings.push(`not translated: ${name}="${text}"`);
      }
    }
  }
  return findings;
}
