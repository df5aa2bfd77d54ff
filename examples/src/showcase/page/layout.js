'use strict';
// Lays a machine out in layers: where every box is, and the way of every line. It knows nothing
// of the page. A box is { key, w, h }, a line { from, to } by key. `wide` puts the layers side by
// side, else they lie below one another: "along" is the way from layer to layer, "across" within.

/** The connected parts of a graph, each with its own boxes and lines, in the order of the boxes. */
function parts(boxes, lines) {
  const part = new Map(boxes.map((box) => [box.key, box.key]));
  const root = (key) => {
    while (part.get(key) !== key) key = part.get(key);
    return key;
  };
  for (const line of lines) part.set(root(line.to), root(line.from));
  const found = new Map();
  for (const box of boxes) {
    const key = root(box.key);
    if (!found.has(key)) found.set(key, { boxes: [], lines: [] });
    found.get(key).boxes.push(box);
  }
  for (const line of lines) found.get(root(line.from)).lines.push(line);
  return [...found.values()];
}

/** Places one part; gives its size, and each line a path. */
function arrange(part, wide, gap) {
  const boxes = new Map(part.boxes.map((box) => [box.key, { ...box, in: [], out: [] }]));
  const lines = part.lines.map((line) => ({ ...line, bends: [] }));
  const forward = withoutCycles(boxes, lines);
  const layers = inLayers(boxes, forward);
  addBends(layers, boxes, forward);
  order(layers);
  spread(layers, wide);
  const size = measure(layers, wide, gap);
  for (const line of lines) {
    line.points = route(line, wide);
    line.twin = lines.some(({ from, to }) => from === line.to && to === line.from);
  }
  return { ...size, boxes: [...boxes.values()], lines };
}

/** Turns round each line that leads back, so that none does. */
function withoutCycles(boxes, lines) {
  const state = new Map();
  const visit = (key) => {
    state.set(key, 'open');
    for (const line of lines.filter((line) => line.from === key)) {
      line.back = state.get(line.to) === 'open';
      if (!state.has(line.to)) visit(line.to);
    }
    state.set(key, 'done');
  };
  const entered = new Set(lines.map((line) => line.to));
  const keys = [...boxes.keys()];
  for (const key of [...keys.filter((key) => !entered.has(key)), ...keys]) {
    if (!state.has(key)) visit(key);
  }
  for (const line of lines) {
    [line.first, line.last] = line.back ? [line.to, line.from] : [line.from, line.to];
  }
  return lines;
}

/** Each box stands one layer after the last of those that lead to it. */
function inLayers(boxes, lines) {
  const depth = new Map();
  const of = (key) => {
    if (!depth.has(key)) {
      const before = lines.filter((line) => line.last === key && line.first !== key);
      depth.set(key, Math.max(-1, ...before.map((line) => of(line.first))) + 1);
    }
    return depth.get(key);
  };
  const layers = [];
  for (const [key, box] of boxes) {
    box.layer = of(key);
    (layers[box.layer] ??= []).push(box);
  }
  return layers;
}

/** A line that passes a layer has a place of its own in it. */
function addBends(layers, boxes, lines) {
  for (const line of lines) {
    let from = boxes.get(line.first);
    const last = boxes.get(line.last);
    for (let layer = from.layer + 1; layer < last.layer; layer++) {
      const bend = { w: 14, h: 14, layer, in: [from], out: [] };
      from.out.push(bend);
      layers[layer].push(bend);
      line.bends.push(bend);
      from = bend;
    }
    from.out.push(last);
    last.in.push(from);
    [line.start, line.end] = [boxes.get(line.first), last];
  }
}

/** Orders each layer by the middle of its neighbours, so that few lines cross. */
function order(layers) {
  const number = (layer) =>
    layer.forEach((box, at) => {
      box.at = at;
    });
  layers.forEach(number);
  for (let round = 0; round < 12; round++) {
    const [way, side] = round % 2 ? [[...layers].reverse(), 'out'] : [layers, 'in'];
    for (const layer of way) {
      for (const box of layer) {
        const seen = box[side].map((other) => other.at);
        box.want = seen.length ? seen.reduce((a, b) => a + b) / seen.length : box.at;
      }
      layer.sort((a, b) => a.want - b.want || a.at - b.at);
      number(layer);
    }
  }
}

