// A form of orders: fields as the server declares them, pick lists that search, and the keyboard.
// Enter goes on, Shift+Enter back, Ctrl+Enter saves; ArrowDown opens a list.
const CHECK_MS = 250;
const SHOWN_MAX = 60;

const make = (tag, attributes = {}, ...children) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false && value !== "" && value !== null) { made.setAttribute(name, value === true ? "" : value); }
  }
  made.append(...children);
  return made;
};

export function render({ model }) {
  const form = make("form", { novalidate: true, autocomplete: "off" });
  const inputs = new Map();  // name -> the input of a field
  let left = new Set(), all = false, timer = 0, counter = 0, list = null;

  const value_of = (input) => (input.type === "checkbox" ? (input.checked ? "yes" : "") : input.value);
  const values = () => Object.fromEntries([...inputs].map(([name, input]) => [name, value_of(input)]));
  const tell = () => { clearTimeout(timer); counter += 1; model.typed = { values: values(), number: counter }; };
  const changed = () => { clearTimeout(timer); timer = setTimeout(tell, CHECK_MS); };
  const press = (button) => {
    clearTimeout(timer);
    all = true;
    counter += 1;
    model.pressed = { button, values: values(), number: counter };
  };

  // What one can go to with Enter, in the order of the form.
  const stops = () => [...form.querySelectorAll("input, textarea, button.main")]
    .filter((one) => !one.disabled && !one.readOnly && one.offsetParent);
  const go = (from, step) => {
    const found = stops(), at = found.indexOf(from);
    const next = found[at + step];
    if (next) { next.focus(); if (next.select && next.type !== "checkbox") { next.select(); } }
  };
  const focus = (name, tries = 100) => {  // the page may still be in the making, or the form not shown yet
    const input = name ? inputs.get(name) : stops().find((one) => one.name !== "beginning") || stops()[0];
    const ready = input && !document.body.inert && (input.offsetParent || input.closest("details"));
    if (!ready) { if (tries) { setTimeout(focus, 100, name, tries - 1); } return; }
    const more = input.closest("details");
    if (more) { more.open = true; }
    input.focus({ preventScroll: true });
    input.scrollIntoView({ block: "nearest" });
    if (input.select && input.type !== "checkbox") { input.select(); }
  };

  // Pick lists: code, name and a note; search in all of them, codes that begin so come first.
  const matches = (rows, wanted) => {
    const words = wanted.trim().toLowerCase();
    if (!words) { return rows.slice(0, SHOWN_MAX); }
    const has = (row) => row.join(" ").toLowerCase().includes(words);
    const begins = (row) => row[0].toLowerCase().startsWith(words);
    const found = rows.filter(has);
    return [...found.filter(begins), ...found.filter((row) => !begins(row))].slice(0, SHOWN_MAX);
  };
  const close = () => {
    if (!list) { return; }
    list.input.setAttribute("aria-expanded", "false");
    list.input.removeAttribute("aria-activedescendant");
    list.box.remove();
    list = null;
  };
  const mark = (at) => {
    if (!list) { return; }
    list.at = at;
    [...list.box.children].forEach((row, number) => {
      row.setAttribute("aria-selected", number === at);
      if (number === at) { row.scrollIntoView({ block: "nearest" }); }
    });
    const row = list.box.children[at];
    if (row) { list.input.setAttribute("aria-activedescendant", row.id); }
    else { list.input.removeAttribute("aria-activedescendant"); }
  };
  const take = (at) => {
    const { input, found } = list;
    input.value = found[at][0];
    close();
    if (model.filling.includes(input.dataset.list)) {  // the server fills other fields, too
      clearTimeout(timer);
      counter += 1;
      model.taken = { list: input.dataset.list, value: input.value, values: values(), number: counter };
    } else { tell(); }
  };
  const open = (input, wanted) => {
    close();
    const found = matches(model.lists[input.dataset.list] || [], wanted);
    const typed = wanted.trim().toUpperCase();
    if (!found.length || (found.length === 1 && found[0][0] === typed)) { return; }
    const box = make("ul", { role: "listbox", id: `${input.id}-list`, "aria-label": input.dataset.label });
    found.forEach(([code, name, note], at) => {
      const row = make("li", { role: "option", id: `${input.id}-${at}`, "aria-selected": false },
        make("b", {}, code), make("span", {}, name || ""), make("i", {}, note || ""));
      row.addEventListener("pointerdown", (event) => { event.preventDefault(); take(at); });
      box.append(row);
    });
    list = { input, box, found, at: -1 };
    input.setAttribute("aria-expanded", "true");
    input.after(box);
    if (/\p{L}/u.test(wanted)) { mark(0); }  // numbers are taken as they are typed
  };
  const list_keys = (event, input) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const step = event.key === "ArrowDown" ? 1 : -1;
      if (!list) { open(input, ""); mark(0); }
      else { mark((list.at + step + list.found.length) % list.found.length); }
      return true;
    }
    if (!list) { return false; }
    if (event.key === "Escape") { close(); event.stopPropagation(); return true; }
    if (["Enter", "Tab"].includes(event.key) && !event.ctrlKey && list.at >= 0) { take(list.at); }
    return false;
  };

  const pressed = (event) => {
    const target = event.target;
    const control = event.ctrlKey || event.metaKey;
    if (event.key === "Enter" && control) {
      if (list && list.at >= 0) { take(list.at); }
      close();
      press(model.buttons[0]?.name);
    } else if (target.dataset.list && list_keys(event, target)) {
      // done
    } else if (event.key === "Enter" && target.tagName === "TEXTAREA") {
      const { value, selectionStart } = target;
      const rows = value.split("\n");
      const here = value.slice(0, selectionStart).split("\n").length;
      if (!event.shiftKey && rows[here - 1] && rows.length < target.rows) { return; }  // the next line
      target.value = value.replace(/\n+$/, "");
      go(target, event.shiftKey ? -1 : 1);
    } else if (event.key === "Enter" && target.tagName === "INPUT") {
      go(target, event.shiftKey ? -1 : 1);
    } else { return; }
    event.preventDefault();
  };

  const help_of = (field) => {
    const wrong = all || left.has(field.name) ? model.problems[field.name] || [] : [];
    const input = inputs.get(field.name);
    const place = input.closest(".item").querySelector(".help");
    input.setAttribute("aria-invalid", wrong.length > 0);
    const lines = wrong.map((one) => make("span", { class: "wrong" }, make("b", {}, one.code ? `${one.code} ` : ""),
      one.text));
    const told = !wrong.length && model.meanings[field.name];
    const help = told ? make("span", { class: "told" }, told) : make("span", {}, field.help || "");
    place.replaceChildren(...lines, help);
  };
  const say = () => {
    for (const field of model.fields) { help_of(field); }
    const whole = (all ? model.problems[""] || [] : []);
    const wrong = model.fields.filter((field) => model.problems[field.name]?.length);
    const lines = !all ? [] : wrong.flatMap((field) => model.problems[field.name].map((one) => {
      const way = make("button", { type: "button", class: "way" }, make("b", {}, one.code ? `${one.code} ` : ""), one.text);
      way.addEventListener("click", () => focus(field.name));
      return make("li", {}, way);
    }));
    const others = whole.map((one) => make("li", {}, make("b", {}, one.code ? `${one.code} ` : ""), one.text));
    const count = lines.length + others.length;
    alarm.replaceChildren(...(count ? [make("p", {}, model.words.wrong), make("ul", {}, ...others, ...lines)] : []));
    alarm.hidden = !count;
    notes.replaceChildren(...model.notes.map((one) => make("p", {}, one)));
    notes.hidden = !model.notes.length;
    for (const more of form.querySelectorAll("details")) {
      const inside = model.fields.filter((field) => field.part === "more");
      const filled = inside.filter((field) => value_of(inputs.get(field.name))).length;
      more.querySelector(".filled").textContent = filled ? ` (${filled})` : "";
    }
  };

  const item = (field) => {
    const id = `f-${field.name}`;
    const shared = { id, name: field.name, "aria-describedby": `${id}-help`, "aria-required": field.required };
    const input = field.kind === "lines"
      ? make("textarea", { ...shared, rows: field.lines, cols: field.characters, spellcheck: "false" })
      : make("input", { ...shared, type: field.kind === "tick" ? "checkbox" : "text", spellcheck: "false",
        autocomplete: "off", "data-list": field.list || "", "data-label": field.label });
    if (field.kind === "amount") { input.inputMode = "decimal"; }
    if (field.list) {
      input.setAttribute("role", "combobox");
      input.setAttribute("aria-expanded", "false");
      input.setAttribute("aria-autocomplete", "list");
      input.setAttribute("aria-controls", `${id}-list`);
    }
    if (field.locked) { if (field.kind === "tick") { input.disabled = true; } else { input.readOnly = true; } }
    input.addEventListener("input", () => {
      if (field.list) { if (input.value) { open(input, input.value); } else { close(); } }
      changed();
    });
    input.addEventListener("focus", () => { if (list && list.input !== input) { close(); } });
    input.addEventListener("blur", () => {
      if (list?.input === input) { close(); }
      if (value_of(input) || left.has(field.name) || !field.required) { left.add(field.name); }
      if (timer) { tell(); }
      help_of(field);
    });
    inputs.set(field.name, input);
    const label = make("label", { for: id }, field.label,
      ...(field.required ? [make("span", { class: "must", "aria-hidden": "true" }, " *")] : []));
    const help = make("p", { class: "help", id: `${id}-help` });
    const order = field.kind === "tick" ? [make("div", { class: "tick" }, input, label), help] : [label,
      make("div", { class: "box" }, input), help];
    return make("div", { class: `item span-${field.span} ${field.kind}`, "data-name": field.name }, ...order);
  };

  const alarm = make("div", { class: "alarm", role: "alert" });
  const notes = make("div", { class: "notes", role: "status" });
  const bar = make("div", { class: "bar" });
  const show_buttons = () => {
    bar.replaceChildren(...model.buttons.map((one, at) => {
      const main = !at;
      const button = make("button", { type: "button", class: main ? "main" : "", title: main ? "Ctrl+Enter" : "" }, one.label);
      if (main) { button.append(make("kbd", { "aria-hidden": "true" }, "Ctrl \u23ce")); }
      button.addEventListener("click", () => press(one.name));
      return button;
    }));
  };
  const build = () => {
    inputs.clear();
    close();
    const part = (name) => make("div", { class: "fields" }, ...model.fields.filter((one) => one.part === name).map(item));
    const more = model.fields.some((one) => one.part === "more")
      ? [make("details", {}, make("summary", {}, model.words.more, make("span", { class: "filled" })), part("more"))] : [];
    const last = model.fields.some((one) => one.part === "last") ? [part("last")] : [];
    form.setAttribute("aria-label", model.words.form);
    const first = model.fields.some((one) => one.part === "first") ? [part("first")] : [];
    form.replaceChildren(...first, part("main"), ...more, alarm, notes, ...last, bar);
    show_buttons();
    fill();
  };
  const fill = () => {
    for (const [name, input] of inputs) {
      const value = model.values[name] || "";
      if (input.type === "checkbox") { input.checked = value === "yes"; } else { input.value = value; }
    }
    say();
  };
  const hide = () => {
    for (const [name, input] of inputs) { input.closest(".item").hidden = model.hidden.includes(name); }
  };

  form.addEventListener("keydown", pressed);
  form.addEventListener("submit", (event) => event.preventDefault());
  model.on("fields", () => { build(); hide(); });
  model.on("filled", () => { clearTimeout(timer); timer = 0; left = new Set(); all = false; fill(); });
  model.on("merged", () => {
    for (const [name, value] of Object.entries(model.merged.values)) {
      const input = inputs.get(name);
      if (input) { if (input.type === "checkbox") { input.checked = value === "yes"; } else { input.value = value; } }
    }
    tell();
  });
  model.on("buttons", show_buttons);
  model.on("hidden", hide);
  for (const name of ["problems", "meanings", "notes"]) { model.on(name, say); }
  model.on("goal", () => setTimeout(focus, 30, model.goal.name));
  build();
  hide();
  if (model.goal.number) { setTimeout(focus, 300, model.goal.name); }
  return form;
}
