// Runs in the document that a navigation led to. Returns as JSON what the user sees.
() => {
  const [entry] = performance.getEntriesByType("navigation");
  // Browsers show text in such an element.
  const text = document.querySelector("pre");
  return JSON.stringify({
    url: document.URL,
    status: entry?.responseStatus ?? 0,
    text: document.contentType === "text/html" ? null : (text?.textContent ?? ""),
  });
}
