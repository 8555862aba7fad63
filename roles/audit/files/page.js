// The program of the report. What hosts said is only ever made text of (textContent), never markup.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const [FAIL, UNKNOWN, WAIVED, PASS] = [0, 1, 2, 3];
  const [NEW, MENDED] = [0, 1];
  const LETTERS = ["C", "H", "M", "L"];
  const ROW = 34;
  const SPARE = 12;
  const $ = (id) => document.getElementById(id);

  function element(name, words, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(words || {})) {
      if (key === "text") made.textContent = value;
      else if (key === "on") for (const [what, call] of Object.entries(value)) made.addEventListener(what, call);
      else if (value !== undefined && value !== null && value !== false) made.setAttribute(key, value === true ? "" : String(value));
    }
    for (const child of children) if (child) made.append(child);
    return made;
  }

  const counted = (number, one, many) => `${number} ${number === 1 ? one : many || one + "s"}`;

  // ---- what the report says

  const controls = data.controls.map(([id, title, severity, family, reason, remedy, references]) => ({ id, title, severity, family, reason, remedy,
    references }));
  const hosts = data.hosts.map(([name, state, reason, profile, system, sendmail, first, rows, changes, waived, warnings, listeners, unasked], number) =>
    ({ name, state, reason, profile, system, sendmail, first, rows, changes, waived, warnings, listeners, unasked, number,
       changed: Object.keys(changes).length }));
  const verdict = (host, control) => host.rows[control] < 0 ? -1 : data.judgements[host.rows[control]][0];
  const word = (name) => name.replace(" ", "-");

  const words = {
    host: hosts.map((host) => [host.name, host.profile, host.system, host.sendmail, host.reason].join("\n").toLowerCase()),
    control: controls.map((one) => [one.id, one.title, data.severities[one.severity]].join("\n").toLowerCase()),
    judgement: null,
  };

  const totals = { severities: data.severities.map(() => 0), verdicts: data.verdicts.map(() => 0), changes: data.changes.map(() => 0) };
  for (const host of hosts) {
    host.rows.forEach((judgement, control) => {
      if (judgement < 0) return;
      const found = data.judgements[judgement][0];
      totals.verdicts[found] += 1;
      if (found === FAIL) totals.severities[controls[control].severity] += 1;
    });
    for (const [change] of Object.values(host.changes)) totals.changes[change] += 1;
  }

  // ---- what is chosen, and what of the report is like that

  const chosen = { severities: new Set(), verdicts: new Set(), changes: new Set(), family: -1, profile: "", query: "", order: "worst", view: "hosts" };
  let shown = [];      // hosts in their order, each with what is shown of it
  let open = null;     // host and family whose findings are shown

  const narrowed = () => chosen.severities.size + chosen.verdicts.size + chosen.changes.size > 0 || chosen.family >= 0 || chosen.query.trim() !== "";

  function matches() {
    const asked = chosen.query.toLowerCase().split(/\s+/).filter(Boolean);
    if (asked.length && !words.judgement) words.judgement = data.judgements.map((one) => one[1].map((row) => row.join("\n")).join("\n").toLowerCase());
    return asked.map((text) => ({
      host: words.host.map((one) => one.includes(text)), control: words.control.map((one) => one.includes(text)),
      judgement: words.judgement.map((one) => one.includes(text)),
    }));
  }

  // Is this finding one of those that are chosen? Without a choice everything is that did not pass.
  function isChosen(host, control, asked) {
    const judgement = host.rows[control];
    if (judgement < 0 || (chosen.family >= 0 && controls[control].family !== chosen.family)) return false;
    const found = data.judgements[judgement][0];
    const change = host.changes[control];
    if (chosen.changes.size && (!change || !chosen.changes.has(change[0]))) return false;
    if (chosen.verdicts.size || chosen.severities.size) {
      const severe = found === FAIL && chosen.severities.has(controls[control].severity);
      if (!severe && !chosen.verdicts.has(found)) return false;
    } else if (!chosen.changes.size && found > WAIVED) return false;
    return asked.every((one) => one.host[host.number] || one.control[control] || one.judgement[judgement]);
  }

  function cell() { return { failures: [0, 0, 0, 0], total: 0, unknown: 0, waived: 0, fresh: 0, mended: 0, held: 0, findings: [] }; }

  function summed(host, asked) {
    const families = data.families.map(cell);
    let any = 0;
    for (let control = 0; control < controls.length; control += 1) {
      const found = verdict(host, control);
      if (found < 0) continue;
      const into = families[controls[control].family];
      if (found === PASS) into.held += 1;
      if (!isChosen(host, control, asked)) continue;
      any += 1;
      into.findings.push(control);
      if (found === FAIL) { into.failures[controls[control].severity] += 1; into.total += 1; }
      else if (found === UNKNOWN) into.unknown += 1;
      else if (found === WAIVED) into.waived += 1;
      const change = host.changes[control];
      if (change) { if (change[0] === NEW) into.fresh += 1; else if (change[0] === MENDED) into.mended += 1; }
    }
    const failures = data.severities.map((_name, severity) => families.reduce((sum, one) => sum + one.failures[severity], 0));
    return { host, families, any, failures, unknown: families.reduce((sum, one) => sum + one.unknown, 0) };
  }

  const ORDERS = {
    worst: (one, other) => (one.host.state === 0) - (other.host.state === 0) || other.failures[0] - one.failures[0] || other.failures[1] - one.failures[1]
      || other.failures[2] - one.failures[2] || other.failures[3] - one.failures[3] || other.unknown - one.unknown || ORDERS.name(one, other),
    name: (one, other) => one.host.name < other.host.name ? -1 : one.host.name > other.host.name ? 1 : 0,
    changed: (one, other) => other.host.changed - one.host.changed || ORDERS.worst(one, other),
  };

  function choose() {
    const asked = matches();
    const wanted = hosts.filter((host) => !chosen.profile || host.profile === chosen.profile);
    shown = wanted.map((host) => summed(host, asked)).filter((row) => row.any || !narrowed()
      || (row.host.state > 0 && asked.length > 0 && asked.every((one) => one.host[row.host.number])));
    shown.sort(ORDERS[chosen.order]);
    const findings = shown.reduce((sum, row) => sum + row.any, 0);
    $("count").textContent = `${counted(shown.length, "host")} of ${hosts.length}, ${counted(findings, "finding")}`
      + (narrowed() ? "" : " (what passed is not counted; choose the tile pass to see it)");
    $("nothing").hidden = shown.length > 0;
    at = [0, Math.min(at[1], columns() - 1)];
    $("scroller").scrollTop = 0;
    $("grid").setAttribute("aria-rowcount", shown.length + 1);
    drawn = [-1, -1];
    draw();
    if (chosen.view === "controls") drawControls();
    if (open) drawDetail();
  }

  // ---- the grid: only the rows that are in sight are in the document

  let at = [0, 0];         // row and column that the keyboard is at
  let drawn = [-1, -1];
  const columns = () => data.families.length + 1;
  const body = $("grid").tBodies[0];

  function head() {
    const row = element("tr", { "aria-rowindex": 1 }, element("th", { class: "host", scope: "col", text: "host", "aria-colindex": 1 }));
    data.families.forEach(([id, title], number) => row.append(element("th", { scope: "col", title, "aria-colindex": number + 2, "aria-label": title,
      text: id })));
    $("grid").tHead.append(row);
    $("grid").setAttribute("aria-colcount", columns());
  }

  function box(found) {
    const worst = found.failures.findIndex((number) => number > 0);
    const marks = (found.fresh ? "▲" : "") + (found.mended ? "▼" : "");
    if (worst >= 0) return element("span", { class: `box ${data.severities[worst]}`,
      text: `${LETTERS[worst]} ${found.total}${found.unknown ? " ?" : ""}${marks}` });
    if (found.unknown) return element("span", { class: "box unknown", text: `? ${found.unknown}${marks}` });
    if (found.waived) return element("span", { class: "box waived", text: `w ${found.waived}${marks}` });
    if (found.findings.length) return element("span", { class: "box fine", text: `${found.findings.length}${marks}` });
    return found.held ? element("span", { class: "box fine", text: "✓" }) : element("span", { class: "box none", text: "·" });
  }

  function spoken(title, found) {
    const parts = data.severities.map((name, severity) => found.failures[severity] && `${found.failures[severity]} ${name}`).filter(Boolean);
    if (parts.length) parts.unshift(counted(found.total, "failure"));
    if (found.unknown) parts.push(`${found.unknown} unknown`);
    if (found.waived) parts.push(`${found.waived} waived`);
    if (found.fresh) parts.push(`${found.fresh} new`);
    if (found.mended) parts.push(`${found.mended} mended`);
    return `${title}: ${parts.join(", ") || (found.held ? "nothing to tell" : "not held against this host")}`;
  }

  function line(number) {
    const { host, families } = shown[number];
    const row = element("tr", { "aria-rowindex": number + 2, "data-row": number, class: open && open.host === host ? "open" : null });
    const tab = (column) => (number === at[0] && column === at[1] ? 0 : -1);
    const name = element("th", { scope: "row", class: "host", tabindex: tab(0), "data-column": 0, "aria-colindex": 1, title: host.name },
      element("b", { text: host.name }), element("small", { text: [host.profile, host.system].filter(Boolean).join(", ") }));
    row.append(name);
    if (host.state > 0) {
      row.append(element("td", { colspan: data.families.length, class: "blind", role: "gridcell", tabindex: number === at[0] && at[1] > 0 ? 0 : -1,
        "data-column": 1, "aria-colindex": 2,
        text: `${data.states[host.state]}: ${host.reason}` }));
      return row;
    }
    families.forEach((found, family) => {
      row.append(element("td", { role: "gridcell", tabindex: tab(family + 1), "data-column": family + 1, "aria-colindex": family + 2,
        "aria-label": spoken(data.families[family][1], found) }, box(found)));
    });
    return row;
  }

  function spacer(rows) {
    const row = element("tr", { class: "spacer", "aria-hidden": "true" }, element("td", { colspan: columns() }));
    row.firstChild.style.height = `${rows * ROW}px`;
    return row;
  }

  function draw(all) {
    const scroller = $("scroller");
    const first = all ? 0 : Math.max(0, Math.floor(scroller.scrollTop / ROW) - SPARE);
    const last = all ? shown.length : Math.min(shown.length, Math.ceil((scroller.scrollTop + (scroller.clientHeight || 800)) / ROW) + SPARE);
    if (first === drawn[0] && last === drawn[1]) return;
    const focused = body.contains(document.activeElement);
    drawn = [first, last];
    const rows = [];
    if (first > 0) rows.push(spacer(first));
    for (let number = first; number < last; number += 1) rows.push(line(number));
    if (last < shown.length) rows.push(spacer(shown.length - last));
    body.replaceChildren(...rows);
    if (focused) focus();
    // Whoever comes with the tabulator key finds a cell, wherever the page was scrolled to.
    else if (!body.querySelector("[tabindex='0']") && body.querySelector("[data-column]")) body.querySelector("[data-column]").tabIndex = 0;
  }

  function find([row, column]) {
    const line = body.querySelector(`tr[data-row="${row}"]`);
    if (!line) return null;
    return line.querySelector(`[data-column="${column}"]`) || line.querySelector("[data-column='1']");
  }

  function focus() {
    const cell = find(at);
    if (!cell) return;
    for (const one of body.querySelectorAll("[tabindex='0']")) one.tabIndex = -1;
    cell.tabIndex = 0;
    cell.focus({ preventScroll: true });
    cell.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  function move(row, column) {
    if (!shown.length) return;
    at = [Math.max(0, Math.min(shown.length - 1, row)), Math.max(0, Math.min(columns() - 1, column))];
    const scroller = $("scroller");
    const top = at[0] * ROW;
    if (top < scroller.scrollTop) scroller.scrollTop = top;
    else if (top + 2 * ROW > scroller.scrollTop + scroller.clientHeight) scroller.scrollTop = top + 2 * ROW - scroller.clientHeight;
    draw();
    focus();
  }

  function keys(event) {
    const page = Math.max(1, Math.floor($("scroller").clientHeight / ROW) - 2);
    const [row, column] = at;
    const moves = {
      ArrowDown: [row + 1, column], ArrowUp: [row - 1, column], ArrowRight: [row, column + 1], ArrowLeft: [row, column - 1], PageDown: [row + page, column],
      PageUp: [row - page, column], Home: [event.ctrlKey ? 0 : row, 0], End: [event.ctrlKey ? shown.length - 1 : row, columns() - 1],
    };
    if (moves[event.key]) { event.preventDefault(); move(...moves[event.key]); }
    else if (event.key === "Enter" || event.key === " ") { event.preventDefault(); show(at[0], at[1] - 1); }
  }

  function place(event) {
    const cell = event.target.closest("[data-column]");
    return cell && [Number(cell.parentNode.dataset.row), Number(cell.dataset.column)];
  }

  // ---- the findings of one host

  function badge(name, text) { return element("span", { class: `badge ${word(name)}`, text: text || name }); }

  function evidence(judgement) {
    const rows = data.judgements[judgement][1];
    if (!rows.length) return null;
    const wanted = rows.some((row) => row[2]);
    const names = ["where", "seen"].concat(wanted ? ["wanted"] : []);
    const table = element("table", { class: "evidence" }, element("thead", {}, element("tr", {}, ...names.map((text) => element("th", { scope: "col",
      text })))), element("tbody"));
    for (const row of rows) table.tBodies[0].append(element("tr", {}, ...row.slice(0, names.length).map((text) => element("td", { text }))));
    return table;
  }

  function about(control) {
    const references = control.references.map((words) => words.join(" ")).join(", ");
    return [element("p", { class: "why", text: control.reason }), element("p", { class: "remedy" }, element("b", { text: "Remedy: " }), control.remedy),
      references ? element("p", { class: "refs", text: `References: ${references}` }) : null];
  }

  function finding(host, number) {
    const control = controls[number];
    const found = verdict(host, number);
    const change = host.changes[number];
    const waiver = data.waivers[host.waived[number]];
    const marks = element("div", { class: "badges" },
      badge(found === FAIL ? data.severities[control.severity] : data.verdicts[found],
        found === FAIL ? data.severities[control.severity] : data.verdicts[found]),
      change ? badge(data.changes[change[0]], `${data.changes[change[0]]}: was ${data.verdicts[change[1]] || "not known"}`) : null, element("span", { class: "id",
        text: control.id }));
    return element("article", { "aria-label": `${control.id} ${data.verdicts[found]}` }, marks, element("h3", { text: control.title }),
      evidence(host.rows[number]),
      waiver ? element("p", { class: "waiver", text: `Waived until ${waiver[2]} by ${waiver[1]}: ${waiver[0]}` }) : null,
      ...(found === PASS || found > PASS ? [] : about(control)));
  }

  // Failures first, the worst first; then what is unknown, waived, held.
  function ordered(numbers, host) {
    return numbers.slice().sort((one, other) => verdict(host, one) - verdict(host, other) || controls[one].severity - controls[other].severity || one - other);
  }

  function show(row, family) {
    if (!shown[row]) return;
    open = { host: shown[row].host, family: shown[row].host.state > 0 ? -1 : family, all: false, column: at[1] };
    drawDetail();
    drawn = [-1, -1];
    draw();
    $("detail").focus({ preventScroll: true });
    $("detail").scrollTop = 0;
  }

  function hide() {
    if (!open) return;
    const { host, column } = open;
    open = null;
    $("detail").hidden = true;
    drawn = [-1, -1];
    draw();
    // Meanwhile hosts may stand in another order, or this one may not be among those that are chosen.
    const row = shown.findIndex((one) => one.host === host);
    if (row >= 0) move(row, column);
    else if (shown.length) move(...at);
    else $("query").focus();
  }

  function drawDetail() {
    const { host, family, all } = open;
    const asked = matches();
    const inFamily = controls.map((_one, number) => number).filter((number) => (family < 0 || controls[number].family === family) && host.rows[number] >= 0);
    const numbers = inFamily.filter((number) => all || isChosen(host, number, asked));
    const about = [host.profile, host.system, host.sendmail && `sendmail ${host.sendmail}`, host.state > 0 && `${data.states[host.state]}: ${host.reason}`,
      host.first && "not in the last report"].filter(Boolean).join(" · ");
    const listeners = host.listeners.map(([address, name, reached,
      refusal]) => `${address}${name ? ` (${name})` : ""}${reached ? "" : ` not reached: ${refusal}`}`).join("; ");
    const wire = host.state > 0 ? "" : listeners ? `Asked over the wire: ${listeners}` : `Not asked over the wire: ${host.unasked}`;
    const top = element("div", { class: "top" },
      element("h2", { id: "detail-name", text: family < 0 ? host.name : `${host.name}: ${data.families[family][1]}` }),
      element("button", { type: "button", class: "quiet", id: "close", "aria-keyshortcuts": "Escape", text: "Close", on: { click: hide } }));
    const more = element("div", { class: "badges" },
      family >= 0 ? element("button", { type: "button", class: "quiet", text: "All families",
        on: { click: () => { open.family = -1; drawDetail(); $("detail").focus(); } } }) : null,
      inFamily.length > numbers.length || all ? element("button", { type: "button", class: "quiet", id: "more",
        text: all ? "Only what is chosen" : `Show all ${inFamily.length} controls`,
          on: { click: () => { open.all = !all; drawDetail(); ($("more") || $("detail")).focus(); } } }) : null);
    const warnings = host.warnings.map((text) => element("p", { class: "warnings", text }));
    $("detail").replaceChildren(top, element("p", { class: "facts", text: about }), element("p", { class: "facts", text: wire }), ...warnings, more,
      ...(numbers.length ? ordered(numbers, host).map((number) => finding(host, number)) : [element("p", { class: "why",
        text: host.state > 0 ? "Nothing is known of it." : "Nothing of what is chosen." })]));
    $("detail").hidden = chosen.view !== "hosts";
  }

  // ---- the same by control, for who mends one thing on many hosts

  function drawControls() {
    const groups = controls.map(() => new Map());
    shown.forEach((row) => row.families.forEach((found) => found.findings.forEach((control) => {
      const key = row.host.rows[control];
      if (!groups[control].has(key)) groups[control].set(key, []);
      groups[control].get(key).push(row.host);
    })));
    const rows = controls.map((control, number) => {
      const sums = data.verdicts.map(() => 0);
      for (const [key, found] of groups[number]) sums[data.judgements[key][0]] += found.length;
      return { control, number, sums };
    }).filter((row) => groups[row.number].size);
    rows.sort((one, other) => (other.sums[FAIL] > 0) - (one.sums[FAIL] > 0) || one.control.severity - other.control.severity || other.sums[FAIL] - one.sums[FAIL]
      || other.sums[UNKNOWN] - one.sums[UNKNOWN] || one.number - other.number);
    $("controls").replaceChildren(...(rows.length ? rows.map((row) => group(row, groups[row.number])) : [element("p", { class: "note",
      text: "Nothing is like that." })]));
  }

  function group({ control, sums }, judgements) {
    const numbers = sums.map((number, found) => number && `${number} ${data.verdicts[found]}`).filter(Boolean).join(", ");
    const made = element("details", {}, element("summary", {}, badge(data.severities[control.severity]), element("span", { class: "id", text: control.id }),
      element("span", { text: control.title }), element("span", { class: "number", text: numbers })));
    const fill = () => {
      if (made.children.length > 1) return;
      const inside = element("div", { class: "body" }, ...about(control));
      for (const [key, found] of [...judgements].sort((one,
        other) => data.judgements[one[0]][0] - data.judgements[other[0]][0] || other[1].length - one[1].length)) {
        inside.append(element("div", { class: "group" }, element("div", { class: "badges" },
          badge(data.judgements[key][0] === FAIL ? data.severities[control.severity] : data.verdicts[data.judgements[key][0]],
          data.verdicts[data.judgements[key][0]]), element("span", { class: "number", text: counted(found.length, "host") })),
          evidence(key), element("div", { class: "names" }, ...found.map((host) => element("span", { text: host.name })))));
      }
      made.append(inside);
    };
    made.addEventListener("toggle", () => { if (made.open) fill(); });
    made.fill = fill;
    return made;
  }

  function view(name) {
    chosen.view = name;
    for (const one of ["hosts", "controls"]) {
      $(`tab-${one}`).setAttribute("aria-selected", one === name);
      $(`tab-${one}`).tabIndex = one === name ? 0 : -1;
      $(one).hidden = one !== name;
    }
    $("detail").hidden = name !== "hosts" || !open;
    if (name === "controls") drawControls();
    else { drawn = [-1, -1]; draw(); }
  }

  // ---- tiles and filters

  function tile(set, value, number, name, style) {
    const made = element("button", { type: "button", class: `tile ${style || ""} ${number ? "" : "zero"}`, "aria-pressed": "false" }, element("b",
      { text: number }), element("span", { text: name }));
    made.addEventListener("click", () => {
      if (set.has(value)) set.delete(value);
      else set.add(value);
      made.setAttribute("aria-pressed", set.has(value));
      choose();
    });
    return made;
  }

  function tiles() {
    const blind = hosts.filter((host) => host.state > 0).length;
    const plain = (number, name, style) => element("div", { class: `tile plain ${style || ""} ${number ? "" : "zero"}` }, element("b",
      { text: number }), element("span", { text: name }));
    const found = [plain(hosts.length, hosts.length === 1 ? "host" : "hosts"), blind ? plain(blind, "not audited", "blind") : null,
      ...data.severities.map((name, severity) => tile(chosen.severities, severity, totals.severities[severity], name, name)),
      ...data.verdicts.map((name, number) => number === FAIL ? null : tile(chosen.verdicts, number, totals.verdicts[number], name,
        `${word(name)}${number === UNKNOWN ? " gap" : ""}`))];
    const names = { new: "new failures", mended: "mended", changed: "otherwise changed" };
    if (data.since) found.push(...data.changes.map((name, number) => tile(chosen.changes, number, totals.changes[number], names[name],
      `${name}${number ? "" : " gap critical"}`)));
    $("tiles").append(...found.filter(Boolean));
  }

  function options(select, rows) { select.append(...rows.map(([value, text]) => element("option", { value, text }))); }

  function reset() {
    for (const set of [chosen.severities, chosen.verdicts, chosen.changes]) set.clear();
    Object.assign(chosen, { family: -1, profile: "", query: "", order: "worst" });
    for (const one of document.querySelectorAll(".tile[aria-pressed]")) one.setAttribute("aria-pressed", "false");
    setTimeout(choose);
  }

  function start() {
    const when = (text) => text.replace("T", " ").replace(/:\d\dZ$/, " UTC").replace("Z", " UTC");
    $("when").textContent = when(data.generated) + (data.since ? `, compared with ${when(data.since)}` : "")
      + (data.gone.length ? `; no longer there: ${data.gone.slice(0, 5).join(", ")}${data.gone.length > 5 ? " ..." : ""}` : "");
    $("foot").textContent = `mailjail.sendmail ${data.release}: ${counted(controls.length, "control")}. Nothing was changed on any host.`;
    tiles();
    options($("family"), [[-1, "all"], ...data.families.map(([id, title], number) => [number, `${id} ${title}`])]);
    options($("profile"), [["", "all"], ...[...new Set(hosts.map((host) => host.profile).filter(Boolean))].sort().map((name) => [name, name])]);
    const key = document.querySelector(".key");
    key.append("Of each family the worst failure and the number of failures: ");
    data.severities.forEach((name, severity) => key.append(element("span", { class: `box ${name}`, text: LETTERS[severity] }), name));
    key.append(element("span", { class: "box unknown", text: "?" }), "unknown", element("span", { class: "box waived", text: "w" }), "waived",
      element("span", { class: "box fine", text: "✓" }), "holds");
    if (data.since) key.append(element("span", { class: "box", text: "▲" }), "new failure", element("span", { class: "box", text: "▼" }), "mended");
    head();
    listen();
    choose();
    document.documentElement.dataset.ready = String(Math.round(performance.now()));
  }

  function listen() {
    let waiting = 0;
    $("query").addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(() => { chosen.query = $("query").value; choose(); }, 80); });
    $("family").addEventListener("change", () => { chosen.family = Number($("family").value); choose(); });
    $("profile").addEventListener("change", () => { chosen.profile = $("profile").value; choose(); });
    $("order").addEventListener("change", () => { chosen.order = $("order").value; choose(); });
    $("filters").addEventListener("reset", reset);
    $("filters").addEventListener("submit", (event) => event.preventDefault());
    $("scroller").addEventListener("scroll", () => draw(), { passive: true });
    window.addEventListener("resize", () => { drawn = [-1, -1]; draw(); });
    body.addEventListener("keydown", keys);
    body.addEventListener("focusin", (event) => { const found = place(event); if (found) at = found; });
    body.addEventListener("click", (event) => { const found = place(event); if (found) { at = found; show(found[0], found[1] - 1); } });
    const names = ["hosts", "controls"];
    for (const name of names) {
      $(`tab-${name}`).addEventListener("click", () => view(name));
      $(`tab-${name}`).addEventListener("keydown", (event) => {
        if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
        const other = names[1 - names.indexOf(name)];
        view(other);
        $(`tab-${other}`).focus();
      });
    }
    document.addEventListener("keydown", (event) => {
      // In the search it empties the search.
      if (event.key === "Escape" && open && chosen.view === "hosts" && event.target !== $("query")) { event.preventDefault(); hide(); }
      else if (event.key === "/" && !/^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName)) { event.preventDefault(); $("query").focus(); }
    });
    // On paper there is nothing to scroll and nothing to open: everything that is chosen is there.
    window.addEventListener("beforeprint", () => {
      draw(true);
      drawControls();
      for (const one of $("controls").querySelectorAll("details")) { one.fill(); one.open = true; }
    });
    window.addEventListener("afterprint", () => { drawn = [-1, -1]; draw(); if (chosen.view === "controls") drawControls(); });
  }

  start();
})();
