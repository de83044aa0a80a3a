"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const data = JSON.parse($("data").textContent);
  const words = JSON.parse($("words").textContent);
  document.documentElement.classList.add("js");

  // ---- words ---------------------------------------------------------------------------------------
  let language = "en", haystack = null;
  const say = (key, values = {}) => {
    const text = words[language][key] ?? words.en[key] ?? key;
    return text.replace(/\{([a-z]+)(?:\|([^|}]*)\|([^}]*))?\}/g, (_, name, one, many) => {
      if (many !== undefined) return values.count === 1 ? one : many;
      const value = values[name] ?? "";
      return typeof value === "number" ? value.toLocaleString(language) : value;
    });
  };
  // What was seen is data, in English; what of it are our own sentences is told in Chinese by templates. In these
  // `{x}` is taken over, `{x:said}` is a sentence again, and `{x:known}` one without which the template does not fit.
  const LONGEST = 600, told = new Map();
  let exact = null, templates = null;
  const learn = () => {
    const rules = Object.entries(data.rules).filter(([rule]) => words.zh["rule." + rule]);
    exact = new Map(rules.flatMap(([rule, meaning]) => {
      const chinese = words.zh["rule." + rule];
      return [[meaning, chinese], [meaning.replace(/\.$/, ""), chinese.replace(/。$/, "")]];
    }));
    templates = [];
    for (const [english, chinese] of Object.entries(words.said)) {
      const holes = [];
      const source = english.replace(/\{([a-z]+)(?::([a-z]+))?\}|[^{]+/g, (part, name, kind) => {
        if (!name) return part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
        holes.push([name, kind]);
        return name === "status" ? "(\\d+)" : "(.+?)";
      });
      if (holes.length) templates.push({ begins: english.split("{")[0], joins: english.includes("; "), form: new RegExp(`^${source}$`), holes, chinese });
      else exact.set(english, chinese);
    }
    const weight = ({ form, holes }) => form.source.length - 5 * holes.length;
    templates.sort((one, other) => weight(other) - weight(one));
  };
  const filled = ({ form, holes, chinese }, text, deep) => {
    const found = form.exec(text), values = {};
    if (!found) return null;
    for (const [at, [name, kind]] of holes.entries()) {
      const value = found[at + 1];
      values[name] = kind ? tell(value, deep + 1) : value;
      if (kind === "known" && values[name] === value) return null;
    }
    return chinese.replace(/\{([a-z]+)\}/g, (_, name) => values[name]);
  };
  const fit = (text, deep, joins) => {
    for (const one of templates) {
      const chinese = one.joins === joins && text.startsWith(one.begins) ? filled(one, text, deep) : null;
      if (chinese !== null) return chinese;
    }
    return null;
  };
  const listed = (text, deep) => { // several signs in one line
    const parts = text.split("; "), chinese = parts.length < 20 ? parts.map((part) => tell(part, deep + 1)) : parts;
    return parts.length > 1 && chinese.every((part, at) => part !== parts[at]) ? chinese.join("；") : null;
  };
  const inChinese = (text, deep) =>
    exact.get(text) ?? fit(text, deep, true) ?? listed(text, deep) ?? fit(text, deep, false) ?? text;
  const tell = (text, deep = 0) => {
    if (language !== "zh" || !text || text.length > LONGEST || deep > 3) return text;
    if (!exact) learn();
    if (!told.has(text)) told.set(text, inChinese(text, deep));
    return told.get(text);
  };
  const meaning = (rule) => words[language]["rule." + rule] ?? data.rules[rule] ?? "";
  const aside = (text) => (language === "zh" ? `（${text}）` : ` (${text})`);
  const originals = new Map();

  const speak = (chosen) => {
    language = chosen;
    haystack = null;
    document.documentElement.lang = chosen === "zh" ? "zh-CN" : "en";
    document.title = say("title") + " · linkkeeper";
    for (const node of document.querySelectorAll("[data-t]"))
      node.textContent = say(node.dataset.t, node.dataset.v ? JSON.parse(node.dataset.v) : {});
    for (const node of document.querySelectorAll("[data-said]")) {
      if (!originals.has(node)) originals.set(node, node.textContent);
      node.textContent = tell(originals.get(node));
    }
    for (const node of document.querySelectorAll("[data-t-placeholder]")) node.placeholder = say(node.dataset.tPlaceholder);
    for (const node of document.querySelectorAll("[data-t-label]")) node.setAttribute("aria-label", say(node.dataset.tLabel));
    const other = $("language");
    other.textContent = chosen === "zh" ? "English" : "中文";
    other.lang = chosen === "zh" ? "en" : "zh";
  };

  // ---- rows: one per link, kept as the arrays that came ---------------------------------------------
  const URL_ = 0, VERDICT = 1, RULE = 2, DETAIL = 3, STATUS = 4, CHECKED = 5, ATTEMPTS = 6, ELAPSED = 7, CACHED = 8,
    SINCE = 9, FINAL = 10, HOPS = 11, SIGNS = 12, WRONG = 13, MOVED = 14;
  const AT = 0, FILE = 1, LINE = 2, COLUMN = 3, KIND = 4, DATE = 5, DATE_FROM = 6, RAW = 7, SNAPSHOT = 8, REPLACED = 9;
  const STATE = 0, ARCHIVE = 1, WHY = 2, COPY = 3, CAPTURED = 4;
  const { verdicts, files, texts, urls, links } = data;
  const FAILS = new Set([verdicts.indexOf("dead"), verdicts.indexOf("invalid")]);
  const ORDER = ["dead", "invalid", "suspect", "blocked", "unchecked", "redirected", "placeholder", "skipped", "ok"]
    .map((name) => verdicts.indexOf(name));
  const RANK = verdicts.map((_, at) => ORDER.indexOf(at));
  const urlOf = (link) => urls[link[AT]];
  const rawOf = (link) => link[RAW] || urlOf(link)[URL_];
  const stateOf = (snapshot) => (snapshot ? texts[snapshot[STATE]] : "");
  const nameOf = (file) => file.slice(file.lastIndexOf("/") + 1);
  const day = (moment) => (moment ? String(moment).slice(0, 10) : "");
  const hostOf = (url) => (/^(?:[a-z][a-z0-9+.-]*:)?\/\/(?:[^/?#@]*@)?([^/?#]*)/i.exec(url)?.[1] ?? "").toLowerCase();
  const web = (url) => typeof url === "string" && /^https?:\/\/[^\s\\]+$/i.test(url) && !url.includes("***");

  const el = (name, attributes = {}, ...children) => {
    const node = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key === "class") node.className = value;
      else if (value !== undefined) node.setAttribute(key, value);
    }
    node.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
    return node;
  };
  const badge = (verdict) => {
    const name = verdicts[verdict];
    return el("span", { class: "badge" }, el("i", { class: "fill-" + name }), say("v." + name));
  };
  const spelled = (url) => {
    const parts = /^(https?:\/\/)([^/?#]+)(.*)$/is.exec(url);
    if (!parts) return [url];
    return [el("span", { class: "scheme" }, parts[1]), parts[2], el("span", { class: "path" }, parts[3])];
  };
  const outside = (url, label, kind = "") =>
    web(url) ? el("a", { href: url, target: "_blank", rel: "noopener noreferrer nofollow", class: kind }, label) : null;

  // ---- search, filter, sort ------------------------------------------------------------------------
  let chosen = new Set(), query = "", sort = { by: "verdict", down: false }, shown = [];
  const text = (at) => {
    haystack ??= new Array(links.length);
    const link = links[at], url = urlOf(link);
    return (haystack[at] ??= [rawOf(link), url[URL_], files[link[FILE]], texts[url[DETAIL]], tell(texts[url[DETAIL]]),
      texts[url[RULE]], verdicts[url[VERDICT]], say("v." + verdicts[url[VERDICT]]), url[FINAL] || ""].join("\n").toLowerCase());
  };
  const TOKENS = {
    host: (link, value) => hostOf(urlOf(link)[URL_]) === value,
    year: (link, value) => data.years[link[FILE]] ? data.years[link[FILE]] === value : (link[DATE] ? texts[link[DATE]].startsWith(value) : files[link[FILE]].includes(value)),
    file: (link, value) => files[link[FILE]].toLowerCase().includes(value),
    rule: (link, value) => texts[urlOf(link)[RULE]].toLowerCase() === value,
  };
  const matcher = () => {
    const tests = query.toLowerCase().split(/\s+/).filter(Boolean).map((word) => {
      const colon = word.indexOf(":"), test = TOKENS[word.slice(0, colon)];
      const value = word.slice(colon + 1);
      return colon > 0 && test && value ? (at) => test(links[at], value) : (at) => text(at).includes(word);
    });
    return (at) => tests.every((test) => test(at));
  };
  const KEYS = {
    verdict: (link) => RANK[urlOf(link)[VERDICT]],
    link: (link) => rawOf(link),
    post: (link) => files[link[FILE]],
    since: (link) => urlOf(link)[SINCE] || "9999",
    rescue: (link) => (link[SNAPSHOT] ? stateOf(link[SNAPSHOT]) + " " + day(link[SNAPSHOT][CAPTURED]) : "~"),
  };
  const position = (one, other) => one[FILE] - other[FILE] || one[LINE] - other[LINE] || one[COLUMN] - other[COLUMN];
  const update = () => {
    const matches = matcher(), all = chosen.size === 0, found = [];
    for (let at = 0; at < links.length; at++)
      if ((all || chosen.has(urlOf(links[at])[VERDICT])) && matches(at)) found.push(at);
    const key = KEYS[sort.by], keys = new Map(found.map((at) => [at, key(links[at])])), sign = sort.down ? -1 : 1;
    found.sort((one, other) => {
      const a = keys.get(one), b = keys.get(other);
      return a < b ? -sign : a > b ? sign : position(links[one], links[other]);
    });
    shown = found;
    active = 0;
    scroller.scrollTop = 0;
    $("found").textContent = say("found", { count: found.length, all: links.length });
    $("empty").hidden = found.length > 0;
    $("table").hidden = found.length === 0;
    $("table").setAttribute("aria-rowcount", found.length + 1);
    lay();
  };

  // ---- the table: only the rows in view exist -------------------------------------------------------
  const scroller = $("scroll"), space = $("space"), phone = matchMedia("(max-width: 760px)");
  const height = () => (phone.matches ? 84 : 46);
  const pool = [];
  let active = 0, waiting = false;
  const newRow = () => {
    const button = el("button", { type: "button", tabindex: "-1" });
    const cells = ["verdict", "link", "post", "since", "rescue"].map((name) => el("div", { role: "cell", class: "c-" + name }));
    cells[1].append(button);
    const row = el("div", { role: "row", class: "row" }, ...cells);
    row.addEventListener("click", () => open(row.place));
    space.append(row);
    return { row, cells, button, place: -1, language: "" };
  };
  const fill = (item, place) => {
    const link = links[shown[place]], url = urlOf(link), snapshot = link[SNAPSHOT], state = stateOf(snapshot);
    item.row.place = place;
    item.row.setAttribute("aria-rowindex", place + 2);
    item.row.style.transform = `translateY(${place * height()}px)`;
    item.cells[0].replaceChildren(badge(url[VERDICT]));
    item.button.replaceChildren(...spelled(rawOf(link) || "(empty)"));
    item.button.title = rawOf(link);
    item.cells[2].textContent = `${nameOf(files[link[FILE]])}:${link[LINE]}`;
    item.cells[2].title = `${files[link[FILE]]}:${link[LINE]}:${link[COLUMN]}`;
    item.cells[3].textContent = day(url[SINCE]);
    item.cells[4].textContent = !snapshot ? "" : state === "verified" ? "✓ " + day(snapshot[CAPTURED]) : say("snapshot." + state);
    item.cells[4].title = snapshot ? say("snapshot." + state) : "";
    item.cells[4].className = "c-rescue" + (state === "verified" ? " good" : "");
    item.button.tabIndex = place === active ? 0 : -1;
  };
  const draw = () => {
    waiting = false;
    const first = Math.max(0, Math.floor(scroller.scrollTop / height()) - 6);
    const last = Math.min(shown.length, Math.ceil((scroller.scrollTop + scroller.clientHeight) / height()) + 6);
    const focused = document.activeElement;
    const free = pool.filter((item) => item.place < first || item.place >= last || item.place >= shown.length);
    const have = new Map(pool.filter((item) => !free.includes(item)).map((item) => [item.place, item]));
    for (let place = first; place < last; place++) {
      if (have.has(place)) continue;
      const at = free.findIndex((item) => item.button !== focused);
      const item = at >= 0 ? free.splice(at, 1)[0] : pool[pool.push(newRow()) - 1];
      item.place = place;
      item.row.hidden = false;
      fill(item, place);
    }
    for (const item of free) {
      item.place = -1;
      item.row.hidden = true;
    }
    if (!pool.some((item) => item.place === active)) {
      const item = pool.find((one) => one.place === first);
      if (item) item.button.tabIndex = 0;
    }
  };
  const lay = () => {
    space.style.height = scroller.style.height = `${shown.length * height()}px`;
    for (const item of pool) item.place = -1;
    draw();
  };
  const activate = (place) => {
    active = Math.max(0, Math.min(shown.length - 1, place));
    const top = active * height(), bottom = top + height();
    if (top < scroller.scrollTop) scroller.scrollTop = top;
    if (bottom > scroller.scrollTop + scroller.clientHeight) scroller.scrollTop = bottom - scroller.clientHeight;
    draw();
    for (const item of pool) {
      item.button.tabIndex = item.place === active ? 0 : -1;
      if (item.place === active) item.button.focus({ preventScroll: true });
    }
  };
  scroller.addEventListener("scroll", () => {
    if (!waiting) requestAnimationFrame(draw);
    waiting = true;
  }, { passive: true });
  scroller.addEventListener("keydown", (event) => {
    const page = Math.max(1, Math.floor(scroller.clientHeight / height()) - 1);
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const here = pool.find((item) => item.button === document.activeElement);
    activate((here ? here.place : active) + step);
  });
  addEventListener("resize", lay);

  // ---- one link -----------------------------------------------------------------------------------
  const dialog = $("dialog");
  const fact = (list, key, ...value) => {
    const parts = value.filter(Boolean);
    if (parts.length) list.append(el("dt", {}, say(key)), el("dd", {}, ...parts));
  };
  const copied = (place) => {
    const link = links[shown[place]], snapshot = link[SNAPSHOT];
    const side = el("section", { class: "side" }, el("h3", {}, say("archived")));
    if (!snapshot) return side.append(el("p", {}, say("no.snapshot"))), side;
    if (snapshot[CAPTURED]) side.append(el("p", {}, el("b", {}, day(snapshot[CAPTURED])), ` ${texts[snapshot[ARCHIVE]]}`));
    side.append(el("p", {}, say("snapshot." + stateOf(snapshot))));
    if (snapshot[WHY]) side.append(el("p", {}, tell(texts[snapshot[WHY]])));
    if (snapshot[COPY]) side.append(el("code", {}, snapshot[COPY]), outside(snapshot[COPY], say("open.archived") + " ↗", "open") ?? "");
    return side;
  };
  const living = (url) => {
    const side = el("section", { class: "side" }, el("h3", {}, say("live")), el("p", {}, badge(url[VERDICT])));
    side.append(el("p", {}, tell(texts[url[DETAIL]]) || meaning(texts[url[RULE]]) || texts[url[RULE]]), el("code", {}, url[URL_]));
    side.append(outside(url[URL_], say("open.live") + " ↗", "open") ?? "");
    return side;
  };
  const moment = (value) => value && new Date(value).toLocaleString(document.documentElement.lang, { timeZone: "UTC", dateStyle: "medium", timeStyle: "short" }) + " UTC";
  const evidence = (url) => {
    const list = el("dl", { class: "facts" });
    fact(list, "rule", el("code", {}, texts[url[RULE]]), " ", meaning(texts[url[RULE]]));
    fact(list, "status", url[STATUS] ? String(url[STATUS]) : "");
    if (url[HOPS]) {
      const hops = url[HOPS].map(([status, from]) => el("li", {}, el("b", {}, String(status)), " ", from));
      fact(list, "chain", el("ol", { class: "chain" }, ...hops));
    }
    fact(list, "final", url[FINAL] && url[FINAL] !== url[URL_] ? (outside(url[FINAL], url[FINAL]) ?? url[FINAL]) : "");
    fact(list, "signs", ...(url[SIGNS] || []).map((sign) => el("p", {}, tell(sign))));
    fact(list, "since", moment(url[SINCE]));
    fact(list, "checked", moment(url[CHECKED] * 1000), url[CACHED] ? aside(say("cached")) : "");
    fact(list, "attempts", url[ATTEMPTS] ? String(url[ATTEMPTS]) : "");
    fact(list, "elapsed", url[ELAPSED] ? `${url[ELAPSED].toLocaleString(language)} ms` : "");
    fact(list, "wrongrule", url[WRONG] ? el("code", {}, url[WRONG]) : "");
    if (url[MOVED]) fact(list, "moved", outside(url[MOVED][0], url[MOVED][0]) ?? url[MOVED][0], el("p", { class: "note" }, tell(url[MOVED][1])));
    return el("section", {}, el("h3", {}, say("evidence")), list);
  };
  let placesOf = null;
  const standing = (link) => {
    if (!placesOf) {
      placesOf = urls.map(() => []);
      links.forEach((one, at) => placesOf[one[AT]].push(at));
    }
    const all = placesOf[link[AT]], list = el("ul", { class: "wherelist" });
    for (const at of all.slice(0, 200)) {
      const one = links[at], date = one[DATE] ? ` · ${say("posted")} ${day(texts[one[DATE]])}${one[DATE_FROM] ? aside(tell(texts[one[DATE_FROM]])) : ""}` : "";
      list.append(el("li", {}, el("code", {}, `${files[one[FILE]]}:${one[LINE]}:${one[COLUMN]}`), ` ${words[language]["kind." + texts[one[KIND]]] ?? texts[one[KIND]]}${date}`));
    }
    if (all.length > 200) list.append(el("li", {}, say("more", { count: all.length - 200 })));
    return el("section", {}, el("h3", {}, say("where")), list);
  };
  const change = (link) => {
    const snapshot = link[SNAPSHOT];
    if (!FAILS.has(urlOf(link)[VERDICT]) || stateOf(snapshot) !== "verified" || !snapshot[COPY] || link[REPLACED] === 1) return "";
    const hash = rawOf(link).indexOf("#"), fragment = hash < 0 ? "" : rawOf(link).slice(hash);
    const after = link[REPLACED] || snapshot[COPY] + fragment;
    const lines = [el("span", { class: "removed" }, "- " + rawOf(link)), el("span", { class: "added" }, "+ " + after)];
    return el("section", {}, el("h3", {}, say("change")), el("pre", { class: "diff", tabindex: "0" }, ...lines));
  };
  const open = (place) => {
    if (place < 0 || place >= shown.length) return;
    active = place;
    const link = links[shown[place]], url = urlOf(link);
    $("dialog-badge").replaceChildren(badge(url[VERDICT]));
    $("dialog-body").replaceChildren(
      el("h2", { id: "dialog-title" }, rawOf(link) || "(empty)"),
      el("div", { class: "sides" }, living(url), copied(place)),
      ...[change(link), evidence(url), standing(link)].filter(Boolean));
    $("previous").disabled = place === 0;
    $("following").disabled = place === shown.length - 1;
    if (!dialog.open) dialog.showModal();
    $("dialog-body").scrollTop = 0;
  };
  $("previous").addEventListener("click", () => open(active - 1));
  $("following").addEventListener("click", () => open(active + 1));
  $("close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => activate(active));

  // ---- controls -----------------------------------------------------------------------------------
  const chips = () => {
    const counts = new Array(verdicts.length).fill(0);
    for (const link of links) counts[urlOf(link)[VERDICT]]++;
    const failing = [...FAILS].reduce((sum, at) => sum + counts[at], 0);
    const same = (one, other) => one.size === other.size && [...one].every((at) => other.has(at));
    const chip = (label, count, set) => {
      const button = el("button", { type: "button", "aria-pressed": String(same(chosen, set)) }, label, " ", el("small", {}, count.toLocaleString(language)));
      button.addEventListener("click", () => {
        const at = [...$("chips").children].indexOf(button);
        chosen = set;
        chips();
        update();
        $("chips").children[at].focus();
      });
      return button;
    };
    $("chips").replaceChildren(
      chip(say("filter.all"), links.length, new Set()),
      ...(failing ? [chip(say("filter.attention"), failing, FAILS)] : []),
      ...ORDER.filter((at) => counts[at]).map((at) => chip(say("v." + verdicts[at]), counts[at], new Set([at]))));
  };
  const find = (value) => {
    query = value;
    $("search").value = value;
    update();
  };
  let pause = 0;
  $("search").addEventListener("input", (event) => {
    clearTimeout(pause);
    pause = setTimeout(() => find(event.target.value), links.length > 5000 ? 120 : 0);
  });
  $("reset").addEventListener("click", () => {
    chosen = new Set();
    chips();
    find("");
    $("search").focus();
  });
  for (const bar of document.querySelectorAll("[data-query]"))
    bar.addEventListener("click", () => {
      find(bar.dataset.query);
      $("links").scrollIntoView({ behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
    });
  for (const header of document.querySelectorAll("[data-sort]"))
    header.firstElementChild.addEventListener("click", () => {
      const by = header.dataset.sort;
      sort = { by, down: sort.by === by && !sort.down };
      for (const other of document.querySelectorAll("[data-sort]"))
        other.setAttribute("aria-sort", other !== header ? "none" : sort.down ? "descending" : "ascending");
      update();
    });
  const themes = ["auto", "light", "dark"];
  let theme = 0;
  $("theme").addEventListener("click", () => {
    theme = (theme + 1) % themes.length;
    if (theme) document.documentElement.dataset.theme = themes[theme];
    else delete document.documentElement.dataset.theme;
    $("theme-name").firstElementChild.dataset.t = "theme." + themes[theme];
    $("theme-name").firstElementChild.textContent = say("theme." + themes[theme]);
  });
  $("language").addEventListener("click", () => {
    speak(language === "zh" ? "en" : "zh");
    chips();
    update();
  });
  for (const button of document.querySelectorAll(".copy")) {
    if (!navigator.clipboard) continue;
    button.hidden = false;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(button.previousElementSibling.textContent);
        button.firstElementChild.textContent = say("copied");
      } catch {
        getSelection().selectAllChildren(button.previousElementSibling);
      }
    });
  }

  let closed = []; // what was folded up before printing: older browsers print only what is open
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    for (const details of closed) details.open = true;
  });
  addEventListener("afterprint", () => {
    for (const details of closed) details.open = false;
  });

  // ---- begin --------------------------------------------------------------------------------------
  document.querySelector(".controls").hidden = false;
  $("links").hidden = false;
  if (/^zh\b/i.test(navigator.language || "")) speak("zh");
  if (links.some((link) => FAILS.has(urlOf(link)[VERDICT]))) chosen = FAILS;
  document.querySelector('[data-sort="verdict"]').setAttribute("aria-sort", "ascending");
  chips();
  update();
  document.documentElement.dataset.ready = String(Math.ceil(performance.now()));
})();
