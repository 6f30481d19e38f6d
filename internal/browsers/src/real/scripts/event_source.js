// Runs in a page. Opens an event source and returns as JSON that it is open, or the error.
(text) =>
  new Promise((settled) => {
    const { url, withCredentials } = JSON.parse(text);
    const settle = (result) => settled(JSON.stringify(result));
    try {
      const source = new EventSource(url, { withCredentials });
      source.onopen = () => {
        settle({ opened: "" });
        source.close();
      };
      // The browser would connect again.
      source.onerror = () => {
        settle({ error: "an `error` event" });
        source.close();
      };
    } catch (error) {
      settle({ error: String(error) });
    }
  })
