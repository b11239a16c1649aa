// Copyright: The alexa.smart_properties contributors
// SPDX-License-Identifier: GPL-3.0-or-later
// Names come from people and other systems: they reach the page by textContent only, never as markup.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const CHUNK = 100, MOST_PRINTED = 2000, DAY = 86400000;
  const at = (id) => document.getElementById(id);
  const make = (name, text, kind) => {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    if (kind) made.className = kind;
    return made;
  };
  const daysLeft = (time) => Math.floor((Date.parse(time) - Date.now()) / DAY);
  const number = (value) => value.toLocaleString("en");

  const properties = data.properties.map((found) => {
    const ends = found.certificates.map((certificate) => daysLeft(certificate.not_after));
    return { ...found, days: ends.length ? Math.min(...ends) : null };
  });
  const ends = (row) => row.days !== null && row.days <= data.certificate_days;
  for (const finding of data.findings) finding.state = finding.severity;
  let roomRows = null;
  // Made when they are first asked for: there may be hundreds of thousands.
  const rooms = () => roomRows = roomRows || properties.flatMap((found) => found.rooms.map(
    ([extension, room, state, wished, mapped]) => ({
      host: found.host, extension, room, state: data.room_states[state], wished, mapped: mapped === 0 ? wished : mapped })));
  const peers = (trunk) => [...(trunk.peers || []).map((peer) => peer.ip + ":" + peer.port),
    ...(trunk.fqdn_peer ? [trunk.fqdn_peer.name + ":" + trunk.fqdn_peer.port] : [])].join(", ");
  const orphans = data.orphans.map((trunk) => ({
    id: trunk.trunk_id, name: trunk.tls_name || "", peers: peers(trunk), state: "orphan", status: trunk.status || "" }));

  const choose = (host) => { view = "rooms"; only = host; at("search").value = ""; at("state").value = ""; begin(); };
  const column = (label, key, kind = "text") => ({ label, key, kind });
  const VIEWS = {
    properties: { label: "Properties", rows: () => properties, columns: [
      column("Property", "host", "link"), column("State", "state", "state"), column("PBX", "pbx_name"),
      column("Trunk", "trunk_id"), column("ok", "ok", "number"), column("missing", "missing", "number"),
      column("changed", "changed", "number"), column("not listed", "unlisted", "number"),
      column("unverified", "unverified", "number"), column("Days left", "days", "days"),
      column("Errors", "errors", "number"), column("Warnings", "warnings", "number"), column("Seen", "seen", "time"),
      column("Why", "error")] },
    rooms: { label: "Rooms", rows: rooms, columns: [
      column("Property", "host"), column("Extension", "extension"), column("Room", "room"),
      column("State", "state", "state"), column("Wished", "wished"), column("Mapped to", "mapped")] },
    findings: { label: "Doctor", rows: () => data.findings, columns: [
      column("Property", "host"), column("Severity", "state", "state"), column("Finding", "id"),
      column("What was seen", "evidence"), column("What to do", "remedy")] },
    orphans: { label: "Orphan trunks", rows: () => orphans, columns: [
      column("Trunk", "id"), column("State", "state", "state"), column("Name", "name"), column("Peers", "peers"),
      column("Status", "status")] },
  };
  let view = "properties", only = null, order = null, shown = [], drawn = 0;

  const SPECIAL = {
    "!ill": ["all but ok", (row) => row.state !== "ok"],
    "!ends": ["certificate ends within " + data.certificate_days + " days", ends],
  };
  const matches = (row, words, state) => (only === null || row.host === only)
    && (state === "" || (SPECIAL[state] ? SPECIAL[state][1](row) : row.state === state))
    && words.every((word) => VIEWS[view].columns.some(({ key }) => String(row[key] ?? "").toLowerCase().includes(word)));
  const compare = new Intl.Collator("en", { numeric: true }).compare;
  const sorted = (rows) => {
    if (!order) return rows;
    const { key, down } = order, sign = down ? -1 : 1;
    const numbers = rows.every((row) => row[key] === null || typeof row[key] === "number");
    const unknown = Infinity * sign;
    return rows.slice().sort((a, b) => sign * (numbers
      ? (a[key] ?? unknown) - (b[key] ?? unknown) || 0 : compare(String(a[key] ?? ""), String(b[key] ?? ""))));
  };

  const CELLS = {
    state: (cell, value) => cell.append(make("span", value, "state " + value)),
    number: (cell, value) => { cell.textContent = value ? number(value) : ""; cell.className = "number"; },
    link: (cell, value) => {
      const button = make("button", value);
      button.type = "button";
      button.addEventListener("click", () => choose(value));
      cell.append(button);
    },
    text: (cell, value) => { cell.textContent = value ?? ""; cell.className = "text"; },
    time: (cell, value) => { cell.textContent = (value || "").slice(0, 16).replace("T", " "); cell.className = "time"; },
    days: (cell, value, row) => {
      cell.className = "number" + (value !== null && value < 0 ? " over" : ends(row) ? " soon" : "");
      cell.textContent = value === null ? "" : number(value);
    },
  };
  const draw = (count) => {
    const part = document.createDocumentFragment();
    for (const row of shown.slice(drawn, drawn + count)) {
      const line = make("tr");
      for (const { label, key, kind } of VIEWS[view].columns) {
        const cell = make("td");
        cell.dataset.label = label;
        CELLS[kind](cell, row[key], row);
        line.append(cell);
      }
      part.append(line);
    }
    at("rows").append(part);
    drawn = Math.min(shown.length, drawn + count);
    at("more").hidden = drawn >= shown.length;
  };
  const update = () => {
    const words = at("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    shown = sorted(VIEWS[view].rows().filter((row) => matches(row, words, at("state").value)));
    at("rows").replaceChildren();
    drawn = 0;
    at("found").textContent = number(shown.length) + " of " + number(VIEWS[view].rows().length);
    draw(CHUNK);
  };
  const head = () => at("head").replaceChildren(...VIEWS[view].columns.map(({ label, key }) => {
    const cell = make("th"), mine = order && order.key === key;
    const button = make("button", label + (mine ? order.down ? " \u2193" : " \u2191" : ""));
    button.type = "button";
    cell.setAttribute("aria-sort", mine ? order.down ? "descending" : "ascending" : "none");
    button.addEventListener("click", () => { order = { key, down: Boolean(mine) && !order.down }; head(); update(); });
    cell.append(button);
    return cell;
  }));
  const begin = () => {
    order = null;
    at("only").hidden = only === null;
    at("all").textContent = only === null ? "" : only + " \u00d7";
    at("views").replaceChildren(...Object.entries(VIEWS).map(([name, { label }]) => {
      const button = make("button", label);
      button.type = "button";
      button.setAttribute("aria-pressed", String(name === view));
      button.addEventListener("click", () => { view = name; only = null; at("state").value = ""; begin(); });
      return button;
    }));
    const wished = at("state").value;
    const states = { properties: data.property_states, rooms: data.room_states, findings: data.severities, orphans: [] }[view];
    const choices = [["", "all"], ...(view === "findings" ? [] : [["!ill", SPECIAL["!ill"][0]]]), ...states.map((state) => [state, state]),
      ...(view === "properties" ? [["!ends", SPECIAL["!ends"][0]]] : [])];
    at("state").replaceChildren(...choices.map(([value, text]) => { const made = make("option", text); made.value = value; return made; }));
    at("state").value = choices.some(([value]) => value === wished) ? wished : "";
    head();
    update();
  };
  const filter = (wanted, state) => { view = wanted; only = null; begin(); at("state").value = state; update(); };

  const total = (label, count, kind, action) => {
    const button = make("button");
    button.type = "button";
    button.append(make("span", number(count) + " " + label, "state " + kind));
    button.addEventListener("click", action);
    at("totals").append(button);
  };
  const picture = () => {
    const across = Math.min(properties.length, Math.max(20, Math.ceil(Math.sqrt(properties.length * 4)))) || 1;
    const svg = at("fleet"), space = "http://www.w3.org/2000/svg";
    const size = 10, wide = Math.max(across, 20) * size;
    svg.setAttribute("viewBox", `0 0 ${wide} ${Math.ceil(properties.length / across) * size}`);
    properties.forEach((found, index) => {
      const square = document.createElementNS(space, "rect"), title = document.createElementNS(space, "title");
      for (const [name, value] of Object.entries({ x: index % across * size + 1, y: Math.floor(index / across) * size + 1,
        width: size - 2, height: size - 2, rx: 1.5, class: found.state, tabindex: 0 })) square.setAttribute(name, value);
      title.textContent = found.host + ": " + found.state + (found.error ? ", " + found.error : "");
      square.append(title);
      square.addEventListener("click", () => choose(found.host));
      square.addEventListener("keydown", (event) => { if (event.key === "Enter") choose(found.host); });
      svg.append(square);
    });
  };

  at("when").textContent = "Report of " + data.generated.replace("T", " ").replace("Z", " UTC") + ", "
    + number(properties.length) + " properties, " + number(properties.reduce((sum, found) => sum + found.rooms.length, 0))
    + " extensions." + (data.orphans_known ? "" : " A part of the inventory: orphan trunks were not looked for.");
  for (const state of data.property_states) {
    const count = properties.filter((found) => found.state === state).length;
    if (count) total(state, count, state, () => filter("properties", state));
  }
  const ending = properties.filter(ends).length;
  if (ending) total(SPECIAL["!ends"][0], ending, "soon", () => filter("properties", "!ends"));
  for (const severity of data.severities) {
    const count = data.findings.filter((finding) => finding.state === severity).length;
    if (count) total(severity + (count > 1 ? "s" : "") + " found by the doctor", count, severity, () => filter("findings", severity));
  }
  if (orphans.length) total(orphans.length > 1 ? "orphan trunks" : "orphan trunk", orphans.length, "orphan", () => filter("orphans", ""));
  picture();
  at("search").addEventListener("input", update);
  at("state").addEventListener("change", update);
  at("all").addEventListener("click", () => { only = null; begin(); });
  at("more").addEventListener("click", () => draw(CHUNK));
  window.addEventListener("scroll", () => {
    if (drawn < shown.length && window.innerHeight + window.scrollY > document.body.offsetHeight - 600) draw(CHUNK);
  }, { passive: true });
  window.addEventListener("beforeprint", () => draw(Math.max(0, MOST_PRINTED - drawn)));
  begin();
  document.documentElement.dataset.ready = "true";
})();
