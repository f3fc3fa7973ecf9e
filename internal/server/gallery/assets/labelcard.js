// What a list would give to one label: how many pictures, the best of them, and the slider of
// the label's own threshold.

import { h, button, fill, plural } from './dom.js';

const percent = (p) => `${Math.round(p * 100)} %`;

export class LabelCard {
  constructor(view, label) {
    Object.assign(this, { view, label });
    this.count = h('small', { 'aria-live': 'polite' });
    this.text = h('output');
    this.slider = h('input', {
      type: 'range', min: 0.01, max: 1, step: 0.01, 'aria-label': `Least probability of ${label}`,
      oninput: () => { this.text.value = percent(this.slider.value); view.tryThreshold(label, Number(this.slider.value)); },
    });
    this.choice = h('span', { class: 'row' });
    this.strip = h('div', { class: 'matches' });
    this.element = h('section', { class: 'card label', 'aria-label': label },
      h('header', null, h('h2', null, label), this.count,
        h('label', { class: 'least' }, 'from ', this.text, this.slider), this.choice), this.strip);
  }

  /** show brings the card up to date with an answer; the slider stays while it is moved. */
  show(l) {
    const { view } = this;
    const tried = view.thresholds.has(this.label);
    if (!tried) { this.slider.value = l.threshold; this.text.value = percent(l.threshold); }
    const by = l.before === undefined ? 0 : l.pictures - l.before;
    this.count.textContent = plural(l.pictures, 'picture') + (tried ? by === 0 ? ', as many as before' : `, ${Math.abs(by).toLocaleString('en')} ${by > 0 ? 'more' : 'fewer'} than before` : '');
    const value = view.thresholds.get(this.label);
    const own = !tried && l.own_threshold && view.corrects;
    const state = `${tried}${own}${view.corrects}`;
    if (this.state !== state || tried) {
      const focus = this.choice.contains(document.activeElement);
      fill(this.choice,
        tried && view.corrects && button({ text: 'Save this threshold', class: 'primary', onclick: () => view.saveThreshold(this.label, value) }),
        tried && button({ text: 'As before', onclick: () => view.tryThreshold(this.label, null) }),
        own && button({ text: 'Without its own', class: 'link', title: `Let ${this.label} go by the probability for all labels`, onclick: () => view.tryThreshold(this.label, 0) }));
      if (focus) this.slider.focus();
      this.state = state;
    }
    if (tried && value === 0) { this.slider.value = l.threshold; this.text.value = percent(l.threshold); }
    fill(this.strip, view.matches(l));
  }
}
