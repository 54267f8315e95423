"""Many things to tick: permissions, with those that come from elsewhere ticked and grey."""

from __future__ import annotations

import panel as pn
import param

from .styles import css


class Ticks(pn.custom.JSComponent):
    """A searchable list of check boxes of the browser's own, which is quick with many."""

    items = param.List(default=[], doc="Per item: value, label, help, fixed (ticked from elsewhere).")
    ticked = param.List(default=[], doc="The values that are ticked, the fixed ones left out.")
    disabled = param.Boolean(default=False)
    words = param.Dict(default={}, doc="search, label, none")

    _stylesheets = [css("ticks")]  # noqa: RUF012 - the library's own way
    _esm = """
    export function render({ model }) {
      const box = document.createElement("div");
      const search = document.createElement("input");
      search.type = "search";
      const list = document.createElement("ul");
      list.tabIndex = 0;
      list.setAttribute("role", "group");
      box.append(search, list);
      const make = (item) => {
        const row = document.createElement("li");
        const label = document.createElement("label");
        const tick = document.createElement("input");
        tick.type = "checkbox";
        tick.checked = Boolean(item.fixed) || model.ticked.includes(item.value);
        tick.disabled = Boolean(item.fixed) || model.disabled;
        label.classList.toggle("fixed", tick.disabled);
        tick.addEventListener("change", () => {
          const others = model.ticked.filter((one) => one !== item.value);
          model.ticked = tick.checked ? [...others, item.value] : others;
        });
        const number = document.createElement("span");
        number.className = "number";
        number.textContent = item.value;
        const name = document.createElement("span");
        name.textContent = item.label;
        label.title = item.help || "";
        if (item.fixed) {
          const from = document.createElement("span");
          from.className = "from";
          from.textContent = " \\u00b7 " + item.fixed;
          name.append(from);
        }
        label.append(tick, number, name);
        row.append(label);
        return row;
      };
      const fill = () => {
        search.placeholder = model.words.search || "";
        search.setAttribute("aria-label", model.words.search || "");
        list.setAttribute("aria-label", model.words.label || "");
        const wanted = search.value.trim().toLowerCase();
        const fits = (item) => `${item.value} ${item.label} ${item.help}`.toLowerCase().includes(wanted);
        const top = list.scrollTop;
        list.replaceChildren(...model.items.filter(fits).map(make));
        list.scrollTop = top;
      };
      const show_ticks = () => {
        const boxes = list.querySelectorAll("input");
        if ([...boxes].some((one) => !one.disabled)) { fill(); }
      };
      search.addEventListener("input", fill);
      model.on("items", fill);
      model.on("disabled", fill);
      model.on("words", fill);
      model.on("ticked", () => { if (!list.contains(list.getRootNode().activeElement)) { show_ticks(); } });
      fill();
      return box;
    }
    """
