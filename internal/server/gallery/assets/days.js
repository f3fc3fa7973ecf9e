// When the pictures were taken: a bar for each month, and a calendar of the days of a year.

import { h, button, fill, plural } from './dom.js';
import { call, day as dayName } from './api.js';

const months = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];
const weekdays = ['Mo', 'Tu', 'We', 'Th', 'Fr', 'Sa', 'Su'];

/** next is the day, month or year after one. */
function next(date) {
  const [y, m, d] = date.split('-').map(Number);
  if (d) return new Date(Date.UTC(y, m - 1, d + 1)).toISOString().slice(0, 10);
  if (m) return m === 12 ? `${y + 1}-01` : `${y}-${String(m + 1).padStart(2, '0')}`;
  return String(y + 1);
}

export function show(app, root) {
  const view = new Days(app, root);
  view.load();
  return view;
}

class Days {
  constructor(app, root) {
    this.app = app;
    this.body = h('div', { class: 'days' });
    this.asked = new AbortController();
    root.append(h('div', { class: 'page' }, h('header', null, h('h1', null, 'Days')),
      h('p', { class: 'lead' }, 'When the pictures were taken, by the clock of the place. A bar or a day shows its pictures.'), this.body));
  }

  destroy() { this.asked.abort(); }
  back() { this.load(); }

  async load() {
    this.body.setAttribute('aria-busy', 'true');
    try {
      const { days, undated } = await call('timeline', { signal: this.asked.signal });
      this.draw(days, undated);
    } catch (err) {
      if (err.name !== 'AbortError') fill(this.body, h('p', { class: 'bad', role: 'alert' }, err.message));
    }
    this.body.removeAttribute('aria-busy');
  }

  draw(days, undated) {
    if (!days.length) {
      fill(this.body, h('div', { class: 'empty' }, h('h2', null, 'No dates'),
        h('p', null, undated ? `None of the ${plural(undated, 'picture')} says when it was taken.` : 'There are no pictures yet.')));
      return;
    }
    this.counts = new Map(days.map((d) => [d.day, d.pictures]));
    const perMonth = new Map();
    for (const d of days) perMonth.set(d.day.slice(0, 7), (perMonth.get(d.day.slice(0, 7)) ?? 0) + d.pictures);
    this.months = perMonth;
    const years = [...new Set(days.map((d) => d.day.slice(0, 4)))].sort().reverse();
    const most = Math.max(...perMonth.values());
    const strip = h('div', { class: 'timeline' }, [...years].reverse().map((year) => h('div', { class: 'year' },
      h('div', { class: 'bars' }, months.map((name, m) => {
        const key = `${year}-${String(m + 1).padStart(2, '0')}`;
        const n = perMonth.get(key) ?? 0;
        return h('button', {
          type: 'button', class: 'monthbar', disabled: n === 0, 'aria-label': `${name} ${year}: ${plural(n, 'picture')}`, title: `${name} ${year}: ${n}`,
          onclick: () => this.pictures(key),
        }, h('span', { style: { 'block-size': n ? `${Math.max(4, Math.sqrt(n / most) * 88)}px` : '2px' } }));
      })),
      button({ text: year, class: 'quiet', 'aria-pressed': 'false', onclick: () => this.year(year) }))));
    this.calendar = h('section', { class: 'card', 'aria-label': 'Calendar' });
    this.years = years;
    fill(this.body, strip, this.calendar, undated > 0 && h('p', { class: 'muted' }, `${plural(undated, 'picture')} without a date of their own. `,
      h('button', { type: 'button', class: 'link', onclick: () => this.app.go('-has:date') }, 'Show them')));
    this.year(years[0]);
    strip.scrollLeft = strip.scrollWidth;
  }

  pictures(date) { this.app.go(`after:${date} before:${next(date)}`); }

  /** year draws the calendar of a year: a table for each month that has pictures. */
  year(year) {
    for (const b of this.body.querySelectorAll('.year > button')) b.setAttribute('aria-pressed', b.textContent === year);
    const most = Math.max(...[...this.counts].filter(([d]) => d.startsWith(year)).map(([, n]) => n));
    const sum = [...this.counts].filter(([d]) => d.startsWith(year)).reduce((s, [, n]) => s + n, 0);
    const at = this.years.indexOf(year);
    fill(this.calendar,
      h('header', null, h('h2', null, year), h('small', null, plural(sum, 'picture')),
        button({ icon: 'left', label: 'The year before', disabled: at === this.years.length - 1, onclick: () => this.year(this.years[at + 1]) }),
        button({ icon: 'right', label: 'The year after', disabled: at === 0, onclick: () => this.year(this.years[at - 1]) })),
      h('div', { class: 'months' }, months.map((name, m) => this.#month(year, m, name, most))));
  }

  #month(year, m, name, most) {
    const key = `${year}-${String(m + 1).padStart(2, '0')}`;
    const length = new Date(Date.UTC(year, m + 1, 0)).getUTCDate();
    const before = (new Date(Date.UTC(year, m, 1)).getUTCDay() + 6) % 7;
    const cells = [...Array(before).fill(null), ...Array.from({ length }, (_, d) => d + 1)];
    while (cells.length % 7) cells.push(null);
    const weeks = [];
    for (let i = 0; i < cells.length; i += 7) weeks.push(cells.slice(i, i + 7));
    return h('table', { class: 'month' }, h('caption', null, this.months.has(key) ? h('button', { type: 'button', class: 'link', onclick: () => this.pictures(key) }, name) : name),
      h('thead', null, h('tr', null, weekdays.map((w) => h('th', { scope: 'col' }, w)))),
      h('tbody', null, weeks.map((week) => h('tr', null, week.map((d) => {
        if (!d) return h('td');
        const date = `${key}-${String(d).padStart(2, '0')}`;
        const n = this.counts.get(date);
        if (!n) return h('td', null, d);
        const strength = `${Math.round(20 + 60 * Math.sqrt(n / most))}%`;
        return h('td', { class: 'has' }, h('button', {
          type: 'button', 'aria-label': `${dayName(date)}: ${plural(n, 'picture')}`, title: plural(n, 'picture'),
          style: { '--strength': strength }, onclick: () => this.pictures(date),
        }, String(d)));
      })))));
  }
}
