"use strict";
/* Search, sort and filter the tables of a page. Without this script every row is there on numbered pages.
   What a venue sent is only ever put in as text. */
(() => {
const words = /*WORDS*/;
const SHOWN = 200;
const FEW = 6;
const MANY = 20;
const said = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const counted = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, ",");

function made(tag, attributes = {}, ...inside) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...inside);
  return node;
}

/* Numbers in their order, exactly: as whole counts of the eighteenth decimal. */
function units(text) {
  if (text === "") return null;
  const [whole, fraction = ""] = text.split(".");
  return BigInt(whole + fraction.padEnd(18, "0"));
}

/* The rows of a table that stands whole on this page. */
function here(body) {
  const nodes = [...body.rows];
  const word = (part) => part.nodeName === "BR" ? " " : part.textContent;
  const texts = nodes.map((row) => [...row.cells].map((cell) => [...cell.childNodes].map(word).join("")));
  return { size: nodes.length, text: (row, column) => texts[row][column], node: (row) => nodes[row] };
}

/* The rows of a table of many pages, from the files of the folder search. */
const arriving = new Map();
window.reconRows = (key, number, columns) => arriving.get(key)?.(number, columns);

function fetched(meta, told) {
  const parts = new Array(meta.files);
  let done = 0;
  return new Promise((resolve, reject) => {
    arriving.set(meta.key, (number, columns) => { parts[number - 1] = columns; });
    for (let number = 1; number <= meta.files; number += 1) {
      const folder = document.querySelector("main").dataset.search;
      const script = made("script", { src: `${folder}${meta.key}.${number}.js` });
      script.onerror = reject;
      script.onload = () => {
        done += 1;
        told(said(words.loading, { done, files: meta.files }));
        script.remove();
        if (done === meta.files) resolve(joined(meta, parts));
      };
      document.head.append(script);
    }
  });
}

const listed = (coded) => Array.isArray(coded) ? coded : coded.which.map((number) => coded.texts[number]);

function joined(meta, parts) {
  const columns = meta.columns.map((_, place) => {
    const texts = [], leads = [], keys = {};
    for (const part of parts) {
      for (const one of listed(part[place][0])) texts.push(one);
      for (const one of listed(part[place][1])) leads.push(one);
      Object.assign(keys, part[place][2]);
    }
    return { texts, leads, keys };
  });
  const text = (row, column) => columns[column].texts[row];
  return { size: columns[0].texts.length, text, node: (row, places) => built(meta, columns, row, places) };
}

function built(meta, columns, row, places) {
  const line = made("tr");
  meta.columns.forEach((column, place) => {
    const text = columns[place].texts[row], lead = columns[place].leads[row];
    const cell = place ? made("td") : made("th", { scope: "row" });
    line.append(cell);
    if (text === "") return;
    const inside = shaped(column, text, places[place], columns[place].keys, cell);
    cell.append(...(lead ? [made("a", { href: lead }, ...inside)] : inside));
  });
  return line;
}

function shaped(column, text, places, keys, cell) {
  if (column.kind === "amount" || column.kind === "count") {
    const bad = column.zero && text !== "0";
    cell.className = `n${column.zero ? (bad ? " bad" : " good") : text.startsWith("-") ? " neg" : ""}`;
    return digits(text, places);
  }
  if (column.kind === "moment") { cell.className = "m"; return [text]; }
  if (column.kind === "flag") {
    const tone = column.good.includes(text) ? "good" : column.fair.includes(text) ? "fair" : "bad";
    return [made("span", { class: `flag ${tone}` }, text)];
  }
  if (column.kind === "refs") {
    cell.className = "r";
    return text.split(/\s+/).flatMap((word, at) => [
      ...(at ? [made("br")] : []), Object.hasOwn(keys, word) ? made("a", { href: keys[word] }, word) : word]);
  }
  if (text.length > 36 && !column.short) cell.className = column.kind === "code" ? "c" : "w";
  if (column.kind !== "code") return [text];
  return [made("code", {}, column.short && /^[0-9a-f]{64}$/.test(text) ? `${text.slice(0, 12)}…` : text)];
}

function digits(text, places) {
  const [whole, fraction] = text.split(".");
  const sign = whole.startsWith("-") ? 1 : 0;
  const first = (whole.length - sign - 1) % 3 + 1 + sign;
  const inside = [whole.slice(0, first)];
  for (let at = first; at < whole.length; at += 3) inside.push(made("span", { class: "g" }, whole.slice(at, at + 3)));
  const behind = fraction ? `.${fraction}` : "";
  if (places) inside.push(made("span", { class: `f${places}` }, behind));
  else inside.push(behind);
  return inside;
}

const decimals = (text) => text.length - (text.indexOf(".") + 1 || text.length);

class Desk {
  constructor(frame) {
    this.frame = frame;
    this.meta = JSON.parse(frame.dataset.meta);
    this.table = frame.querySelector("table");
    this.body = this.table.tBodies[0];
    this.original = [...this.body.rows];
    this.beneath = frame.nextElementSibling?.matches(".beneath") ? frame.nextElementSibling : null;
    this.rows = null;
    this.order = null;
    this.sorted = { column: -1, down: false };
    this.page = 0;
    this.tools();
    this.heads();
  }

