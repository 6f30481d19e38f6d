// Runs in a page: puts a frame into it, and waits until that has loaded.
(sandbox, source) =>
  new Promise((loaded) => {
    const frame = document.createElement("iframe");
    if (sandbox) frame.sandbox = sandbox;
    frame.onload = () => loaded();
    frame.src = source;
    document.body.append(frame);
  })
