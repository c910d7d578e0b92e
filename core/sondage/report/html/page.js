"use strict";
(() => {
  const PAGE = 50;
  const tables = JSON.parse(document.getElementById("island").textContent);
  const order = new Intl.Collator("en", { numeric: true });

  const make = (tag, text, attributes) => {
    const element = document.createElement(tag);
    if (text !== undefined && text !== null) element.textContent = text;
    for (const [name, value] of Object.entries(attributes || {})) element.setAttribute(name, value);
    return element;
  };

  const shown = (column, row) => {
    if (column.levels) return column.levels[column.at[row]];
    const value = column.numbers[row];
    if (value === null) return "";
    return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)));
  };

  // A number that a row is sorted by; null is last whichever way.
  const keys = (column) => {
    if (column.numbers) return column.numbers;
    const sorted = column.levels.map((text, i) => [text, i]).sort((a, b) => order.compare(a[0], b[0]));
    const rank = new Array(sorted.length);
    sorted.forEach(([text, i], place) => { rank[i] = text === "" ? null : place; });
    return column.at.map((i) => rank[i]);
  };

  // What one word asks for, as a test of a row.
  const asks = (word, columns) => {
    const colon = word.indexOf(":");
    const named = colon > 0 && columns.find((c) => c.name.toLowerCase() === word.slice(0, colon));
    if (named) {
      const wanted = word.slice(colon + 1);
      return (row) => shown(named, row).toLowerCase() === wanted;
    }
    const texts = columns.filter((c) => c.levels);
    const fits = texts.map((c) => c.levels.map((text) => text.toLowerCase().includes(word)));
    return (row) => texts.some((c, i) => fits[i][c.at[row]]);
  };

  const start = (place) => {
    const name = place.dataset.table;
    const table = tables[name];
    if (!table || place.firstChild) return;
    const columns = table.columns;
    const state = { rows: [], page: 0, by: null, down: false };
    const id = "grid-" + [...document.querySelectorAll(".grid")].indexOf(place);

    const tools = make("div", null, { class: "tools" });
    const label = make("label", "Filter ", { for: id + "-filter" });
    const filter = make("input", null, { type: "search", id: id + "-filter", autocomplete: "off", spellcheck: "false" });
    tools.append(label, filter);
    const choices = columns.filter((c) => c.levels && c.levels.length > 1 && c.levels.length <= 40).map((column, i) => {
      const box = make("select", null, { id: id + "-choice-" + i, "aria-label": column.name });
      box.append(make("option", column.name + ": all", { value: "" }));
      column.levels.forEach((text, at) => box.append(make("option", text || "(none)", { value: at })));
      tools.append(box);
      return [column, box];
    });

    const scroll = make("div", null, { class: "scroll", tabindex: "0", role: "group", "aria-label": place.dataset.caption });
    const drawn = make("table", null, { class: "plain" });
    drawn.append(make("caption", place.dataset.caption));
    const head = make("tr");
    const heads = columns.map((column) => {
      const cell = make("th", null, { scope: "col" });
      if (column.numbers) cell.className = "number";
      const button = make("button", column.name, { type: "button" });
      button.addEventListener("click", () => {
        state.down = state.by === column ? !state.down : false;
        state.by = column;
        sort();
      });
      cell.append(button);
      head.append(cell);
      return cell;
    });
    const thead = make("thead");
    thead.append(head);
    const body = make("tbody");
    drawn.append(thead, body);
    scroll.append(drawn);

    const pager = make("div", null, { class: "pager" });
    const back = make("button", "‹ Back", { type: "button" });
    const on = make("button", "On ›", { type: "button" });
    const said = make("span", "", { role: "status" });
    pager.append(back, said, on);

    const paint = () => {
      const from = state.page * PAGE;
      const rows = state.rows.slice(from, from + PAGE);
      body.replaceChildren(...rows.map((row) => {
        const line = make("tr");
        for (const column of columns) {
          const text = shown(column, row);
          const cell = make("td", text);
          if (column.numbers) cell.className = "number";
          else if (text.length > 48) cell.className = "long";
          line.append(cell);
        }
        return line;
      }));
      const n = state.rows.length;
      const of = n === table.rows ? "" : " of " + table.rows.toLocaleString("en");
      said.textContent = n ? (from + 1).toLocaleString("en") + "–" + (from + rows.length).toLocaleString("en") + " of " + n.toLocaleString("en") + " rows" + (of && " (" + of.trim() + ")") : "no row fits";
      back.disabled = from === 0;
      on.disabled = from + PAGE >= n;
    };

    const sort = () => {
      heads.forEach((cell, i) => {
        if (columns[i] === state.by) cell.setAttribute("aria-sort", state.down ? "descending" : "ascending");
        else cell.removeAttribute("aria-sort");
      });
      if (state.by) {
        const key = keys(state.by);
        const way = state.down ? -1 : 1;
        state.rows.sort((a, b) => {
          if (key[a] === key[b]) return a - b;
          if (key[a] === null) return 1;
          if (key[b] === null) return -1;
          return way * (key[a] - key[b]);
        });
      }
      state.page = 0;
      paint();
    };

    const sift = () => {
      const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
      const tests = words.map((word) => asks(word, columns));
      for (const [column, box] of choices) {
        if (box.value !== "") {
          const wanted = Number(box.value);
          tests.push((row) => column.at[row] === wanted);
        }
      }
      state.rows = [];
      for (let row = 0; row < table.rows; row += 1) {
        if (tests.every((test) => test(row))) state.rows.push(row);
      }
      sort();
    };

    back.addEventListener("click", () => { state.page -= 1; paint(); });
    on.addEventListener("click", () => { state.page += 1; paint(); });
    filter.addEventListener("input", sift);
    for (const [, box] of choices) box.addEventListener("change", sift);

    if (table.same.length) {
      place.append(make("p", "In all rows: " + table.same.map(([n, v]) => n + " " + v).join(", ") + ".", { class: "note" }));
    }
    place.append(tools, scroll, pager);
    sift();
  };

  for (const place of document.querySelectorAll(".grid")) {
    const folded = place.closest("details");
    // A table that nobody has opened is not painted.
    if (folded && !folded.open) folded.addEventListener("toggle", () => start(place), { once: true });
    else start(place);
  }

  // On paper nothing can be unfolded.
  const opened = [];
  addEventListener("beforeprint", () => {
    for (const one of document.querySelectorAll("details:not([open])")) {
      if (one.querySelector("figure, table.layers")) { one.open = true; opened.push(one); }
    }
  });
  addEventListener("afterprint", () => { while (opened.length) opened.pop().open = false; });
})();
