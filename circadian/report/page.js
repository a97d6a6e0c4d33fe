"use strict";
(() => {
  // A night that the strip of nights leads to opens.
  const open = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let part = target; part; part = part.parentElement) if (part.localName === "details") part.open = true;
    if (target) target.scrollIntoView();
  };
  addEventListener("hashchange", open);
  open();

  const data = JSON.parse(document.getElementById("data").textContent);
  const form = document.getElementById("compare");
  if (!form || !data.names) return;
  const [first, second] = ["first", "second"].map((id) => document.getElementById(id));
  const [said, notes, table, list, filter] = ["said", "notes", "groups", "flips", "filter"].map((id) => document.getElementById(id));

  // Everything from the data is set as text, never as markup.
  const el = (name, css, text) => {
    const made = document.createElement(name);
    if (css) made.className = css;
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const svg = (name, values) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(values)) made.setAttribute(key, value);
    return made;
  };
  const signed = (share) => {
    const points = (100 * share).toFixed(1);
    if (Number(points) === 0) return "0.0";
    return points < 0 ? "−" + points.slice(1) : "+" + points;
  };
  const count = (n, word) => n + " " + word + (n === 1 ? "" : "s");
  const plain = (n) => String(Math.round(100 * n) / 100);

  // What is stored is the later model against the earlier; the other way round is its mirror image.
  const view = (i, j) => {
    const pair = data.pairs[Math.min(i, j) + "-" + Math.max(i, j)];
    if (!pair) return null;
    const turned = i > j;
    const groups = pair.groups.map(([name, before, after, n, change, low, high]) =>
      turned ? [name, after, before, n, -change, high === null ? null : -high, low === null ? null : -low]
             : [name, before, after, n, change, low, high]);
    const flips = pair.flips.map(([id, category, split, before, after, question, was, now]) =>
      turned ? [id, category, split, after, before, question, now, was] : [id, category, split, before, after, question, was, now]);
    return { exam: pair.exam, notes: pair.notes, groups, flips };
  };

  const forest = (change, low, high, reach) => {
    const x = (v) => 75 + 70 * Math.max(-1, Math.min(1, v / reach));
    const made = svg("svg", { viewBox: "0 0 150 18", class: "forest", "aria-hidden": "true" });
    made.append(svg("path", { class: "zero", d: "M75 1V17" }));
    if (low !== null && high !== null) made.append(svg("path", { class: "whisker", d: `M${x(low).toFixed(1)} 9H${x(high).toFixed(1)}` }));
    made.append(svg("circle", { class: "dot", cx: x(change).toFixed(1), cy: 9, r: 3.6 }));
    return made;
  };

  const row = ([name, before, after, n, change, low, high], reach) => {
    const made = el("tr");
    const head = el("th", "", name);
    head.scope = "row";
    const ends = low === null || high === null ? "" : signed(low) + " to " + signed(high);
    const picture = el("td", "left");
    if (name !== "recall") picture.append(forest(change, low, high, reach)); // so large a change would hide all others
    made.append(head, el("td", "", plain(before)), el("td", "", plain(after)), el("td", "", plain(n)), el("td", "", signed(change)), el("td", "", ends), picture);
    return made;
  };

  const item = ([id, category, split, before, after, question, was, now], names) => {
    const isWon = after > before;
    const made = el("li", isWon ? "flip won" : "flip lost");
    made.dataset.item = id;
    const what = el("p", "what");
    what.append(el("span", "word", isWon ? "won" : "lost"), el("span", "", category), el("span", "", id));
    made.append(what);
    if (split === "hidden") {
      made.append(el("p", "aside", "Hidden item: its text is shown to nobody, so that nothing can be tuned to it."));
      return made;
    }
    if (data.texts[question]) made.append(el("p", "question", data.texts[question]));
    const answers = el("dl");
    answers.append(el("dt", "", names[0]), el("dd", "", data.texts[was]), el("dt", "", names[1]), el("dd", "", data.texts[now]));
    made.append(answers);
    for (const text of made.querySelectorAll("dd, .question")) text.dir = "auto";
    return made;
  };

  const show = () => {
    const [i, j] = [Number(first.value), Number(second.value)];
    const found = i === j ? null : view(i, j);
    const names = [data.names[i], data.names[j]];
    notes.replaceChildren();
    table.replaceChildren();
    list.replaceChildren();
    document.getElementById("compared").hidden = filter.hidden = !found;
    if (!found) {
      said.textContent = "Choose two different models.";
      return;
    }
    const won = found.flips.filter((f) => f[4] > f[3]).length;
    said.textContent = `From ${names[0]} to ${names[1]}: ${count(won, "item")} won, ${found.flips.length - won} lost (${found.exam}).`;
    for (const note of found.notes) notes.append(el("p", "note", note));
    const reach = Math.max(0.05, ...found.groups.filter((g) => g[0] !== "recall").flatMap((g) => [g[4], g[5], g[6]].filter((v) => v !== null).map(Math.abs)));
    for (const group of found.groups) table.append(row(group, reach));
    const wanted = filter.querySelector("input:checked").value;
    const chosen = found.flips.filter((f) => wanted === "all" || (f[4] > f[3]) === (wanted === "won"));
    for (const flip of chosen) list.append(item(flip, names));
    if (!chosen.length) list.append(el("li", "aside", "Nothing flipped."));
  };

  data.names.forEach((name, i) => {
    for (const [select, chosen] of [[first, data.chosen[0]], [second, data.chosen[1]]]) {
      const option = el("option", "", data.labels[i]);
      option.value = i;
      option.selected = i === chosen;
      select.append(option);
    }
  });
  for (const part of [first, second, filter]) part.addEventListener("change", show);
  form.hidden = false;
  show();
})();
