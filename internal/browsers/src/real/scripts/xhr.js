// Runs in a page. Sends one XMLHttpRequest and returns as JSON everything that a script can learn from it.
(text) => {
  const { url, method, headers, body, withCredentials, hasUploadListener } = JSON.parse(text);
  const bytesOf = (base64) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const base64Of = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  return new Promise((done) => {
    const xhr = new XMLHttpRequest();
    xhr.onload = () => {
      const lines = xhr.getAllResponseHeaders().split("\r\n").filter((line) => line !== "");
      done(JSON.stringify({
        response: {
          status: xhr.status,
          url: xhr.responseURL,
          headers: lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]),
          body: base64Of(new Uint8Array(xhr.response)),
        },
      }));
    };
    xhr.onerror = () => done(JSON.stringify({ event: "error" }));
    try {
      if (hasUploadListener) xhr.upload.onprogress = () => {};
      xhr.open(method, url);
      xhr.responseType = "arraybuffer";
      xhr.withCredentials = withCredentials;
      for (const [name, value] of headers) xhr.setRequestHeader(name, value);
      xhr.send(body ? body.text ?? bytesOf(body.base64) : null);
    } catch (error) {
      done(JSON.stringify({ error: String(error) }));
    }
  });
}
