// Labelling: a list of labels, what it would give before anything is written, the run and how
// far it is, and taking it back.

import { h, across, announce, button, debounce, fill, plural, setting } from './dom.js';
import * as api from './api.js';
import { bar } from './detail.js';
import { Source } from './source.js';
import { change } from './tags.js';
import { LabelCard } from './labelcard.js';

export function show(app, root) {
  const view = new Labels(app, root);
  view.load();
  return view;
}

const largest = 4_000_000; // characters of a list

class Labels {
  constructor(app, root) {
    Object.assign(this, { app, root });
    this.asked = new AbortController();
    this.text = h('textarea', {
      rows: 4, 'aria-label': 'Labels, one a line or with commas between them', placeholder: 'beach\nmountain\ncity at night', spellcheck: 'false',
      value: setting.get('labels', ''), oninput: () => { this.file = null; this.lists.value = ''; this.#named(); setting.set('labels', this.text.value.slice(0, 20000)); },
    });
    this.name = h('span', { class: 'muted' });
    this.lists = h('select', { 'aria-label': 'A list that ships', onchange: () => this.ships() }, h('option', { value: '' }, 'or a list that ships'));
    this.least = h('input', { type: 'range', min: 0, max: 1, step: 0.01, value: 0.3, 'aria-label': 'Least probability', oninput: () => { this.chosen = true; this.#threshold(); this.again(); } });
    this.leastText = h('output', null, '30 %');
    this.cards = new Map(); // by label
    this.thresholds = new Map(); // that are tried, by label
    this.again = debounce(350, () => { if (this.answer) this.preview(); });
    this.per = h('select', { 'aria-label': 'What a run looks for', onchange: () => this.again() },
      h('option', { value: 'image' }, 'the best labels of each picture'), h('option', { value: 'label' }, 'the best pictures of each label'));
    const fileInput = h('input', { type: 'file', accept: '.txt,.csv,.yaml,.yml', hidden: true, onchange: (ev) => { this.read(ev.target.files[0]); ev.target.value = ''; } });
    this.writeButton = button({ text: 'Write the tags', class: 'primary', onclick: () => this.write() });
    this.xmp = h('input', { type: 'checkbox' });
    this.state = h('div', { class: 'state', role: 'status' });
    this.result = h('div', { class: 'labelresults' });
    this.runs = h('section', { class: 'card', hidden: true });
    const form = h('form', { class: 'card labelform', onsubmit: (ev) => { ev.preventDefault(); this.preview(); } },
      this.text,
      h('div', { class: 'row' }, button({ text: 'Choose a file', onclick: () => fileInput.click() }), fileInput, this.lists, this.name),
      h('div', { class: 'row' }, h('label', null, 'Find ', this.per), h('label', { class: 'least' }, 'from ', this.leastText, this.least)),
      h('div', { class: 'row' }, h('button', { class: 'primary', type: 'submit' }, 'Try it'), h('small', null, 'Shows what the list would give. Nothing is written yet.')));
    form.addEventListener('dragover', (ev) => ev.preventDefault());
    form.addEventListener('drop', (ev) => { const f = ev.dataTransfer?.files[0]; if (f) { ev.preventDefault(); this.read(f); document.getElementById('dropzone').hidden = true; } });
    root.append(h('div', { class: 'page' }, h('header', null, h('h1', null, 'Labels')),
      h('p', { class: 'lead' }, 'Type the labels that you look for, or drop a list. A label gets a picture when it stands out against everyday concepts.'),
      form, this.state, this.result, this.runs));
  }

  destroy() { this.asked.abort(); this.again.cancel(); this.stream?.close(); }
  back() { this.load(); }

  #threshold() { this.leastText.value = `${Math.round(this.least.value * 100)} %`; }

  #named() { this.name.textContent = this.file?.text ? `${this.file.name}: ${plural(this.file.text.split('\n').length, 'line')}` : ''; }

  /** ships takes a list that came with the program. */
  ships() {
    if (!this.lists.value) return;
    this.file = { bundled: this.lists.value };
    this.text.value = '';
    this.#named();
    this.preview();
  }

  async read(file) {
    if (!file) return;
    this.lists.value = '';
    const text = await file.text();
    if (text.length > largest) { announce('The list is larger than 4 MB.', { bad: true }); return; }
    const format = { csv: 'csv', yaml: 'yaml', yml: 'yaml' }[file.name.split('.').pop().toLowerCase()] ?? 'text';
    this.file = { name: file.name, text, format };
    this.text.value = text.length < 50000 ? text : '';
    this.#named();
    this.preview();
  }

  /** list is what was typed or dropped, as the server takes it. */
  list() {
    if (this.file?.bundled) return { bundled: this.file.bundled };
    if (this.file) return { list: this.file.text, format: this.file.format, name: this.file.name };
    const labels = [...new Set(this.text.value.split(/[\n,]/).map((l) => l.trim()).filter(Boolean))];
    return labels.length ? { labels } : null;
  }

  request() {
    const list = this.list();
    if (!list) { this.#say('Write at least one label.'); this.text.focus(); return null; }
    // Where nothing was chosen the server begins as the command line does.
    return { ...list, per: this.per.value, min_probability: this.chosen ? Math.max(Number(this.least.value), 0.001) : undefined };
  }

  #say(text, bad = true) { fill(this.state, text ? h('p', { class: bad ? 'bad' : 'muted' }, text) : ''); }

  /** preview shows what a run would write. */
  async preview() {
    const body = this.request();
    if (!body) return;
    this.trying?.abort();
    const trying = this.trying = new AbortController();
    if (!this.answer) this.#say('Looking at all pictures…', false);
    this.result.setAttribute('aria-busy', 'true');
    try {
      const labels = new Set(body.labels ?? this.answer?.labels.map((l) => l.label));
      for (const name of this.thresholds.keys()) if (!labels.has(name)) this.thresholds.delete(name);
      const thresholds = this.thresholds.size ? Object.fromEntries(this.thresholds) : undefined;
      const answer = await api.call('runs', { body: { ...body, thresholds, dry_run: true, examples: 24 }, signal: trying.signal });
      await this.allowed; // which buttons there are
      if (trying !== this.trying) return;
      this.answer = answer;
      this.#say(`${plural(answer.tags, 'tag')} on ${plural(answer.tagged, 'picture')}.`, false);
      this.#draw(answer);
    } catch (err) {
      if (err.name !== 'AbortError' && trying === this.trying) this.#say([err.message, err.hint].filter(Boolean).join(' '));
    } finally {
      if (trying === this.trying) this.result.removeAttribute('aria-busy');
    }
  }

  #draw(answer) {
    if (!this.chosen) { this.least.value = answer.min_probability; this.#threshold(); }
    // While thresholds are tried each label stays where it is, and its slider in the hand.
    const place = new Map([...this.cards.keys()].map((name, i) => [name, i]));
    const same = this.thresholds.size > 0 && answer.labels.some((l) => place.has(l.label));
    const labels = [...answer.labels].sort(same ? (a, b) => (place.get(a.label) ?? 1e9) - (place.get(b.label) ?? 1e9) : (a, b) => b.pictures - a.pictures);
    const shown = labels.slice(0, 60);
    const before = this.cards;
    this.cards = new Map(shown.map((l) => [l.label, before.get(l.label) ?? new LabelCard(this, l.label)]));
    shown.forEach((l) => this.cards.get(l.label).show(l));
    this.top ??= h('div', { class: 'row' });
    this.more ??= h('div');
    fill(this.top, this.app.mayWrite ? [this.writeButton, h('label', { class: 'check' }, this.xmp, ' also into XMP files beside the pictures')]
      : h('p', { class: 'muted' }, 'This server only shows the index: to write tags, start it with --allow-write.'), histogram(answer.histogram));
    fill(this.more, answer.learned.length > 0 && h('p', { class: 'muted' }, `Learned from what was said of ${answer.learned.map((l) => l.label).join(', ')}.`),
      labels.length > shown.length && h('p', { class: 'muted' }, `and ${plural(labels.length - shown.length, 'label')} with fewer pictures.`));
    const wanted = [this.top, ...[...this.cards.values()].map((c) => c.element), this.more];
    if (wanted.length !== this.result.children.length || wanted.some((e, i) => this.result.children[i] !== e)) fill(this.result, ...wanted);
  }

  /** tryThreshold shows what a threshold of a label would change; null goes back to what is saved. */
  tryThreshold(label, value) {
    if (value === null) this.thresholds.delete(label); else this.thresholds.set(label, value);
    this.again();
  }

  /** saveThreshold keeps a threshold with the index, for all runs to come. */
  async saveThreshold(label, value) {
    try {
      await api.setThreshold(label, value);
      this.thresholds.delete(label);
      announce(value ? `${label} is given from ${Math.round(value * 100)} % on.` : `${label} has no threshold of its own any more.`);
      await this.preview();
    } catch (err) {
      announce([err.message, err.hint].filter(Boolean).join(' '), { bad: true });
    }
  }

  /** matches are the best pictures of a label, with what can be said of them. */
  matches(l) {
    const hits = l.best.map(api.asHit);
    const source = Source.of(hits);
    return hits.length > 0 ? h('div', { class: 'strip' }, hits.map((hit, i) => h('figure', { class: 'match', style: { 'inline-size': across(hit, 120, 150) } },
      h('button', { type: 'button', class: 'thumb', 'aria-label': `Look at ${api.describe(hit)}`, onclick: (ev) => { const b = ev.currentTarget; this.app.look(source, i, () => b.focus()); } },
        h('img', { src: api.thumbnail(hit, 300), alt: '', loading: 'lazy' })),
      h('figcaption', null, bar(hit.probability),
        this.app.mayWrite && h('span', { class: 'verdict' },
          button({ icon: 'check', label: `Yes, ${hit.name} shows ${l.label}`, class: 'quiet', 'aria-pressed': 'false', onclick: (ev) => this.#judge(ev.currentTarget, hit, l.label, true) }),
          this.corrects && button({ icon: 'close', label: `No, ${hit.name} does not show ${l.label}`, class: 'quiet', 'aria-pressed': 'false', onclick: (ev) => this.#judge(ev.currentTarget, hit, l.label, false) }))))))
      : h('p', { class: 'muted' }, 'No picture is probable enough.');
  }

  /** #judge notes that a person says so: it stands whatever a run finds. */
  async #judge(b, hit, label, yes) {
    const on = b.getAttribute('aria-pressed') === 'true';
    try {
      if (this.corrects) await api.correct([hit.id], label, on ? 'withdrawn' : yes ? 'approved' : 'rejected');
      else await change(this.app, [hit], on ? 'remove' : 'add', [label]);
      b.closest('.match').classList.toggle('rejected', !yes && !on);
      for (const other of b.parentElement.children) other.setAttribute('aria-pressed', other === b && !on);
    } catch (err) {
      announce(err.message, { bad: true });
    }
  }

  async write() {
    const body = this.request();
    if (!body) return;
    try {
      // What is tried counts: a run takes what is saved.
      for (const [label, value] of this.thresholds) { await api.setThreshold(label, value); this.thresholds.delete(label); }
      const run = await api.call('runs', { body: { ...body, xmp: this.xmp.checked || undefined } });
      this.watch(run.id);
    } catch (err) {
      this.#say([err.message, err.hint].filter(Boolean).join(' '));
    }
  }

  /** watch follows a job until it ends. */
  watch(id) {
    this.stream?.close();
    const progress = h('progress', { 'aria-label': 'Progress' });
    const text = h('span', null, 'Beginning…');
    fill(this.state, h('div', { class: 'card' }, text, progress));
    this.state.scrollIntoView({ block: 'nearest' });
    const draw = (p) => {
      if (p.planned) { progress.max = p.planned; progress.value = p.done; }
      text.textContent = `${{ undo: 'Taking tags back', xmp: 'Writing XMP files' }[p.kind] ?? 'Tagging'}: ${p.done.toLocaleString('en')} of ${p.planned.toLocaleString('en')}`;
    };
    this.stream = api.listen(`runs/${encodeURIComponent(id)}/events`, {
      progress: draw,
      end: (p) => {
        this.stream.close();
        if (p.state === 'finished') {
          this.#say('');
          if (p.kind === 'undo') announce('The tags are taken back.');
          else if (p.kind === 'xmp') announce(`${plural(p.done - p.failed, 'XMP file')} beside the pictures ${p.done - p.failed === 1 ? 'has' : 'have'} the tags.`);
          else announce('The tags are written.', { action: 'Undo', run: () => this.undo(p.id) });
        } else {
          this.#say(p.problem?.detail ?? `The run was ${p.state}.`);
        }
        if (p.failed) announce(`${plural(p.failed, 'file')} could not be written: ${p.failures[0]}`, { bad: true });
        this.load();
      },
    });
    // Gone for good, not only for a moment: what became of the run stands in the list.
    this.stream.onerror = () => { if (this.stream.readyState === EventSource.CLOSED) { this.#say(''); this.load(); } };
  }

  undo(id) { return this.#start(id, 'undo'); }

  async #start(id, what) {
    try {
      await api.call(`runs/${encodeURIComponent(id)}/${what}`, { method: 'POST' });
      this.watch(id);
    } catch (err) {
      this.#say([err.message, err.hint].filter(Boolean).join(' '));
    }
  }

  load() {
    this.allowed = this.#allow();
    return this.#load();
  }

  async #allow() {
    await this.app.refresh();
    // Not every store keeps what people say of labels; where one does, runs learn from it.
    this.corrects = this.app.mayWrite && await api.call('corrections', { signal: this.asked.signal }).then(() => true, () => false);
  }

  async #offer() {
    if (this.lists.options.length > 1) return;
    const { lists } = await api.call('lists', { signal: this.asked.signal }).catch(() => ({ lists: [] }));
    if (this.lists.options.length > 1) return;
    this.lists.append(...lists.map((l) => h('option', { value: l.name, title: l.about }, `${l.title} (${l.labels})`)));
  }

  async #load() {
    this.#offer();
    await this.allowed;
    try {
      const { runs, job, min_probability: least } = await api.call('runs', { signal: this.asked.signal });
      if (!this.chosen && !this.answer) { this.least.value = least; this.#threshold(); }
      this.#runs(runs);
      if (job && job.kind !== 'index' && !(this.stream?.readyState < 2)) this.watch(job.id);
    } catch (err) {
      if (err.name !== 'AbortError' && !err.away) this.#say(err.message);
    }
  }

  #runs(runs) {
    this.runs.hidden = !runs.length;
    const row = (r) => h('tr', null,
      h('td', null, new Date(r.resumed || r.started).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short' })),
      h('td', null, `${plural(r.label_count, 'label')}${r.labels_from && !r.labels_from.startsWith('--') ? ` of ${r.labels_from}` : ''}`),
      h('td', null, `${plural(r.tags, 'tag')} on ${plural(r.tagged, 'picture')}`),
      h('td', null, r.finished?.startsWith('0001') ? 'not finished' : `from ${Math.round(r.plan.min_probability * 100)} %`),
      h('td', { class: 'row' },
        ['csv', 'jsonl', 'parquet'].map((f) => h('a', { href: api.address(`runs/${r.id}/export`, { format: f }), download: '', 'aria-label': `Tags of this run as ${f.toUpperCase()}` }, f.toUpperCase())),
        this.app.mayWrite && button({ text: 'XMP', class: 'link', title: 'Write the tags into XMP files beside the pictures', onclick: () => this.#start(r.id, 'xmp') }),
        this.app.mayWrite && button({ icon: 'undo', text: 'Undo', onclick: () => this.undo(r.id) })));
    fill(this.runs, h('header', null, h('h2', null, 'Tag runs')),
      h('div', { class: 'tablebox', tabindex: '0', role: 'region', 'aria-label': 'Tag runs' }, h('table', { class: 'table' },
        h('thead', null, h('tr', null, ['When', 'Labels', 'Result', 'Threshold', 'Export, undo'].map((t) => h('th', { scope: 'col' }, t)))),
        h('tbody', null, [...runs].reverse().map(row)))));
  }
}

/** histogram draws how many tags there are of each probability. */
function histogram(bars) {
  if (!bars?.some((n) => n > 0)) return null;
  const most = Math.max(...bars);
  const sum = bars.reduce((a, b) => a + b, 0);
  return h('div', { class: 'histogram', role: 'img', 'aria-label': `Tags by probability: ${bars.map((n, i) => n && `${i * 5} to ${i * 5 + 5} %: ${n}`).filter(Boolean).join(', ')} of ${sum}` },
    bars.map((n) => h('span', { style: { 'block-size': `${n ? Math.max(8, 100 * n / most) : 2}%` } })));
}
