// SPDX-License-Identifier: BSD-2-Clause
// The status page.  Everything that comes from the daemon is put in as text,
// never as markup: names are chosen by strangers.
'use strict';

(() => {

const STEP_S = 5;               // a point of the history, HISTORY_STEP_S
const POINTS = 720;
const NAMES_SHOWN = 200;
const PATIENCE_MS = 20000;
const PLOT_LEAST_S = 600;
const NAMES_MANY = 20000;       // too many to look through every time
const SOURCES = ['zone', 'hosts', 'lease', 'special', 'cache', 'forward',
  'error'];
const FAILURES = ['nxdomain', 'servfail', 'refused', 'other'];
const GROUPS = ['local', 'cache', 'forward'];
const GROUP_COLOURS = {local: '--hosts', cache: '--cache',
  forward: '--forward'};
const FAILURE_COLOURS = {nxdomain: '--zone', servfail: '--forward',
  refused: '--cache', other: '--special'};
const UPSTREAM_COLOURS = ['--zone', '--forward', '--hosts', '--cache',
  '--lease', '--error', '--special'];

const points = [];              // the last hour, oldest first
let upstreamNames = [];
let boundsUs = [];
let shown = 'overview';
let failing = 0;
let refreshes = 0;              // that were asked for
let opened = true;              // the view was, since it was drawn last
let width = document.body.clientWidth;

const at = id => document.getElementById(id);

// ---- elements ----

function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {}))
    element.setAttribute(name, value);
  element.append(...children.map(c => c instanceof Node ? c : String(c)));
  return element;
}

function swatch(element, variable) {
  element.style.setProperty('--swatch', `var(${variable})`);
  return element;
}

function fillTable(table, heads, rows, nothing) {
  const head = make('tr', {}, ...heads.map(h =>
    make('th', h.number ? {class: 'number'} : {}, h.text)));
  const body = rows.map(row => make('tr', {}, ...row.map((cell, i) => {
    const classes = [heads[i].number && 'number', heads[i].class,
      cell && cell.class].filter(Boolean).join(' ');
    const text = cell instanceof Object && !(cell instanceof Node)
      ? cell.text : cell;
    return make('td', classes ? {class: classes} : {}, text ?? '');
  })));
  if (body.length === 0)
    body.push(make('tr', {}, make('td',
      {class: 'quiet', colspan: heads.length}, nothing)));
  table.replaceChildren(make('thead', {}, head),
    make('tbody', {}, ...body));
}

// ---- figures ----

function round(n) {
  if (n >= 100) return Math.round(n).toLocaleString('en');
  return String(Number(n.toPrecision(2)));
}

function duration(us) {
  if (us === null || us === undefined) return '–';
  if (us < 1000) return `${round(us)} µs`;
  return us < 1e6 ? `${round(us / 1000)} ms` : `${round(us / 1e6)} s`;
}

