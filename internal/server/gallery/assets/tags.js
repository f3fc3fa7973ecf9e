// Tags by hand: added to the pictures that are selected, and taken back.

import { h, announce, button, dialog, plural } from './dom.js';
import * as api from './api.js';

/** tagDialog asks for tags, gives them to the pictures, and resolves when it is closed. */
export function tagDialog(app, hits) {
  const list = h('datalist', { id: 'known-tags' });
  const field = h('input', {
    list: 'known-tags', 'aria-label': 'Tags, with commas between them', placeholder: 'beach, holiday', autocomplete: 'off',
    oninput: async (ev) => {
      const last = ev.target.value.split(',').pop().trim();
      const before = ev.target.value.slice(0, ev.target.value.length - last.length);
      const found = await api.tags(last).catch(() => []);
      list.replaceChildren(...found.map((t) => h('option', { value: before + t.value })));
    },
  });
  const names = () => field.value.split(',').map((n) => n.trim()).filter(Boolean);
  const bad = h('p', { class: 'bad', role: 'alert' });
  const apply = async (kind) => {
    if (!names().length) { bad.textContent = 'Write a tag first.'; field.focus(); return; }
    try {
      await change(app, hits, kind, names());
      element.close();
      app.selection.clear();
    } catch (err) {
      bad.textContent = err.message + (err.hint ? ` (${err.hint})` : '');
    }
  };
  const form = h('form', { class: 'tagform', onsubmit: (ev) => { ev.preventDefault(); apply('add'); } }, field, list, bad);
  const { element, done } = dialog({
    title: `Tag ${plural(hits.length, 'picture')}`, className: 'small', body: form,
    actions: [button({ text: 'Take the tags away', onclick: () => apply('remove') }), button({ text: 'Add the tags', class: 'primary', onclick: () => apply('add') })],
  });
  field.focus();
  return done;
}

/**
 * change adds or removes tags, and offers to undo exactly that: a picture that had a tag
 * already keeps it.
 */
export async function change(app, hits, kind, names) {
  const other = kind === 'add' ? 'remove' : 'add';
  const had = (hit, name) => hit.tags?.some((t) => t.source === 'user' && t.label.toLowerCase() === name.toLowerCase());
  // Of pictures whose tags are not known nobody can tell what undoing would take.
  const undo = hits.some((hit) => !hit.tags) ? [] : names.map((name) => ({ name, ids: hits.filter((hit) => had(hit, name) === (kind !== 'add')).map((hit) => hit.id) })).filter((u) => u.ids.length);
  const { pictures } = await api.editTags(hits.map((hit) => hit.id), { [kind]: names });
  mark(hits, kind, names);
  announce(`${kind === 'add' ? 'Tagged' : 'Took the tags from'} ${plural(pictures, 'picture')}.`, undo.length > 0 && {
    action: 'Undo',
    run: async () => {
      try {
        for (const u of undo) await api.editTags(u.ids, { [other]: [u.name] });
        mark(hits, other, names);
        announce('Undone.');
      } catch (err) {
        announce(`Not undone: ${err.message}`, { bad: true });
      }
    },
  });
}

/** mark keeps what the page knows of the pictures true. */
function mark(hits, kind, names) {
  for (const hit of hits.filter((other) => other.tags)) {
    hit.tags = hit.tags.filter((t) => t.source !== 'user' || !names.some((n) => n.toLowerCase() === t.label.toLowerCase()));
    if (kind === 'add') hit.tags.push(...names.map((label) => ({ label, source: 'user' })));
  }
}

/** labelDialog makes a label of pictures, which queries name by #. */
export function labelDialog(hits) {
  const field = h('input', { 'aria-label': 'Name of the label', placeholder: 'holiday', autocomplete: 'off' });
  const bad = h('p', { class: 'bad', role: 'alert' });
  const apply = async (replace) => {
    try {
      const label = await api.saveLabel(field.value.trim().replace(/^#/, ''), hits.map((hit) => hit.id), replace);
      element.close();
      announce(`Saved. Search for #${label.name}.`);
    } catch (err) {
      bad.replaceChildren(err.message, ...(err.status === 409 ? [' ', button({ text: 'Replace it', class: 'link', onclick: () => apply(true) })] : []));
      field.focus();
    }
  };
  const { element } = dialog({
    title: `A label made of ${plural(hits.length, 'picture')}`, className: 'small',
    body: h('form', { class: 'tagform', onsubmit: (ev) => { ev.preventDefault(); apply(false); } }, h('p', { class: 'muted' }, 'A search for it finds pictures like these.'), field, bad),
    actions: [button({ text: 'Save the label', class: 'primary', onclick: () => apply(false) })],
  });
  field.focus();
}
