// Pictures that are there twice, which of each to keep, and a list of the others. Nothing is
// ever deleted: the list is for what the reader does with it.

import { h, across, button, announce, plural, save, copyText } from './dom.js';
import * as api from './api.js';
import { Source } from './source.js';

export function show(app, root) {
  const view = new Duplicates(app, root);
  view.load();
  return view;
}

/** The ways to choose the one to keep; "server" is what the server found best, and why. */
const rules = {
  server: { text: 'as proposed', best: () => 0 },
  largest: { text: 'the largest', best: (h) => h.width * h.height },
  heaviest: { text: 'the largest file', best: (h) => h.bytes },
  oldest: { text: 'the oldest', best: (h) => -Date.parse(h.changed) },
  newest: { text: 'the newest', best: (h) => Date.parse(h.changed) },
  shortest: { text: 'the shortest path', best: (h) => -h.path.length },
};

function size(bytes) {
  const k = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), 4);
  return `${(bytes / 1000 ** k).toFixed(k > 1 ? 1 : 0)} ${['bytes', 'kB', 'MB', 'GB', 'TB'][k]}`;
}

class Duplicates {
  constructor(app, root) {
    Object.assign(this, { app, root });
    this.near = false;
    this.rule = 'server';
    this.chosen = new Map(); // group -> id that the reader keeps
    this.summary = h('p', { class: 'lead', role: 'status' });
    this.body = h('div', { class: 'groups' });
    const nearBox = h('input', { type: 'checkbox', onchange: (ev) => { this.near = ev.target.checked; this.load(); } });
    const keep = h('select', { 'aria-label': 'Keep', onchange: (ev) => { this.rule = ev.target.value; this.chosen.clear(); this.draw(); } },
      Object.entries(rules).map(([key, r]) => h('option', { value: key }, `Keep ${r.text}`)));
    root.append(h('div', { class: 'page' },
      h('header', null, h('h1', null, 'Copies'),
        h('label', { class: 'check' }, nearBox, ' and what is nearly the same'), keep,
        button({ icon: 'down', text: 'List of the others', onclick: () => this.list('save') }),
        button({ icon: 'copy', label: 'Copy the list of the others', onclick: () => this.list('copy') })),
      this.summary, this.body));
    this.scrolled = () => { if (root.scrollTop + root.clientHeight * 2 > root.scrollHeight) this.more(); };
    root.addEventListener('scroll', this.scrolled, { passive: true });
  }

  destroy() { this.asked?.abort(); this.root.removeEventListener('scroll', this.scrolled); }
  back() { this.load(); }

  async load() {
    this.asked?.abort();
    this.asked = new AbortController();
    this.groups = [];
    this.total = undefined;
    this.loading = false;
    this.chosen.clear();
    this.body.replaceChildren();
    this.summary.textContent = this.near ? 'Looking at the pictures… this reads files and may take a while.' : 'Looking for copies…';
    await this.more();
  }

  async more() {
    if (this.loading || this.total !== undefined && this.groups.length >= this.total) return;
    this.loading = true;
    const { asked } = this;
    try {
      const page = await api.call('duplicates', { params: { near: this.near || undefined, offset: this.groups.length, limit: 40 }, signal: asked.signal });
      const from = this.groups.length;
      for (const g of page.groups) this.groups.push({ why: g.why, all: [g.keep, ...g.others].map((j) => ({ ...api.asHit(j), same: j.same, nearness: j.nearness })) });
      this.total = page.total;
      this.summary.textContent = page.total === 0 ? 'No copies. Every picture is there once.'
        : `${plural(page.total, 'group')} with ${plural(page.others, 'picture')} too many (${size(page.bytes)}). Nothing is deleted here: you get a list.`;
      if (page.failed?.length && from === 0) announce(`${plural(page.failed.length, 'file')} could not be looked at: ${page.failed[0]}`, { bad: true });
      this.draw(from);
    } catch (err) {
      if (err.name !== 'AbortError') this.summary.textContent = err.message;
    } finally {
      if (asked === this.asked) this.loading = false;
    }
  }

  /** kept is the picture of a group that is kept. */
  kept(g) {
    const chosen = this.chosen.get(g);
    if (chosen) return g.all.find((hit) => hit.id === chosen);
    if (this.rule === 'server') return g.all[0];
    const { best } = rules[this.rule];
    return g.all.reduce((a, b) => best(b) > best(a) ? b : a);
  }

  draw(from = 0) {
    if (from === 0) this.body.replaceChildren();
    this.groups.slice(from).forEach((g, i) => this.body.append(this.#group(g, from + i)));
  }

  #group(g, n) {
    const keep = this.kept(g);
    const source = Source.of(g.all);
    const card = h('section', { class: 'card group', 'aria-label': `Group ${n + 1}` },
      h('div', { class: 'strip' }, g.all.map((hit, i) => h('figure', { class: hit === keep ? 'copy kept' : 'copy', style: { 'inline-size': across(hit, 140, 150) } },
        h('button', { type: 'button', class: 'thumb', 'aria-label': `Look at ${hit.name}`, onclick: (ev) => { const b = ev.currentTarget; this.app.look(source, i, () => b.focus()); } },
          h('img', { src: api.thumbnail(hit, 300), alt: '', loading: 'lazy' })),
        h('figcaption', null,
          h('label', { class: 'check' }, h('input', {
            type: 'radio', name: `group-${n}`, checked: hit === keep,
            onchange: () => { this.chosen.set(g, hit.id); const made = this.#group(g, n); card.replaceWith(made); made.querySelector('input:checked').focus(); },
          }), ' keep'),
          h('strong', { title: hit.path }, hit.name), h('small', { title: hit.path }, hit.folder ?? hit.path),
          h('small', null, [`${hit.width} × ${hit.height}`, size(hit.bytes), hit.same ? 'the same file' : hit.nearness ? `${Math.round(hit.nearness * 100)} % alike` : ''].filter(Boolean).join(' · ')))))),
      h('small', null, this.rule === 'server' && !this.chosen.has(g) ? g.why : `Kept: ${keep.name}`));
    return card;
  }

  /** list fetches all groups, and makes the list of what is not kept. */
  async list(how) {
    try {
      while (this.groups.length < this.total) await this.more();
      const paths = this.groups.flatMap((g) => g.all.filter((hit) => hit !== this.kept(g)).map((hit) => hit.path));
      if (!paths.length) { announce('There are no copies.'); return; }
      const text = `${paths.join('\n')}\n`;
      if (how === 'copy') { await copyText(text); announce(`Copied ${plural(paths.length, 'path')}.`); } else save(new Blob([text], { type: 'text/plain' }), 'copies.txt');
    } catch (err) {
      announce(err.message, { bad: true });
    }
  }
}
