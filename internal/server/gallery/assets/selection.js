// The pictures that are selected, across searches, and what can be done with them.

import { announce, button, copyText, h, plural, save } from './dom.js';
import { download } from './api.js';

export class Selection {
  constructor(bar) {
    this.hits = new Map();
    this.watchers = new Set();
    this.bar = bar;
    this.actions = [];
  }

  get size() { return this.hits.size; }
  has(id) { return this.hits.has(id); }
  all() { return [...this.hits.values()]; }
  watch(f) { this.watchers.add(f); return () => this.watchers.delete(f); }

  toggle(hit) {
    if (!this.hits.delete(hit.id)) this.hits.set(hit.id, hit);
    this.#changed();
  }

  add(hits, capped = 0) {
    hits.forEach((hit) => this.hits.set(hit.id, hit));
    if (capped) announce(`Only the first ${capped.toLocaleString('en')} pictures were selected.`);
    this.#changed();
  }

  clear() {
    if (!this.size) return;
    this.hits.clear();
    this.#changed();
  }

  #changed() {
    this.watchers.forEach((f) => f());
    this.render();
  }

  /** allowed makes the bar anew where what the visitor may do has changed. */
  allowed() {
    if (this.bar.contains(document.activeElement)) return;
    this.bar.replaceChildren();
    this.render();
  }

  /** render shows the bar; focus stays where it is. */
  render() {
    const { bar } = this;
    bar.hidden = this.size === 0;
    document.body.classList.toggle('selecting', this.size > 0);
    if (!this.size) { bar.replaceChildren(); return; }
    if (!bar.firstChild) {
      this.text = h('strong', { 'aria-live': 'polite' });
      bar.append(this.text,
        button({ icon: 'copy', text: 'Copy paths', onclick: () => this.copyPaths() }),
        button({ icon: 'down', text: 'Download', onclick: (ev) => this.menu(ev.currentTarget) }),
        ...this.actions.filter((a) => a.when?.() ?? true).map(({ icon, text, ...a }) => button({ icon, text, onclick: () => a.run(this.all()) })),
        button({ icon: 'close', label: 'Clear the selection', class: 'quiet', onclick: () => this.clear() }));
    }
    this.text.textContent = `${this.size.toLocaleString('en')} selected`;
  }

  async copyPaths() {
    try {
      await copyText(this.all().map((hit) => hit.path).join('\n'));
      announce(`Copied ${plural(this.size, 'path')}.`);
    } catch (err) {
      announce(`Not copied: ${err.message}`, { bad: true });
    }
  }

  /** menu asks whether the files or their list are wanted. */
  menu(anchor) {
    const menu = h('div', { class: 'menu', role: 'menu', popover: 'auto', 'aria-label': 'Download' },
      h('button', { type: 'button', role: 'menuitem', onclick: () => { menu.hidePopover(); this.fetch('zip', 'pictures.zip'); } }, 'The files, as one zip'),
      h('button', { type: 'button', role: 'menuitem', onclick: () => { menu.hidePopover(); this.fetch('list', 'pictures.txt'); } }, 'A list of their paths'));
    document.body.append(menu);
    menu.addEventListener('toggle', (ev) => { if (ev.newState === 'closed') { menu.remove(); anchor.focus(); } });
    menu.addEventListener('keydown', (ev) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[ev.key];
      if (!step) return;
      const items = [...menu.children];
      items[(items.indexOf(document.activeElement) + step + items.length) % items.length].focus();
      ev.preventDefault();
    });
    menu.showPopover();
    const at = anchor.getBoundingClientRect();
    menu.style.left = `${Math.max(8, Math.min(at.left, innerWidth - menu.offsetWidth - 8))}px`;
    menu.style.top = `${Math.max(8, at.top - menu.offsetHeight - 8)}px`;
    menu.firstChild.focus();
  }

  async fetch(format, name) {
    const hits = this.all();
    if (format === 'zip') announce(`Packing ${plural(hits.length, 'picture')}…`);
    try {
      save(await download(hits.map((hit) => hit.id), format), name);
    } catch (err) {
      announce(`Not downloaded: ${err.message}`, { bad: true });
    }
  }
}
