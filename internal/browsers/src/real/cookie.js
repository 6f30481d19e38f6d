// Runs in a page: tells as JSON what `document.cookie` says, or what it throws.
() => {
  try {
    return JSON.stringify({ cookies: document.cookie });
  } catch (error) {
    return JSON.stringify({ error: error.name });
  }
}
