"""What only the browser knows or can do: its width, its colour scheme, the back button, the keyboard."""

from __future__ import annotations

from string import Template

import panel as pn
import param

from .gate import NARROW_COOKIE, NARROW_PX, SCHEME_COOKIE
from .texts import text


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

    _esm = Template("""
    export function render({ model }) {
      // A name that the widget library leaves out, for those who listen to the page.
      const unnamed = ".MuiInputAdornment-root button:not([aria-label])";
      const mend = (root) => {
        for (const button of root.querySelectorAll(unnamed)) { button.setAttribute("aria-label", "$choose"); }
        for (const element of root.querySelectorAll("*")) { if (element.shadowRoot) { mend(element.shadowRoot); } }
      };
      setInterval(() => mend(document), 1000);
      const open = () => { document.body.inert = false; };
      document.body.inert = !model.ready;
      model.on("ready", open);
      setTimeout(open, 8000);
      const status = document.createElement("div");
      status.id = "busy";
      status.setAttribute("role", "status");
      document.body.append(status);
      let waiting;
      model.on("busy", () => {
        clearTimeout(waiting);
        const say = (words) => { status.textContent = words; };
        if (model.busy) { waiting = setTimeout(say, 1000, "$reading"); } else { say(""); }
      });
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
      window.addEventListener("popstate", () => { model.search = location.search || "?"; });
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
        else if (went && "oesir".includes(event.key)) { key = "go-" + event.key; }
        went = event.key === "g";
        if (!key) { return; }
        event.preventDefault();
        if (key === "search") { search(document)?.focus(); } else { presses += 1; model.key = key + " " + presses; }
      });
      return document.createElement("span");
    }
    """).substitute(
        choose=text("filter.choose"),
        reading=text("app.reading"),
        narrow=NARROW_PX,
        cookie=SCHEME_COOKIE,
        narrow_cookie=NARROW_COOKIE,
    )
