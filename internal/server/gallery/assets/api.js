// All that the page knows of the API: paths, the form of the answers, and what an error is.
// The rest of the page never sees a response.

const base = 'api/v1/';

/** Problem is an error that the server explained (problem+json), or that it is not there. */
export class Problem extends Error {
  constructor(body, status) {
    super(body.detail || body.title || `The server answered ${status}.`);
    this.name = 'Problem';
    this.status = status;
    this.hint = body.hint ?? '';
    this.column = body.column ?? 0;
    this.away = status === 0 || status === 502 || status === 503 || status === 504;
    this.kind = body.kind ?? '';
    this.suggestions = body.suggestions ?? [];
  }
}

/** server tells who listens when it goes away and comes back. */
export const server = new EventTarget();
let away = false;
let retry;

function wentAway(err) {
  if (away) return;
  away = true;
  server.dispatchEvent(new CustomEvent('away', { detail: err }));
  probe(1000);
}

/** probe asks until the server is back, at most every ten seconds. */
function probe(wait) {
  clearTimeout(retry);
  retry = setTimeout(async () => {
    try {
      const r = await fetch('readyz', { cache: 'no-store' });
      if (r.ok) { isBack(); return; }
    } catch { /* still away */ }
    probe(Math.min(wait * 1.6, 10000));
  }, wait);
}

function isBack() {
  if (!away) return;
  away = false;
  clearTimeout(retry);
  server.dispatchEvent(new Event('back'));
}

/** tryNow asks at once, for the button in the banner. */
export function tryNow() { probe(0); }

/**
 * call asks the API. params become the query, undefined ones are left out, arrays are
 * repeated; body is sent as JSON, or as it is when it is a FormData. The answer is JSON,
 * unless a blob is asked for.
 */
export async function call(path, { params, body, method, signal, blob } = {}) {
  const url = new URL(base + path, document.baseURI);
  for (const [key, value] of Object.entries(params ?? {})) {
    for (const v of [value].flat()) if (v !== undefined && v !== null && v !== '') url.searchParams.append(key, v);
  }
  const init = { method: method ?? (body ? 'POST' : 'GET'), signal, headers: { Accept: 'application/json' }, credentials: 'same-origin' };
  if (body instanceof FormData) init.body = body;
  else if (body) { init.body = JSON.stringify(body); init.headers['Content-Type'] = 'application/json'; }
  let response;
  try {
    response = await fetch(url, init);
  } catch (err) {
    if (err.name === 'AbortError') throw err;
    const problem = new Problem({ detail: 'The server does not answer.' }, 0);
    wentAway(problem);
    throw problem;
  }
  if (response.ok) {
    isBack();
    if (response.status === 204) return null;
    return blob ? response.blob() : response.json();
  }
  let problem = {};
  try { problem = await response.json(); } catch { /* not from our server */ }
  const err = new Problem(problem, response.status);
  if (err.away) wentAway(err);
  if (response.status === 401) server.dispatchEvent(new Event('locked'));
  throw err;
}

/** sizes are the thumbnails that the server makes: the longer side in pixels. */
const sizes = [256, 512, 1024, 2048];

/**
 * thumbnail is the address of a picture at least so large. The version in it changes with
 * the picture, so that browsers can keep the answer for good.
 */
export function thumbnail({ id, version }, pixels) {
  const size = sizes.find((s) => s >= pixels * 0.9) ?? sizes[sizes.length - 1];
  return `${base}thumbnails/${encodeURIComponent(id)}?size=${size}${version ? `&v=${version}` : ''}`;
}

/** original is the address of the file itself. */
export function original({ id }) { return `${base}images/${encodeURIComponent(id)}/file?original=true`; }

/** asHit brings a picture of an answer into the form that the page works with. */
export function asHit(j) {
  return {
    ...j,
    name: j.name ?? j.path.slice(j.path.lastIndexOf('/') + 1),
    taken: j.date ?? '',
    labels: (j.tags ?? []).map((t) => typeof t === 'string' ? t : t.label),
    tags: j.tag_details ?? (j.tags ?? []).map((t) => ({ label: t })),
  };
}

/** describe is a picture in words, for those who do not see it. */
export function describe(hit) {
  const parts = [hit.title || hit.caption || hit.name];
  const tags = hit.labels.slice(0, 4);
  if (tags.length) parts.push(tags.join(', '));
  if (hit.taken && hit.date_kind !== 'file') parts.push(day(hit.taken));
  if (hit.copies) parts.push(`${hit.copies} more copies`);
  if (hit.missing) parts.push('the file is gone');
  return parts.join(', ');
}

// Made once for each form of date: making one takes longer than all else that a cell needs.
const dates = ['numeric', undefined].flatMap((d) => ['long', undefined].map((m) => [`${m}${d}`,
  new Intl.DateTimeFormat('en-GB', { year: 'numeric', month: m, day: m && d, timeZone: 'UTC' })]));
