/* Datasette's pages for everybody: names for fields, no step of headings left out, what scrolls by keyboard. */
const NAMES = {
  sql: "SQL", _search: "Search", _filter_column: "Column", _filter_op: "Comparison", _filter_value: "Value", _sort: "Sort by",
};
addEventListener("load", () => {
  for (const field of document.querySelectorAll("main select, main textarea, main input[type=text]")) {
    if (field.labels.length) continue;
    const name = field.name.replace(/(_\d+|_desc)$/, "");
    field.setAttribute("aria-label", NAMES[name] ?? (field.closest("form.sql") ? "SQL" : name));
  }
  for (const heading of document.querySelectorAll("form.sql h3, main > h3")) heading.setAttribute("aria-level", "2");
  for (const wide of document.querySelectorAll(".table-wrapper, .column-descriptions")) wide.tabIndex = 0;
});
