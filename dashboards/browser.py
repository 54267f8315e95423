"""What only the browser knows or can do: its width, its colour scheme, the back button, the keyboard, drafts."""

from __future__ import annotations

from string import Template

import panel as pn
import param

from .gate import ALIVE, NARROW_COOKIE, NARROW_PX, SCHEME_COOKIE


class Browser(pn.custom.JSComponent):
    """Reports from the window; shows nothing."""

    search = param.String(doc="The address's query, set by the back and forward buttons.")
    narrow = param.Boolean(default=False)
    key = param.String(doc="The last shortcut pressed and a running number.")
    scheme = param.String(default="", doc="The scheme that was set, kept in a cookie; empty follows the system.")
    prefers_dark = param.Boolean(default=False)

    ready = param.Boolean(
        default=False, doc="The server takes events; what comes before may get lost, so it is not let in."
    )
    busy = param.Boolean(default=False, doc="Something is read; what takes more than a second is said.")
    download = param.String(doc="The address of a file to take.")
    words = param.Dict(default={}, doc="What is said here, by name.")
    keys = param.String(doc="The letters that, after g, go to a page.")
    who = param.String(doc="Whose drafts are kept.")
    drafts = param.Dict(default={}, doc="What was typed and not saved, by form: kept over a reload, asked about.")
    restored = param.Dict(default={}, doc="The drafts that were kept before this page was loaded.")
    active = param.Integer(default=0, doc="Grows while somebody is at work here.")
    locked = param.Boolean(default=False, doc="Nobody was at work for too long: ask for the password.")
    leave = param.Integer(default=0, doc="Grows to log out.")

    _esm = Template("""
    const ACTIVE_MS = 10000;
    export function render({ model, view }) {
      // A name that the widget library leaves out, for those who listen to the page.
      const unnamed = ".MuiInputAdornment-root button:not([aria-label])";
      const heading = (root) => {
        for (const one of root.querySelectorAll("*")) {
          const own = one.tagName === "H2" ? one.textContent.trim() : "";
          const words = own || (one.shadowRoot ? heading(one.shadowRoot) : "");
          if (words) { return words; }
        }
        return "";
      };
      const name_dialog = (dialog) => {  // by its first heading, or the page's while it has none
        const words = dialog.hasAttribute("aria-labelledby") ? "" : heading(dialog) || document.title;
        if (words && dialog.getAttribute("aria-label") !== words) { dialog.setAttribute("aria-label", words); }
      };
      window.addEventListener("focusin", (event) => {
        for (const one of event.composedPath()) { if (one.role === "dialog") { name_dialog(one); } }
      });
      const mend = (root) => {
        for (const dialog of root.querySelectorAll("[role=dialog]")) { name_dialog(dialog); }
        for (const button of root.querySelectorAll(unnamed)) { button.setAttribute("aria-label", model.words.choose); }
        for (const heading of root.querySelectorAll(".MuiToolbar-root > h5:not([aria-hidden])")) {  // fills a gap
          if (!heading.textContent.trim()) { heading.setAttribute("aria-hidden", "true"); }
        }
        for (const element of root.querySelectorAll("*")) { if (element.shadowRoot) { mend(element.shadowRoot); } }
      };
      setInterval(() => mend(document), 1000);
      // Until the window stands, what the server changes can be missed for good: nobody acts, and Back waits.
      let back_waits = false;
      const go_back = () => { model.search = location.search || "?"; };
      const let_in = () => {
        document.body.inert = false;
        if (back_waits) { back_waits = false; go_back(); }
      };
      document.body.inert = !model.ready;
      model.on("ready", () => { let_in(); restore(); });
      setTimeout(let_in, 60000);
      const status = document.createElement("div");
      status.id = "busy";
      status.setAttribute("role", "status");
      document.body.append(status);
      let waiting;
      model.on("busy", () => {
        clearTimeout(waiting);
        const say = (words) => { status.textContent = words; };
        if (model.busy) { waiting = setTimeout(say, 1000, model.words.reading); } else { say(""); }
      });
      let leaving = false;  // nothing is lost, or the user was asked
      const kept = "drafts " + model.who;
      for (const key of Object.keys(sessionStorage)) { if (key !== kept) { sessionStorage.removeItem(key); } }
      const keep_drafts = () => {
        if (Object.keys(model.drafts).length) { sessionStorage.setItem(kept, JSON.stringify(model.drafts)); }
        else { sessionStorage.removeItem(kept); }
      };
      let before = sessionStorage.getItem(kept);  // of now: later it holds what is typed here
      const restore = () => {
        if (before) { model.restored = JSON.parse(before); }
        before = null;
      };
      if (model.ready) { restore(); }
      model.on("drafts", keep_drafts);
      window.addEventListener("beforeunload", (event) => {
        if (!leaving && Object.keys(model.drafts).length) { event.preventDefault(); }
      });
      model.on("leave", () => {
        sessionStorage.removeItem(kept);
        const form = document.createElement("form");
        form.method = "post";
        form.action = "/logout";
        document.body.append(form);
        form.submit();
      });
      const lost = () => {
        clearTimeout(waiting);
        status.textContent = model.words.lost;
        const look = async () => {
          const found = await fetch("$alive", { cache: "no-store" }).then((answer) => answer.ok, () => false);
          if (found) { leaving = true; location.reload(); } else { setTimeout(look, 1000); }
        };
        setTimeout(look, performance.now() < 5000 ? 10000 : 300);  // not over and over
      };
      view.model.document.on_event("connection_lost", lost);
      let told_active = 0;
      const at_work = () => {
        const now = Date.now();
        if (!model.locked && now - told_active > ACTIVE_MS) { told_active = now; model.active += 1; }
      };
      for (const name of ["keydown", "pointerdown", "wheel", "input"]) {
        window.addEventListener(name, at_work, { capture: true, passive: true });
      }
      let layer = null;
      const lock = async () => {  // the server's own page, over this one
        if (!model.locked) { unlock(); return; }
        if (layer) { return; }
        layer = document.createElement("div");
        layer.id = "locked";
        layer.attachShadow({ mode: "open" });
        for (const one of document.body.children) { if (one !== status) { one.inert = true; } }
        document.body.append(layer);
        await ask(fetch("/unlock", { cache: "no-store" }));
      };
      const ask = async (asked) => {
        const answer = await asked.catch(() => null);
        if (!layer || !answer) { return; }
        if (answer.type === "opaqueredirect") { unlock(); return; }
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        for (const script of page.querySelectorAll("script")) { script.remove(); }
        layer.shadowRoot.replaceChildren(page.querySelector("style"), page.querySelector(".page"));
        for (const form of layer.shadowRoot.querySelectorAll("form")) {
          if (form.getAttribute("action") !== "/unlock") { continue; }
          form.addEventListener("submit", (event) => {
            event.preventDefault();
            const body = new URLSearchParams(new FormData(form));
            ask(fetch("/unlock", { method: "POST", body, redirect: "manual" }));
          });
        }
        const { wire } = await import(new URL("/entrance.js", location.href));
        wire(layer.shadowRoot);
        layer.shadowRoot.querySelector("[autofocus]")?.focus();
      };
      const unlock = () => {
        layer?.remove();
        layer = null;
        for (const one of document.body.children) { one.inert = false; }
        if (model.locked) { model.locked = false; }
      };
      model.on("locked", lock);
      const narrow = matchMedia("(max-width: ${narrow}px)");
      const dark = matchMedia("(prefers-color-scheme: dark)");
      const keep = () => {
        const scheme = model.scheme || (dark.matches ? "dark" : "light");
        const year = "; path=/; SameSite=Strict; max-age=31536000";
        document.cookie = "${cookie}=" + scheme + year;
        document.cookie = "${cookie}_set=" + (model.scheme ? "1" : "0") + year;
        document.cookie = "${narrow_cookie}=" + (narrow.matches ? "1" : "0") + year;
      };
      const report = () => { model.narrow = narrow.matches; model.prefers_dark = dark.matches; keep(); };
      setTimeout(report, 200);  // what changes while the page is built does not reach the server
      narrow.addEventListener("change", report);
      dark.addEventListener("change", report);
      model.on("download", () => {
        if (!model.download) { return; }
        const link = document.createElement("a");
        link.href = model.download;
        link.download = "";
        link.click();
      });
      model.on("scheme", keep);
      window.addEventListener("popstate", () => {
        if (document.body.inert) { back_waits = true; } else { go_back(); }
      });
      let presses = 0;
      const typing = (event) => {
        const target = event.composedPath()[0];
        return target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName);
      };
      const search = (root) => {
        for (const element of root.querySelectorAll("*")) {
          if (!element.shadowRoot) { continue; }
          const own = element.classList.contains("search") && element.shadowRoot.querySelector("input");
          const found = own || search(element.shadowRoot);
          if (found) { return found; }
        }
        return null;
      };
      document.addEventListener("keydown", (event) => {  // the library opens its choices by mouse alone
        const target = event.composedPath()[0];
        const choice = target.classList?.contains("MuiSelect-select");
        if (!choice || target.getAttribute("aria-expanded") !== "false") { return; }
        if (!["Enter", " ", "ArrowDown", "ArrowUp"].includes(event.key)) { return; }
        event.preventDefault();
        target.click();
      });
      let went = false;
      document.addEventListener("keydown", (event) => {
        if (document.body.inert) { return; }
        let key = "";
        if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") { key = "search"; }
        else if (event.ctrlKey || event.metaKey || event.altKey || typing(event)) { return; }
        else if (event.key === "/") { key = "search"; }
        else if (went && model.keys.includes(event.key)) { key = "go-" + event.key; }
        went = event.key === "g";
        if (!key) { return; }
        event.preventDefault();
        if (key === "search") { search(document)?.focus(); } else { presses += 1; model.key = key + " " + presses; }
      });
      return document.createElement("span");
    }
    """).substitute(
        alive=ALIVE,
        narrow=NARROW_PX,
        cookie=SCHEME_COOKIE,
        narrow_cookie=NARROW_COOKIE,
    )