function span(seconds) {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor(s / 60) % 60} min`;
  return `${Math.floor(s / 86400)} d ${Math.floor(s / 3600) % 24} h`;
}

const sum = list => list.reduce((a, b) => a + b, 0);

function lastMinutes(minutes) {
  return points.slice(-Math.ceil(minutes * 60 / STEP_S));
}

function perSecond(part, count) {
  const ms = sum(part.map(p => p.span));
  return ms ? 1000 * sum(part.map(count)) / ms : 0;
}

function buckets(part, group) {
  const total = boundsUs.map(() => 0).concat(0);
  for (const point of part)
    point.took[group].forEach((n, i) => { total[i] += n; });
  return total;
}

// The bound under which that share of the answers came; null: none came.
function quantile(counts, share) {
  const all = sum(counts);
  let below = 0;
  for (let i = 0; i < counts.length && all; i++) {
    below += counts[i];
    if (below >= share * all) return boundsUs[Math.min(i, boundsUs.length - 1)];
  }
  return null;
}

// ---- asking the daemon ----

async function get(path, parameters) {
  const query = new URLSearchParams(parameters || {}).toString();
  const answer = await fetch(query ? `${path}?${query}` : path,
    {cache: 'no-store', signal: AbortSignal.timeout(PATIENCE_MS)});
  if (answer.ok) return answer.json();
  const error = new Error((await answer.text()).trim() || answer.statusText);
  error.refused = answer.status < 500;
  throw error;
}

function trouble(text) {
  at('trouble').hidden = !text;
  at('trouble').textContent = text || '';
}

// ---- plots ----

const plots = new Map();

function colour(variable) {
  return getComputedStyle(document.documentElement)
    .getPropertyValue(variable).trim();
}

function axis(more) {
  return {stroke: colour('--quiet'), grid: {stroke: colour('--rule'), width: 1},
    ticks: {stroke: colour('--rule'), width: 1}, ...more};
}

function makePlot(place, series, stacked) {
  const clock = new Intl.DateTimeFormat([], {hour: '2-digit',
    minute: '2-digit', hour12: false});
  return new uPlot({
    width: Math.max(place.clientWidth, 200),
    height: place.clientHeight,
    cursor: {drag: {x: false, y: false}},
    legend: {show: false},
    scales: {
      x: {range: (u, low, high) =>
        [Math.min(low, high - PLOT_LEAST_S), high]},
      y: {range: (u, low, high) => [0, high > 0 ? high * 1.08 : 1]},
    },
    axes: [axis({values: (u, times) => times.map(t =>
      clock.format(new Date(t * 1000)))}), axis({size: 58})],
    series: [{}].concat(series.map(s => ({
      label: s.label,
      stroke: colour(s.colour),
      fill: stacked ? colour(s.colour) : undefined,
      width: 1.5,
      points: {show: false},
      spanGaps: false,
    }))),
  }, [[]], place);
}

// Of a stack the whole is drawn first, so that each part lies over it.
function stack(rows) {
  const total = rows.length ? rows[0].map(() => 0) : [];
  return rows.map(row => row.map((n, i) => { total[i] += n; return total[i]; }))
    .reverse();
}

function drawPlot(id, key, series, stacked) {
  const place = at(id);
  const order = stacked ? series.slice().reverse() : series;
  const rows = series.map(s => s.values);
  const names = series.map(s => s.label + s.colour).join('\n');
  let plot = plots.get(id);
  if (!place.clientWidth) return;
  if (!plot || plot.names !== names) {
    if (plot) plot.drawn.destroy();
    plot = {names, drawn: makePlot(place, order, stacked)};
    plots.set(id, plot);
    at(key).replaceChildren(...series.map(s =>
      swatch(make('span', {}, s.label), s.colour)));
  }
  if (plot.drawn.width !== place.clientWidth)
    plot.drawn.setSize({width: place.clientWidth,
      height: place.clientHeight});
  plot.drawn.setData([points.map(p => p.at)].concat(
    stacked ? stack(rows) : rows));
}

function forgetPlots() {
  for (const plot of plots.values()) plot.drawn.destroy();
  plots.clear();
}

// ---- overview ----

const rate = (point, n) => point.span ? 1000 * n / point.span : 0;

function drawRates() {
  const used = SOURCES.filter((s, i) => points.some(p => p.answers[i]));
  drawPlot('rate', 'rate-key', (used.length ? used : ['hosts']).map(s => ({
    label: s === 'special' ? 'special names' : s,
    colour: `--${s}`,
    values: points.map(p => rate(p, p.answers[SOURCES.indexOf(s)])),
  })), true);
  drawPlot('failures', 'failures-key', FAILURES.map((f, i) => ({
    label: f === 'other' ? 'other' : f.toUpperCase(),
    colour: FAILURE_COLOURS[f],
    values: points.map(p => rate(p, p.rcodes[i + 1])),
  })), true);
}

function drawTiles() {
  const now = points.slice(-2), lately = lastMinutes(5);
  const all = GROUPS.map((g, i) => buckets(lately, i));
  const together = boundsUs.map(() => 0).concat(0)
    .map((zero, i) => all[0][i] + all[1][i] + all[2][i]);
  const from = i => sum(lately.map(p => p.answers[i]));
  const hits = from(4), asked = hits + from(5);
  const failed = p => sum(p.rcodes.slice(2));
  const tiles = [
    ['queries a second', round(perSecond(now, p => sum(p.answers)))],
    ['for VM names', round(perSecond(now, p => sum(p.answers.slice(0, 3))))],
    ['from the cache, of other names',
      asked ? `${Math.round(100 * hits / asked)} %` : '–'],
    ['failures a second', round(perSecond(now, failed))],
    ['half of the answers within', duration(quantile(together, 0.5))],
    ['99 of 100 within', duration(quantile(together, 0.99))],
  ];
  at('tiles').replaceChildren(...tiles.map(([text, figure]) =>
    make('div', {class: 'card'}, make('b', {}, figure),
      make('span', {class: 'quiet'}, text))));
}

function latencyRow(i, counts, most) {
  const n = sum(counts.map(c => c[i]));
  const bar = make('span', {class: 'bar'});
  GROUPS.forEach((g, k) => {
    const part = make('i', {title: `${g}: ${counts[k][i]}`});
    part.style.width = `${100 * counts[k][i] / most}%`;
    part.style.background = `var(${GROUP_COLOURS[g]})`;
    bar.append(part);
  });
  return [make('span', {class: 'quiet'}, i < boundsUs.length
    ? `≤ ${duration(boundsUs[i])}` : `> ${duration(boundsUs[i - 1])}`),
    bar, make('span', {class: 'quiet'}, n.toLocaleString('en'))];
}

function drawLatency() {
  const counts = GROUPS.map((g, i) => buckets(points, i));
  const totals = counts[0].map((n, i) => sum(counts.map(c => c[i])));
  const first = totals.findIndex(n => n > 0);
  const last = totals.length - 1 -
    totals.slice().reverse().findIndex(n => n > 0);
  const rows = [];
  if (first < 0) {
    at('latency').replaceChildren(
      make('p', {class: 'quiet'}, 'nobody has asked yet'));
    return;
  }
  for (let i = first; i <= last; i++)
    rows.push(...latencyRow(i, counts, Math.max(...totals)));
  at('latency').replaceChildren(make('div', {class: 'bars'}, ...rows),
    make('div', {class: 'key'}, ...GROUPS.map(g => swatch(
      make('span', {}, g === 'local' ? 'names known here' : g),
      GROUP_COLOURS[g]))));
}

async function explain(event) {
  const out = at('explained');
  const asked = {name: at('explain-name').value.trim()};
  const type = at('explain-type').value.trim();
  const from = at('explain-from').value.trim();
  const to = at('explain-to').value.trim();
  event.preventDefault();
  if (type) asked.type = type;
  if (from) asked.from = from;
  if (to) asked.to = to;
  out.hidden = false;
  try {
    out.textContent = (await get('/api/explain', asked)).words;
  } catch (error) {
    out.textContent = error.message;
  }
}

// ---- names ----

function leaseLeft(record) {
  return record['lease-left'] === undefined ? ''
    : span(record['lease-left']);
}

function nameRow(record, now) {
  return [record.name, record.type, record.data, record.network || '',
    record.file ? `${record.file}:${record.line}` : '',
    leaseLeft(record),
    record.asked ? `${span(now - record.asked)} ago` : ''];
}

let searching = 0;

async function showNames() {
  const mine = ++searching;
  const wanted = at('search').value.trim().split(/\s+/);
  const pattern = wanted.length > 1 ? `*${wanted.join('*')}*` : wanted[0];
  const views = await get('/api/names', pattern
    ? {limit: NAMES_SHOWN, pattern} : {limit: NAMES_SHOWN});
  const found = views.flatMap(view => view.names);
  const now = Date.now() / 1000;
  if (mine !== searching) return;
  fillTable(at('names-table'), [{text: 'Name', class: 'name'}, {text: 'Type'},
    {text: 'Data'}, {text: 'Network'}, {text: 'From', class: 'tight'},
    {text: 'Lease left', class: 'tight'},
    {text: 'Last asked', class: 'tight'}],
  found.map(record => nameRow(record, now)),
  'no name here is like that');
  const matches = sum(views.map(view => view.matches));
  at('found').textContent = matches.toLocaleString('en') +
    (matches === 1 ? ' name' : ' names');
}

// What was typed may be no pattern: that is said, and nothing else is wrong.
async function searchNames() {
  try {
    await showNames();
  } catch (error) {
    if (!error.refused) throw error;
    fillTable(at('names-table'), [{text: 'Name'}], [], error.message);
    at('found').textContent = '';
  }
}

// ---- sources, upstreams ----

const STATE_WORDS = {
  good: ['good', 'good'],
  faulty: ['warn', 'some lines are bad, the others count'],
  kept: ['warn', 'broken, last good content in use'],
  missing: ['bad', 'missing'],
  refused: ['bad', 'refused, another file gives this zone'],
};

function sourceRows(status) {
  const views = [{name: '', sources: status.sources}]
    .concat(status.views || []);
  return views.flatMap(view => (view.sources || []).map(source => {
    const [mood, words] = STATE_WORDS[source.state] || ['warn', source.state];
    return [source.path, source.kind, view.name, {class: mood, text: words},
      source.records, source.errors, source.warnings,
      source['last-success'] ? new Date(source['last-success'] * 1000)
        .toLocaleString() : 'never'];
  }));
}

function showSources(status) {
  fillTable(at('sources-table'), [{text: 'File', class: 'name'},
    {text: 'Kind'}, {text: 'View'}, {text: 'State'},
    {text: 'Records', number: true}, {text: 'Errors', number: true},
    {text: 'Warnings', number: true}, {text: 'Read', class: 'tight'}],
  sourceRows(status), 'no source is configured');
  at('diagnostics').textContent = status.diagnostics ||
    'nothing: all is well';
}

function upstreamRow(upstream) {
  const over = upstream['passed-over'];
  return [upstream.address, over
    ? {class: 'bad', text: `passed over for ${span(over['for-ms'] / 1000)}: ` +
        over.why}
    : {class: 'good', text: 'well'},
  upstream['rtt-ms'] === undefined ? '–' : `${round(upstream['rtt-ms'])} ms`,
  upstream.sent, upstream.answered, upstream.lost];
}

function routeRows(status) {
  const views = [{name: '', forward: status.forward}]
    .concat(status.views || []);
  return views.flatMap(view => (view.forward || []).map(route => {
    const wrong = [route.error].concat((route.troubles || []).map(t =>
      `${t.upstream}: ${t.error}`)).filter(Boolean).join('; ');
    return [route.zone, view.name, route.to.join(', '),
      wrong ? {class: 'bad', text: wrong} : ''];
  }));
}

function showUpstreams(status) {
  fillTable(at('routes-table'), [{text: 'Names below', class: 'name'},
    {text: 'View'}, {text: 'Go to'}, {text: 'Trouble'}], routeRows(status),
  'nowhere: this is an isolated network');
  fillTable(at('upstreams-table'), [{text: 'Server', class: 'name'},
    {text: 'Health'}, {text: 'RTT', number: true},
    {text: 'Sent', number: true}, {text: 'Answered', number: true},
    {text: 'Lost', number: true}],
  (status.upstreams || []).map(upstreamRow), 'nobody was asked yet');
  at('rtt').hidden = !upstreamNames.length;
  if (upstreamNames.length)
    drawPlot('rtt', 'rtt-key', upstreamNames.map((u, i) => ({
      label: u.name,
      colour: UPSTREAM_COLOURS[i % UPSTREAM_COLOURS.length],
      values: points.map(p => {
        const one = p.upstreams.find(x => x[0] === u.place);
        return one && one[3] ? one[3] / 1000 : null;
      }),
    })), false);
  else
    at('rtt-key').textContent = 'no upstream was asked in the last hour';
}

// ---- who asks ----

async function showAsked() {
  const tops = await get('/api/tops');
  const count = {text: 'Queries', number: true};
  fillTable(at('asked-names'), [{text: 'Name', class: 'name'}, count],
    tops.names.map(t => [t.name, t.count]), 'nobody has asked yet');
  fillTable(at('asked-failed'), [{text: 'Name', class: 'name'},
    {text: 'Answer', class: 'tight'}, count],
  tops.failed.map(t => [t.name, t.rcode, t.count]),
  'every question had an answer');
  fillTable(at('asked-clients'), [{text: 'Client', class: 'name'}, count],
    tops.clients.map(t => [t.address, t.count]), 'nobody has asked yet');
}

// ---- all together ----

function keepPoints(history) {
  boundsUs = history.bounds_us;
  upstreamNames = history.upstreams;
  const last = points.length ? points[points.length - 1].number : 0;
  points.push(...history.points.filter(p => p.number > last));
  points.splice(0, Math.max(0, points.length - POINTS));
}

async function refreshHistory() {
  const after = points.length ? points[points.length - 1].number : 0;
  const history = await get('/api/history', {after});
  if (history.newest < after) points.length = 0;        // it was restarted
  keepPoints(history.newest < after
    ? await get('/api/history', {after: 0}) : history);
}

function showState(status) {
  const pill = at('state');
  pill.textContent = status.degraded ? 'degraded' : 'ready';
  pill.className = `pill ${status.degraded ? 'warn' : 'good'}`;
  at('facts').textContent = `${status.names.toLocaleString('en')} names, ` +
    `generation ${status.generation}, up ${span(status.uptime)}, ` +
    `version ${status.version}`;
}

function lose() {
  const pill = at('state');
  pill.textContent = 'no answer';
  pill.className = 'pill bad';
}

async function refreshAll() {
  try {
    await refreshHistory();
    if (shown === 'overview') { drawRates(); drawTiles(); drawLatency(); }
    const status = await get('/api/status');
    showState(status);
    if (shown === 'names' && (opened || status.names < NAMES_MANY))
      await searchNames();
    if (shown === 'sources') showSources(status);
    if (shown === 'upstreams') showUpstreams(status);
    if (shown === 'asked') await showAsked();
    failing = 0;
    opened = false;
    trouble('');
  } catch (error) {
    if (++failing > 1) lose();
    trouble(`hostler does not answer here: ${error.message}`);
  }
}

// One at a time; who asks meanwhile gets one more.
async function refresh() {
  refreshes++;
  if (refreshes > 1) return;
  while (refreshes > 0) {
    refreshes = 1;
    await refreshAll();
    refreshes--;
  }
}

function show() {
  const wanted = location.hash.slice(1);
  const section = wanted && at(wanted);
  shown = section && section.tagName === 'SECTION' ? wanted : 'overview';
  for (const one of document.querySelectorAll('main > section'))
    one.hidden = one.id !== shown;
  for (const link of document.querySelectorAll('nav a')) {
    if (link.hash === `#${shown}`) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  opened = true;
  refresh();
}

async function goOn() {
  if (!document.hidden) await refresh();
  setTimeout(goOn, STEP_S * 1000);
}

function later(action, ms) {
  let timer = 0;
  return () => { clearTimeout(timer); timer = setTimeout(action, ms); };
}

addEventListener('hashchange', show);
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) refresh();
});
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  forgetPlots();
  refresh();
});
at('explain').addEventListener('submit', explain);
at('search').addEventListener('input', later(() => searchNames()
  .catch(error => trouble(error.message)), 150));
new ResizeObserver(later(() => {
  const now = document.body.clientWidth;
  if (now !== width) refresh();
  width = now;
}, 150)).observe(document.body);
show();
setTimeout(goOn, STEP_S * 1000);

})();
