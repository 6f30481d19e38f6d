/* Functions that the tests call in pages. */

function all(selector) {
  return [...document.querySelectorAll(selector)];
}

function isVisible(element) {
  const box = element.getBoundingClientRect();
  return box.width > 1 && box.height > 1 && element.checkVisibility({ visibilityProperty: true });
}

/* The ids of the scenarios whose rows the table shows. */
function shownRows() {
  return all("#matrix .rows tr").filter(isVisible).map((row) => row.querySelector(".title").title);
}

function unfoldAll() {
  for (const details of all("details")) details.open = true;
  const button = document.getElementById("unfold");
  if (button && button.textContent === "Unfold all") button.click();
  return true;
}

/* A color as the browser computes it, as red, green, blue and alpha. */
function channels(color) {
  const numbers = color.match(/[\d.]+/g).map(Number);
  if (!color.startsWith("rgb")) throw new Error("another kind of color: " + color);
  return [...numbers.slice(0, 3), numbers.length > 3 ? numbers[3] : 1];
}

function over(front, back) {
  return [0, 1, 2].map((index) => front[index] * front[3] + back[index] * (1 - front[3])).concat(1);
}

function background(element) {
  const colors = [];
  for (let parent = element; parent; parent = parent.parentElement) {
    colors.push(channels(getComputedStyle(parent).backgroundColor));
  }
  return colors.reverse().reduce((back, front) => over(front, back), [255, 255, 255, 1]);
}

/* The relative luminance of WCAG 2. */
function luminance(color) {
  const [red, green, blue] = color.map((channel) => {
    const part = channel / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one, other) {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

/* An element with its parents, as the style sees them. */
function place(element) {
  const parts = [];
  for (let parent = element; parent; parent = parent.parentElement) parts.push(parent.tagName + "." + parent.className);
  return parts.join(" ");
}

/* Texts that are hard to read. Of elements in places that look alike, one is enough. */
function faintTexts() {
  const complaints = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const seen = new Set();
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = walker.currentNode.data.trim();
    const where = place(element);
    if (!text || seen.has(where) || element.closest("script, style, .hidden, .skip") || !isVisible(element)) continue;
    seen.add(where);
    const back = background(element);
    const ratio = contrast(over(channels(getComputedStyle(element).color), back), back);
    if (ratio < 4.5) complaints.push(ratio.toFixed(2) + ": " + text.slice(0, 40) + " in " + where);
  }
  if (seen.size < 10) complaints.push("only " + seen.size + " texts");
  return complaints;
}

/* What is wider than the page, outside of regions that scroll. */
function overflowing() {
  const width = document.documentElement.clientWidth;
  const complaints = [];
  if (document.documentElement.scrollWidth > width) complaints.push("the page scrolls sideways: " + document.documentElement.scrollWidth);
  for (const element of all("body *")) {
    const box = element.getBoundingClientRect();
    const scrolls = element.parentElement.closest(".scroll, pre");
    if (!scrolls && isVisible(element) && !element.closest(".hidden, .skip") && (box.right > width + 1 || box.left < -1)) {
      complaints.push(element.tagName + "." + element.className + ": " + element.textContent.slice(0, 40));
    }
  }
  return complaints;
}

/* What has the focus, and whether the user sees it. */
function focused() {
  const element = document.activeElement;
  const style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  const back = background(element.parentElement);
  const isOutlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2
    && contrast(channels(style.outlineColor), back) >= 3;
  const isInside = box.right > 0 && box.bottom > 0 && box.left < innerWidth && box.top < innerHeight;
  const name = element.tagName + "." + element.className + ": " + element.textContent.trim().slice(0, 40);
  return { name, isShown: isOutlined && isInside && isVisible(element) };
}

/* What must have a name in the accessibility tree. A menu of options is read as one control. */
function controls() {
  return all("a[href], button, input, select, summary, img, [role]:not([role=status])").filter(isVisible);
}

/* Where the links of the page lead to. */
function links() {
  return all("a[href], img[src], link[rel=stylesheet], script[src]").map((element) => element.href || element.src);
}
