// Runs in a page. Opens a WebSocket and returns as JSON its subprotocol, or the error.
(text) =>
  new Promise((settled) => {
    const { url, protocols } = JSON.parse(text);
    const settle = (result) => settled(JSON.stringify(result));
    try {
      const socket = new WebSocket(url, protocols);
      socket.onopen = () => {
        settle({ opened: socket.protocol });
        socket.close();
      };
      socket.onerror = () => settle({ error: "an `error` event" });
    } catch (error) {
      settle({ error: String(error) });
    }
  })
