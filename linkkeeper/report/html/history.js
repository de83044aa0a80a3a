"use strict";
(() => {
  const words = JSON.parse(document.getElementById("words").textContent);
  if (!/^zh\b/i.test(navigator.language || "")) return;
  document.documentElement.lang = "zh-CN";
  for (const node of document.querySelectorAll("[data-t]")) {
    const values = node.dataset.v ? JSON.parse(node.dataset.v) : {};
    const text = words.zh[node.dataset.t] ?? node.textContent;
    node.textContent = text.replace(/\{([a-z]+)(?:\|([^|}]*)\|([^}]*))?\}/g, (_, name, one, many) =>
      many !== undefined ? (values.count === 1 ? one : many)
        : typeof values[name] === "number" ? values[name].toLocaleString("zh") : (values[name] ?? ""));
  }
  document.title = words.zh["history.title"] + " · linkkeeper";
})();
