// SPDX-License-Identifier: MIT
// Draws the figures and applies the filters. A trace's `meta` says how it follows the filters:
// `run`, `site`, `user` hide the trace, `rows` keeps those of its points whose request passes, and
// `recompute` names the function below that computes the trace again from the requests.
"use strict";
(function () {
  const page = JSON.parse(document.getElementById("page-data").textContent);
  const figures = JSON.parse(document.getElementById("figure-data").textContent);
  const SITES = ["device", "edge", "cloud"];
  const config = { responsive: true, displaylogo: false, toImageButtonOptions: { format: "svg" } };
  const drawn = {};

  // Percentiles as numpy computes them: linear between the two nearest ranks.
  function percentile(sorted, share) {
    const place = share * (sorted.length - 1);
    const low = Math.floor(place);
    const high = Math.min(low + 1, sorted.length - 1);
    return sorted[low] + (place - low) * (sorted[high] - sorted[low]);
  }

  // Those that count in statistics of the response time: not all requests open at the end do.
  function counted(data, rows) {
    return rows.filter((i) => data.counted[i]);
  }

  function mean(values) {
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  }

  function sortedTimes(data, rows, meta) {
    const mine = meta.site == null ? rows : rows.filter((i) => data.site[i] === meta.site);
    return counted(data, mine).map((i) => data.response_time_s[i]).sort((a, b) => a - b);
  }

  function byEpoch(data, rows) {
    const points = new Map();
    for (const i of counted(data, rows)) {
      const key = data.episode[i] + "/" + data.decision[i];
      if (!points.has(key)) points.set(key, { times: [], accuracies: [] });
      points.get(key).times.push(data.response_time_s[i]);
      points.get(key).accuracies.push(data.accuracy_percent[i]);
    }
    return [...points.values()].map((p) => ({ x: mean(p.times), y: mean(p.accuracies) }));
  }

  function perUser(data, rows, combine) {
    const groups = new Map();
    for (const i of rows) {
      if (!groups.has(data.user[i])) groups.set(data.user[i], []);
      groups.get(data.user[i]).push(i);
    }
    const users = [...groups.keys()].sort((a, b) => a - b);
    return { x: users.map((u) => "user " + u), y: users.map((u) => combine(groups.get(u))) };
  }

  const recompute = {
    ecdf(data, rows, meta) {
      const times = sortedTimes(data, rows, meta);
      return { x: times, y: times.map((_, k) => (k + 1) / times.length) };
    },
    percentiles(data, rows, meta) {
      const times = sortedTimes(data, rows, meta);
      const shares = times.length ? page.percentiles.map((p) => p / 100) : [];
      return { x: shares.map((share) => percentile(times, share)), y: shares };
    },
    components(data, all, meta) {
      const rows = counted(data, all);
      const groups = SITES.map((label, site) => [label, rows.filter((i) => data.site[i] === site)]);
      const used = [...groups, ["all", rows]].filter(([, mine]) => mine.length);
      return {
        x: used.map(([label]) => label),
        y: used.map(([, mine]) => 1000 * mean(mine.map((i) => data.components[meta.component][i]))),
      };
    },
    mix(data, rows, meta) {
      const bars = new Map();
      for (const i of rows) {
        const bar = Math.floor(data.number[i] / meta.per_bar) * meta.per_bar;
        const count = bars.get(bar) || [0, 0];
        bars.set(bar, [count[0] + (data.option[i] === meta.option ? 1 : 0), count[1] + 1]);
      }
      const order = [...bars.keys()].sort((a, b) => a - b);
      return { x: order, y: order.map((bar) => bars.get(bar)[0] / bars.get(bar)[1]) };
    },
    user_mean(data, rows) {
      return perUser(data, counted(data, rows), (mine) => mean(mine.map((i) => data.response_time_s[i])));
    },
    resent(data, rows, meta) {
      return perUser(data, rows, (mine) =>
        mine.reduce((sum, i) => sum + data[meta.column][i], 0));
    },
    plane(data, rows) {
      const points = byEpoch(data, rows);
      return { x: points.map((p) => p.x), y: points.map((p) => p.y) };
    },
    plane_mean(data, rows) {
      const points = byEpoch(data, rows);
      if (!points.length) return { x: [], y: [] };
      return { x: [mean(points.map((p) => p.x))], y: [mean(points.map((p) => p.y))] };
    },
  };

  function chosen(name) {
    const boxes = document.querySelectorAll(`input[name="${name}"]`);
    return new Set([...boxes].filter((box) => box.checked).map((box) => Number(box.value)));
  }

  function number(id, otherwise) {
    const field = document.getElementById(id);
    return !field || field.value === "" ? otherwise : Number(field.value);
  }

  function readFilter() {
    return {
      runs: chosen("run"), sites: chosen("site"), cells: chosen("cell"), users: chosen("user"),
      from: number("from", 0), to: number("to", Infinity),
    };
  }

  function passing(data, filter) {
    const rows = [];
    if (!data) return rows;
    for (let i = 0; i < data.user.length; ++i) {
      if (filter.sites.has(data.site[i]) && filter.cells.has(data.cell[i]) &&
          filter.users.has(data.user[i]) && data.number[i] >= filter.from &&
          data.number[i] <= filter.to) rows.push(i);
    }
    return rows;
  }

  function cellOf(run, user) {
    return page.runs[run].user_cells[user];
  }

  const POINTS = ["x", "y", "base", "text", "customdata"];

  function update(trace, original, filter, rows, sets) {
    const meta = original.meta || {};
    let shown = original.visible === undefined ? true : original.visible;
    if (trace.visible === "legendonly" || trace.visible === true) shown = trace.visible;
    if (trace.wasHidden) shown = trace.wasHidden;
    const hidden = (meta.run !== undefined && !filter.runs.has(meta.run)) ||
      (meta.site != null && !filter.sites.has(meta.site)) ||
      (meta.user !== undefined &&
        (!filter.users.has(meta.user) || !filter.cells.has(cellOf(meta.run, meta.user))));
    if (hidden) {
      if (trace.visible !== false) trace.wasHidden = trace.visible === undefined ? true : trace.visible;
      trace.visible = false;
    } else {
      trace.visible = shown;
      delete trace.wasHidden;
    }
    if (meta.recompute) {
      Object.assign(trace, recompute[meta.recompute](page.runs[meta.run].requests, rows[meta.run], meta));
    } else if (meta.rows) {
      const keep = [];
      original.customdata.forEach((row, k) => { if (sets[meta.run].has(row)) keep.push(k); });
      for (const name of POINTS) {
        if (Array.isArray(original[name])) trace[name] = keep.map((k) => original[name][k]);
      }
    }
  }

  function apply() {
    const filter = readFilter();
    const rows = page.runs.map((run) => passing(run.requests, filter));
    const sets = rows.map((mine) => new Set(mine));
    let kept = 0;
    let total = 0;
    page.runs.forEach((run, index) => {
      if (!run.requests) return;
      total += run.requests.user.length;
      if (filter.runs.has(index)) kept += rows[index].length;
    });
    document.getElementById("count").textContent =
      total ? `${kept} of ${total} requests` : "";
    const waiting = [];
    for (const key of Object.keys(drawn)) {
      const figure = drawn[key];
      figure.traces.forEach((trace, k) =>
        update(trace, figures[key].data[k], filter, rows, sets));
      waiting.push(Plotly.react(figure.element, figure.traces, figure.element.layout, config));
    }
    return Promise.all(waiting);
  }

  function zoom(value) {
    const element = drawn.timeline.element;
    const changes = {};
    page.runs.forEach((run, index) => {
      const axis = "xaxis" + (index ? index + 1 : "");
      const times = run.epochs[Number(value)];
      if (value === "all") changes[axis + ".autorange"] = true;
      else if (value === "") changes[axis + ".range"] = figures.timeline.layout[axis].range.slice();
      else if (times) {
        const edge = 0.02 * (times[1] - times[0]);
        changes[axis + ".range"] = [times[0] - edge, times[1] + edge];
      }
    });
    return Plotly.relayout(element, changes);
  }

  function decode(value) {
    // Plotly writes typed arrays as base64; filters need ordinary ones.
    if (value && typeof value === "object" && "bdata" in value) {
      const bytes = Uint8Array.from(atob(value.bdata), (c) => c.charCodeAt(0)).buffer;
      const kinds = { f8: Float64Array, f4: Float32Array, i4: Int32Array, u4: Uint32Array,
        i2: Int16Array, u2: Uint16Array, i1: Int8Array, u1: Uint8Array };
      return Array.from(new kinds[value.dtype](bytes));
    }
    return value;
  }

  function draw() {
    const waiting = [];
    for (const key of Object.keys(figures)) {
      const figure = figures[key];
      figure.data.forEach((trace) => {
        for (const name of POINTS) if (name in trace) trace[name] = decode(trace[name]);
      });
      const traces = figure.data.map((trace) => Object.assign({}, trace));
      const element = document.getElementById("figure-" + key);
      element.style.height = figure.layout.height + "px";
      drawn[key] = { element, traces };
      waiting.push(Plotly.newPlot(element, traces, figure.layout, config));
    }
    return Promise.all(waiting);
  }

  function reset() {
    document.querySelectorAll(".controls input[type=checkbox]").forEach((box) => { box.checked = true; });
    for (const id of ["from", "to"]) {
      const field = document.getElementById(id);
      if (field) field.value = "";
    }
    return apply();
  }

  document.querySelectorAll(".controls input").forEach((input) =>
    input.addEventListener("change", apply));
  document.getElementById("reset").addEventListener("click", reset);
  const decision = document.getElementById("decision");
  if (decision) decision.addEventListener("change", () => zoom(decision.value));
  window.tandemReport = { apply, reset, zoom, drawn, ready: draw().then(apply) };
})();
