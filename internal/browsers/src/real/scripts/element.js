// Runs in a page. Adds an element that loads a resource. Returns as JSON whether it has loaded, and whether scripts can read it.
async (text) => {
  const { element, url, crossOrigin } = JSON.parse(text);

  // Waits for the event of an element, then asks whether scripts can read what it has loaded.
  const load = (node, attribute, isReadable) =>
    new Promise((done) => {
      node.onload = () => setTimeout(() => done({ readable: isReadable() }));
      node.onerror = () => done({ event: "error" });
      if (crossOrigin) node.crossOrigin = crossOrigin;
      node[attribute] = url;
      document.head.append(node);
    });
  const succeeds = (action) => {
    try {
      action();
      return true;
    } catch {
      return false;
    }
  };

  const image = (node) => () => {
    const canvas = document.createElement("canvas");
    const context = canvas.getContext("2d");
    context.drawImage(node, 0, 0);
    return succeeds(() => context.getImageData(0, 0, 1, 1));
  };
  const stylesheet = (node) => () => succeeds(() => node.sheet.cssRules);

  const script = async () => {
    // The message of an error in the script; scripts of other origins have one that says nothing.
    let message = null;
    const listen = (event) => {
      message = event.message ?? message;
      event.preventDefault();
    };
    window.addEventListener("error", listen);
    const result = await load(document.createElement("script"), "src", () => message !== "Script error.");
    window.removeEventListener("error", listen);
    // Nothing shows whether scripts can read the errors of a script without errors.
    return message === null && !result.event ? { unknown: "the script throws no error" } : result;
  };

  const font = () => {
    const face = new FontFace("suite", `url(${JSON.stringify(url)})`);
    return face.load().then(
      () => ({ readable: true }),
      () => ({ event: "error" }),
    );
  };

  switch (element) {
    case "img": {
      const node = document.createElement("img");
      return JSON.stringify(await load(node, "src", image(node)));
    }
    case "stylesheet": {
      const node = document.createElement("link");
      node.rel = "stylesheet";
      return JSON.stringify(await load(node, "href", stylesheet(node)));
    }
    case "script":
      return JSON.stringify(await script());
    default:
      return JSON.stringify(await font());
  }
}