/** Moves each box towards the middle of its neighbours, as far as its layer has room. */
function spread(layers, wide) {
  const size = (box) => (wide ? box.h : box.w);
  const apart = (a, b) => (size(a) + size(b)) / 2 + (wide ? 22 : 14);
  for (const layer of layers) {
    layer.forEach((box, at) => {
      box.across = at ? layer[at - 1].across + apart(layer[at - 1], box) : 0;
    });
  }
  for (let round = 0; round < 40; round++) {
    for (const layer of round % 2 ? [...layers].reverse() : layers) {
      const wants = layer.map((box) => {
        const near = [...box.in, ...box.out];
        return near.length ? near.reduce((sum, b) => sum + b.across, 0) / near.length : box.across;
      });
      let least = -Infinity;
      const placed = layer.map((box, at) => {
        const place = Math.max(wants[at], least);
        least = place + (at + 1 < layer.length ? apart(box, layer[at + 1]) : 0);
        return place;
      });
      const push = placed.reduce((sum, place, at) => sum + place - wants[at], 0) / layer.length;
      layer.forEach((box, at) => {
        box.across = placed[at] - push;
      });
    }
  }
}

/** From layers and places to x and y, starting at 0; gives the size of it all. */
function measure(layers, wide, gap) {
  const [along, across] = wide ? ['w', 'h'] : ['h', 'w'];
  const all = layers.flat();
  const top = Math.min(...all.map((box) => box.across - box[across] / 2));
  const bottom = Math.max(...all.map((box) => box.across + box[across] / 2));
  let at = 0;
  for (const layer of layers) {
    const room = Math.max(...layer.map((box) => box[along]));
    for (const box of layer) {
      const [a, b] = [at + room / 2, box.across - top];
      [box.x, box.y] = wide ? [a, b] : [b, a];
      // A line goes straight through the layers that it passes.
      if (!box.key) box[along] = room;
    }
    at += room + gap;
  }
  at -= gap;
  return wide ? { w: at, h: bottom - top } : { w: bottom - top, h: at };
}

/** The points of a line, in pairs for each of the curves between layers. */
function route(line, wide) {
  const [along, across, x, y] = wide ? ['w', 'h', 'x', 'y'] : ['h', 'w', 'y', 'x'];
  const stops = [line.start, ...line.bends, line.end];
  const side = (box, other, list, sign) => {
    const near = [...list].sort((a, b) => a[y] - b[y]);
    // Two lines between the same two boxes count as two.
    const same = near.map((b, at) => (b === other ? at : -1)).filter((at) => at >= 0);
    const nth = same[line.back ? same.length - 1 : 0];
    const step = Math.min(18, (box[across] - 14) / near.length);
    const shift = box.key ? (nth - (near.length - 1) / 2) * step : 0;
    return { [x]: box[x] + (sign * box[along]) / 2, [y]: box[y] + shift };
  };
  const points = [];
  stops.forEach((box, at) => {
    if (at > 0) points.push(side(box, stops[at - 1], box.in, -1));
    if (at + 1 < stops.length) points.push(side(box, stops[at + 1], box.out, 1));
  });
  return line.back ? points.reverse() : points;
}

/** The text of an SVG path along such points. */
function path(points, wide, { x: dx, y: dy }) {
  const p = points.map((point) => ({ x: point.x + dx, y: point.y + dy }));
  let text = `M${p[0].x},${p[0].y}`;
  for (let at = 1; at < p.length; at++) {
    const [a, b] = [p[at - 1], p[at]];
    const [mx, my] = [(a.x + b.x) / 2, (a.y + b.y) / 2];
    text += wide
      ? `C${mx},${a.y} ${mx},${b.y} ${b.x},${b.y}`
      : `C${a.x},${my} ${b.x},${my} ${b.x},${b.y}`;
  }
  return text;
}

/** Lays all parts out within a width: on shelves, each part where it fits first. */
function layOut(boxes, lines, width) {
  const graph = parts(boxes, lines);
  const tries = [
    [true, 96],
    [true, 84],
    [true, 72],
    [true, 60],
    [true, 48],
    [false, 46],
  ];
  for (const [wide, gap] of tries) {
    const placed = graph.map((part) => arrange(part, wide, gap));
    if (wide && Math.max(...placed.map((part) => part.w)) > width) continue;
    return { wide, ...shelve(placed, width, wide) };
  }
}

function shelve(placed, width, wide) {
  const between = wide ? 48 : 30;
  const shelves = [];
  for (const part of placed) {
    let shelf = shelves.find((shelf) => shelf.w + between + part.w <= width);
    if (!shelf) shelves.push((shelf = { w: -between, h: 0, parts: [] }));
    shelf.parts.push(part);
    shelf.w += between + part.w;
    shelf.h = Math.max(shelf.h, part.h);
  }
  const w = Math.max(width, ...shelves.map((shelf) => shelf.w));
  let y = 4;
  for (const shelf of shelves) {
    // Alone on its shelf a part stands in the middle, else they share the room that is left.
    const room = (w - shelf.w) / (shelf.parts.length + 1);
    let x = room;
    for (const part of shelf.parts) {
      part.at = { x, y: y + (shelf.h - part.h) / 2 };
      x += part.w + room + between;
    }
    y += shelf.h + (wide ? 34 : 40);
  }
  return { w, h: y - (wide ? 30 : 36), parts: placed };
}
