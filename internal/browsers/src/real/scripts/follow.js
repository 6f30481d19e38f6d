// Runs in a page. Clicks a link, or submits a form.
(text) => {
  const { url, form } = JSON.parse(text);
  if (!form) {
    const link = document.createElement("a");
    link.href = url;
    document.body.append(link);
    link.click();
    return;
  }
  const element = document.createElement("form");
  element.action = url;
  element.method = form.method;
  element.enctype = form.enctype;
  for (const [name, value] of form.fields) {
    const field = document.createElement("input");
    field.type = "hidden";
    field.name = name;
    field.value = value;
    element.append(field);
  }
  const button = document.createElement("button");
  element.append(button);
  document.body.append(element);
  // A click on a button in a frame does nothing in Firefox while the tab is in the background.
  element.requestSubmit(button);
}
