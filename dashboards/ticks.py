"""Many things to tick: permissions, with those that come from elsewhere ticked and grey."""

from __future__ import annotations

import panel as pn
import param


class Ticks(pn.custom.JSComponent):
    """A searchable list of check boxes of the browser's own, which is quick with many."""

    items = param.List(default=[], doc="Per item: value, label, help, fixed (ticked from elsewhere).")
    ticked = param.List(default=[], doc="The values that are ticked, the fixed ones left out.")
    disabled = param.Boolean(default=False)
    words = param.Dict(default={}, doc="search, label, none")

    _stylesheets = [  # noqa: RUF012 - the library's own way
        """
        :host { font: 400 13px/1.4 Roboto, system-ui, sans-serif; color: var(--panel-on-surface-color); }
        input[type=search] { width: 100%; box-sizing: border-box; height: 36px; padding: 0 12px; margin-bottom: 6px; border-radius: 6px; font: inherit; color: inherit; background: transparent;
          border: 1px solid color-mix(in srgb, var(--panel-on-surface-color) 35%, transparent); }
        ul { list-style: none; margin: 0; padding: 0; max-height: 52vh; overflow: auto; border-top: 1px solid color-mix(in srgb, var(--panel-on-surface-color) 13%, transparent); }
        li { border-bottom: 1px solid color-mix(in srgb, var(--panel-on-surface-color) 13%, transparent); }
        label { display: grid; grid-template-columns: 18px 34px 1fr; gap: 8px; padding: 6px 4px; cursor: pointer; align-items: baseline; }
        label:hover { background: color-mix(in srgb, var(--panel-primary-color) 7%, transparent); }
        label.fixed { cursor: default; color: var(--panel-on-secondary-color); }
        input[type=checkbox] { margin: 0; width: 15px; height: 15px; align-self: center; accent-color: var(--panel-primary-color); }
        .number { font-variant-numeric: tabular-nums; color: var(--panel-on-secondary-color); text-align: right; }
        .from { color: var(--panel-on-secondary-color); font-size: 12px; }
        :focus-visible { outline: 2px solid var(--panel-primary-color); outline-offset: 1px; }
        """
    ]
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
