// Runs in a page. Makes one fetch and returns as JSON everything that a script can learn from it.
async (text) => {
  const { url, init, body } = JSON.parse(text);
  const bytesOf = (base64) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const base64Of = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  try {
    if (body) init.body = body.text ?? bytesOf(body.base64);
    const response = await fetch(url, init);
    let bytes = new Uint8Array();
    let bodyFails = false;
    try {
      bytes = new Uint8Array(await response.arrayBuffer());
    } catch {
      bodyFails = true;
    }
    return JSON.stringify({
      response: {
        type: response.type,
        status: response.status,
        url: response.url,
        redirected: response.redirected,
        headers: [...response.headers],
        body: base64Of(bytes),
        body_fails: bodyFails,
      },
    });
  } catch (error) {
    return JSON.stringify({ error: String(error) });
  }
}
