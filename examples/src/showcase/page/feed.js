'use strict';
// The feed: a WebSocket to the loop that is shown. It comes back when the server does.

const tiles = new Tiles($('tiles'));
const wheel = { angle: 0, speed: 0, at: 0 };
let hello = null,
  diagram = null,
  before = null,
  wait = 500,
  heard = 0,
  socket = null;

function status(is, text) {
  if ($('status').textContent === text) return;
  $('status').dataset.is = is;
  $('status').textContent = text;
}

function notice(is, text) {
  $('notice').dataset.is = is;
  $('notice').textContent = text;
}

const on = {
  hello(message) {
    const restarted = hello && hello.instance !== message.instance;
    if (restarted) notice('good', 'A new server has taken over: everything counts from its start.');
    else notice('good', '');
    hello = message;
    before = null;
    tiles.clear();
    diagram?.remove();
    diagram = new Diagram($('diagram'), hello);
    showServed(hello);
  },

  you({ id }) {
    const you = `You watch as connection ${id}: slot and generation in the loop's slab.`;
    $('foot').textContent = `Readily ${hello.version}. ${you}`;
  },

  figures(message) {
    const figures = { ...message, count: {} };
    figures.served = hello.services.map((_, at) => message.served[at] ?? 0);
    hello.counters.forEach((name, at) => {
      figures.count[name] = message.counters[at];
    });
    diagram.show(figures, before);
    const turns = tiles.show(figures);
    wheel.speed = Math.log10(1 + turns) * 70;
    $('open').textContent = whole.format(figures.count.open);
    $('open-what').textContent = figures.count.open === 1 ? 'connection' : 'connections';
    $('turn').textContent = count(figures.count.turns);
    showLists(figures);
    showTable(hello, figures);
    showCame(figures);
    status('live', 'live');
    $('up').textContent = `up for ${length(figures.uptime)}`;
    before = figures;
  },

  line({ from, text }) {
    $('lines').append(element('li', {}, element('i', {}, `${from} `), text));
    while ($('lines').childElementCount > 6) $('lines').firstChild.remove();
  },
};

function watch() {
  const mine = new WebSocket(
    `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/live`,
  );
  socket = mine;
  heard = performance.now();
  mine.onmessage = ({ data }) => {
    heard = performance.now();
    wait = 500;
    const message = JSON.parse(data);
    on[message.kind]?.(message);
  };
  mine.onclose = () => {
    if (socket !== mine) return;
    status('lost', 'not connected');
    $('up').textContent = '';
    notice(
      'bad',
      hello
        ? 'The server has ended or cannot be reached. This page comes back when it does.'
        : 'The feed cannot be opened. Trying again.',
    );
    wheel.speed = 0;
    setTimeout(watch, wait);
    wait = Math.min(wait * 1.6, 4000);
  };
}

// A feed that is open and silent is dead: its server hangs, or the way to it does.
setInterval(() => {
  if (socket?.readyState === WebSocket.OPEN && performance.now() - heard > 6000) {
    const dead = socket;
    dead.close();
    dead.onclose?.();
  }
}, 1000);

function turnWheel(now) {
  wheel.angle += (wheel.speed * Math.min(100, now - wheel.at)) / 1000;
  wheel.at = now;
  if (!still.matches) $('comet').setAttribute('transform', `rotate(${wheel.angle % 360} 74 74)`);
  requestAnimationFrame(turnWheel);
}

const THEMES = ['auto', 'light', 'dark'];
function theme(name) {
  if (name === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
  $('theme').textContent = `Theme: ${name}`;
}
$('theme').onclick = () => {
  const next = THEMES[(THEMES.indexOf(document.documentElement.dataset.theme ?? 'auto') + 1) % 3];
  theme(next);
};

requestAnimationFrame(turnWheel);
watch();
