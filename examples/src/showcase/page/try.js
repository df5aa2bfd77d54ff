'use strict';
// What can be tried on the page itself.

const echoes = new Set();
let trips = null;

function say(where, ...parts) {
  $(where).replaceChildren(
    ...parts.map((part) => (Array.isArray(part) ? element('b', {}, part[0]) : part)),
  );
}

function tell() {
  const n = echoes.size;
  say(
    'sockets',
    n ? [`${n} open`] : 'None is open.',
    n ? '. Send a message on each, or let them play ping-pong.' : '',
  );
}

function milliseconds(times) {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (part) =>
    sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))].toFixed(1);
  return `half within ${at(0.5)} ms, all but one in a hundred within ${at(0.99)} ms`;
}

function open(n) {
  for (let nth = 0; nth < n; nth++) {
    const echo = new WebSocket(`ws://${location.host}/echo`);
    echo.binaryType = 'arraybuffer';
    echo.onopen = () => {
      echoes.add(echo);
      tell();
    };
    echo.onmessage = ({ data }) => trips?.back(echo, data);
    echo.onclose = () => {
      const was = echoes.delete(echo);
      if (was && !echoes.size) trips?.end();
      if (was) tell();
      else say('sockets', [`${echoes.size} open`], '. The browser or the server took no more.');
    };
  }
}

/** Sends on each socket; `again` says whether one that came back is sent once more. */
function play(message, again, done) {
  const started = performance.now();
  const sent = new Map(),
    times = [];
  const send = (echo) => {
    sent.set(echo, performance.now());
    echo.send(message);
  };
  trips?.end();
  trips = {
    back(echo) {
      times.push(performance.now() - sent.get(echo));
      sent.delete(echo);
      if (again(performance.now() - started) && echo.readyState === WebSocket.OPEN) send(echo);
      else if (!sent.size) this.end();
    },
    end() {
      trips = null;
      if (times.length) done(times, performance.now() - started);
    },
  };
  echoes.forEach(send);
}

document.querySelectorAll('[data-open]').forEach((button) => {
  button.onclick = () => open(Number(button.dataset.open));
});
$('close').onclick = () => {
  echoes.forEach((echo) => echo.close(1000));
};
$('each').onclick = () => {
  if (!echoes.size) {
    say('sockets', 'Open some first.');
    return;
  }
  play(
    'hello',
    () => false,
    (times) => {
      say('sockets', [`${times.length} came back`], `: ${milliseconds(times)}.`);
    },
  );
};
$('pingpong').onclick = () => {
  if (!echoes.size) {
    say('sockets', 'Open some first.');
    return;
  }
  say('sockets', 'Playing...');
  play(
    new Uint8Array(1024),
    (ms) => ms < 3000,
    (times, ms) => {
      const each = count((1000 * times.length) / ms);
      say(
        'sockets',
        [`${each} round trips a second`],
        ` of 1 KiB: ${milliseconds(times)}. Most of that time is the browser's.`,
      );
    },
  );
};

async function ask(path, options = {}) {
  const started = performance.now();
  try {
    const answer = await fetch(path, { cache: 'no-store', ...options });
    const body = await answer.text();
    const ms = (performance.now() - started).toFixed(1);
    return { answer, body, ms };
  } catch {
    return { ms: (performance.now() - started).toFixed(1) };
  }
}

async function show(what, path, options) {
  const { answer, body, ms } = await ask(path, options);
  if (answer)
    say(
      'answer',
      `${what}: `,
      [`${answer.status} ${answer.statusText}`],
      `, ${bytes(body.length)} in ${ms} ms`,
    );
  else say('answer', `${what}: `, ['no answer'], ', the connection was ended.');
}

document.querySelectorAll('[data-get]').forEach((button) => {
  button.onclick = () => show(`GET ${button.dataset.get}`, button.dataset.get);
});
$('hundred').onclick = async () => {
  const started = performance.now();
  const all = await Promise.all(Array.from({ length: 100 }, () => ask('/health')));
  const good = all.filter(({ answer }) => answer?.ok).length;
  say(
    'answer',
    '100 times GET /health: ',
    [`${good} OK`],
    ` in ${(performance.now() - started).toFixed(0)} ms`,
  );
};
$('large').onclick = () => {
  show(`POST of ${bytes(hello.body_max + 1)}`, '/health', {
    method: 'POST',
    body: new Uint8Array(hello.body_max + 1),
  });
};

$('visit').onclick = () => {
  if (socket?.readyState === WebSocket.OPEN) socket.send('/visit');
};

$('say').onsubmit = (event) => {
  event.preventDefault();
  const words = $('words').value.trim();
  if (!words || socket?.readyState !== WebSocket.OPEN) return;
  socket.send(words);
  $('words').value = '';
};
