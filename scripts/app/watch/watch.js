// SPDX-License-Identifier: MIT
// Asks `/data` for what is new once a second, and draws the moment that the slider stands at.
"use strict";
(function () {
  const POLL_MS = 1000;
  const FRAME_MS = 80;
  const CONFIG = { responsive: true, displaylogo: false };
  const FONT = { family: "system-ui, sans-serif", size: 12, color: "#222222" };
  const IDLE = "#D9D9D9";
  const MARGIN = { l: 55, r: 15, t: 28, b: 40 };
  const $ = (id) => document.getElementById(id);

  const state = {
    run: "", episode: -1, part: -1, seen: "", curve: "", scene: null, answer: null,
    decision: [], begin: [], reward: [], actions: [], places: [], requests: [],
    rewards: { x: [], y: [] }, time: 0, begins: 0, ends: 1, playing: false, polls: 0, drawn: "",
  };

  function forget() {
    for (const name of ["decision", "begin", "reward", "actions", "places", "requests"]) state[name] = [];
  }

  // ---- asking

  // The question under way. A choice makes its answer worthless: it is about what was shown before.
  let asking = null;

  function drop() {
    if (asking) asking.abort();
    asking = null;
  }

  async function poll() {
    drop();
    const mine = new AbortController();
    asking = mine;
    const held = state.decision.length;
    const question = new URLSearchParams({
      run: state.run, episode: state.episode, part: state.part, since: held,
      seen: state.seen, curve: state.curve,
    });
    if (!state.run) question.delete("run");
    let answer;
    try {
      const response = await fetch("/data?" + question, { signal: mine.signal });
      answer = await response.json();
      if (!response.ok) throw new Error(answer.error);
    } catch (error) {
      if (asking === mine) $("problem").textContent = "no new data: " + error.message;
      return;
    } finally {
      if (asking === mine) asking = null;
    }
    if (mine.signal.aborted) return;
    $("problem").textContent = "";
    take(answer);
    state.polls += 1;
  }

  function take(answer) {
    const fresh = answer.version !== state.seen;
    state.answer = answer;
    state.run = answer.run;
    if (fresh || answer.since === 0) forget();
    state.seen = answer.version;
    if (answer.scene) setScene(answer.scene);
    if (answer.moments) append(answer.moments);
    span();
    if (fresh) state.time = state.begins;
    if (answer.curve) setCurve(answer.curve);
    describe(answer);
    if (answer.moments || fresh) drawDecisions();
    draw();
  }

  function append(told) {
    for (const name of ["decision", "begin", "reward", "actions", "places"]) state[name].push(...told[name]);
    const columns = told.requests;
    (columns.times || []).forEach((times, k) => {
      const request = { times };
      for (const name of Object.keys(columns)) if (name !== "times") request[name] = columns[name][k];
      state.requests.push(request);
    });
  }

  // Scenarios without requests tell no times: a decision then lasts one second here.
  function beginOf(index) {
    return state.begin[index] == null ? index : state.begin[index];
  }

  function span() {
    const count = state.decision.length;
    if (!count) { state.begins = 0; state.ends = 1; return; }
    state.begins = beginOf(0);
    const length = count > 1 ? beginOf(count - 1) - beginOf(count - 2) : 1;
    let ends = beginOf(count - 1);
    for (const request of state.requests) ends = Math.max(ends, request.times[request.times.length - 1]);
    state.ends = ends > beginOf(count - 1) ? ends : beginOf(count - 1) + length;
  }

  function live() { return $("live").checked; }

  // ---- moments

  function indexAt(time) {
    let low = 0;
    let high = state.decision.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (beginOf(middle) <= time) low = middle; else high = middle - 1;
    }
    return Math.max(low, 0);
  }

  function placesAt(index, time) {
    const now = state.places[index];
    const next = state.places[index + 1];
    if (!now || !next) return now;
    const share = Math.min(1, Math.max(0, (time - beginOf(index)) / (beginOf(index + 1) - beginOf(index) || 1)));
    const mix = (a, b) => a.map((value, k) => value + (b[k] - value) * share);
    return { x: mix(now.x, next.x), y: mix(now.y, next.y) };
  }

  // The phase of a request at a time, and how far it is in it; null: not open then.
  function phaseOf(request, time) {
    const times = request.times;
    const last = times.length - 1;
    if (time < times[0] || time >= times[last]) return null;
    let phase = 0;
    while (phase < last - 1 && time >= times[phase + 1]) phase += 1;
    return { phase, share: (time - times[phase]) / (times[phase + 1] - times[phase] || 1) };
  }

  function openAt(time) {
    const open = [];
    for (const request of state.requests) {
      const phase = phaseOf(request, time);
      if (phase) open.push({ request, ...phase });
    }
    return open;
  }

  // ---- the map

  function setScene(scene) {
    if (scene.map) scene.map = JSON.parse(scene.map);
    state.scene = scene;
    const parts = [];
    const add = (kind, colour, text) => {
      const sign = document.createElement("i");
      sign.className = kind;
      sign.style[kind === "ring" ? "borderColor" : "background"] = colour;
      const label = document.createElement("span");
      label.append(sign, text);
      parts.push(label);
    };
    if (scene.map) {
      scene.sites.forEach((site) => add("dot", site.colour, "user that chose the " + site.name));
      scene.cells.forEach((cell) => add("ring", cell.colour, "in " + cell.name));
      scene.phases.forEach((phase) => add("line", phase.colour, "request: " + phase.name));
    }
    $("legend").replaceChildren(...parts);
    if (!scene.map) $("legend").textContent = scene.no_map;
    document.querySelector(".wide").style.display = scene.map ? "" : "none";
  }

  function radioOf(user, request) {
    const scene = state.scene;
    const cell = scene.cells[request && request.cell >= 0 ? request.cell : scene.user_cells[user]];
    if (!cell) return null;
    if (request && request.serving_start != null && scene.enbs.includes(cell.radio)) {
      return scene.enbs[request.serving_start] || cell.radio;
    }
    return cell.radio;
  }

  function between(from, to, share) {
    return [from[0] + (to[0] - from[0]) * share, from[1] + (to[1] - from[1]) * share];
  }

  // A point on the way user – radio – site.
  function along(way, share) {
    if (way.length < 3) return between(way[0], way[way.length - 1], share);
    return share < 0.5 ? between(way[0], way[1], 2 * share) : between(way[1], way[2], 2 * share - 1);
  }

  function drawMap(index, open) {
    const scene = state.scene;
    const places = placesAt(index, state.time);
    if (!scene || !scene.map || !places) return;
    const traces = scene.map.data.slice();
    const options = state.actions[index] || [];
    const busy = new Map();
    const dots = { x: [], y: [], colour: [], text: [] };
    const lines = scene.phases.map(() => ({ x: [], y: [] }));
    for (const item of open) {
      const { request, phase, share } = item;
      const user = request.user;
      if (!busy.has(user)) busy.set(user, []);
      busy.get(user).push(item);
      const home = [places.x[user], places.y[user]];
      const site = scene.where[scene.sites[request.site].name];
      if (!site || phase === 0) continue;
      const radio = scene.where[radioOf(user, request)];
      const way = radio ? [home, radio, site] : [home, site];
      for (const point of way) { lines[phase].x.push(point[0]); lines[phase].y.push(point[1]); }
      lines[phase].x.push(null); lines[phase].y.push(null);
      const spot = along(way, phase === 1 ? share : phase === 2 ? 1 : 1 - share);
      dots.x.push(spot[0]); dots.y.push(spot[1]);
      dots.colour.push(scene.phases[phase].colour);
      dots.text.push(`user ${user}: ${scene.phases[phase].name}`);
    }
    lines.forEach((line, phase) => traces.push({ type: "scatter", mode: "lines", ...line,
      line: { color: scene.phases[phase].colour, width: 2 }, hoverinfo: "skip", showlegend: false,
      name: "phase " + phase }));
    const users = places.x.map((_, user) => user);
    const phaseColour = (user) => busy.has(user) ? scene.phases[busy.get(user)[0].phase].colour : IDLE;
    traces.push({ type: "scatter", mode: "markers", x: places.x, y: places.y, hoverinfo: "skip",
      showlegend: false, name: "state",
      marker: { size: 34, opacity: 0.55, color: users.map(phaseColour) } });
    traces.push({ type: "scatter", mode: "markers+text", x: places.x, y: places.y, showlegend: false,
      name: "users", text: users.map(String), textfont: { color: "white", size: 11 },
      hovertext: users.map((user) => tell(user, options[user], busy.get(user))), hoverinfo: "text",
      marker: {
        size: 22, color: users.map((user) => siteColour(options[user])),
        line: { width: 4, color: users.map((user) => (scene.cells[cellOf(user, options[user])] || {}).colour || "#444444") },
      } });
    traces.push({ type: "scatter", mode: "markers", x: dots.x, y: dots.y, hovertext: dots.text,
      hoverinfo: "text", showlegend: false, name: "requests",
      marker: { size: 9, color: dots.colour, line: { width: 1, color: "#222222" } } });
    const layout = Object.assign({}, scene.map.layout, { showlegend: false, margin: MARGIN,
      uirevision: state.run, height: 640, transition: undefined });
    Plotly.react("map", traces, layout, CONFIG);
  }

  // With a choice of paths an option is called "site/variant via wifi".
  function cellOf(user, code) {
    const scene = state.scene;
    const option = scene.options[code];
    const path = option && option.name.split(" via ")[1];
    const chosen = path ? scene.cells.findIndex((cell) => cell.name.startsWith(path)) : -1;
    return chosen >= 0 ? chosen : scene.user_cells[user];
  }

  function siteColour(code) {
    const option = state.scene.options[code];
    const site = option && state.scene.sites.find((one) => one.name === option.name.split("/")[0]);
    return site ? site.colour : "#888888";
  }

  function tell(user, code, items) {
    const scene = state.scene;
    const option = scene.options[code];
    const cell = scene.cells[cellOf(user, code)];
    const first = (items || [])[0];
    const radio = radioOf(user, first && first.request);
    return [`user ${user}`, `option: ${option ? option.name : code}`,
      cell ? `cell: ${cell.name}` + (radio ? ` (${radio})` : "") : "",
      ...(items || []).map((item) => `request ${scene.phases[item.phase].name}`),
      items ? "" : "no request open"].filter(Boolean).join("<br>");
  }

  // ---- decisions and rewards

  function drawDecisions() {
    if (!state.decision.length || !state.actions.length) return;
    const scene = state.scene;
    const agents = state.actions[0].length;
    const codes = Object.keys(scene.options).map(Number).sort((a, b) => a - b);
    const cells = [];
    for (let agent = 0; agent < agents; ++agent) cells.push(state.actions.map((row) => row[agent]));
    const trace = { type: "heatmap", x: state.decision, z: cells, xgap: 1, ygap: 1,
      y: cells.map((_, agent) => agent), name: "decisions" };
    if (codes.length > 1) {
      const least = codes[0];
      const most = codes[codes.length - 1];
      const scale = [];
      for (let code = least; code <= most; ++code) {
        const colour = (scene.options[code] || { colour: "#888888" }).colour;
        const steps = most - least + 1;
        scale.push([(code - least) / steps, colour], [(code - least + 1) / steps, colour]);
      }
      Object.assign(trace, { colorscale: scale, zmin: least - 0.5, zmax: most + 0.5,
        colorbar: { tickvals: codes, ticktext: codes.map((code) => scene.options[code].name),
          thickness: 12, tickfont: { size: 10 } },
        hovertext: cells.map((row) => row.map((code) => (scene.options[code] || { name: code }).name)),
        hovertemplate: scene.agents + " %{y}, decision %{x}: %{hovertext}<extra></extra>" });
    } else {
      Object.assign(trace, { colorscale: "Viridis", colorbar: { thickness: 12 },
        hovertemplate: scene.agents + " %{y}, decision %{x}: %{z}<extra></extra>" });
    }
    Plotly.react("decisions", [trace], { font: FONT, height: 310, margin: MARGIN,
      xaxis: { title: { text: "decision of the episode" }, zeroline: false }, uirevision: state.seen,
      yaxis: { title: { text: scene.agents }, zeroline: false, autorange: "reversed", dtick: agents > 20 ? undefined : 1 },
      shapes: [upright(0)] }, CONFIG);
    state.drawn = "";
  }

  function upright(x) {
    return { type: "line", x0: x, x1: x, y0: 0, y1: 1, yref: "paper",
      line: { color: "#D55E00", width: 2 } };
  }

  function setCurve(curve) {
    state.curve = curve.version;
    state.rewards = curve.rewards;
    const every = curve.rewards.every > 1 ? `; one point in ${curve.rewards.every}` : "";
    Plotly.react("rewards", [{ type: "scatter", mode: "lines", x: curve.rewards.x, y: curve.rewards.y,
      line: { color: "#0072B2", width: 2 }, name: "reward" }],
      { font: FONT, height: 310, margin: MARGIN, shapes: [upright(0)],
        xaxis: { title: { text: "decision of the run" + every } },
        yaxis: { title: { text: `reward, mean of ${curve.rewards.window}` } } }, CONFIG);
    state.drawn = "";
    $("learned").hidden = !curve.learning;
    if (curve.learning) {
      const figure = JSON.parse(curve.learning);
      Plotly.react("learning", figure.data, figure.layout, CONFIG);
    }
  }

  function mark(index) {
    const where = `${state.seen}/${index}`;
    if (!state.answer || state.drawn === where || !state.decision.length) return;
    state.drawn = where;
    const ofRun = state.answer.before + state.decision[index];
    if ($("decisions").layout) Plotly.relayout("decisions", { shapes: [upright(state.decision[index])] });
    if ($("rewards").layout) Plotly.relayout("rewards", { shapes: [upright(ofRun)] });
  }

  // ---- controls

  function describe(answer) {
    const one = answer.runs.find((run) => run.key === answer.run) || {};
    $("status").textContent = `${state.scene ? state.scene.scenario + " · " : ""}${answer.status} · ` +
      `${one.episodes} episode${one.episodes === 1 ? "" : "s"} · ${one.decisions} decisions`;
    const notes = (answer.notes || []).slice();
    if (answer.left_out) notes.push(`${answer.left_out} more runs are not listed`);
    $("notes").textContent = notes.join("; ");
    const chooser = $("run");
    list(chooser, answer.runs, (run) => new Option(run.name, run.key));
    chooser.value = answer.run;
    if (document.activeElement !== $("episode")) $("episode").value = answer.episode || 0;
    $("episode").max = Math.max(0, (answer.episodes || 1) - 1);
    $("parts").hidden = !(answer.parts > 1);
    if (document.activeElement !== $("part")) $("part").value = answer.part || 0;
    $("part").max = Math.max(0, (answer.parts || 1) - 1);
    $("all").hidden = answer.runs.length < 2;
    if (answer.runs.length > 1) listRuns(answer);
  }

  // A child per run. They stay while the runs do: a button that is replaced between press and
  // release is not clicked.
  function list(element, runs, make) {
    const keys = runs.map((run) => run.key).join("\n");
    if (element.dataset.keys === keys) return;
    element.dataset.keys = keys;
    element.replaceChildren(...runs.map(make));
  }

  function listRuns(answer) {
    const table = $("runs");
    list(table, answer.runs, rowOf);
    answer.runs.forEach((run, k) => {
      const row = table.children[k];
      row.className = run.key === answer.run ? "shown" : "";
      [run.status, run.episodes, run.decisions, run.reward == null ? "–" : run.reward.toPrecision(4)]
        .forEach((content, column) => { row.children[column + 1].textContent = content; });
    });
  }

  function rowOf(run) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = run.name;
    button.addEventListener("click", () => choose({ run: run.key, episode: -1, part: -1 }));
    const row = document.createElement("tr");
    for (let column = 0; column < 5; ++column) row.append(document.createElement("td"));
    row.firstChild.append(button);
    return row;
  }

  function choose(what) {
    Object.assign(state, what);
    return poll();
  }

  function draw() {
    if (!state.decision.length) return;
    state.time = Math.min(Math.max(state.time, state.begins), state.ends);
    const index = indexAt(state.time);
    const open = openAt(state.time);
    drawMap(index, open);
    mark(index);
    const reach = state.ends - state.begins || 1;
    $("time").value = Math.round(1000 * (state.time - state.begins) / reach);
    const timed = state.begin[index] != null;
    $("clock").textContent = `decision ${state.decision[index]}` +
      (timed ? `, ${state.time.toFixed(3)} s, ${open.length} open` : "");
  }

  function setPlaying(playing) {
    state.playing = playing;
    $("play").textContent = playing ? "pause" : "play";
  }

  function setTime(time) {
    state.time = time;
    draw();
  }

  function leaveLive() {
    drop();
    $("live").checked = false;
    if (state.answer) Object.assign(state, { episode: state.answer.episode ?? -1, part: state.answer.part ?? -1 });
  }

  // Live: what came is played within about one poll, so that the page keeps up with the run.
  function frame() {
    if (document.hidden || !state.decision.length) return;
    const step = FRAME_MS / 1000;
    if (live()) {
      if (state.time < state.ends - 1e-9) setTime(state.time + Math.max((state.ends - state.time) * step, step));
    } else if (state.playing) {
      if (state.time >= state.ends) setPlaying(false);
      else setTime(state.time + step * Number($("speed").value));
    }
  }

  $("time").addEventListener("input", () => {
    leaveLive();
    setPlaying(false);
    setTime(state.begins + (state.ends - state.begins) * Number($("time").value) / 1000);
  });
  $("play").addEventListener("click", () => {
    leaveLive();
    if (!state.playing && state.time >= state.ends) state.time = state.begins;
    setPlaying(!state.playing);
  });
  $("live").addEventListener("change", () => {
    if (live()) { setPlaying(false); choose({ episode: -1, part: -1 }); } else leaveLive();
  });
  $("run").addEventListener("change", () => choose({ run: $("run").value, episode: -1, part: -1 }));
  $("episode").addEventListener("change", () => {
    leaveLive();
    choose({ episode: Number($("episode").value), part: 0 });
  });
  $("part").addEventListener("change", () => { leaveLive(); choose({ part: Number($("part").value) }); });
  $("controls").addEventListener("submit", (event) => event.preventDefault());

  setInterval(() => { if (!asking && !document.hidden) poll(); }, POLL_MS);
  setInterval(frame, FRAME_MS);
  window.tandemWatch = { state, setTime, openAt, leaveLive, ready: poll() };
})();
