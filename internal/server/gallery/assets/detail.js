// One picture, large, and what is known of it.

import { h, announce, button, copyText, fill, icon } from './dom.js';
import * as api from './api.js';
import { quoted } from './searchbox.js';

const sources = { file: 'in the file', user: 'by hand' };

/** bytes writes a size. */
function bytes(n) {
  if (!n) return '';
  const units = ['bytes', 'kB', 'MB', 'GB'];
  const k = Math.min(Math.floor(Math.log10(n) / 3), 3);
  return `${(n / 1000 ** k).toFixed(k > 1 ? 1 : 0)} ${units[k]}`;
}

export class Detail {
  /**
   * hits has wait(index) and count; closed is called with the last index.
   */
  constructor(app, { source, index, closed }) {
    Object.assign(this, { app, source, index, closed });
    this.picture = h('img', { class: 'big', alt: '', decoding: 'async' });
    this.stage = h('div', { class: 'stage' }, this.picture,
      button({ icon: 'left', label: 'Previous picture', class: 'quiet step prev', onclick: () => this.step(-1) }),
      button({ icon: 'right', label: 'Next picture', class: 'quiet step next', onclick: () => this.step(1) }));
    this.info = h('div', { class: 'info' });
    this.element = h('dialog', { class: 'detail', 'aria-label': 'Picture' },
      button({ icon: 'close', label: 'Close', class: 'quiet closer', onclick: () => this.close() }),
      this.stage, h('aside', { 'aria-label': 'About the picture', tabindex: '0' }, this.info),
      h('p', { class: 'sr', role: 'status', 'aria-live': 'polite' }));
    this.element.addEventListener('keydown', (ev) => this.#key(ev));
    this.element.addEventListener('close', () => { this.element.remove(); this.asked?.abort(); this.closed(this.index); });
    this.stage.addEventListener('pointerdown', (ev) => { this.from = ev.pointerType === 'touch' ? ev.clientX : null; });
    this.stage.addEventListener('pointerup', (ev) => {
      if (this.from === null || this.from === undefined) return;
      const by = ev.clientX - this.from;
      if (Math.abs(by) > 60) this.step(by < 0 ? 1 : -1);
      this.from = null;
    });
    document.body.append(this.element);
    this.element.showModal();
    this.show(index);
  }

  close() { this.element.close(); }

  step(by) { this.show(this.index + by); }

  async show(index) {
    if (index < 0) return;
    const hit = await this.source.wait(index).catch(() => null);
    if (!hit || !this.element.isConnected) return;
    this.index = index;
    this.hit = hit;
    this.asked?.abort();
    const asked = this.asked = new AbortController();
    const label = api.describe(hit);
    this.picture.alt = label;
    this.element.querySelector('[role=status]').textContent = label;
    this.picture.classList.remove('in', 'broken');
    // The thumbnail of the grid is there already: it stands in until the large one has come.
    this.picture.src = api.thumbnail(hit, 400);
    this.picture.width = hit.width || 300;
    this.picture.height = hit.height || 200;
    const large = new Image();
    large.onload = () => { if (this.hit === hit) { this.picture.src = large.src; this.picture.classList.add('in'); } };
    large.onerror = () => { if (this.hit === hit) this.picture.classList.add('broken'); };
    large.src = api.thumbnail(hit, Math.max(innerWidth, innerHeight) * Math.min(devicePixelRatio, 2));
    this.stage.querySelector('.prev').disabled = index === 0;
    this.stage.querySelector('.next').disabled = this.source.done && index >= this.source.count - 1;
    this.#draw(hit, hit);
    this.app.opened?.(hit);
    try {
      const full = await api.image(hit.id, asked.signal);
      await this.app.known; // what this visitor may do
      if (this.hit === hit) this.#draw(hit, full);
    } catch (err) {
      if (err.name !== 'AbortError' && !err.away) this.info.append(h('p', { class: 'bad' }, err.message));
    }
    this.source.wait(index + 1).then((next) => { if (next && this.hit === hit) new Image().src = api.thumbnail(next, Math.max(innerWidth, innerHeight) * Math.min(devicePixelRatio, 2)); }, () => {});
  }

  #draw(hit, full) {
    const { app } = this;
    const folder = full.path.slice(0, full.path.lastIndexOf('/')) || '/';
    // Below the folder of the run that found it, which is all that tells pictures apart.
    const root = full.root?.replace(/\/+$/, '');
    const place = root && `${folder}/`.startsWith(`${root}/`) ? root.slice(root.lastIndexOf('/') + 1) + folder.slice(root.length) : folder;
    const go = (line) => { this.close(); app.go(line); };
    const selected = app.selection.has(hit.id);
    const facts = [
      ['When', full.taken && full.date_kind !== 'file' ? api.day(full.taken) : full.taken && `${api.day(full.taken)} (date of the file)`],
      ['Where', full.position?.length === 2 && h('button', { type: 'button', class: 'link', title: 'Pictures within 5 km', onclick: () => go(`near:"${full.position.join(',')},5km"`) }, full.position.map((x) => x.toFixed(4)).join(', '))],
      ['Camera', full.camera && h('button', { type: 'button', class: 'link', title: 'Pictures of this camera', onclick: () => go(`camera:${quoted(full.camera)}`) }, full.camera)],
      ['Size', [full.width && `${full.width} × ${full.height}`, bytes(full.size ?? full.bytes), full.format?.toUpperCase()].filter(Boolean).join(' · ')],
      ['Stars', full.rating > 0 && h('span', { 'aria-label': `${full.rating} of 5` }, '★'.repeat(full.rating))],
      ['Caption', full.caption],
      ['Copies', hit.copies && `${hit.copies} more of the same content`],
      ['Beside it', full.companions?.length && full.companions.map((c) => c.slice(c.lastIndexOf('/') + 1)).join(', ')],
      ['Damage', full.damage],
    ].filter(([, value]) => value);
    const tags = [...full.tags].sort((a, b) => (b.probability ?? 2) - (a.probability ?? 2));
    fill(this.info,
      h('h2', null, full.title || full.name),
      h('p', { class: 'path' },
        button({ icon: 'folder', text: place, class: 'link', title: `The pictures of ${folder}`, onclick: () => go(`under:${quoted(folder)}`) }),
        app.status?.reveal && button({ text: 'Open the folder', class: 'link', onclick: () => api.reveal(hit.id).then(() => announce('Asked the file manager for it.'), (err) => announce([err.message, err.hint].filter(Boolean).join(' '), { bad: true })) })),
      full.missing && h('p', { class: 'bad' }, 'The file is not there any more.'),
      h('div', { class: 'actions' },
        button({ icon: 'like', text: 'More like this', class: 'primary', onclick: () => { this.close(); app.like(hit, 1); } }),
        button({ icon: 'unlike', text: 'Unlike this', onclick: () => { this.close(); app.like(hit, -1); } }),
        button({ icon: 'check', text: selected ? 'Selected' : 'Select', 'aria-pressed': selected, onclick: () => { app.selection.toggle(hit); this.#draw(hit, full); this.#refocus('Select'); } }),
        button({ icon: 'copy', text: 'Copy path', onclick: () => copyText(full.path).then(() => announce('Copied the path.'), (err) => announce(err.message, { bad: true })) }),
        app.mayWrite && button({ icon: 'tag', text: 'Tag', onclick: async () => { (await import('./tags.js')).tagDialog(app, [full]).then(() => { if (this.hit === hit) { hit.tags = full.tags; this.#draw(hit, full); this.#refocus('Tag'); } }); } }),
        h('a', { class: 'button', href: api.original(hit), target: '_blank', rel: 'noreferrer' }, icon('down'), h('span', null, 'Original'))),
      h('dl', { class: 'facts' }, facts.map(([k, v]) => [h('dt', null, k), h('dd', null, v)])),
      tags.length > 0 && h('section', null, h('h3', null, 'Tags'), h('ul', { class: 'tags' }, tags.map((t) => this.#tag(t, go)))),
      this.#why(hit));
  }

  /** #refocus brings the focus back to a button that was rebuilt. */
  #refocus(text) {
    [...this.info.querySelectorAll('.actions button')].find((b) => b.textContent.startsWith(text))?.focus();
  }

  #tag(t, go) {
    const source = sources[t.source] ?? (t.source?.startsWith('run:') ? 'by a tag run' : t.source);
    return h('li', null,
      h('button', { type: 'button', class: 'link', onclick: () => go(`tag:${quoted(t.label)}`) }, t.label),
      source && h('small', null, source),
      t.probability > 0 && t.source?.startsWith('run:') && bar(t.probability));
  }

  #why(hit) {
    const terms = hit.explain?.terms ?? [];
    if (!terms.length) return null;
    const widest = Math.max(...terms.map((t) => Math.abs(t.part)), 1e-6);
    return h('section', { class: 'why' }, h('h3', null, 'Why it was found'),
      h('ul', null, terms.map((t) => h('li', null,
        h('span', { class: 'term' }, t.term),
        h('span', { class: t.part < 0 ? 'share minus' : 'share' }, h('span', { style: { inlineSize: `${100 * Math.abs(t.part) / widest}%` } })),
        h('small', null, t.weight === 0 ? 'only excludes' : `${t.part < 0 ? '−' : '+'}${Math.abs(t.part).toFixed(3)}`,
          t.probability !== undefined && ` · ${Math.round(t.probability * 100)} % sure`)))),
      h('p', { class: 'muted' }, `Score ${hit.score.toFixed(3)}: the cosine of the query and the picture.`));
  }

  #key(ev) {
    if (ev.ctrlKey || ev.metaKey || ev.altKey || ev.target.closest('input, textarea')) return;
    const scrolls = ev.target.closest('aside');
    switch (ev.key) {
      case 'ArrowRight': this.step(1); break;
      case 'ArrowLeft': this.step(-1); break;
      case 'Home': if (scrolls) return; this.show(0); break;
      case 'm': if (!this.app.keys) return; this.close(); this.app.like(this.hit, 1); break;
      case 'u': if (!this.app.keys) return; this.close(); this.app.like(this.hit, -1); break;
      case 'x': if (!this.app.keys) return; this.app.selection.toggle(this.hit); this.#draw(this.hit, this.hit); break;
      default: return;
    }
    ev.preventDefault();
  }
}

/** bar shows a probability. */
export function bar(p) {
  return h('span', { class: 'prob' }, h('span', { class: 'track', 'aria-hidden': 'true' }, h('span', { style: { inlineSize: `${Math.round(p * 100)}%` } })),
    h('span', null, `${Math.round(p * 100)} %`));
}
