"use strict";

/* Folds the groups of the table of all results, and filters its rows. Without this script every group is unfolded. */
(() => {
  const table = document.getElementById("matrix");
  const form = document.getElementById("filters");
  const found = document.getElementById("found");
  const unfold = document.getElementById("unfold");
  const fields = ["text", "kind", "subject", "status"].map((name) => form.elements[name]);
  const only = document.head.appendChild(document.createElement("style"));

  const groups = [...table.querySelectorAll("tbody.group")].map((heading, index) => {
    const rows = heading.nextElementSibling;
    const label = heading.querySelector(".fold");
    const button = document.createElement("button");
    rows.id = "rows-" + index;
    button.type = "button";
    button.className = "fold";
    button.textContent = label.textContent;
    button.setAttribute("aria-controls", rows.id);
    label.replaceWith(button);
    const group = { heading, rows, button, isOpen: false, lines: [...rows.rows] };
    button.addEventListener("click", () => show(group, !group.isOpen));
    return group;
  });
  for (const group of groups) {
    for (const row of group.lines) {
      const title = row.querySelector(".title");
      row.searched = (title.textContent + " " + title.title).toLowerCase();
    }
  }

  function show(group, isOpen) {
    group.isOpen = isOpen;
    group.rows.hidden = !isOpen;
    group.button.setAttribute("aria-expanded", String(isOpen));
    const allOpen = groups.every((other) => other.isOpen || other.heading.hidden);
    unfold.textContent = allOpen ? "Fold all" : "Unfold all";
  }

  function hasStatus(row, column, status) {
    if (column > 0) return row.cells[column].className === status;
    return [...row.cells].some((cell) => cell.tagName === "TD" && cell.className === status);
  }

  function filter() {
    const [text, kind] = fields.map((field) => field.value);
    const column = form.elements.subject.selectedIndex;
    const status = form.elements.status.selectedOptions[0].dataset.class || "";
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    const isFiltered = words.length > 0 || kind !== "" || status !== "";
    let count = 0;
    for (const group of groups) {
      let shown = 0;
      for (const row of group.lines) {
        const isShown = words.every((word) => row.searched.includes(word))
          && (kind === "" || row.dataset.kind === kind)
          && (status === "" || hasStatus(row, column, status));
        row.hidden = !isShown;
        if (isShown) shown += 1;
      }
      count += shown;
      group.heading.hidden = shown === 0;
      show(group, isFiltered && shown > 0);
    }
    only.textContent = column === 0 ? "" :
      "#matrix tr > :not(:first-child):not(:nth-child(" + (column + 1) + ")) { display: none }";
    table.classList.toggle("one", column > 0);
    found.textContent = count + (count === 1 ? " scenario" : " scenarios");
  }

  function save() {
    const state = new URLSearchParams(fields.map((field) => [field.name, field.value]).filter(([, value]) => value));
    history.replaceState(null, "", location.pathname + location.search + (String(state) && "#" + state));
  }

  function changed() {
    filter();
    save();
  }

  /* The address of the page keeps the filters. An address without "=" leads to a part of the page. */
  function restore() {
    const hash = location.hash.slice(1);
    const target = hash.includes("=") ? null : document.getElementById(hash);
    if (target) {
      if (target.tagName === "DETAILS") target.open = true;
      const group = groups.find((group) => group.heading === target);
      if (group) {
        show(group, true);
        target.scrollIntoView();
      }
      return;
    }
    const state = new URLSearchParams(hash);
    for (const field of fields) {
      field.value = state.get(field.name) || "";
      if (field.selectedIndex === -1) field.value = "";
    }
    filter();
  }

  form.addEventListener("input", changed);
  form.addEventListener("change", changed);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(changed));
  unfold.addEventListener("click", () => {
    const isOpen = unfold.textContent === "Unfold all";
    for (const group of groups) if (!group.heading.hidden) show(group, isOpen);
  });
  window.addEventListener("hashchange", restore);
  form.hidden = false;
  filter();
  for (const group of groups) group.rows.classList.add("ready");
  restore();
})();
