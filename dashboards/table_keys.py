"""What a table needs in the browser: the keyboard, roles, filters under its headings, and its columns' order."""

from __future__ import annotations

import panel as pn
import param


class TableKeys(pn.custom.JSComponent):
    """Stands beside a Tabulator and shows nothing.

    One row is in the tab order and the arrows move it; Enter opens it, Space marks it. Of the headings too one is in
    the tab order: Enter sorts by it (with Ctrl also by it), Shift and an arrow move its column.
    """

    label = param.String(doc="The table's name for those who listen to the page.")
    order = param.List(default=[], item_type=str, doc="The columns in their order, the hidden ones left out.")
    moved = param.List(default=[], item_type=str, doc="The same after the user has moved one.")
    filters = param.Dict(default={}, doc="Column -> what its filter shows.")
    typed = param.Dict(default={}, doc="Column and value that the user left in a filter, and a running number.")

    _esm = """
    export function render({ model, view, el }) {
      const home = el.getRootNode().host;
      let root, grid, holder, table, stop, current = 0, typings = 0, moving = false;
      let had = null, landing = null, left = null, moved = null, order = model.order, sent = [];

      const rows = () => table.getRows();
      const row_of = (event) => event.composedPath().find((one) => one.classList?.contains("tabulator-row"));
      const index_of = (element) => rows().findIndex((row) => row.getElement() === element);
      const headings = () => [...grid.querySelectorAll(".tabulator-col[tabulator-field]")]
        .filter((one) => one.offsetParent && one.querySelector(".tabulator-col-sorter"));

      const focus_row = (index, tries = 5) => {
        const all = rows();
        if (!all.length) { holder.focus(); return; }
        current = Math.max(0, Math.min(index, all.length - 1));
        const row = all[current];
        const element = row.getElement();
        const shown = () => {
          if (stop) { stop.tabIndex = -1; }
          stop = element;
          element.tabIndex = 0;
          element.setAttribute("aria-selected", row.isSelected());
          element.focus({ preventScroll: true });
          element.scrollIntoView({ block: "nearest" });
          if (!element.matches(":focus") && tries) { requestAnimationFrame(() => focus_row(current, tries - 1)); }
        };
        if (element.isConnected) { shown(); }
        else { table.scrollToRow(row, "center", true).catch(() => {}).then(() => requestAnimationFrame(shown)); }
      };

      const turn = (step) => {
        const page = table.getPage() + step;
        if (page < 1 || page > table.getPageMax()) { return; }
        landing = step > 0 ? 0 : Infinity;
        table.setPage(page);
      };
      const go = (index) => {
        const last = rows().length - 1;
        if (index > last && current === last) { turn(1); }
        else if (index < 0 && current === 0) { turn(-1); }
        else { focus_row(index); }
      };
      const open = (row) => {
        left = row?.getElement();
        const cell = row?.getCells().find((one) => order.includes(one.getField()));
        cell?.getElement().click();
      };
      const page_rows = () => Math.max(1, Math.floor(holder.clientHeight / table.options.rowHeight) - 1);
      const row_keys = {
        ArrowDown: () => go(current + 1),
        ArrowUp: () => current === 0 && table.getPage() === 1 ? headings()[0]?.focus() : go(current - 1),
        PageDown: () => go(current + page_rows()),
        PageUp: () => go(current - page_rows()),
        Home: () => focus_row(0),
        End: () => focus_row(rows().length - 1),
        Enter: () => open(rows()[current]),
        " ": () => { if (grid.querySelector("input[type=checkbox]")) { rows()[current]?.toggleSelect(); } },
      };

      const focus_heading = (all, at) => {
        const next = all[Math.max(0, Math.min(at, all.length - 1))];
        for (const one of all) { one.tabIndex = one === next ? 0 : -1; }
        next.focus();
      };
      const move = (heading, step) => {
        const fields = headings().map((one) => one.getAttribute("tabulator-field"));
        const at = fields.indexOf(heading.getAttribute("tabulator-field"));
        if (!fields[at + step]) { return; }
        moved = fields[at];
        table.moveColumn(fields[at], fields[at + step], step > 0);
        heading.focus();
      };
      const heading_keys = (event, heading) => {
        const all = headings(), at = all.indexOf(heading);
        const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
        if (step && event.shiftKey) { move(heading, step); }
        else if (step) { focus_heading(all, at + step); }
        else if (event.key === "ArrowDown") { (heading.querySelector(".column-filter") || holder).focus(); }
        else if (event.key === "Enter" || event.key === " ") {
          const { ctrlKey, shiftKey } = event;
          heading.dispatchEvent(new MouseEvent("click", { bubbles: true, ctrlKey, shiftKey }));
        } else { return; }
        event.preventDefault();
        event.stopPropagation();
      };

      const pressed = (event) => {
        const target = event.composedPath()[0];
        moved = null;
        if (target.classList?.contains("column-filter")) {
          event.stopPropagation();
          if (event.key === "ArrowDown") { holder.focus(); event.preventDefault(); }
          if (event.key === "Enter") { target.blur(); target.focus(); }
          if (event.key === "Escape" && target.value) { target.value = ""; leave(target); }
          return;
        }
        if (target.classList?.contains("tabulator-col")) { heading_keys(event, target); return; }
        const inside = target === holder || row_of(event);
        const own = target.tagName === "INPUT" && event.key === " ";
        const how = inside && !own && !event.ctrlKey && !event.metaKey && !event.altKey && row_keys[event.key];
        if (!how) { return; }
        event.preventDefault();
        event.stopPropagation();
        how();
      };

      const leave = (input) => {
        typings += 1;
        model.typed = { column: input.dataset.column, value: input.value, number: typings };
      };
      const show_filters = () => {
        for (const input of grid?.querySelectorAll(".column-filter") || []) {
          const said = model.filters[input.dataset.column] || "", taken_back = !said && input.dataset.said;
          if (!input.matches(":focus") || taken_back) { input.value = said; }  // what is being typed stays
          input.dataset.said = said;
          input.classList.toggle("used", Boolean(input.value));
        }
      };

      const fields = () => table.getColumns().filter((one) => one.isVisible()).map((one) => one.getField())
        .filter((field) => field && !field.startsWith("_"));
      const arrange = () => {  // each move lays the table out anew: only columns out of their place move
        const wanted = order.filter((field) => table.getColumn(field));
        const here = fields().filter((one) => wanted.includes(one));
        moving = true;
        wanted.slice(1).forEach((field, at) => {
          if (here[here.indexOf(wanted[at]) + 1] === field) { return; }
          table.moveColumn(field, wanted[at], true);
          here.splice(here.indexOf(field), 1);
          here.splice(here.indexOf(wanted[at]) + 1, 0, field);
        });
        moving = false;
      };

      const adopt = (found) => {
        grid = found;
        table = Tabulator.findTable(grid)[0];
        holder = grid.querySelector(".tabulator-tableholder");
        current = 0;
        table.on("rowSelectionChanged", (_data, _rows, marked, unmarked) => {
          for (const row of marked) { row.getElement().setAttribute("aria-selected", "true"); }
          for (const row of unmarked) { row.getElement().setAttribute("aria-selected", "false"); }
        });
        table.on("columnMoved", () => { if (!moving) { order = model.moved = fields(); sent.push(order.join()); } });
        table.on("renderComplete", () => {
          tidy();
          if (landing !== null) { const index = landing; landing = null; setTimeout(() => focus_row(index), 50); }
          else if (had && !had.isConnected) { had = null; focus_row(current); }
        });
        holder.addEventListener("scroll", () => {
          if (had && !had.isConnected) { had = null; holder.focus({ preventScroll: true }); }
        });
      };
      const tidy = () => {  // what is built anew when columns change
        if (grid.getAttribute("aria-label") !== model.label) { grid.setAttribute("aria-label", model.label); }
        grid.removeAttribute("aria-owns");
        holder.setAttribute("role", "rowgroup");
        holder.firstElementChild?.setAttribute("role", "none");
        if (grid.querySelector(".tabulator-row input")) { grid.setAttribute("aria-multiselectable", "true"); }
        for (const box of grid.querySelectorAll(".tabulator-row input")) { box.tabIndex = -1; }
        const all = headings();
        const first = all.find((one) => one.tabIndex === 0) || all[0];
        for (const one of all) { one.tabIndex = one === first ? 0 : -1; }
        const states = ":is([tabulator-field='state'], [tabulator-field='status'])";
        for (const cell of grid.querySelectorAll(`.tabulator-cell${states}`)) {
          cell.dataset.mark = cell.textContent.trim().charAt(0);  // coloured by the style sheet
        }
        arrange();
        if (!grid.contains(root.activeElement)) { show_filters(); }
      };
      const listen = (host) => {
        root = host.shadowRoot;
        root.addEventListener("keydown", pressed, true);
        root.addEventListener("change", (event) => {
          if (event.target.classList?.contains("column-filter")) { leave(event.target); }
        });
        for (const name of ["click", "mousedown", "touchstart"]) {  // a click into a filter neither sorts nor moves
          root.addEventListener(name, (event) => {
            if (event.target.classList?.contains("column-filter")) { event.stopPropagation(); }
          }, { capture: true, passive: true });
        }
        root.addEventListener("pointerdown", (event) => {
          const element = row_of(event);
          moved = null;
          if (element) { current = Math.max(0, index_of(element)); element.tabIndex ||= -1; left = element; }
        }, true);
        root.addEventListener("focusin", (event) => {
          had = row_of(event) || null;
          const from = event.relatedTarget;
          if (event.target === holder && !(from && holder.contains(from))) { focus_row(current); }
        });
        root.addEventListener("focusout", (event) => {
          if (had?.isConnected) { had = null; }
          if (moved && !event.relatedTarget) {  // the headings were laid out anew
            const field = moved;
            const again = () => headings().find((one) => one.getAttribute("tabulator-field") === field)?.focus();
            requestAnimationFrame(again);
          }
        });
      };
      const settle = (host) => {  // the theme replaces style sheets; the table waits, without a pause, for those before
        const loaded = view.parent.child_views.find((one) => one.el === host)?._initialized_stylesheets;
        for (const link of host.shadowRoot.querySelectorAll("link")) {
          if (link.sheet) { loaded?.set(link.href, true); }
        }
      };
      const look = () => {
        const host = [...(home.parentNode?.children || [])].find((one) => one.shadowRoot?.querySelector(".tabulator"));
        const found = host?.shadowRoot.querySelector(".tabulator");
        if (!found || !Tabulator.findTable(found)?.[0]?.initialized) { return; }  // it is built over a while
        settle(host);
        if (root !== host.shadowRoot) { listen(host); }
        if (grid !== found) { adopt(found); }
        tidy();
      };
      const back = (event) => {  // the drawer has closed: go on where it was opened
        if (event.key !== "Escape" || !left) { return; }
        const row = left;
        left = null;
        setTimeout(() => { if (row.isConnected && row.offsetParent) { row.focus({ preventScroll: true }); } }, 350);
      };
      document.addEventListener("keydown", back, true);
      model.on("filters", show_filters);
      model.on("order", () => {
        const at = sent.indexOf(model.order.join());
        const older = at >= 0 && at < sent.length - 1;  // the answer to a move after which the user moved again
        sent = older ? sent.slice(at + 1) : [];
        if (older) { return; }
        order = model.order;
        if (table) { arrange(); }
      });
      const timer = setInterval(look, 400);
      model.on("remove", () => { clearInterval(timer); document.removeEventListener("keydown", back, true); });
      look();
      return document.createElement("span");
    }
    """
