'use strict';
const at = (id) => document.getElementById(id);
const make = (tag, what, ...inside) => {
  const element = Object.assign(document.createElement(tag), what);
  element.append(...inside);
  return element;
};

const EVENTS_SHOWN = 50;
const shown = new Map();

const notice = (words) => { at('notice').textContent = words; };

const status = (is, words) => {
  at('status').dataset.is = is;
  at('status').textContent = words;
};

// Asks the server; what it refuses is told in its own words.
const ask = async (method, path, body, type) => {
  notice('');
  try {
    const headers = type ? { 'content-type': type } : {};
    const answer = await fetch(path, { method, body, headers });
    const text = await answer.text();
    const told = text ? JSON.parse(text) : {};
    if (!answer.ok) notice(told.error);
    return answer.ok ? told : null;
  } catch {
    notice('The server did not answer.');
    return null;
  }
};

const count = () => {
  at('count').textContent = shown.size === 0 ? 'none yet' : String(shown.size);
};

const show = ({ id, text }) => {
  const known = shown.get(id);
  if (known) {
    known.firstChild.textContent = text;
    return;
  }
  const words = make('span', { textContent: text });
  const remove = make('button', { type: 'button', textContent: 'Remove' });
  remove.addEventListener('click', () => ask('DELETE', `/notes/${id}`));
  const item = make('li', {}, words, remove);
  shown.set(id, item);
  at('notes').append(item);
  count();
};

const hide = ({ id }) => {
  shown.get(id)?.remove();
  shown.delete(id);
  count();
};

const log = (name, data) => {
  at('events').prepend(make('li', {}, make('b', { textContent: name }), ` ${data}`));
  while (at('events').children.length > EVENTS_SHOWN) at('events').lastChild.remove();
};

const read = async () => {
  const told = await ask('GET', '/notes');
  if (!told) return;
  const there = new Set(told.notes.map((note) => note.id));
  [...shown.keys()].filter((id) => !there.has(id)).forEach((id) => hide({ id }));
  told.notes.forEach(show);
  count();
};

const listen = () => {
  const events = new EventSource('/events');
  // The list is read after the stream has begun: no change falls between the two.
  events.addEventListener('open', () => {
    status('live', 'live');
    read();
  });
  events.addEventListener('error', () => status('lost', 'not connected, trying again'));
  const on = (name, then) => events.addEventListener(name, (event) => {
    log(name, event.data);
    then(JSON.parse(event.data));
  });
  on('added', show);
  on('changed', show);
  on('removed', hide);
  on('uploaded', () => {});
};

at('add').addEventListener('submit', async (event) => {
  event.preventDefault();
  const body = JSON.stringify({ text: at('text').value });
  if (await ask('POST', '/notes', body, 'application/json')) at('text').value = '';
});

at('file').addEventListener('change', async () => {
  const [file] = at('file').files;
  if (!file) return;
  at('uploaded').textContent = 'on its way';
  const told = await ask('PUT', `/upload/${encodeURIComponent(file.name)}`, file);
  at('uploaded').textContent = told ? `${told.bytes} bytes, SHA-256 ${told.sha256}` : '';
});

listen();
