// The other side of a WebSocket, with the library `ws`.
//
// node ws_peers.js URL [FEATURE...]     talks to `ws_echo`
// node ws_peers.js serve [FEATURE...]   says where it listens, and talks to the first that comes
//
// The features are what the other side was started with: `deflate`, `protocol=NAME`. At its end it
// prints how many connections there were and how many messages came back. Whom it trusts besides for
// `wss` is in the file that NODE_EXTRA_CA_CERTS names.
'use strict';

const assert = require('node:assert');
const { randomBytes } = require('node:crypto');
const { once } = require('node:events');
const WebSocket = require('ws');

const [url, ...features] = process.argv.slice(2);
const deflate = features.includes('deflate');
const protocol = features.find((word) => word.startsWith('protocol='))?.split('=')[1];
const MESSAGE_MAX = 1 << 20;
const SIZES = [0, 1, 125, 126, 65535, 65536, MESSAGE_MAX];
// What is offered of permessage-deflate, each on a connection of its own.
const OFFERS = [
  {},
  { serverNoContextTakeover: true },
  { clientNoContextTakeover: true },
  { serverNoContextTakeover: true, clientNoContextTakeover: true },
  { serverMaxWindowBits: 9 },
  { clientMaxWindowBits: 9, serverMaxWindowBits: 15 },
];
const counts = { connections: 0, messages: 0 };

async function open(protocols, options) {
  counts.connections += 1;
  const socket = new WebSocket(url, protocols, { perMessageDeflate: false, ...options });
  await once(socket, 'open');
  return socket;
}

/** Waits until a message came back. */
async function returned(socket, message) {
  const [bytes, isBinary] = await once(socket, 'message');
  assert.strictEqual(isBinary, Buffer.isBuffer(message));
  assert.ok(bytes.equals(Buffer.from(message)), `${message.length} bytes came back as others`);
  counts.messages += 1;
}

async function returns(socket, message) {
  socket.send(message);
  await returned(socket, message);
}

async function messages(socket) {
  for (const size of SIZES) {
    // Deflated, noise is longer than it was, and a frame has a limit as well.
    await returns(socket, randomBytes(size - (socket.extensions ? size >> 7 : 0)));
    await returns(socket, 'x'.repeat(size));
  }
  const parts = ['a', '', 'ü€', '😀'];
  for (const part of parts.slice(0, -1)) socket.send(part, { fin: false });
  socket.ping('are you there?');
  const [answer] = await once(socket, 'pong');
  assert.strictEqual(answer.toString(), 'are you there?');
  socket.send(parts.at(-1), { fin: true });
  await returned(socket, parts.join(''));
}

async function closed(socket, code, reason) {
  socket.close(code, reason);
  const [answer] = await once(socket, 'close');
  assert.strictEqual(answer, code ?? 1005);
}

async function plain() {
  const socket = await open([]);
  assert.strictEqual(socket.extensions, '');
  await messages(socket);
  await closed(socket, 1000);
}

/** Each is agreed to where the server compresses, and to none where it does not. */
async function offers() {
  for (const offer of OFFERS) {
    const socket = await open([], { perMessageDeflate: { threshold: 0, ...offer } });
    assert.strictEqual(socket.extensions.startsWith('permessage-deflate'), deflate);
    await messages(socket);
    const before = socket._socket.bytesRead;
    await returns(socket, 'x'.repeat(MESSAGE_MAX));
    const read = socket._socket.bytesRead - before;
    // Of one letter, a million come as one in a hundred at the most.
    assert.strictEqual(read < MESSAGE_MAX / 100, deflate, `${read} bytes`);
    await closed(socket, 1000);
  }
}

async function protocols() {
  if (protocol) {
    const socket = await open(['other', protocol]);
    assert.strictEqual(socket.protocol, protocol);
    await returns(socket, 'hello');
    await closed(socket, 1000);
  }
  // The library itself gives up where none of its offers was agreed to.
  const socket = new WebSocket(url, ['other']);
  counts.connections += 1;
  const [error] = await once(socket, 'error');
  assert.match(error.message, /no subprotocol/);
}

async function closes() {
  const letters = 'x'.repeat(123);
  for (const [code, reason] of [[], [1000, ''], [1001, 'away'], [3000, 'ü€😀'], [4999, letters]]) {
    await closed(await open([]), code, reason);
  }
  const socket = await open([]);
  socket.send(Buffer.alloc(MESSAGE_MAX + 1));
  const [code] = await once(socket, 'close');
  assert.strictEqual(code, 1009);
}

/** Messages go out, come back from a client, and it answers our close. */
async function served() {
  const perMessageDeflate = deflate && { threshold: 0 };
  const server = new WebSocket.Server({ host: '127.0.0.1', port: 0, perMessageDeflate });
  await once(server, 'listening');
  console.log(`ws://127.0.0.1:${server.address().port}/`);
  const [socket] = await once(server, 'connection');
  counts.connections += 1;
  assert.strictEqual(socket.extensions.startsWith('permessage-deflate'), deflate);
  await messages(socket);
  await closed(socket, 1000, 'that is all');
  server.close();
}

async function main() {
  for (const part of url === 'serve' ? [served] : [plain, offers, protocols, closes]) await part();
  console.log(counts.connections, counts.messages);
}

setTimeout(() => assert.fail('it takes too long'), 300_000).unref();
main().catch((error) => {
  console.error(error);
  process.exit(1);
});
