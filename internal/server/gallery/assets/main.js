// The page: which view is shown, the field above all of them, keys that work everywhere, and
// what happens when the server goes away.

import { h, button, icon, announce, dialog, setting } from './dom.js';
import * as api from './api.js';
import { SearchBox } from './searchbox.js';
import { SearchView } from './search.js';
import { Selection } from './selection.js';
import { Pictures } from './pictures.js';

const $ = (id) => document.getElementById(id);

/** The views beside the pictures, loaded when they are first looked at. */
const views = {
  map: () => import('./map.js'),
  days: () => import('./days.js'),
  duplicates: () => import('./duplicates.js'),
  labels: () => import('./labels.js'),
  status: () => import('./status.js'),
};

class App {
  constructor() {
    this.view = $('view');
    this.keys = setting.get('keys', 'on') === 'on';
    this.selection = new Selection($('selection'));
    this.pictures = new Pictures({ box: $('pics'), changed: () => this.#searchNow() });
    this.box = new SearchBox({
      form: $('searchform'), input: $('q'), list: $('completions'),
      changed: (line, sure) => this.#typed(line, sure),
      down: () => this.view.querySelector('.grid')?.focus(),
    });
    this.selection.actions.push(
      { icon: 'tag', text: 'Tag', when: () => this.mayWrite, run: async (hits) => (await import('./tags.js')).tagDialog(this, hits) },
      { icon: 'plus', text: 'Make a label', when: () => this.mayWrite, run: async (hits) => (await import('./tags.js')).labelDialog(hits) },
      { icon: 'like', text: 'More like these', run: (hits) => this.likeAll(hits) });
    this.#theme(setting.get('theme', 'auto'));
    $('theme').addEventListener('click', () => this.#nextTheme());
    $('help').addEventListener('click', () => this.help());
    $('choose').addEventListener('click', () => $('files').click());
    $('files').addEventListener('change', (ev) => { this.pictures.add(ev.target.files); ev.target.value = ''; });
    $('filters').addEventListener('click', () => this.filters());
    this.pictures.listen($('dropzone'));
    addEventListener('popstate', () => this.route());
    addEventListener('hashchange', () => this.route());
    addEventListener('keydown', (ev) => this.#key(ev));
    api.server.addEventListener('away', () => this.#away());
    api.server.addEventListener('back', () => this.#back());
    api.server.addEventListener('locked', () => this.#locked());
  }

  /** route shows what the address says. */
  async route() {
    const [path, search] = location.hash.replace(/^#\/?/, '').split('?');
    const params = new URLSearchParams(search);
    const name = views[path.split('/')[0]] ? path.split('/')[0] : 'search';
    if (this.detail && !params.has('p')) this.detail.close();
    if (name !== 'search' || this.box.value !== (params.get('q') ?? '')) this.box.close();
    if (name === 'search') {
      const line = params.get('q') ?? '';
      this.box.value = line;
      if (this.name !== 'search') this.#leave(() => new SearchView(this, this.view), 'search');
      if (this.current.line !== line || !this.current.answer) await this.current.run(line);
      return;
    }
    if (this.name !== path) {
      const module = await views[name]();
      if (location.hash.replace(/^#\/?/, '').split('?')[0] !== path) return; // another view by now
      this.#leave(() => module.show(this, this.view, path.split('/').slice(1), params), path);
    }
  }

  #leave(make, name) {
    this.current?.destroy?.();
    this.view.replaceChildren();
    this.view.scrollTop = 0;
    this.box.clearFault();
    this.name = name;
    const top = name.split('/')[0];
    for (const a of document.querySelectorAll('.rail a')) {
      if (a.dataset.view === top) a.setAttribute('aria-current', 'page'); else a.removeAttribute('aria-current');
    }
    document.title = top === 'search' ? 'Sightline' : `${document.querySelector('.rail [aria-current]').textContent} · Sightline`;
    this.current = make();
  }

  #typed(line, sure) {
    const address = line ? `#/?q=${encodeURIComponent(line)}` : '#/';
    if (sure || this.name !== 'search') history.pushState(null, '', address);
    else history.replaceState(null, '', address);
    if (this.name !== 'search') { this.route(); return; }
    if (sure) this.current.run(line); else this.current.typed(line);
  }

  #searchNow() {
    if (this.name === 'search') this.current.run(this.box.value);
    else this.go(this.box.value);
  }

  /** go searches for a line. */
  go(line) {
    this.box.value = line;
    const same = this.name === 'search';
    history.pushState(null, '', line ? `#/?q=${encodeURIComponent(line)}` : '#/');
    if (same) this.current.run(line); else this.route();
  }

  /** add puts another filter or term behind the line. */
  add(part) { this.go(`${this.box.value.trim()} ${part}`.trim()); }

  /** like searches for what is like a picture, or less like it. */
  like(hit, sign) {
    const line = this.box.value.trim();
    if (sign > 0) this.go(`@${hit.id}`);
    else this.go(line ? `${line} - @${hit.id}` : `- @${hit.id}`);
    this.view.querySelector('.grid')?.focus();
  }

  likeAll(hits) {
    this.go(hits.slice(0, 20).map((hit) => `@${hit.id}`).join(' + '));
    this.selection.clear();
  }

  /** open shows one picture of a grid. */
  open(grid, index) {
    return this.look(grid.source, index, (last) => {
      grid.setActive(last);
      grid.element.focus({ preventScroll: true });
    });
  }

  /** look shows one picture of a source; then is told which was the last. */
  async look(source, index, then = () => {}) {
    const { Detail } = await import('./detail.js');
    const here = location.hash || '#/';
    history.pushState(null, '', `${here}${here.includes('?') ? '&' : '?'}p=${index}`);
    this.detail = new Detail(this, {
      source, index,
      closed: (last) => {
        this.detail = null;
        if (/[?&]p=\d+$/.test(location.hash)) history.replaceState(null, '', here);
        then(last);
      },
    });
  }

  /** refresh learns what this visitor may do. */
  async refresh() {
    try {
      this.status = await api.status();
      const before = this.mayWrite;
      this.mayWrite = this.status.allow_write && this.status.role === 'write';
      document.body.classList.toggle('readonly', !this.mayWrite);
      if (this.mayWrite !== before) this.selection.allowed();
    } catch { /* the views say so themselves */ }
    return this.status;
  }

  async filters() {
    const { Filters } = await import('./filters.js');
    this.panel ??= new Filters(this, $('filters'));
    this.panel.toggle();
  }

  #key(ev) {
    if (ev.defaultPrevented) return;
    const typing = ev.target.closest?.('input:not([type=range]):not([type=checkbox]), textarea, select');
    if (ev.key === 'Escape' && !typing && !document.querySelector('dialog[open]')) { this.selection.clear(); return; }
    if (ev.key === 'a' && (ev.ctrlKey || ev.metaKey) && !ev.altKey && !typing && this.name === 'search' && !document.querySelector('dialog[open]')) {
      this.current.selectAll();
      ev.preventDefault();
      return;
    }
    if (!this.keys || typing || ev.ctrlKey || ev.metaKey || ev.altKey) return;
    if (ev.key === '?') { this.help(); ev.preventDefault(); }
    if (document.querySelector('dialog[open]')) return;
    if (ev.key === '/') { this.box.focus(); ev.preventDefault(); }
  }

  async help() {
    if (document.querySelector('dialog.help')) return;
    const { help } = await import('./help.js');
    help(this);
  }

  #nextTheme() {
    const order = ['auto', 'light', 'dark'];
    const next = order[(order.indexOf(setting.get('theme', 'auto')) + 1) % order.length];
    setting.set('theme', next);
    this.#theme(next);
    announce({ auto: 'Colours as the system has them.', light: 'Light colours.', dark: 'Dark colours.' }[next]);
  }

  #theme(theme) {
    document.documentElement.dataset.theme = theme;
    $('theme').setAttribute('aria-label', `Colours: ${theme}`);
  }

  #away() {
    const banner = $('banner');
    banner.hidden = false;
    banner.className = 'banner bad';
    banner.replaceChildren(icon('warn'), h('span', null, 'The server does not answer. The page goes on by itself when it is back.'),
      button({ text: 'Try now', class: 'link', onclick: () => api.tryNow() }));
  }

  #back() {
    const banner = $('banner');
    banner.className = 'banner good';
    banner.replaceChildren(icon('check'), h('span', null, 'The server is back.'));
    setTimeout(() => { if (banner.classList.contains('good')) banner.hidden = true; }, 4000);
    this.current?.back?.();
  }

  #locked() {
    if (document.querySelector('dialog.locked')) return;
    const field = h('input', { type: 'password', 'aria-label': 'Token', autocomplete: 'current-password' });
    const bad = h('p', { class: 'bad', role: 'alert' });
    const form = h('form', {
      class: 'tagform', onsubmit: async (ev) => {
        ev.preventDefault();
        try { await api.unlock(field.value); d.element.close(); location.reload(); } catch (err) { bad.textContent = err.message; }
      },
    }, h('p', null, 'This server asks for a token. The person who started it knows it: it is in the file of --token-file, or was printed at the start.'), field, bad, h('button', { class: 'primary' }, 'Open'));
    const d = dialog({ title: 'Sign in', className: 'locked', body: form });
    field.focus();
  }
}

/** signIn takes the token that search serve --open leaves in the address. */
async function signIn() {
  const token = /^#token=(.+)$/.exec(location.hash);
  if (!token) return;
  history.replaceState(null, '', '#/');
  await api.unlock(decodeURIComponent(token[1])).catch(() => {}); // the page asks for another
}

const app = new App();
signIn().then(() => { app.known = app.refresh(); app.route(); });
