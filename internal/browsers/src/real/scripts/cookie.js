// Runs in a page. Returns as JSON the value of `document.cookie`, or the name of the error that it throws.
() => {
  try {
    return JSON.stringify({ cookies: document.cookie });
  } catch (error) {
    return JSON.stringify({ error: error.name });
  }
}
