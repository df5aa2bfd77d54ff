'use strict';
const at = (id) => document.getElementById(id);
const make = (tag, what, ...inside) => {
  const element = Object.assign(document.createElement(tag), what);
  element.append(...inside);
  return element;
};

const LINES_SHOWN = 500;
const RETRY_FIRST = 500;
const RETRY_LAST = 10000;

let socket;
let me = '';
let retry = RETRY_FIRST;
let last = '';

const status = (is, words) => {
  at('status').dataset.is = is;
  at('status').textContent = words;
  const open = is === 'live' || is === 'ready';
  at('enter').disabled = at('text').disabled = at('say').disabled = !open;
};

const notice = (words) => { at('notice').textContent = words; };

const people = (count) => {
  at('people').textContent = count === 1 ? 'you alone' : `${count} people`;
};

// A colour of its own for each name, readable on either ground.
const colour = (name) => {
  let hash = 0;
  for (const char of name) hash = (hash * 31 + char.codePointAt(0)) % 65521;
  return `hsl(${(hash * 137) % 360} 60% var(--ink))`;
};

const add = (line, isMine) => {
  const list = at('lines');
  const isLow = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
  list.append(line);
  while (list.children.length > LINES_SHOWN) list.firstChild.remove();
  if (isLow || isMine) list.scrollTop = list.scrollHeight;
  else at('newer').hidden = false;
};

const note = (words) => {
  last = '';
  add(make('li', { className: 'note' }, words));
};

const said = ({ name, text, at: seconds }) => {
  const who = make('bdi', { textContent: name });
  who.style.color = colour(name);
  const date = new Date(seconds * 1000);
  const time = make('time', {
    dateTime: date.toISOString(),
    textContent: date.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' }),
  });
  const className = name === last ? 'said same' : 'said';
  last = name;
  add(make('li', { className }, who, time, make('p', { textContent: text })), name === me);
};

const hear = {
  welcome({ name, people: count, history }) {
    me = name;
    last = '';
    at('lines').replaceChildren();
    history.forEach(said);
    note(`You are here as ${name}.`);
    people(count);
    at('join').hidden = true;
    at('talk').hidden = false;
    status('live', 'connected');
    notice('');
    at('text').focus();
  },
  joined({ name, people: count }) { note(`${name} joined.`); people(count); },
  left({ name, people: count }) { note(`${name} left.`); people(count); },
  said,
  refused({ why }) {
    notice(`That was not taken: ${why}.`);
    if (at('join').hidden && at('status').dataset.is !== 'live') ask();
  },
};

const ask = () => {
  me = '';
  at('join').hidden = false;
  at('talk').hidden = true;
  at('name').focus();
};

const open = () => {
  status('wait', 'connecting');
  socket = new WebSocket(location.origin.replace(/^http/, 'ws') + '/chat');
  socket.onopen = () => {
    retry = RETRY_FIRST;
    status('ready', 'connected');
    // Whoever was there before the connection was lost comes back.
    if (me) socket.send(me);
  };
  socket.onmessage = ({ data }) => {
    const event = JSON.parse(data);
    hear[event.event]?.(event);
  };
  socket.onclose = ({ reason }) => {
    at('people').textContent = '';
    status('lost', `not connected${reason && ': ' + reason}; trying again`);
    setTimeout(open, retry);
    retry = Math.min(2 * retry, RETRY_LAST);
  };
};

at('join').onsubmit = (event) => {
  event.preventDefault();
  notice('');
  socket.send(at('name').value);
};
at('talk').onsubmit = (event) => {
  event.preventDefault();
  notice('');
  const text = at('text').value.trim();
  if (text) socket.send(text);
  at('text').value = '';
};
at('newer').onclick = () => { at('lines').scrollTop = at('lines').scrollHeight; };
at('lines').onscroll = () => {
  const list = at('lines');
  if (list.scrollHeight - list.scrollTop - list.clientHeight < 40) at('newer').hidden = true;
};
open();
