'use strict';
// Numbers as text, the tiles with their curves, and the lists below the diagram.

const $ = (id) => document.getElementById(id);
const whole = new Intl.NumberFormat('en');

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function count(n) {
  if (n < 100_000) return whole.format(Math.round(n));
  return n < 1e7 ? `${(n / 1e3).toFixed(0)}k` : `${(n / 1e6).toFixed(n < 1e8 ? 1 : 0)}M`;
}

function bytes(n) {
  if (n < 1000) return `${Math.round(n)} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let unit = -1;
  while (n >= 1000 && unit < 3) {
    n /= 1000;
    unit++;
  }
  return `${n.toFixed(n < 10 ? 1 : 0)} ${units[unit]}`;
}

function length(ms) {
  const s = Math.floor(ms / 1000);
  const two = (n) => String(n).padStart(2, '0');
  return s < 60
    ? `${s} s`
    : `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
}

/** What a tile shows: a figure of now, or how much of it there was in the last second. */
const TILES = [
  ['Turns a second', (rate) => rate('turns'), count],
  ['Events a second', (rate) => rate('events'), count],
  ['In a second', (rate) => rate('bytes_in'), bytes],
  ['Out a second', (rate) => rate('bytes_out'), bytes],
  ['In buffers now', (_, figures) => figures.count.buffered, bytes],
  ['Deadlines that fired', (_, figures) => figures.count.deadlines, count],
];

class Tiles {
  /** How many points a curve has: half a minute of them. */
  static POINTS = 120;

  constructor(parent) {
    this.history = [];
    this.tiles = TILES.map(([title, value, format]) => {
      const number = element('b', { class: 'numbers' }, '0');
      const curve = svg('svg', {
        viewBox: `0 0 ${Tiles.POINTS - 1} 40`,
        preserveAspectRatio: 'none',
        'aria-hidden': 'true',
      });
      const [area, line] = [svg('path'), svg('polyline')];
      curve.append(area, line);
      parent.append(element('div', { class: 'tile' }, element('p', {}, title), number, curve));
      return { value, format, number, area, line, points: [] };
    });
  }

  clear() {
    this.history = [];
    for (const tile of this.tiles) tile.points = [];
  }

  show(figures) {
    this.history.push(figures);
    while (this.history.length > 2 && figures.uptime - this.history[1].uptime >= 1000)
      this.history.shift();
    const first = this.history[0];
    const ms = figures.uptime - first.uptime;
    const rate = (name) => (ms ? (1000 * (figures.count[name] - first.count[name])) / ms : 0);
    for (const tile of this.tiles) {
      const value = tile.value(rate, figures);
      tile.points.push(value);
      if (tile.points.length > Tiles.POINTS) tile.points.shift();
      tile.number.textContent = tile.format(value);
      const most = Math.max(1, ...tile.points);
      const from = Tiles.POINTS - tile.points.length;
      const points = tile.points.map(
        (value, at) => `${from + at},${(38 - (34 * value) / most).toFixed(1)}`,
      );
      tile.line.setAttribute('points', points.join(' '));
      tile.area.setAttribute('d', `M${from},40L${points.join('L')}L${Tiles.POINTS - 1},40Z`);
    }
    return rate('turns');
  }
}

/** Counters of what did not end well or was turned away, in words. */
const REFUSED = {
  ended_peer_fault: 'broke its protocol',
  ended_timed_out: 'timed out',
  ended_transport: 'transport failed',
  ended_local_fault: 'fault of ours',
  ended_panicked: 'panicked',
  ended_overflow: 'send buffer overflowed',
  ended_shed: 'shed for memory',
  ended_aborted: 'told to end',
  ended_stuck: 'stuck',
  cut_short: 'cut short',
  refused_by_closure: 'refused by a listener',
  refused_descriptors: 'no descriptor left',
  refused_budget: 'no buffer left',
  connections_exhausted: 'listener was full',
  accept_failed: 'accept failed',
  handshakes_failed: 'handshake failed',
  handshakes_timed_out: 'handshake too slow',
  handshakes_exhausted: 'too many handshakes',
  truncated: 'cut without a word',
  streams_refused: 'stream refused',
  connects_failed: 'could not connect',
  starved: 'read put off',
  mail_dead: 'mail to the dead',
  mail_ignored: 'mail unwanted',
  datagrams_lost: 'datagrams lost',
  datagrams_dropped: 'datagrams dropped',
  panics: 'panics',
  slow_turns: 'slow turns',
};

function chip(name, n, kind) {
  return element('li', { class: kind }, name, element('b', {}, count(n)));
}

function showLists(figures) {
  const known = Object.entries(REFUSED).filter(([name]) => name in figures.count);
  const [some, never] = [
    known.filter(([name]) => figures.count[name]),
    known.filter(([name]) => !figures.count[name]),
  ];
  $('refused').replaceChildren(
    chip('ended in order', figures.count.ended_finished, 'fine'),
    ...figures.tally.map(([name, n]) => chip(name, n, 'some')),
    ...some.map(([name, words]) => chip(words, figures.count[name], 'some')),
  );
  $('never').textContent = never.length
    ? `Not once: ${never.map(([, words]) => words).join(', ')}.`
    : '';
  if ($('all').parentElement.open) {
    $('all').replaceChildren(
      ...Object.entries(figures.count).map(([name, n]) =>
        element(
          'div',
          {},
          element('span', {}, name.replaceAll('_', ' ')),
          element('span', { class: 'numbers' }, whole.format(n)),
        ),
      ),
    );
  }
}

function showTable(hello, figures) {
  if (!$('states').closest('details').open) return;
  $('states').replaceChildren(
    ...hello.states.map((state, at) => {
      const becomes = state.becomes.map(
        (to, nth) => `${hello.states[to].name} ${whole.format(figures.edges[at][nth])}`,
      );
      return element(
        'tr',
        {},
        element('th', { scope: 'row' }, state.name),
        element('th', {}, state.deadlines.join(', ')),
        element('th', {}, becomes.join(', ') || 'the end'),
        element('td', {}, whole.format(figures.now[at])),
      );
    }),
  );
}

function showServed(hello) {
  $('served').replaceChildren(
    ...hello.services.map((service) => {
      const came = element('span', { class: 'count' });
      const copy = element(
        'button',
        { class: 'plain', type: 'button', 'aria-label': `Copy the command for ${service.name}` },
        'Copy',
      );
      copy.onclick = async () => {
        await navigator.clipboard.writeText(service.try).catch(() => {});
        copy.textContent = 'Copied';
        setTimeout(() => {
          copy.textContent = 'Copy';
        }, 1500);
      };
      const head = element(
        'div',
        { class: 'line' },
        element('b', {}, service.name),
        element('span', { class: 'where' }, service.at),
        came,
      );
      return element(
        'li',
        {},
        head,
        element(
          'div',
          { class: 'try' },
          element('code', { class: 'command', tabindex: '0' }, service.try),
          copy,
        ),
      );
    }),
  );
}

function showCame(figures) {
  document.querySelectorAll('#served .count').forEach((came, at) => {
    const n = figures.served[at];
    came.textContent = n ? `${count(n)} came` : '';
  });
}
