// What sticks out of a page that is `width` pixels wide; what scrolls inside its own box does not.
(width) => {
  const scrolls = (element) => {
    for (let one = element.parentElement; one && one !== document.body; one = one.parentElement) {
      if (/auto|scroll/.test(getComputedStyle(one).overflowX)) return true;
    }
    return false;
  };
  const out = [...document.body.querySelectorAll("*")].filter((element) => {
    const { width: own, right } = element.getBoundingClientRect();
    return own > 1 && right > width + 1 && element.checkVisibility() && !scrolls(element);
  });
  const page = Math.max(document.documentElement.scrollWidth, document.body.scrollWidth);
  if (page <= width && out.length === 0) return [];
  const names = out.slice(0, 5).map((one) => `<${one.localName}> “${one.textContent.trim().slice(0, 20)}”`);
  return [`at ${width} px the page is ${page} px wide: ${names.join(", ")}`];
}
