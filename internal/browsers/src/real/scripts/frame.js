// Runs in a page. Adds a frame and waits until the frame has loaded.
(sandbox, source) =>
  new Promise((loaded) => {
    const frame = document.createElement("iframe");
    if (sandbox) frame.sandbox = sandbox;
    frame.onload = () => loaded();
    frame.src = source;
    document.body.append(frame);
  })