const writers = new Map(dates);

/** day writes a date of a picture, which may be as coarse as a year. */
export function day(date) {
  const m = /^(\d{4})(?:-(\d\d))?(?:-(\d\d))?(?:T(\d\d:\d\d))?/.exec(date ?? '');
  if (!m) return '';
  const words = writers.get(`${m[2] && 'long'}${m[3] && 'numeric'}`).format(Date.UTC(+m[1], (m[2] ?? 1) - 1, m[3] ?? 1));
  return m[4] ? `${words}, ${m[4]}` : words;
}

/** listen hears the events of a stream until it is closed; the browser reconnects. */
export function listen(path, handlers) {
  const stream = new EventSource(base + path);
  for (const [name, f] of Object.entries(handlers)) {
    stream.addEventListener(name, (ev) => f(ev.data ? JSON.parse(ev.data) : null));
  }
  return stream;
}

/**
 * search asks for a page of hits. pictures are files to search by, with weights: they are
 * sent once, and then named.
 */
export async function search({ q, pictures = [], cursor, limit, signal }) {
  const params = { q, limit, cursor, explain: true };
  let answer;
  if (pictures.length) {
    try {
      answer = await similar(pictures, params, signal);
    } catch (err) {
      if (err.status !== 404) throw err;
      pictures.forEach((p) => { p.sample = null; }); // the server has forgotten them
      answer = await similar(pictures, params, signal);
    }
  } else {
    answer = await call('search', { params, signal });
  }
  return { ...answer, hits: answer.hits.map(asHit) };
}

async function similar(pictures, params, signal) {
  for (const p of pictures.filter((other) => !other.sample)) {
    const form = new FormData();
    form.append('picture', p.file, p.file.name);
    const sent = await call('search/image', { params: { limit: 1 }, body: form, signal });
    p.sample = sent.samples[0].id;
  }
  return call('similar', { params: { ...params, sample: pictures.map((p) => p.sample), weight: pictures.map((p) => p.weight) }, signal });
}

/** image is everything about one picture. */
export async function image(id, signal) { return asHit(await call(`images/${encodeURIComponent(id)}`, { signal })); }

/** tags are those of the index that begin with something, as {value, count}. */
export async function tags(prefix, signal) {
  const { tags: found } = await call('tags', { params: { prefix, limit: 10 }, signal });
  return found.map((t) => ({ value: t.label, count: t.pictures }));
}

/** folders are those of the index below or like something. */
export async function folders(prefix, signal) {
  const { folders: found } = await call('folders', { params: { prefix, limit: 10 }, signal });
  return found.map((f) => ({ value: f.path, count: f.pictures }));
}

/** savedLabels are the labels made of pictures. */
export async function savedLabels(prefix, signal) {
  const { labels } = await call('labels', { signal });
  return labels.filter((l) => l.name.toLowerCase().startsWith(prefix.toLowerCase())).map((l) => ({ value: l.name }));
}

/** editTags gives pictures tags by hand, and takes such away. */
export function editTags(ids, { add = [], remove = [] }) { return call('tags', { body: { ids, add, remove } }); }

/** correct says that a label is right or wrong on pictures: approved, rejected, withdrawn. */
export function correct(ids, label, verdict) { return call('corrections', { body: { ids, label, verdict } }); }

/** setThreshold sets the least probability of a label, 0 for none of its own. */
export function setThreshold(label, probability) { return call('thresholds', { body: { label, probability } }); }

/** reveal shows a picture in the file manager of the machine, where the server may. */
export function reveal(id) { return call(`images/${encodeURIComponent(id)}/reveal`, { method: 'POST' }); }

/** saveLabel makes a label of pictures. */
export function saveLabel(name, like, replace) { return call('labels', { body: { name, like, replace } }); }

/** address is that of a path of the API, for links. */
export function address(path, params = {}) {
  const q = new URLSearchParams(params).toString();
  return `${base}${path}${q ? `?${q}` : ''}`;
}

/** download is the files of pictures in a zip, or a list of their paths, as a blob. */
export function download(ids, format) { return call('download', { body: { ids, format }, blob: true }); }

/** unlock signs in with a token; the server answers with a cookie. */
export function unlock(token) { return call('session', { body: { token } }); }

/** status is what the server and its index are. */
export function status(signal) { return call('status', { signal }); }

/** clusters are those of the collection, parents before their parts. */
export async function clusters(signal) {
  const { clusters: found } = await call('clusters', { signal });
  return found.map((c, place) => ({ ...c, place }));
}

/** mapPoints are the places of all pictures. */
export async function mapPoints(signal) {
  const m = await call('map', { signal });
  return { ids: m.ids, x: Float32Array.from(m.x), y: Float32Array.from(m.y), cluster: Int32Array.from(m.cluster), since: m.since };
}
