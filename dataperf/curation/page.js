"use strict";
(() => {
  const all = (query, from = document) => [...from.querySelectorAll(query)];

  // Small images keep their pixels.
  const sharpen = (image) => image.naturalWidth && image.naturalWidth < 64 && image.classList.add("tiny");
  for (const image of all("img")) {
    if (image.complete) sharpen(image);
    else image.addEventListener("load", () => sharpen(image));
  }

  // Sortable tables; the style draws the arrows.
  for (const table of all("table.sort")) {
    all("thead th", table).forEach((head) => {
      const button = head.querySelector("button");
      if (!button) return;
      const place = [...head.parentNode.children].indexOf(head);
      button.addEventListener("click", () => {
        const number = head.classList.contains("n");
        const now = head.getAttribute("aria-sort");
        const way = now === "descending" || (!now && !number) ? "ascending" : "descending";
        all("thead th", table).forEach((each) => each.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", way);
        const sign = way === "ascending" ? 1 : -1;
        const key = (line) => {
          const cell = line.children[place];
          return number ? Number(cell.dataset.v ?? "-1e99") : cell.textContent;
        };
        const order = new Intl.Collator(undefined, { numeric: true });
        const compare = number ? (a, b) => a[0] - b[0] : (a, b) => order.compare(a[0], b[0]);
        const lines = [...table.tBodies[0].rows].map((line) => [key(line), line]);
        lines.sort((a, b) => sign * compare(a, b));
        table.tBodies[0].append(...lines.map((pair) => pair[1]));
      });
    });
  }

  // Samples: a few at first, all on demand, or those of one class.
  const cards = all("[data-cards] .card");
  const chosen = all("[data-filter]");
  const shown = document.querySelector("[data-shown]");
  const more = document.querySelector("[data-more]");
  const first = shown && shown.textContent;
  let few = 12;
  const sift = () => {
    const asked = chosen.some((each) => each.value);
    const fits = cards.filter((card) => (
      chosen.every((each) => !each.value || card.dataset[each.dataset.filter] === each.value)
    ));
    cards.forEach((card) => { card.hidden = true; });
    fits.slice(0, few).forEach((card) => { card.hidden = false; });
    more.hidden = fits.length <= few;
    more.textContent = `Show ${fits.length - few} more`;
    shown.textContent = asked ? `${fits.length} of ${cards.length} samples` : first;
  };
  const reveal = () => {
    const card = location.hash.startsWith("#row-") && document.getElementById(location.hash.slice(1));
    if (!card) return;
    if (card.hidden) {
      few = Infinity;
      for (const each of chosen) each.value = "";
      sift();
    }
    card.scrollIntoView({ block: "center" });
  };
  if (cards.length) {
    more.addEventListener("click", () => {
      const at = cards.findIndex((card) => card.hidden);
      few = Infinity;
      sift();
      if (at >= 0) { cards[at].tabIndex = -1; cards[at].focus({ preventScroll: true }); }
    });
    for (const select of chosen) select.addEventListener("change", sift);
    addEventListener("hashchange", reveal);
    addEventListener("beforeprint", () => { few = Infinity; sift(); });
    sift();
    reveal();
  }

  // Decisions about flagged rows, kept by the browser until they are saved as a submission.
  const flaggedRows = document.getElementById("decisions");
  if (flaggedRows) review(JSON.parse(flaggedRows.textContent));

  function review({ head, all_rows: allRows, file, key, classes, pool, rows }) {
    const [ROW, ID, GIVEN, SUGGESTED, TESTED] = Array(5).keys();
    const verdicts = new Map();
    const cardOf = new Map(cards.map((card) => [Number(card.id.slice(4)), card]));
    const words = (count, one, many) => `${count} ${count === 1 ? one : many}`;
    const [bar] = all(".review");
    const part = (name) => bar.querySelector(`[data-${name}]`);
    const tested = part("tested");

    const store = () => {
      try {
        localStorage.setItem(key, JSON.stringify([...verdicts]));
      } catch { /* a browser that keeps nothing still saves the submission */ }
    };
    const paint = (row) => {
      const card = cardOf.get(row);
      if (!card) return;
      const verdict = verdicts.get(row) ?? "undecided";
      card.dataset.decision = verdict;
      for (const button of all("[data-decide]", card)) {
        button.setAttribute("aria-pressed", String(button.dataset.decide === verdict));
      }
    };
    const tally = () => {
      const counts = { relabel: 0, drop: 0, keep: 0 };
      for (const verdict of verdicts.values()) counts[verdict] += 1;
      const { relabel, drop, keep } = counts;
      const left = rows.length - verdicts.size;
      part("count").textContent = `${relabel} to relabel, ${drop} to drop, ${keep} rejected, ${left} undecided`;
      part("save").disabled = relabel + drop === 0;
      part("all").disabled = left === 0;
      part("clear").disabled = verdicts.size === 0;
      part("saved").textContent = "";
    };
    const decide = (row, verdict) => {
      if (verdict) verdicts.set(row, verdict);
      else verdicts.delete(row);
      paint(row);
    };
    const settle = () => { store(); tally(); };

    // What the evaluator would refuse is said before the file is handed in.
    const emptied = (chosen) => {
      const counts = { ...pool };
      for (const line of chosen) {
        if (line[TESTED]) continue;
        if (line[GIVEN] >= 0) counts[line[GIVEN]] -= 1;
        if (verdicts.get(line[ROW]) === "relabel") counts[line[SUGGESTED]] += 1;
      }
      return Object.keys(pool).filter((each) => pool[each] > 0 && counts[each] <= 0);
    };
    const save = () => {
      const touched = rows.filter((line) => ["relabel", "drop"].includes(verdicts.get(line[ROW])));
      const chosen = touched.filter((line) => tested.checked || !line[TESTED]);
      const out = touched.length - chosen.length;
      const message = [];
      if (!chosen.length) {
        part("saved").textContent = `Nothing to save: ${words(out, "row is a test row", "rows are test rows")}.`;
        return;
      }
      const drop = chosen.filter((line) => verdicts.get(line[ROW]) === "drop");
      const relabel = chosen.filter((line) => verdicts.get(line[ROW]) === "relabel");
      const answer = {
        drop: drop.map((line) => line[ID]),
        relabel: Object.fromEntries(relabel.map((line) => [line[ID], classes[line[SUGGESTED]]])),
      };
      const board = tested.checked ? allRows : head.board;
      const content = JSON.stringify({ ...head, board, answer }, null, 1);
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([`${content}\n`], { type: "application/json" }));
      link.download = file;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10000);
      message.push(`Saved ${file}: ${words(relabel.length, "row", "rows")} to relabel, ${drop.length} to drop.`);
      if (out) message.push(`Left out: ${words(out, "test row", "test rows")}.`);
      if (tested.checked) message.push("Test rows are included, so dataperf evaluate refuses this file; dataperf apply takes it.");
      const gone = emptied(chosen).map((each) => classes[each]);
      if (gone.length) message.push(`No training row of ${gone.join(", ")} is left, so dataperf evaluate refuses this file.`);
      part("saved").textContent = message.join(" ");
    };

    // Keys act on the card that has the focus; j and k move it.
    const seen = () => cards.filter((card) => !card.hidden);
    const current = () => document.activeElement.closest("[data-cards] .card");
    const step = (by) => {
      const shownCards = seen(), at = shownCards.indexOf(current());
      const next = shownCards[at < 0 ? (by > 0 ? 0 : shownCards.length - 1) : at + by];
      if (!next) return;
      next.tabIndex = -1;
      next.focus({ preventScroll: true });
      next.scrollIntoView({ block: "center" });
    };
    const verdictOf = { a: "relabel", d: "drop", r: "keep", u: "" };
    document.addEventListener("keydown", (event) => {
      const { target } = event;
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (target.closest("select, input, textarea, canvas")) return;
      if (event.key === "j" || event.key === "k") {
        event.preventDefault();
        step(event.key === "j" ? 1 : -1);
      } else if (event.key in verdictOf && current()) {
        const card = current(), verdict = verdictOf[event.key];
        if (verdict && !card.querySelector(`[data-decide="${verdict}"]`)) return;
        event.preventDefault();
        decide(Number(card.id.slice(4)), verdict);
        settle();
        if (verdict) step(1);
      }
    });
    for (const button of all("[data-decide]")) {
      button.addEventListener("click", () => {
        const row = Number(button.closest(".card").id.slice(4));
        decide(row, verdicts.get(row) === button.dataset.decide ? "" : button.dataset.decide);
        settle();
      });
    }
    part("all").addEventListener("click", () => {
      for (const line of rows) {
        if (!verdicts.has(line[ROW]) && line[SUGGESTED] >= 0) decide(line[ROW], "relabel");
      }
      settle();
    });
    part("clear").addEventListener("click", () => {
      for (const row of [...verdicts.keys()]) decide(row, "");
      settle();
    });
    part("save").addEventListener("click", save);

    const known = new Set(rows.map((line) => line[ROW]));
    try {
      for (const [row, verdict] of JSON.parse(localStorage.getItem(key) ?? "[]")) {
        if (known.has(row) && verdict in { relabel: 0, drop: 0, keep: 0 }) decide(row, verdict);
      }
    } catch { /* nothing was kept */ }
    if (!rows.some((line) => line[TESTED])) tested.parentNode.remove();
    for (const each of all("[data-review], .decide")) each.hidden = false;
    tally();
  }

  // Sounds, one at a time.
  let playing = null;
  const stop = () => {
    if (playing) { playing.pause(); playing.previousElementSibling.classList.remove("on"); }
    playing = null;
  };
  for (const button of all(".play")) {
    const sound = button.nextElementSibling;
    sound.addEventListener("ended", stop);
    button.addEventListener("click", () => {
      const again = playing === sound;
      stop();
      if (again) return;
      playing = sound;
      button.classList.add("on");
      sound.currentTime = 0;
      sound.play().catch(stop);
    });
  }

  for (const button of all("[data-copy]")) {
    button.addEventListener("click", async () => {
      const code = button.parentNode.querySelector("code");
      try {
        await navigator.clipboard.writeText(code.textContent);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(code);
        button.textContent = "Selected";
      }
      setTimeout(() => { button.textContent = "Copy"; }, 1600);
    });
  }

  // The map.
  const source = document.getElementById("points");
  if (!source) return;
  const { points, names, classes, tile } = JSON.parse(source.textContent);
  const frame = document.querySelector(".map");
  const canvas = frame.querySelector("canvas");
  const tip = frame.querySelector(".tip");
  const tiles = document.querySelector("img.tiles");
  const pen = canvas.getContext("2d");
  const view = { x: 0, y: 0, scale: 1 };
  const visible = names.map(() => true);
  let onlyFlagged = false, hovered = -1, colours = [], ink = "", paper = "";
  const [X, Y, COLOUR, ROW, GIVEN, SUGGESTED, ID, CARD, TILE, WORDS] = Array(10).keys();
  const flagged = points.map((_, place) => place).filter((place) => points[place][SUGGESTED] > -2).reverse();
  const isShown = (point) => visible[point[COLOUR]] && (!onlyFlagged || point[SUGGESTED] > -2);

  const inks = () => {
    const style = getComputedStyle(document.documentElement);
    colours = names.map((_, place) => style.getPropertyValue(`--c${place}`).trim());
    ink = style.getPropertyValue("--ink").trim();
    paper = style.getPropertyValue("--card").trim();
  };
  // A point lies in a square that fits the frame; the view moves and scales it.
  const base = () => {
    const { clientWidth: wide, clientHeight: tall } = canvas;
    const side = Math.min(wide * 0.94, tall * 0.94);
    return { side, left: (wide - side) / 2, top: (tall - side) / 2 };
  };
  const spread = () => Math.min(1.6, (canvas.clientWidth * 0.94) / base().side);
  const place = (point) => {
    const { side, left, top } = base();
    const x = left + side * (0.5 + (point[X] / 10000 - 0.5) * spread());
    const y = top + side * (1 - point[Y] / 10000);
    return [(x - view.x) * view.scale, (y - view.y) * view.scale];
  };
  const cut = (to, point, x, y, size) => {
    const across = tiles.naturalWidth / tile;
    const left = tile * (point[TILE] % across), top = tile * Math.floor(point[TILE] / across);
    to.drawImage(tiles, left, top, tile, tile, x, y, size, size);
  };
  // At high zoom, images replace the points, framed in the colour of their class.
  const drawImage = (point, x, y, bad) => {
    const half = Math.min(28, 11 + view.scale), edge = bad ? 4 : 2;
    pen.globalAlpha = 1;
    pen.fillStyle = colours[point[COLOUR]];
    pen.fillRect(x - half - edge, y - half - edge, 2 * (half + edge), 2 * (half + edge));
    cut(pen, point, x - half, y - half, 2 * half);
    if (!bad) return;
    pen.lineWidth = 1.5;
    pen.strokeStyle = ink;
    pen.strokeRect(x - half - edge, y - half - edge, 2 * (half + edge), 2 * (half + edge));
  };
  let waiting = false;
  const draw = () => {
    waiting = false;
    const dense = window.devicePixelRatio || 1;
    const { clientWidth: wide, clientHeight: tall } = canvas;
    if (canvas.width !== Math.round(wide * dense)) canvas.width = Math.round(wide * dense);
    if (canvas.height !== Math.round(tall * dense)) canvas.height = Math.round(tall * dense);
    pen.setTransform(dense, 0, 0, dense, 0, 0);
    pen.clearRect(0, 0, wide, tall);
    const size = Math.min(8, (points.length > 2000 ? 2.4 : points.length > 400 ? 3.2 : 4.5) * Math.sqrt(view.scale));
    const close = view.scale > 5 && tiles.naturalWidth;
    points.forEach((point) => {
      if (!isShown(point)) return;
      const [x, y] = place(point);
      if (x < -40 || y < -40 || x > wide + 40 || y > tall + 40) return;
      const bad = point[SUGGESTED] > -2;
      if (close && point[TILE] >= 0) {
        drawImage(point, x, y, bad);
        return;
      }
      pen.globalAlpha = bad ? 1 : 0.62;
      pen.fillStyle = colours[point[COLOUR]];
      pen.beginPath();
      pen.arc(x, y, bad ? size + 0.8 : size, 0, 7);
      pen.fill();
      if (bad) {
        pen.lineWidth = 1.5;
        pen.strokeStyle = ink;
        pen.stroke();
      }
    });
    pen.globalAlpha = 1;
    if (hovered >= 0) {
      const [x, y] = place(points[hovered]);
      pen.lineWidth = 2.5;
      pen.strokeStyle = ink;
      pen.beginPath();
      pen.arc(x, y, close && points[hovered][TILE] >= 0 ? 40 : size + 5, 0, 7);
      pen.stroke();
    }
  };
  const redraw = () => { if (!waiting) { waiting = true; requestAnimationFrame(draw); } };

  const name = (number) => classes[String(number)] ?? "";
  const line = (words, kind = "div") => {
    const made = document.createElement(kind);
    made.textContent = words;
    tip.append(made);
  };
  const show = (at) => {
    hovered = at;
    redraw();
    tip.hidden = at < 0;
    if (at < 0) return;
    const point = points[at];
    tip.replaceChildren();
    if (point[TILE] >= 0 && tiles.naturalWidth) {
      const shot = document.createElement("canvas");
      shot.width = shot.height = tile;
      cut(shot.getContext("2d"), point, 0, 0, tile);
      tip.append(shot);
    }
    if (point[WORDS]) line(point[WORDS]);
    line(point[SUGGESTED] > -2 ? `${name(point[GIVEN])} → ${name(point[SUGGESTED])}` : name(point[GIVEN]), "b");
    line(point[ID] === String(point[ROW]) ? `row ${point[ROW]}` : `${point[ID]} · row ${point[ROW]}`, "small");
    const [x, y] = place(point);
    const right = x > canvas.clientWidth - tip.offsetWidth - 30;
    const low = Math.max(0, Math.min(y + 14, canvas.clientHeight - tip.offsetHeight - 4));
    tip.style.left = `${Math.max(4, right ? x - tip.offsetWidth - 16 : x + 16)}px`;
    tip.style.top = `${low}px`;
  };
  const nearest = (x, y) => {
    let best = -1, least = (view.scale > 5 ? 30 : 16) ** 2;
    points.forEach((point, at) => {
      if (!isShown(point)) return;
      const [left, top] = place(point);
      const apart = (left - x) ** 2 + (top - y) ** 2 - (point[SUGGESTED] > -2 ? 4 : 0);
      if (apart <= least) { least = apart; best = at; }
    });
    return best;
  };
  const zoom = (by, x = canvas.clientWidth / 2, y = canvas.clientHeight / 2) => {
    const scale = Math.min(60, Math.max(1, view.scale * by));
    view.x += x / view.scale - x / scale;
    view.y += y / view.scale - y / scale;
    view.scale = scale;
    if (scale === 1) view.x = view.y = 0;
    show(-1);
  };
  const pan = (x, y) => { view.x -= x / view.scale; view.y -= y / view.scale; show(-1); };
  const step = (by) => {
    const open = flagged.filter((at) => isShown(points[at]));
    if (!open.length) return;
    const now = open.indexOf(hovered);
    const at = open[(now < 0 ? (by > 0 ? 0 : open.length - 1) : now + by + open.length) % open.length];
    const [x, y] = place(points[at]);
    if (x < 0 || y < 0 || x > canvas.clientWidth || y > canvas.clientHeight) {
      pan(canvas.clientWidth / 2 - x, canvas.clientHeight / 2 - y);
    }
    show(at);
  };
  const where = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const open = () => {
    if (hovered >= 0 && points[hovered][CARD]) {
      location.hash = `row-${points[hovered][ROW]}`;
      reveal();
    }
  };

  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0016)), ...where(event));
  }, { passive: false });
  const fingers = new Map();
  let moved = 0;
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, where(event));
    moved = 0;
  });
  canvas.addEventListener("pointermove", (event) => {
    const [x, y] = where(event), last = fingers.get(event.pointerId);
    if (!last) { show(nearest(x, y)); return; }
    const others = [...fingers].filter((pair) => pair[0] !== event.pointerId).map((pair) => pair[1]);
    fingers.set(event.pointerId, [x, y]);
    moved += Math.hypot(x - last[0], y - last[1]);
    if (others.length) {
      const apart = (from) => Math.hypot(from[0] - others[0][0], from[1] - others[0][1]) || 1;
      zoom(apart([x, y]) / apart(last), (x + others[0][0]) / 2, (y + others[0][1]) / 2);
    } else if (moved > 3) pan(x - last[0], y - last[1]);
  });
  const up = (event) => {
    if (!fingers.delete(event.pointerId)) return;
    if (event.type === "pointerup" && moved <= 3) { show(nearest(...where(event))); open(); }
  };
  canvas.addEventListener("pointerup", up);
  canvas.addEventListener("pointercancel", up);
  canvas.addEventListener("pointerleave", () => show(-1));
  const keys = {
    ArrowLeft: () => pan(60, 0), ArrowRight: () => pan(-60, 0),
    ArrowUp: () => pan(0, 60), ArrowDown: () => pan(0, -60),
    "+": () => zoom(1.5), "=": () => zoom(1.5), "-": () => zoom(1 / 1.5), 0: () => zoom(0),
    n: () => step(1), p: () => step(-1), Enter: open, Escape: () => show(-1),
  };
  canvas.addEventListener("keydown", (event) => {
    if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    keys[event.key]();
  });
  const buttons = { in: () => zoom(1.6), out: () => zoom(1 / 1.6), all: () => zoom(0) };
  for (const button of all("[data-zoom]")) button.addEventListener("click", buttons[button.dataset.zoom]);
  for (const button of all(".legend button")) {
    button.addEventListener("click", () => {
      const on = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(on));
      if (button.dataset.class === undefined) onlyFlagged = on;
      else visible[Number(button.dataset.class)] = on;
      show(-1);
    });
  }
  new ResizeObserver(redraw).observe(canvas);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { inks(); redraw(); });
  inks();
  draw();
})();