  tools() {
    const bar = made("div", { class: "tools" });
    const field = (title, input) => made("label", {}, made("span", {}, title), input);
    this.search = made("input", { type: "search", autocomplete: "off", placeholder: words.hint });
    bar.append(field(words.search, this.search));
    this.choices = [];
    this.meta.columns.forEach((column, place) => {
      if (!column.choices || column.choices.length > 40 || this.choices.length >= FEW) return;
      const select = made("select", {}, made("option", { value: "*" }, words.any));
      column.choices.forEach((text, at) => select.append(made("option", { value: at }, text || "–")));
      select.addEventListener("change", () => this.change());
      this.choices.push({ place, select, texts: column.choices });
      bar.append(field(column.title, select));
    });
    this.clear = made("button", { type: "button", hidden: "" }, words.clear);
    this.clear.addEventListener("click", () => this.reset());
    this.status = made("p", { role: "status" });
    bar.append(this.clear, this.status);
    let waiting = 0;
    this.search.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => this.change(), 120);
    });
    if (this.meta.rows > MANY) this.frame.before(bar);
    this.turns = made("div", { class: "turns", hidden: "" });
    this.frame.after(this.turns);
  }

  heads() {
    [...this.table.tHead.rows[0].cells].forEach((cell, place) => {
      const button = made("button", { type: "button" }, ...cell.childNodes);
      button.addEventListener("click", () => this.sort(place));
      cell.append(button);
    });
  }

  async ready() {
    if (this.rows) return true;
    if (!this.meta.files) { this.rows = here(this.body); return true; }
    try {
      this.loading ??= fetched(this.meta, (text) => { this.status.textContent = text; });
      this.rows = await this.loading;
      return true;
    } catch {
      this.loading = null;
      this.status.textContent = words.failed;
      return false;
    }
  }

  async sort(place) {
    const was = this.sorted;
    this.sorted = { column: place, down: was.column === place && !was.down };
    [...this.table.tHead.rows[0].cells].forEach((cell, at) => {
      if (at === place) cell.setAttribute("aria-sort", this.sorted.down ? "descending" : "ascending");
      else cell.removeAttribute("aria-sort");
    });
    await this.change();
  }

  async reset() {
    this.search.value = "";
    this.choices.forEach(({ select }) => { select.value = "*"; });
    this.sorted = { column: -1, down: false };
    [...this.table.tHead.rows[0].cells].forEach((cell) => cell.removeAttribute("aria-sort"));
    this.body.replaceChildren(...this.original);
    this.order = null;
    this.dress(false);
    this.status.textContent = "";
    this.search.focus();
  }

  async change() {
    const asked = this.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = this.choices.filter(({ select }) => select.value !== "*");
    if (!asked.length && !chosen.length && this.sorted.column < 0) return this.order && this.reset();
    if (!await this.ready()) return undefined;
    const columns = this.meta.columns.map((_, place) => place);
    if (asked.length && !this.hay) {
      this.hay = Array.from({ length: this.rows.size }, (_, row) =>
        columns.map((place) => this.rows.text(row, place)).join("\n").toLowerCase());
    }
    const fits = (row) => asked.every((word) => this.hay[row].includes(word))
      && chosen.every(({ place, select, texts }) => this.rows.text(row, place) === texts[select.value]);
    this.order = [];
    for (let row = 0; row < this.rows.size; row += 1) if (fits(row)) this.order.push(row);
    if (this.sorted.column >= 0) this.arrange(this.sorted);
    this.page = 0;
    this.dress(true);
    return this.show();
  }

  arrange({ column, down }) {
    const kind = this.meta.columns[column].kind;
    const isNumber = kind === "amount" || kind === "count";
    const keys = new Map(this.order.map((row) => {
      const text = this.rows.text(row, column);
      return [row, isNumber ? units(text) : text === "" ? null : text];
    }));
    const way = down ? -1 : 1;
    this.order.sort((one, other) => {
      const a = keys.get(one), b = keys.get(other);
      if (a === b) return one - other;
      if (a === null) return 1;
      if (b === null) return -1;
      return a < b ? -way : way;
    });
  }

  dress(isOurs) {
    this.clear.hidden = !isOurs;
    this.turns.hidden = !isOurs;
    const foot = this.table.tFoot;
    if (foot) foot.hidden = isOurs;
    const pager = this.beneath?.querySelector(".pager");
    if (pager) pager.hidden = isOurs;
    if (!isOurs) this.turns.replaceChildren();
  }

  show() {
    const size = this.meta.files ? SHOWN : this.order.length || 1;
    const some = this.order.slice(this.page * size, (this.page + 1) * size);
    const places = this.meta.columns.map((column, place) =>
      this.meta.files && column.kind === "amount" ? Math.max(0, ...some.map((row) => decimals(this.rows.text(row, place)))) : 0);
    this.body.replaceChildren(...some.map((row) => this.rows.node(row, places)));
    const shown = this.order.length, rows = counted(this.rows.size);
    if (!shown) {
      const cell = made("td", { class: "nothing", colspan: this.meta.columns.length }, words.none);
      this.body.replaceChildren(made("tr", {}, cell));
    }
    const first = counted(this.page * size + 1), last = counted(this.page * size + some.length);
    this.status.textContent = shown > size
      ? said(words.range, { first, last, shown: counted(shown), rows })
      : said(words.count, { shown: counted(shown), rows });
    const turn = (label, by, isThere) => {
      const button = made("button", { type: "button" }, label);
      button.disabled = !isThere;
      button.addEventListener("click", () => { this.page += by; this.show(); this.frame.scrollTop = 0; this.turns.children[by < 0 ? 0 : 1]?.focus(); });
      return button;
    };
    if (shown > size) this.turns.replaceChildren(turn(words.previous, -1, this.page), turn(words.next, 1, (this.page + 1) * size < shown));
    else this.turns.replaceChildren();
  }
}

for (const frame of document.querySelectorAll("[data-meta]")) new Desk(frame);
})();
