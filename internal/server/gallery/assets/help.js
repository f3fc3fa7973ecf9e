// What can be typed, and which keys there are.

import { h, dialog, setting } from './dom.js';

const keys = [
  ['/', 'to the search field'],
  ['↓ or Esc', 'from there to the pictures'],
  ['← → ↑ ↓', 'from picture to picture; with Shift, select'],
  ['Enter', 'show the picture'],
  ['Space or x', 'select the picture'],
  ['Ctrl+A', 'select all (at most 2,000)'],
  ['+ and −', 'larger and smaller pictures'],
  ['m, u', 'in a picture: more like this, unlike this'],
  ['Esc', 'close, or clear the selection'],
  ['?', 'this page'],
];

const examples = [
  ['dog on a beach', 'what the pictures show, in plain words'],
  ['beach NOT people', 'no pictures that show people'],
  ['red car - night', 'less of the other'],
  ['boat under:trips/2024', 'those of a folder'],
  ['tag:sea OR tag:lake', 'with any of two tags'],
  ['after:2023-06 before:2024', 'of a time'],
  ['has:gps width>=3000', 'with a place, and at least so wide'],
  ['#holiday + sunset', 'a saved label and words'],
];

export function help(app) {
  const toggle = h('input', {
    type: 'checkbox', checked: app.keys,
    onchange: (ev) => { app.keys = ev.target.checked; setting.set('keys', app.keys ? 'on' : 'off'); },
  });
  const { element } = dialog({
    title: 'How to look for pictures', className: 'help',
    body: [
      h('section', null, h('h3', null, 'What to type'),
        h('dl', { class: 'keys' }, examples.map(([example, means]) => [
          h('dt', null, h('button', { type: 'button', class: 'code', onclick: () => { element.close(); app.go(example); } }, example)),
          h('dd', null, means)]))),
      h('section', null, h('h3', null, 'Keys'),
        h('dl', { class: 'keys' }, keys.map(([key, does]) => [h('dt', null, h('kbd', null, key)), h('dd', null, does)])),
        h('label', { class: 'check' }, toggle, ' Single letters are keys')),
      h('section', null, h('h3', null, 'By a picture'),
        h('p', null, 'Drop pictures on the page, paste one, or choose files. Each has a weight; below 0 the answer is unlike it.')),
    ],
  });
}
