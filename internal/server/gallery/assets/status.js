// The index: how many pictures, which model, whether it is being filled, and what failed.

import { h, announce, button, fill, plural } from './dom.js';
import { call } from './api.js';

export function show(app, root) {
  const view = new Status(app, root);
  view.load();
  return view;
}

function ago(time) {
  const s = (Date.now() - Date.parse(time)) / 1000;
  if (!(s >= 0)) return new Date(time).toLocaleString('en-GB');
  const steps = [[60, 1, 'second'], [3600, 60, 'minute'], [86400, 3600, 'hour'], [2592000, 86400, 'day']];
  for (const [below, unit, name] of steps) if (s < below) return `${plural(Math.floor(s / unit), name)} ago`;
  return new Date(time).toLocaleDateString('en-GB', { year: 'numeric', month: 'long', day: 'numeric' });
}

class Status {
  constructor(app, root) {
    this.app = app;
    this.facts = h('dl', { class: 'facts wide' });
    this.work = h('div', { class: 'work' });
    // Kept apart from what is redrawn all the time, so that the focus stays on a button.
    this.start = h('div', { class: 'row', hidden: true },
      button({ text: 'Look for new pictures', class: 'primary', onclick: () => this.index(false) }),
      button({ text: 'Try the failed files again', onclick: () => this.index(true) }));
    this.failed = h('section', { class: 'card', hidden: true });
    root.append(h('div', { class: 'page' }, h('header', null, h('h1', null, 'Index')),
      h('section', { class: 'card' }, this.work, this.start, this.facts), this.failed));
    this.timer = setInterval(() => { if (!document.hidden) this.load(); }, 2000);
  }

  destroy() { clearInterval(this.timer); this.asked?.abort(); }
  back() { this.load(); }

  async load() {
    this.asked?.abort();
    this.asked = new AbortController();
    try {
      const s = await call('status', { signal: this.asked.signal });
      this.app.status = s;
      this.#draw(s);
      if (s.failures !== this.failures) {
        this.failures = s.failures;
        await this.#failures(s.failures);
      }
    } catch (err) {
      if (err.name !== 'AbortError' && !err.away) fill(this.work, h('p', { class: 'bad', role: 'alert' }, err.message, err.hint && ` ${err.hint}`));
    }
  }

  /** index starts a run over the folders of the index. */
  async index(retry) {
    try {
      await call('index', { body: { retry } });
      announce(retry ? 'Trying the failed files again.' : 'Looking for new pictures.');
      this.load();
    } catch (err) {
      announce([err.message, err.hint].filter(Boolean).join(' '), { bad: true });
    }
  }

  #draw(s) {
    this.start.hidden = !(s.allow_index && s.role === 'write');
    for (const b of this.start.children) b.disabled = Boolean(s.writing || s.job);
    this.start.lastChild.hidden = s.failures === 0;
    const growing = s.writing || s.job?.kind === 'index';
    const rate = this.last && growing ? (s.records - this.last.records) / ((Date.now() - this.last.at) / 1000) : 0;
    if (!this.last || this.last.records !== s.records || Date.now() - this.last.at > 6000) this.last = { records: s.records, at: Date.now() };
    fill(this.work,
      h('p', { class: 'big' }, h('strong', null, s.records.toLocaleString('en')), ` ${s.records === 1 ? 'picture' : 'pictures'}`),
      h('p', { class: growing ? 'working' : 'muted', role: 'status' }, growing ? `Indexing now${rate > 0.1 ? `, ${rate.toFixed(1)} a second` : ''}.` : `Last changed ${ago(s.updated)}.`),
      s.job && h('div', null, h('progress', { max: s.job.planned || undefined, value: s.job.planned ? s.job.done : undefined, 'aria-label': `Progress of the ${s.job.kind} job` }),
        h('small', null, `${s.job.kind}: ${s.job.done.toLocaleString('en')} of ${s.job.planned.toLocaleString('en')}`)),
      s.records === 0 && h('p', null, 'To add pictures, in a terminal: ', h('code', null, 'indexer run ~/Pictures')));
    const rows = [
      ['Collection', s.collection], ['Where', `${s.store}: ${s.location}`],
      ['Model', `${s.model.name} (${s.model.precision}, ${s.model.dim} numbers a picture)`],
      ['Size', s.bytes > 0 && `${(s.bytes / 1e6).toFixed(1)} MB`], ['Created', ago(s.created)],
      ['Damaged files', s.damaged > 0 && h('button', { type: 'button', class: 'link', onclick: () => this.app.go('has:damage') }, s.damaged.toLocaleString('en'))],
      ['Thumbnails', s.thumbnails && `${s.thumbnails.files.toLocaleString('en')} kept, ${(s.thumbnails.bytes / 1e6).toFixed(1)} MB`],
      ['You may', this.app.mayWrite ? 'look, and change tags' : 'look'], ['Sightline', s.version], ['Notice', s.notice],
    ].filter(([, v]) => v);
    fill(this.facts, ...rows.flatMap(([k, v]) => [h('dt', null, k), h('dd', null, v)]));
  }

  async #failures(n) {
    this.failed.hidden = n === 0;
    if (!n) return;
    const { failures, total } = await call('failures', { params: { limit: 200 }, signal: this.asked.signal });
    fill(this.failed, h('header', null, h('h2', null, `${plural(total, 'file')} could not be read`)),
      h('p', { class: 'muted' }, 'They are tried again when they change, or by ', h('code', null, 'indexer retry'), '.'),
      h('div', { class: 'tablebox', tabindex: '0', role: 'region', 'aria-label': 'Files that could not be read' }, h('table', { class: 'table' }, h('thead', null, h('tr', null, ['File', 'Why', 'When'].map((t) => h('th', { scope: 'col' }, t)))),
        h('tbody', null, failures.map((f) => h('tr', null, h('td', { class: 'pathcell' }, f.path), h('td', null, f.reason), h('td', null, ago(f.at))))))),
      total > failures.length && h('p', { class: 'muted' }, `and ${(total - failures.length).toLocaleString('en')} more: indexer status lists them all.`));
  }
}
